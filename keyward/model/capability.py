"""What providers and stores can do, asked for by the rest of the program instead of their names."""

from dataclasses import dataclass
from enum import StrEnum


class Can(StrEnum):
    """Capabilities of providers and stores (DESIGN.md section 6)."""

    LIST = "list"
    CREATE = "create"
    DISABLE = "disable"
    RESTORE = "restore"
    DELETE = "delete"
    READ_VALUE = "read-value"
    UPLOAD = "upload"
    UPDATE = "update"
    USAGE = "usage"
    USAGE_CHECK = "usage-check"
    VERIFY = "verify"
    READ = "read"
    WRITE = "write"
    VERSIONS = "versions"
    ALIASES = "aliases"
    CAS = "compare-and-set"
    ROLLBACK = "rollback"
    SECRET_STORE = "secret-store"  # noqa: S105  # a capability
    REMOVE = "remove"
    LOCAL = "local"
    INDEX = "index"


class CrashClass(StrEnum):
    """How a provider's create survives a crash (DESIGN.md section 7)."""

    NAMED = "A"
    OWN_MATERIAL = "B"
    MARKABLE = "C"
    UNMARKABLE = "D"
    PERSON = "E"


class Act(StrEnum):
    """What can be done to a credential's state."""

    DISABLE = "disable"
    ENABLE = "enable"
    REVOKE = "revoke"
    RESTORE = "restore"


class Ready(StrEnum):
    """Whether a step can work."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Readiness:
    """One thing checked before anything is done: what, whether, why not, and the command that fixes it."""

    what: str
    ready: Ready
    why: str = ""
    fix: str = ""
    permission: str = ""
