"""The generator's own picture of an organisation: what is planted into a world and written down as the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Use:
    """Requests with a key in one minute."""

    when: datetime
    count: int
    code: int = 200
    """HTTP code of the answers."""


@dataclass(frozen=True, slots=True)
class SampleKey:
    """One API key."""

    project: str
    """Id of the project."""
    uid: str
    key_id: str
    """Same as the uid unless somebody chose an id."""
    value: str = field(repr=False)
    name: str
    """Display name; empty is none."""
    created: datetime
    restrictions: Mapping[str, Any]
    """As in JSON; empty is unrestricted."""
    annotations: Mapping[str, str]
    account: str
    """Id of the service account that it is bound to; empty for standard keys."""
    deleted: datetime | None
    leaked: bool
    """True when Google has blocked it as reported leaked."""
    service: str
    """The API that it is used for."""
    uses: tuple[Use, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class SampleAccountKey:
    """One user-managed key of a service account."""

    key_id: str
    created: datetime
    expires: datetime | None
    """None is never."""
    origin: str
    """`GOOGLE_PROVIDED` or `USER_PROVIDED`."""
    disabled: str
    """Why it is disabled: `USER_INITIATED`, `EXPOSED`, `COMPROMISE_DETECTED`; empty where it is not."""
    text: str
    """What Google wrote about an exposed or compromised key."""
    uses: tuple[Use, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True)
class SampleHmac:
    """One HMAC key of a service account."""

    access_id: str
    secret: str = field(repr=False)
    created: datetime
    state: str


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """One service account with its keys."""

    id: str
    """What stands before the `@`."""
    unique_id: str
    name: str
    keys: tuple[SampleAccountKey, ...]
    hmac: tuple[SampleHmac, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Where in a payload a key stands."""

    uid: str
    path: str
    """Dotted names; empty when the payload is nothing but the key (and perhaps a line end)."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a value as it stands in a payload."""

    kind: str
    """`query`: a key in the query of an address; `stand-in`: words in place of a key; `shared`: a value that stands elsewhere too."""
    path: str
    """As in `Part`."""
    of: str = ""
    """The key's uid, or the name of the shared value."""


@dataclass(frozen=True, slots=True)
class SampleVersion:
    """One version of a secret."""

    number: int
    created: datetime
    state: str
    payload: bytes = field(repr=False)
    shape: str
    """`plain`, `json`, `dotenv`, `yaml`, `ini` or `text`."""
    parts: tuple[Part, ...]
    """The keys in it; none for values that are not API keys."""
    account_parts: tuple[Part, ...] = ()
    """The service account keys in it, by key id, and HMAC keys, by access id."""
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleSecret:
    """One secret."""

    project: str
    secret_id: str
    created: datetime
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    aliases: Mapping[str, int]
    versions: tuple[SampleVersion, ...]
    """Oldest first."""
    topic: str = ""
    rotation_days: int = 0
    destroy_after_days: int = 0
    user_managed: tuple[str, ...] = ()
    """Locations; empty for automatic replication."""


@dataclass(frozen=True, slots=True)
class SampleProject:
    """One project with everything in it."""

    id: str
    number: int
    name: str
    folder: str
    """Display name of its folder; empty hangs it below the organisation."""
    created: datetime
    labels: Mapping[str, str]
    denied: frozenset[str]
    """Permissions that the caller lacks."""
    off: frozenset[str]
    """Services that are not switched on."""
    keys: tuple[SampleKey, ...]
    secrets: tuple[SampleSecret, ...]
    accounts: tuple[SampleAccount, ...] = ()
    """Service accounts that have keys of their own; those that API keys are bound to are not among them."""
    billing: str = "open"
    """Its billing account: `open`, `closed`, or `none`."""
    bindings: tuple[Mapping[str, Any], ...] = ()
    """Its IAM policy, each with `role` and `members`."""
    payer: str = ""
    """The billing account of a reseller, whose budgets the caller may not read; empty for the usual one."""
    budget: str = ""
    """Its budget: `told`, `quiet` (nobody is told), `capped` (one API, with a spend cap), `part` (one API only); empty for none."""
    alert: str = ""
    """Its alert policy on calls of APIs: `on`, `off`, `unheard` (on, and its channel is switched off); empty for none."""

    @property
    def called(self) -> frozenset[str]:
        """Services that its keys are for, and that therefore are on unless they are switched off."""
        named = {one["service"] for key in self.keys for one in key.restrictions.get("apiTargets", ())}
        return frozenset(named | {key.service for key in self.keys}) - self.off

    def email(self, account: str) -> str:
        """The e-mail of a service account of this project."""
        return f"{account}@{self.id}.iam.gserviceaccount.com"


@dataclass(frozen=True, slots=True)
class Organisation:
    """All projects of an organisation at one moment."""

    domain: str
    now: datetime
    projects: tuple[SampleProject, ...]
    unseen: bool = False
    """Whether the caller sees the projects alone, and neither the organisation nor its folders."""
    watched_by: int = 0
    """How many projects in a row the first of them monitors, itself included; 0: each watches itself alone."""

    @property
    def scoping(self) -> tuple[SampleProject, ...]:
        """The projects that monitor others."""
        return self.projects[:: self.watched_by] if self.watched_by else ()

    def every_key(self) -> Iterator[SampleKey]:
        """All keys, project by project."""
        for project in self.projects:
            yield from project.keys

    def every_secret(self) -> Iterator[SampleSecret]:
        """All secrets, project by project."""
        for project in self.projects:
            yield from project.secrets
