"""The OS keyring as a store: an entry (service, user) is a secret with one version."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from keyward.model.capability import Can, Readiness, Ready
from keyward.model.context import Ctx
from keyward.model.errors import Ambiguous, Conflict, Gone, KeywardError, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo, Version
from keyward.model.surroundings import Surroundings
from keyward.model.text import clean
from keyward.stores.interface import NOTHING_KNOWN
from keyward.stores.keyring_index import Index
from keyward.stores.keyring_macos import MacKeyring, SystemKeychain, without_dialogs
from keyward.stores.keyring_other import OtherKeyring
from keyward.stores.keyring_ring import NAME, Item, Ring, told, unreachable
from keyward.stores.keyring_secret_service import SecretService
from keyward.stores.tokens import same, token
from keyward.stores.unversioned import Unversioned

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

INDEX = "keyring.json"
_OWN = "keyward"
"""The service of what keyward keeps there itself, which is nobody's API key."""
_PENDING = "keyward-pending-"
"""How the names of pending secrets begin, the same in every store."""
_SECRET_SERVICE = "keyring.backends.SecretService"  # noqa: S105  # a module


def store(surroundings: Surroundings) -> "OsKeyring":
    """The store of this user's keyring."""
    return OsKeyring(lambda: choose(surroundings), surroundings.texts("keyring.services"))


def choose(surroundings: Surroundings) -> Ring:
    """The keyring that python-keyring would take on this machine.

    Raises:
        SourceError: there is none (status "unreachable").
    """
    named = surroundings.environ.get("PYTHON_KEYRING_BACKEND", "")
    if named == f"{_SECRET_SERVICE}.Keyring":
        return SecretService(surroundings.environ)
    backend = _backend(named)
    kind = type(backend)
    if kind.__module__ == _SECRET_SERVICE:
        return SecretService(surroundings.environ)
    if kind.__module__ in ("keyring.backends.fail", "keyring.backends.null"):
        raise unreachable("this machine has none that python-keyring knows")
    index = Index(surroundings.state_dir / INDEX)
    services = surroundings.texts("keyring.services")
    if sys.platform == "darwin" and kind.__module__ == "keyring.backends.macOS":
        keychain = SystemKeychain()
        # Entries are asked for by name only, so a person at the terminal may answer a dialog about one.
        quiet = contextlib.nullcontext if surroundings.interactive else lambda: without_dialogs(keychain)
        ring = MacKeyring(backend, index, services, quiet)
        ring.keychain = keychain
        return ring
    return OtherKeyring(backend, index, services)


