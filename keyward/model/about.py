"""What is known around keys and secrets beside themselves: whether their project is paid for, which APIs are on, who can read a secret."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Known(StrEnum):
    """Whether the values of a fact are known, or why not."""

    KNOWN = "known"
    DENIED = "denied"
    DISABLED = "disabled"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


class What(StrEnum):
    """What a fact says.

    BILLING: `on` or `off`, then the account where one is linked. SERVICES: the APIs that are on. LABELS: `name=value`. READERS: who may
    read the secret's value (of a project: the values of all its secrets), as `member (role)`; KEY_READERS the same of the strings of all
    API keys of a project. `Held` reads such a line. ALERTS: the alert policies of a project, BUDGETS: the budgets that count what it spends,
    as `watch` writes and reads them. POLICIES: organisation policies against new keys, as `constraint=on`, `off` or `conditional`.
    ADMINISTRATORS: service accounts that administer the project, as `Held` writes it. AUDITED: what is logged, as `service=TYPE`.
    """

    BILLING = "billing"
    SERVICES = "services"
    LABELS = "labels"
    READERS = "readers"
    KEY_READERS = "key-readers"
    ALERTS = "alerts"
    BUDGETS = "budgets"
    POLICIES = "policies"
    ADMINISTRATORS = "administrators"
    AUDITED = "audited"


@dataclass(frozen=True, slots=True)
class About:
    """One fact.

    `subject` is `project:ID`, or the id of a secret. `values` are clean texts, none unless `status` is KNOWN. `detail` says why it is not
    known, or what the values leave out. `at` is when it was asked (UTC).
    """

    subject: str
    what: What
    status: Known
    values: tuple[str, ...]
    at: datetime
    detail: str = ""


CUSTOM = "a custom role that may or may not let it read"
CUSTOM_READER = "a custom role that lets it read"
UNDER_A_CONDITION = "under a condition"


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds. `notes` say what else is known of it: that it is a custom one, or holds under a condition."""

    member: str
    role: str
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.member} ({', '.join((self.role, *self.notes))})"

    @classmethod
    def of(cls, line: str) -> "Held":
        """The role that such a line tells of."""
        member, _, rest = line.partition(" (")
        role, *notes = rest.removesuffix(")").split(", ")
        return cls(member, role, tuple(notes))


PUBLIC = {"allUsers": "anyone on the internet", "allAuthenticatedUsers": "anyone with a Google account"}
"""Members of a policy that are nobody in particular, and who that is."""


def public(value: str) -> str:
    """Who that is, when a reader is nobody in particular; else empty."""
    return PUBLIC.get(value.partition(" ")[0], "")
