"""Where a credential's value is."""

from dataclasses import dataclass
from enum import StrEnum

from keyward.model.ids import CredentialRef, PlacementRef
from keyward.model.secretinfo import VersionState


class Role(StrEnum):
    """What the version that holds the value is to the secret's readers."""

    CURRENT = "current"
    ALIAS = "alias"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Placement:
    """(secret, version, part) holds this credential.

    `at` names the exact version. `alias` is the alias that points at it, for role ALIAS. `host` is the machine whose local store it
    is, empty for stores that all hosts share. `found_by` is `fingerprint` or the id that needed no value. `accepted` says that a
    person made it a target; `new` that it appeared since the key's last rotation.
    """

    at: PlacementRef
    credential: CredentialRef
    role: Role
    version_state: VersionState = VersionState.ENABLED
    alias: str = ""
    fingerprint: str = ""
    found_by: str = "fingerprint"
    host: str = ""
    accepted: bool = False
    new: bool = False

    @property
    def target(self) -> PlacementRef:
        """The place that a write would change: the same part of the secret's current version."""
        return self.at.current
