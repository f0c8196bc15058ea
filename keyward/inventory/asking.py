"""What the threads of a scan do: ask one thing, put answers into a queue, and always say that they are done.

Values stay in here: what goes into the queue is metadata and fingerprints.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from keyward.inventory.link import Found
from keyward.inventory.reading import look_into
from keyward.inventory.request import ProviderSource, StoreSource
from keyward.model.context import Ctx
from keyward.model.credential import Credential
from keyward.model.errors import Gone, Interrupted, KeywardError, SourceError
from keyward.model.fingerprint import FingerprintKey
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.index import Indexed
from keyward.model.secretinfo import SecretInfo
from keyward.model.usage import UsageReport

if TYPE_CHECKING:
    from keyward.model.index import Indexing

T = TypeVar("T")

_BATCH = 200
_FAR_BACK = timedelta(days=400)
"""How far back use is asked for; every provider keeps less, and says how much."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials of a source, as their page arrived."""

    source: str
    rows: tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class Secrets:
    """Secrets of a source; `again` when they were asked for once more, singly."""

    source: str
    rows: tuple[SecretInfo, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A source was listed to its end."""

    source: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A payload was read; `parts` is what was found in it."""

    source: str
    item: str
    version: str
    parts: tuple[Found, ...]
    lasting: bool


@dataclass(frozen=True, slots=True)
class Valued:
    """The fingerprint of a credential's value."""

    source: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Used:
    """When the credentials of a source were used."""

    source: str
    report: UsageReport


@dataclass(frozen=True, slots=True)
class FromIndex:
    """What an index told of a source; `rows` is None where it told nothing, for the reason `why`."""

    source: str
    rows: Sequence[Credential] | Sequence[SecretInfo] | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """One question of a source is answered, or failed with that error. `what` is `list`, `read`, `value` or `usage`."""

    source: str
    what: str
    error: KeywardError | None = None


Answer = Keys | Secrets | Listed | Looked | Valued | Used | FromIndex | Done
Put = Callable[[Answer], object]


def run(source: str, what: str, put: Put, work: Callable[[], None]) -> Callable[[], None]:
    """The work with its end told, whatever happens in it."""

    def told() -> None:
        error: KeywardError | None = None
        try:
            work()
        except KeywardError as known:
            error = known
        except Exception as unknown:  # noqa: BLE001  # one odd source never takes the others with it
            # The text of an unforeseen error may hold anything, so only its type is told.
            error = SourceError(f"Unforeseen: {type(unknown).__name__}.", hint="Please report this.")
        put(Done(source, what, error))

    return told


def list_keys(source: ProviderSource, ctx: Ctx, put: Put) -> None:
    """List the credentials."""
    for rows in _batches(source.provider.list(source.scope, ctx)):
        put(Keys(source.id, rows))
    put(Listed(source.id))


def list_secrets(source: StoreSource, ctx: Ctx, put: Put) -> None:
    """List the secrets."""
    for rows in _batches(source.store.list(source.scope, ctx, known=source.known)):
        put(Secrets(source.id, rows))
    put(Listed(source.id))


def ask_index(
    sources: Sequence[ProviderSource] | Sequence[StoreSource], roots: Sequence[str], ctx: Ctx, put: Put
) -> None:
    """Ask the index of one provider or store about all these sources; whatever happens, each of them is told of."""
    first = sources[0]
    plugin = cast(
        "Indexing[Credential | SecretInfo]", first.provider if isinstance(first, ProviderSource) else first.store
    )
    try:
        told = plugin.indexed(roots, [one.scope for one in sources], ctx)
    except Interrupted:
        told = Indexed({}, "The scan was cancelled.")
    except Exception as unknown:  # noqa: BLE001  # an odd index never takes the sources with it
        told = Indexed({}, f"The index could not be understood ({type(unknown).__name__}).")
    for one in sources:
        put(FromIndex(one.id, cast("Sequence[Credential] | None", told.rows.get(one.scope)), told.why))


def ask_singly(source: ProviderSource | StoreSource, missing: Sequence[str], ctx: Ctx, put: Put) -> None:
    """Ask for each of these, which are known otherwise than an index tells. What is gone is not told of."""
    for one in missing:
        try:
            if isinstance(source, ProviderSource):
                put(Keys(source.id, (source.provider.get(CredentialRef.parse(one), ctx),)))
            else:
                put(Secrets(source.id, (source.store.get(SecretRef.parse(one), ctx),)))
        except Gone:
            continue
    put(Listed(source.id))


def ask_use(source: ProviderSource, ctx: Ctx, put: Put) -> None:
    """Ask when the scope's credentials were used."""
    put(Used(source.id, source.provider.usage(source.scope, ctx.now - _FAR_BACK, ctx)))


def read_value(source: ProviderSource, ref: CredentialRef, key: FingerprintKey, ctx: Ctx, put: Put) -> None:
    """Read a key string and keep its fingerprint; a key that is gone meanwhile has none."""
    try:
        put(Valued(source.id, str(ref), key.fingerprint(source.provider.read_value(ref, ctx))))
    except Gone:
        return


def read_payload(
    source: StoreSource, wanted: tuple[SecretInfo, str | None], key: FingerprintKey, ctx: Ctx, put: Put
) -> None:
    """Read one version and keep what may be kept of it.

    A payload that changed since it was listed is asked for again as it is now.
    """
    info, version = wanted
    try:
        payload = source.store.read(info.ref, ctx, version)
    except Gone:
        if info.immutable_versions:
            return
        info = source.store.get(info.ref, ctx)
        put(Secrets(source.id, (info,), again=True))
        payload = source.store.read(info.ref, ctx)
    put(Looked(source.id, str(info.ref), payload.version, look_into(payload, key), info.immutable_versions))


def ask_again(source: StoreSource, info: SecretInfo, ctx: Ctx, put: Put) -> None:
    """Ask for the versions of a secret that was listed without them."""
    put(Secrets(source.id, (source.store.get(info.ref, ctx),)))


def _batches(rows: Iterator[T]) -> Iterator[tuple[T, ...]]:
    """As they come; the first one at once, so that something can be shown, and what came before an error too."""
    batch: list[T] = []
    size = 1
    try:
        for row in rows:
            batch.append(row)
            if len(batch) >= size:
                yield tuple(batch)
                batch, size = [], _BATCH
    except Exception:
        if batch:
            yield tuple(batch)
        raise
    if batch:
        yield tuple(batch)
