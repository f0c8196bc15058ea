"""What is known of a credential. Never its value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from keyward.model.ids import CredentialRef
from keyward.model.usage import NOT_SCANNED, LastUse


class Kind(StrEnum):
    """What sort of credential."""

    API_KEY = "api-key"
    AUTH_KEY = "auth-key"
    SA_KEY = "sa-key"
    ACCESS_KEY = "access-key"
    TOKEN = "token"  # noqa: S105  # a kind, not a token
    BY_SHAPE = "by-shape"


class State(StrEnum):
    """Whether it works, as its provider says."""

    ACTIVE = "active"
    DISABLED = "disabled"
    RESTORABLE = "deleted-restorable"
    DELETED = "deleted"
    BLOCKED = "blocked-by-provider"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def off(self) -> bool:
        """Whether it is switched off without being deleted: by its owner or by its provider."""
        return self in (State.DISABLED, State.BLOCKED)


class AgeIs(StrEnum):
    """Exact: the provider gave the creation time. At least: keyward first saw it then."""

    EXACT = "exact"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What a key may be used for.

    `apis` are service names such as `generativelanguage.googleapis.com`; empty means any. `client` names the one kind of client
    restriction (`referrer`, `ip`, `android`, `ios`) or is None, `allowed` are its entries. `raw` is the provider's own form, copied
    to a successor as it is.
    """

    apis: tuple[str, ...] = ()
    client: str | None = None
    allowed: tuple[str, ...] = ()
    raw: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def none(self) -> bool:
        """Whether nothing is restricted."""
        return not self.apis and self.client is None


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential as a provider lists it, or as its shape tells.

    Times are UTC. `created` is exact or None; `first_seen` is when keyward first met it. `resource` is the provider's own resource
    name, `uid` its stable id there (what usage is recorded under), `etag` its version for conditional changes. `name` is the display
    name, clean, or None when there is none. `annotations` are the provider's free-form labels.

    `pair_id` is set for a key that is an id and a secret: the id, which is no secret, stands beside the secret wherever a program
    uses the key, and changes with it. The value is the secret alone.
    """

    ref: CredentialRef
    kind: Kind
    state: State
    resource: str = ""
    uid: str = ""
    name: str | None = None
    created: datetime | None = None
    first_seen: datetime | None = None
    expires: datetime | None = None
    deleted: datetime | None = None
    restorable_until: datetime | None = None
    restrictions: Restrictions | None = None
    bound_identity: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    fingerprint: str | None = None
    last_use: LastUse = NOT_SCANNED
    issuer: str = ""
    state_why: str = ""
    pair_id: str = ""

    @property
    def id(self) -> str:
        """The stable id, as printed and typed."""
        return str(self.ref)

    @property
    def live(self) -> bool:
        """Whether it may still open something: anything that is not known to be off."""
        return self.state in (State.ACTIVE, State.UNKNOWN)

    @property
    def off(self) -> bool:
        """Whether it is switched off without being deleted: by its owner or by its provider."""
        return self.state.off

    def age(self, now: datetime) -> tuple[timedelta, AgeIs] | None:
        """How old it is and how that is known; None when nothing is known."""
        if self.created is not None:
            return max(now - self.created, timedelta(0)), AgeIs.EXACT
        if self.first_seen is not None:
            return max(now - self.first_seen, timedelta(0)), AgeIs.AT_LEAST
        return None
