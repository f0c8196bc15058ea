"""What a provider of credentials does (DESIGN.md section 6).

The rest of the program asks for capabilities (`can`), never for names. A provider translates its service's errors into
`keyward.model.errors`, cleans every text from outside, and never retries a create.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from keyward.model.capability import Act, Can, CrashClass, Readiness
from keyward.model.context import Ctx
from keyward.model.credential import Credential, Restrictions
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.model.usage import UsageReport
from keyward.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Want:
    """The successor that is wanted: where, and what is copied from its predecessor.

    `raw_restrictions` is the provider's own form, copied as it is. `origin` is the predecessor's scope where that is another one:
    there the old key is read and retired.
    """

    scope: str
    name: str | None = None
    restrictions: Restrictions | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    bound_identity: str | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """Who asks: the rotation's id and the attempt, from which the provider derives a caller-chosen name and a label.

    `replaces` is the id of the key that the new one takes over from: with it a lost ledger can be made anew.
    """

    rotation: str
    attempt: int = 1
    replaces: str = ""

    @property
    def name(self) -> str:
        """The caller-chosen id, `kw-<rotation>-<attempt>`: lower case, starts with a letter, never like a UUID."""
        return f"kw-{self.rotation}-{self.attempt}".lower()


@dataclass(frozen=True, slots=True)
class Clues:
    """What helps to recognise what a rotation made where no name and no label does.

    `material` was made here before the create (class B). `baseline` are the ids of the keys that were there before, `since` (UTC) is
    when the first create was about to be sent, `tried` when the last one was.
    """

    material: Secret | None = None
    baseline: frozenset[str] = frozenset()
    since: datetime | None = None
    tried: datetime | None = None


NO_CLUES = Clues()


@dataclass(frozen=True, slots=True)
class Created:
    """A credential that was made. `value` is set when the provider shows it only now (classes C and D).

    Of a key that is an id and a secret (`Credential.pair_id`) the value is the secret, here and everywhere; the id has to have a shape
    that tells what its secret looks like (`Detector.pairs_with`).
    """

    credential: Credential
    value: Secret | None = None
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What to change of a credential; None leaves a field as it is."""

    name: str | None = None
    restrictions: Restrictions | None = None
    annotations: Mapping[str, str] | None = None


