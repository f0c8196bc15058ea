"""An exception: findings that somebody accepts until a date."""

from dataclasses import dataclass
from datetime import date

from keyward.model.query import Query


@dataclass(frozen=True, slots=True)
class Exempt:
    """What `[[exception]]` says: findings of these rules at these subjects are accepted by `owner` until that day (UTC, included)."""

    rule: str
    query: Query
    owner: str
    until: date
    why: str = ""

    @property
    def id(self) -> str:
        """What it is about: it stays when owner, reason and date change."""
        return f"exception:{self.rule}/{self.query.text}"
