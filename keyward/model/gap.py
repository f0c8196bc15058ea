"""An accepted gap: a source that need not be seen until a date."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Gap:
    """Who accepted it, until which day (UTC, that day included), and why."""

    owner: str
    until: date
    why: str = ""
