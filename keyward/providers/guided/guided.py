"""The provider of keys that a person makes and deletes on a vendor's page: it tells where, and tries what it can.

Nobody lists such keys, so nothing is ever "gone" because it is not listed, and its state stays unknown.
"""

# ruff: noqa: ARG002  # the arguments are the interface's

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from keyward.model.capability import Act, Can, CrashClass, Readiness, Ready
from keyward.model.context import Ctx
from keyward.model.credential import Credential, Kind, State
from keyward.model.detectors import BY_KIND, identify
from keyward.model.errors import Gone, NotAllowed, Refused
from keyward.model.ids import DECLARED, SHAPE, CredentialRef
from keyward.model.secret import Secret
from keyward.model.usage import UNSUPPORTED, UsageReport, UseStatus
from keyward.model.verdict import Verdict, VerdictKind
from keyward.providers import catalog
from keyward.providers.catalog import Entry, Probe
from keyward.providers.guided.prober import Prober
from keyward.providers.interface import NO_CLUES, Change, Clues, Created, Marker, Want
from keyward.providers.plain import Plain

Verify = Callable[[Secret, Ctx], Verdict]

GOOGLE = "google-api-keys"
"""The catalog's entry whose keys a provider of its own tries."""

_UNKNOWN = catalog.Revocation()


class Guided(Plain):
    """Keys of one kind of id: by shape, or declared.

    Args:
        name: `shape` or `declared`.
        prober: asks vendors.
        google: tries Google API keys.
    """

    crash = CrashClass.PERSON
    can = frozenset({Can.VERIFY})
    quiet = timedelta(0)  # nobody records the use of such keys where keyward could ask

    def __init__(self, name: str, prober: Prober, google: Verify) -> None:
        self.name = name
        self._prober = prober
        self._google = google

    def scopes(self, ctx: Ctx) -> Sequence[str]:
        """None: there is nothing that a scan could ask."""
        return ()

    def list(self, scope: str, ctx: Ctx) -> Iterator[Credential]:
        """Nothing: nobody lists these keys."""
        return iter(())

    def get(self, ref: CredentialRef, ctx: Ctx) -> Credential:
        """What the id itself tells; never Gone because nobody lists it.

        Raises:
            Gone: it is no id of this provider's.
        """
        if ref.provider != self.name or len(ref.local) != 1:
            raise Gone(f"{ref} is not the id of such a key.")
        return Credential(
            ref,
            Kind.BY_SHAPE if self.name == SHAPE else Kind.TOKEN,
            State.UNKNOWN,
            name=declared_name(ref.scope) if self.name == DECLARED else None,
            last_use=UNSUPPORTED,
            issuer=_issuer(ref),
        )

    def preflight(self, want: Want, ctx: Ctx) -> Sequence[Readiness]:
        """Whether a new key can be tried, and where; making one is up to a person."""
        return (self._tried(want.scope),)

    def _tried(self, scope: str) -> Readiness:
        entry, probe = _by_scope(self.name, scope)
        what = f"try the new key{f' at {entry.label}' if entry else ''}"
        if entry is not None and entry.id == GOOGLE:
            return Readiness(what, Ready.YES)
        if probe is None:
            return Readiness(what, Ready.UNKNOWN, _why_not(entry), "--accept-unproved goes on without a proof.")
        try:
            place = self._prober.place(probe)
        except NotAllowed as error:
            return Readiness(what, Ready.UNKNOWN, error.message, error.hint)
        return Readiness(what, Ready.YES, f"asked at {place}" if place.origin else "")

    def siblings(self, want: Want, ctx: Ctx) -> Sequence[Credential]:
        """None that anybody knows."""
        return ()

    def create(self, want: Want, marker: Marker, ctx: Ctx, *, material: Secret | None = None) -> Created:
        """Always refused: a person makes these keys."""
        raise Refused(f"keyward cannot make keys of {want.scope}; a person does.")

    def own(self, want: Want, marker: Marker, ctx: Ctx, clues: Clues = NO_CLUES) -> Sequence[Credential]:
        """None: a person made what was made."""
        return ()

    def read_value(self, ref: CredentialRef, ctx: Ctx) -> Secret:
        """Always refused: a vendor shows such a value once."""
        raise Refused(f"The value of {ref} cannot be read again.")

    def update(self, ref: CredentialRef, change: Change, ctx: Ctx, *, etag: str) -> Credential:
        """Always refused: a person does that."""
        raise Refused(f"{ref} can only be changed by a person. {self.by_hand(None, ref)}".rstrip())

    def act(self, act: Act, ref: CredentialRef, ctx: Ctx, *, etag: str = "", check_usage: bool = False) -> None:
        """Always refused: a person does that."""
        raise Refused(f"{act.value} {ref} is for a person to do: {self.by_hand(act, ref)}")

    def verify(self, value: Secret, ref: CredentialRef | None, ctx: Ctx) -> Verdict:
        """Try the value where its vendor is known: by its own shape, else by what was declared."""
        detector = identify(value.reveal().strip())
        entry = catalog.of_kind(detector.kind) if detector else None
        if entry is None and ref is not None:
            entry = _entry(ref)
        if entry is not None and entry.id == GOOGLE:
            return self._google(value, ctx)
        probe = entry.probe_for(detector.kind if detector else "") if entry else None
        if entry is None or probe is None:
            return Verdict(VerdictKind.UNPROVED, f"it cannot be tried: {_why_not(entry)}", ctx.now, "no-probe")
        return self._prober.verify(Secret(value.reveal().strip()), probe, entry.label, ctx)

    def usage(self, scope: str, since: datetime, ctx: Ctx) -> UsageReport:
        """No record that keyward could read; where the vendor shows one is said."""
        entry, _ = _by_scope(self.name, scope)
        detail = entry.seen if entry else ""
        return UsageReport(UseStatus.UNSUPPORTED, since, ctx.now, {}, complete=False, detail=detail)

    def dead_after(self, credential: Credential) -> tuple[float, float]:
        """As the catalog says of the vendor; with caution where nothing is known."""
        entry = _entry(credential.ref)
        found = entry.revocation if entry else _UNKNOWN
        return found.usual, found.run

    def by_hand(self, act: Act | None, ref: CredentialRef) -> str:
        """What a person does, and on which page."""
        entry = _entry(ref)
        if entry is None:
            return "on the page of whoever issued it"
        if act is None:
            return f"at {entry.pages.create}" + (f" ({entry.pages.how})" if entry.pages.how else "")
        return f"at {entry.pages.revoke}"