class OsKeyring(Unversioned):
    """Entries of the keyring whose service matches.

    Args:
        ring: gives the keyring; called when it is needed first, so that nothing is loaded before.
        services: patterns of service names that are listed; entries that are named may be read whatever their service.
    """

    name = NAME
    can = frozenset({Can.LIST, Can.READ, Can.WRITE, Can.LOCAL, Can.SECRET_STORE, Can.REMOVE})

    def __init__(self, ring: Callable[[], Ring], services: Sequence[str]) -> None:
        self._ring = ring
        self._services = tuple(services)

    def list(
        self,
        scope: str,
        ctx: Ctx,
        *,
        known: Mapping[SecretRef, SecretInfo] = NOTHING_KNOWN,  # noqa: ARG002  # asking costs nothing here
    ) -> Iterator[SecretInfo]:
        """Every entry of the matching services; no value is shown.

        Raises:
            SourceError: no services are set (status "disabled"), no keyring ("unreachable"), locked ("denied"), or at the end
                "partial" when a part of it is locked.
        """
        ctx.check()
        if not self._services:
            raise SourceError(
                "The keyring is not read.",
                status="disabled",
                hint='To read it, name services: services = ["*"] under [keyring] in keyward.toml.',
            )
        for item in self._ring().items():
            ctx.check()
            if item.service == _OWN:
                continue
            if any(fnmatchcase(item.service, pattern) for pattern in self._services):
                yield _info(item, SecretRef(NAME, (item.service, item.user), scope))

    def get(self, ref: SecretRef, ctx: Ctx, *, versions: bool = True) -> SecretInfo:  # noqa: ARG002  # there is one
        """One entry as it is now.

        Raises:
            Gone: there is none.
            SourceError: locked (status "denied"), or the keyring cannot be asked.
        """
        ctx.check()
        return _info(self._ring().item(*_names(ref)), ref)

    def read(self, ref: SecretRef, ctx: Ctx, version: str | None = None) -> Payload:
        """The value.

        Raises:
            Gone: there is no such entry, or it is not that version any more.
            SourceError: locked (status "denied"), or the keyring cannot be asked.
        """
        ctx.check()
        item, value = self._ring().read(*_names(ref))
        if version is not None and version != item.version:
            raise Gone(f"{ref} has changed since version {clean(version)}.", hint="Read what it holds now.")
        return Payload(value, item.version, _token(value))

    def write(self, ref: SecretRef, data: Secret, ctx: Ctx, *, expect: str, mark: str) -> Version:  # noqa: ARG002  # nothing to mark
        """Replace the value, if it is still the one read, and read it back.

        A keyring has no conditional write: between the last look and the write lie milliseconds.

        Raises:
            Conflict: another value is there; nothing was written.
            Gone: there is no such entry.
            Refused: locked, not reached, or it said no; nothing was written.
            Ambiguous: no answer came, and reading back does not show the new value.
        """
        ctx.check()
        names = _names(ref)
        ring = self._ring()
        try:
            present = _token(ring.read(*names)[1])
            if not same(present, expect):
                raise Conflict(f"{ref} changed since it was read; it was not written.", hint="Plan again.")
            doubt = _attempt(ring, names, data)
        except SourceError as error:
            raise Refused(f"{ref} was not written: {error.message}", reason=error.status, hint=error.hint) from None
        try:
            item, value = ring.read(*names)
        except KeywardError as error:
            raise doubt or Ambiguous(f"{ref} was written, but cannot be read back: {error.message}") from None
        if value == data:
            return Version(item.version)
        raise doubt or Ambiguous(f"{ref} was written, but holds another value now.", hint="Look who else writes it.")

    def create(self, ref: SecretRef, like: SecretRef | None, ctx: Ctx) -> SecretInfo:  # noqa: ARG002  # nothing to copy
        """Make an empty pending secret of keyward's own; one that is there already is returned.

        Raises:
            Refused: it is none, the keyring is no safe place, is locked, or said no; nothing was made.
            Ambiguous: perhaps made.
        """
        ctx.check()
        names = _pending(ref, "made")
        ring = self._ring()
        try:
            unsafe = ring.room()
            if unsafe:
                raise Refused(f"{ref} is not made: {unsafe}.", reason="unsafe")
            ring.create(*names)
        except SourceError as error:
            raise Refused(f"{ref} was not made: {error.message}", reason=error.status, hint=error.hint) from None
        return self.get(ref, ctx)

    def remove(self, ref: SecretRef, ctx: Ctx) -> None:
        """Remove a pending secret of keyward's own; one that is not there counts as removed.

        Raises:
            Refused: it is none, the keyring is locked, or it said no.
            SourceError: not reached; nothing was removed.
            Ambiguous: perhaps removed.
        """
        ctx.check()
        self._ring().remove(*_pending(ref, "removed"))

    def sweep(self, ref: SecretRef, mark: str, ctx: Ctx) -> bool:  # noqa: ARG002  # the interface's arguments
        """Nothing is ever left beside an entry."""
        return False

    def preflight(
        self,
        ref: SecretRef,
        want: frozenset[Can],
        ctx: Ctx,
        known: SecretInfo | None = None,  # noqa: ARG002  # looking again costs nothing here
    ) -> Sequence[Readiness]:
        """Whether the entry can be read and changed now."""
        ctx.check()
        if Can.SECRET_STORE in want:
            return [self._room(ref)]
        try:
            item = self._ring().item(*_names(ref))
        except KeywardError as error:
            return [Readiness(f"read {ref}", Ready.NO, error.message, error.hint)]
        answers = [Readiness(f"read {ref}", Ready.YES)] if Can.READ in want else []
        if Can.WRITE in want:
            why = item.unsafe and f"it {item.unsafe}"
            answers.append(Readiness(f"write {ref}", Ready.NO if why else Ready.YES, why))
        return answers

    def _room(self, ref: SecretRef) -> Readiness:
        what = "keep a pending secret in the keyring"
        try:
            _pending(ref, "made")
            unsafe = self._ring().room()
        except KeywardError as error:
            return Readiness(what, Ready.NO, error.message, error.hint)
        return Readiness(what, Ready.NO if unsafe else Ready.YES, unsafe)


def _pending(ref: SecretRef, done: str) -> tuple[str, str]:
    """The names of a pending secret of keyward's own: nothing else is ever made or removed.

    Raises:
        Refused: it is none.
    """
    if ref.store != NAME or len(ref.locator) != 2 or ref.locator[0] != _OWN or not ref.name.startswith(_PENDING):
        raise Refused(f"{ref} is not a pending secret of keyward's, so it is not {done}.", reason="not-ours")
    return ref.locator[0], ref.locator[1]


def _attempt(ring: Ring, names: tuple[str, str], data: Secret) -> Ambiguous | None:
    """Write; the doubt that is left when no answer came."""
    try:
        ring.write(*names, data)
    except Ambiguous as error:
        return error
    return None


def _backend(named: str) -> "KeyringBackend":
    import keyring.core  # slow to load

    try:
        return keyring.core.load_keyring(named) if named else keyring.core.get_keyring()
    except (RuntimeError, ImportError, AttributeError, ValueError) as error:
        raise unreachable(told(error)) from None


def _info(item: Item, ref: SecretRef) -> SecretInfo:
    return SecretInfo(
        ref,
        created=item.created,
        updated=item.updated,
        current=item.version,
        versions=(Version(item.version, created=item.updated),),
        labels={"collection": item.collection} if item.collection else {},
        plaintext=item.plaintext,
        unsafe=item.unsafe,
    )


def _names(ref: SecretRef) -> tuple[str, str]:
    if ref.store != NAME or len(ref.locator) != 2:
        raise Gone(f"{ref} does not name an entry.", hint="Entries are named keyring:SERVICE/USER.")
    return ref.locator[0], ref.locator[1]


def _token(value: Secret) -> str:
    return token(value.reveal())
