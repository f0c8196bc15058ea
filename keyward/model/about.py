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
    read the secret's value (of a project: the values of all its secrets), as `member (role)`.
    """

    BILLING = "billing"
    SERVICES = "services"
    LABELS = "labels"
    READERS = "readers"


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


PUBLIC = {"allUsers": "anyone on the internet", "allAuthenticatedUsers": "anyone with a Google account"}
"""Members of a policy that are nobody in particular, and who that is."""


def public(value: str) -> str:
    """Who that is, when a reader is nobody in particular; else empty."""
    return PUBLIC.get(value.partition(" ")[0], "")
