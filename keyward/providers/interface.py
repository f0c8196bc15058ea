"""What a provider of credentials does (DESIGN.md section 6).

The rest of the program asks for capabilities (`can`), never for names. A provider translates its service's errors into
`keyward.model.errors`, cleans every text from outside, and never retries a create.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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

    `raw_restrictions` is the provider's own form, copied as it is.
    """

    scope: str
    name: str | None = None
    restrictions: Restrictions | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    bound_identity: str | None = None


@dataclass(frozen=True, slots=True)
class Marker:
    """Who asks: the rotation's id and the attempt, from which the provider derives a caller-chosen name and a label."""

    rotation: str
    attempt: int = 1

    @property
    def name(self) -> str:
        """The caller-chosen id, `kw-<rotation>-<attempt>`: lower case, starts with a letter, never like a UUID."""
        return f"kw-{self.rotation}-{self.attempt}".lower()


@dataclass(frozen=True, slots=True)
class Created:
    """A credential that was made. `value` is set when the provider shows it only now (classes C and D)."""

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

    def create(self, want: Want, marker: Marker, ctx: Ctx) -> Created:
        """Make it, with one request that is never repeated; a name that is taken by this very marker is adopted.

        Raises:
            Refused: definitely not made; `reason` "taken" when the name belongs to somebody else, "spent" when it was deleted.
            Ambiguous: perhaps made; `own` tells.
        """
        ...

    def own(self, scope: str, marker: Marker, ctx: Ctx) -> Sequence[Credential]:
        """What this rotation made so far, over all attempts, deleted ones included.

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

    def act(self, act: Act, ref: CredentialRef, ctx: Ctx, *, etag: str = "", check_usage: bool = False) -> None:
        """Disable, enable, revoke or restore; returns at once when it is so already.

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