class Provider(Protocol):
    """Mints, lists, proves and revokes credentials of one kind."""

    name: str
    crash: CrashClass
    can: frozenset[Can]
    quiet: timedelta
    """How long a key must be silent before silence means that nobody uses it: as long as this provider's record is slow and coarse."""

    def list(self, scope: str, ctx: Ctx) -> Iterator[Credential]:
        """Every credential of the scope, restorable ones too, as pages arrive.

        Raises:
            SourceError: the scope could not be read; says status, permission, api.
        """
        ...

    def get(self, ref: CredentialRef, ctx: Ctx) -> Credential:
        """The credential as it is now, deleted-restorable ones too.

        Raises:
            Gone: there is no such credential.
            SourceError: it could not be read.
        """
        ...

    def preflight(self, want: Want, ctx: Ctx) -> Sequence[Readiness]:
        """Whether `create`, reading the value and retiring would work, without doing anything."""
        ...

    def crash_for(self, want: Want, ctx: Ctx) -> CrashClass:
        """How making this very key survives a crash: `crash`, or a weaker class where the better way is forbidden.

        Raises:
            SourceError: it could not be found out.
        """
        ...

    def siblings(self, want: Want, ctx: Ctx) -> Sequence[Credential]:
        """The keys beside which this one would be made: of the same account, or of the same scope.

        Raises:
            SourceError: they could not be read.
        """
        ...

    def material(self, want: Want, ctx: Ctx) -> Secret:
        """Class B: fresh material of a key, made here; nothing is asked. It is staged before `create` hands in its public half.

        Raises:
            Refused: this provider makes all material itself.
        """
        ...

    def create(self, want: Want, marker: Marker, ctx: Ctx, *, material: Secret | None = None) -> Created:
        """Make it, with one request that is never repeated; a name that is taken by this very marker is adopted.

        Args:
            want: what is wanted.
            marker: who asks.
            ctx: deadline, cancellation, clock.
            material: class B: as `material` gave it.

        Raises:
            Refused: definitely not made; `reason` "taken" when the name belongs to somebody else, "spent" when it was deleted.
            Ambiguous: perhaps made; `own` tells.
        """
        ...

    def compose(self, credential: Credential, material: Secret, ctx: Ctx) -> Secret:
        """Class B: the value as its users get it, from the material and the credential that was made with it.

        Raises:
            Refused: this provider makes all material itself.
            SourceError: something that belongs into it could not be read.
        """
        ...

    def own(self, want: Want, marker: Marker, ctx: Ctx, clues: Clues = NO_CLUES) -> Sequence[Credential]:
        """What this rotation surely made so far, over all attempts, deleted ones included: by name, label, public key or audit log.

        Raises:
            SourceError: it could not be read.
        """
        ...

    def marked(self, credential: Credential) -> Marker | None:
        """Which rotation made it, as far as it shows; None where nothing does."""
        ...

    def suspects(self, want: Want, marker: Marker, ctx: Ctx, clues: Clues = NO_CLUES) -> Sequence[Credential]:
        """Live keys that this rotation may have made and that nothing proves to be its own; never one of the baseline.

        Raises:
            SourceError: it could not be read.
        """
        ...

    def read_value(self, ref: CredentialRef, ctx: Ctx) -> Secret:
        """The value, where it can be read again.

        Raises:
            Gone: there is no such credential.
            SourceError: it could not be read.
        """
        ...

    def update(self, ref: CredentialRef, change: Change, ctx: Ctx, *, etag: str) -> Credential:
        """Change restrictions, annotations or the display name.

        Raises:
            Conflict: it changed since `etag`.
            Refused: definitely not done.
            Ambiguous: perhaps done.
        """
        ...

    def act(
        self, act: Act, ref: CredentialRef, ctx: Ctx, *, etag: str = "", check_usage: bool = False
    ) -> Credential | None:
        """Disable, enable, revoke or restore; returns at once when it is so already.

        Gives the credential as it is afterwards, where the provider told it unasked; else None.

        Raises:
            Conflict: it changed since `etag`.
            Gone: restore or enable of something that is no more.
            Refused: definitely not done; reason "in-use" when `check_usage` found use.
            Ambiguous: perhaps done.
        """
        ...

    def verify(self, value: Secret, ref: CredentialRef | None, ctx: Ctx) -> Verdict:
        """Use the value once, harmlessly, and say what came back. Never raises for an answer, whatever it is."""
        ...

    def usage(self, scope: str, since: datetime, ctx: Ctx) -> UsageReport:
        """Use of the whole scope since then, in one question; a record that cannot be read is a report that says so."""
        ...

    def dead_after(self, credential: Credential) -> tuple[float, float]:
        """(seconds until a revoked one is usually dead, seconds over which failed probes must run before it counts as dead)."""
        ...

    def tolerate(self, old: Credential, want: Want, used: Mapping[str, int] | None) -> Sequence[str]:
        """What whoever uses the key has to cope with when it becomes `want`, a sentence each; none for a likeness.

        Args:
            old: the key as it is.
            want: what replaces it.
            used: services that the key was lately used for, with how many calls; None when that is not known.
        """
        ...

    def needs(self, act: Act) -> frozenset[str]:
        """The permissions that this act takes, by the names that `preflight` uses; empty where there are none to know of."""
        ...

    def by_hand(self, act: Act | None, ref: CredentialRef) -> str:
        """What a person has to do for a successor (None) or an act that keyward cannot do: words with the page's address; else empty."""
        ...
