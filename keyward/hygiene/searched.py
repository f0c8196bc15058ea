"""What searches of files and histories found of the inventory's keys: where and when, never a value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from keyward.hygiene.leaks.found import Place


@dataclass(frozen=True, slots=True)
class Lying:
    """Where one key lay: how many places there were, the first few of them, and when that was seen (UTC)."""

    number: int
    places: Sequence[Place]
    at: datetime


@dataclass(frozen=True, slots=True)
class Searched:
    """One thing that was searched.

    `what` is `files` or `history`, `root` the file, folder or repository, safe to show, `host` the machine. `at` is when it was last
    searched as a whole (UTC), None when it never was. `keys` are those that lay there, by id.
    """

    what: str
    root: str
    host: str
    at: datetime | None = None
    keys: Mapping[str, Lying] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Such as `the history of /home/ana/web on laptop`."""
        of = "the history of " if self.what == "history" else ""
        return f"{of}{self.root} on {self.host}"
