"""What Secret Manager keeps: secrets and their versions, and how they look on the wire."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

Json = dict[str, Any]
"""A resource in Google's JSON spelling: camelCase names, enums as strings, 64-bit numbers as strings."""


class State(enum.StrEnum):
    """The life of a version; DESTROYED is final."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    DESTROYED = "DESTROYED"


@dataclass(frozen=True, slots=True)
class Parent:
    """A project, or one region of it: the two places that hold secrets."""

    project: str
    """The project number, as Google writes it in every name it answers with."""
    location: str = ""
    """Empty for global secrets, else a region such as `europe-west3`."""

    @property
    def name(self) -> str:
        """The resource name, such as `projects/123/locations/europe-west3`."""
        return f"projects/{self.project}" + (f"/locations/{self.location}" if self.location else "")


@dataclass(frozen=True, slots=True)
class Ref:
    """What a request is about: a secret or one of its versions."""

    parent: Parent
    secret: str = ""
    version: str = ""
    """A number, an alias or `latest`; empty for the secret itself."""

    @property
    def secret_name(self) -> str:
        """The resource name of the secret."""
        return f"{self.parent.name}/secrets/{self.secret}"

    @property
    def version_name(self) -> str:
        """The resource name of the version, as it was asked for."""
        return f"{self.secret_name}/versions/{self.version}"


@dataclass(frozen=True, slots=True)
class Guard:
    """An etag that the caller read before, so that nobody's change is overwritten."""

    etag: str = ""
    """Empty guards nothing."""
    stale: str = "ABORTED"
    """The status for an etag that does not match; which one Google answers is not confirmed."""

    def blocks(self, present: str) -> bool:
        """True when the resource has changed since the caller read it."""
        return bool(self.etag) and self.etag != present


@dataclass(slots=True)
class Version:
    """One immutable payload of a secret, with the state that decides whether it can be read."""

    number: int
    created: datetime
    etag: str
    payload: bytes | None
    """None once destroyed."""
    checksum: int
    """CRC32C of the payload."""
    checksum_given: bool
    """True when the writer sent the checksum along."""
    state: State = State.ENABLED
    destroyed: datetime | None = None
    destroyed_nanos: int = 0
    """The three digits below a microsecond: Google prints destroyTime in nanoseconds."""
    destroy_at: datetime | None = None
    """When a delayed destruction takes place."""


@dataclass(slots=True)
class Secret:
    """A named container of versions."""

    parent: Parent
    secret_id: str
    order: int
    """Rises with each creation; lists are newest first and pages continue below an order."""
    created: datetime
    etag: str
    replication: Json
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    topics: list[str] = field(default_factory=list)
    aliases: dict[str, int] = field(default_factory=dict)
    rotation: Json = field(default_factory=dict)
    expires: datetime | None = None
    destroy_ttl: float | None = None
    """Seconds between a destroy request and the destruction; None destroys at once."""
    encryption: Json = field(default_factory=dict)
    """Customer-managed encryption of a regional secret."""
    secret_type: str = ""
    versions: list[Version] = field(default_factory=list)
    """Oldest first; version n is at index n - 1, because numbers have no gaps."""
    policy: Json = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The resource name with the project number."""
        return f"{self.parent.name}/secrets/{self.secret_id}"

    def version_name(self, version: Version) -> str:
        """The resource name of one of its versions."""
        return f"{self.name}/versions/{version.number}"
