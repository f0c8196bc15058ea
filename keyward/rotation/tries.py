"""Starts that failed: facts in the ledger, so that no host tries again before it is time."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keyward.model.text import clean
from keyward.rotation.putting_off import DAILY, put_off

PREFIX = "start:"


class Facts(Protocol):
    """A ledger, as far as it is asked for tries."""

    def metas(self, prefix: str) -> dict[str, str]:
        """Every fact whose name begins like that."""
        ...


@dataclass(frozen=True, slots=True)
class Try:
    """The last try to begin a rotation of a key: how many failed in a row (0: a person has to decide), when, when again, why."""

    key: str
    failures: int
    at: datetime
    retry_at: datetime | None
    why: str

    def again(self, now: datetime) -> bool:
        """Whether it may be tried again."""
        return self.retry_at is not None and now >= self.retry_at

    @property
    def fact(self) -> tuple[str, str]:
        """Name and value of the ledger's fact."""
        again = None if self.retry_at is None else self.retry_at.isoformat()
        said = {"failures": self.failures, "at": self.at.isoformat(), "retry_at": again, "why": self.why}
        return PREFIX + self.key, json.dumps(said, sort_keys=True)


def failed(key: str, before: Try | None, now: datetime, why: str, *, person: bool) -> Try:
    """The try that failed just now. What a person must decide is looked at daily; all else climbs the ladder."""
    if person:
        return Try(key, 0, now, now + DAILY, why)
    failures = (before.failures if before is not None else 0) + 1
    wait = put_off(failures)
    return Try(key, failures, now, None if wait is None else now + wait, why)


def tries(ledger: Facts) -> dict[str, Try]:
    """Every try that failed, by key. One that cannot be read is as if it never was: trying once more harms nothing."""
    found = {}
    for name, value in ledger.metas(PREFIX).items():
        key = name.removeprefix(PREFIX)
        try:
            said = json.loads(value)
            again = None if said["retry_at"] is None else datetime.fromisoformat(said["retry_at"])
            at = datetime.fromisoformat(said["at"])
            found[key] = Try(key, int(said["failures"]), at, again, clean(str(said["why"]), 400))
        except (KeyError, TypeError, ValueError):
            continue
    return found
