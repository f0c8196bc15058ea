"""What is known of a secret in a store, and a payload read from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from keyward.model.ids import SecretRef
from keyward.model.secret import Secret


class VersionState(StrEnum):
    """What a store says of one version."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a secret; stores without versions have one, whose id is a digest of what can be seen without the value."""

    id: str
    state: VersionState = VersionState.ENABLED
    created: datetime | None = None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class SecretInfo:
    """One secret as its store lists it.

    `versions` are newest first, and may be left unasked (None). `aliases` map a name to a version id. `rotation` is the store's own
    rotation setting in words, empty when there is none. `immutable_versions` says that a version's payload can never change, so its
    fingerprint holds for ever. `unsafe` says why keyward would not write here (another owner, writable folder), empty when it would.
    `open_to` says who else than its owner may read the file that it is, empty when nobody may, None when that is not known or it is none.
    """

    ref: SecretRef
    created: datetime | None = None
    updated: datetime | None = None
    current: str | None = None
    versions: tuple[Version, ...] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    rotation: str = ""
    topics: tuple[str, ...] = ()
    etag: str = ""
    immutable_versions: bool = False
    plaintext: bool = False
    unsafe: str = ""
    open_to: str | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file of this machine, named by its path."""
        return len(self.ref.locator) == 1 and self.ref.name.startswith("/")

    def version(self, version_id: str) -> Version | None:
        """The version of that id, when it was listed."""
        return next((version for version in self.versions or () if version.id == version_id), None)


@dataclass(frozen=True, slots=True)
class Payload:
    """What a version holds.

    `token` is what a conditional write compares: for versioned stores the version id, for files a digest of inode, size, time and
    content. `hint` tells the reader of shapes what the payload is when the store knows (`dotenv`, or empty).
    """

    data: Secret
    version: str
    token: str
    hint: str = ""