def declared_name(scope: str) -> str:
    """What to call a declared key: `invideo.staging` is "InVideo AI staging"."""
    issuer, _, name = scope.partition(".")
    entry = catalog.read(issuer) if issuer in catalog.ids() else None
    return " ".join(part for part in (entry.label if entry else issuer, name) if part)


def _entry(ref: CredentialRef) -> Entry | None:
    return _by_scope(ref.provider, ref.scope)[0]


def _by_scope(provider: str, scope: str) -> tuple[Entry | None, Probe | None]:
    """The vendor of a key, by its shape or by the name that it was declared under, and how a key is tried there."""
    if provider == SHAPE or scope in BY_KIND:
        entry = catalog.of_kind(scope)
        return entry, entry.probe_for(scope) if entry else None
    issuer = scope.partition(".")[0]
    entry = catalog.read(issuer) if issuer in catalog.ids() else None
    return entry, entry.probe if entry else None


def _issuer(ref: CredentialRef) -> str:
    if ref.scope in BY_KIND:
        return BY_KIND[ref.scope].issuer
    entry = _entry(ref)
    return entry.label if entry else ref.scope.partition(".")[0]


def _why_not(entry: Entry | None) -> str:
    if entry is None:
        return "nothing is known of its issuer"
    return entry.no_probe or f"no request is known that tries this kind of key of {entry.label}"
