"""What was looked at and what was found there. Never a value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

_SHORT = 12
"""Characters of a commit's id."""


class Left(StrEnum):
    """Why something was not looked into."""

    BINARY = "binary"
    TOO_LARGE = "too_large"
    LINK = "link"
    SPECIAL = "special"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"
    MISSING = "missing"


GAPS = frozenset({Left.TOO_LARGE, Left.UNREADABLE, Left.MISSING})
"""What may hold keys that nobody looked for: with one of these the answer is not complete."""


@dataclass(frozen=True, slots=True)
class Item:
    """One text to look into.

    `at` is a path (as `os.fsdecode` gives it) or the id of a git object. `name` is its path from the root of the repository, or from the
    folder that was named. `size` in bytes. `commit` is set for an object that is a commit or tag itself.
    """

    at: str
    name: str
    size: int = 0
    commit: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A key in one line of a text.

    `kind` is its detector's, empty for a value that only the inventory tells. `line` counts from 1; 0 is the name of the text itself.
    `id` names the value; `fingerprint` is the ledger's, empty when there is no ledger or the value could be guessed. `value_id` is an id in it
    or beside it that is no secret, `account` whose it says it is, `expires` when it says that it ends (seconds since 1970). `in_query`
    says that it stands in the query of an address.
    """

    line: int
    kind: str
    confidence: str
    masked: str
    id: str
    fingerprint: str = ""
    value_id: str = ""
    account: str = ""
    expires: float | None = None
    in_query: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """A text that was not looked into, and why in words."""

    item: Item
    why: Left
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a batch of texts held: how many were read, their bytes, the marks in each, what was left out."""

    read: int = 0
    size: int = 0
    marks: Sequence[tuple[Item, Mark]] = ()
    left: Sequence[Unread] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key lies: a path that is safe to show, a line, and in a history the commit that brought it there.

    `in_head` says whether it still lies there in the commit that is checked out; None where there is no history, or no such commit.
    `in_query` says that it stands in the query of an address there.
    """

    path: str
    line: int
    commit: str = ""
    at: float | None = None
    in_head: bool | None = None
    in_query: bool = False

    @property
    def words(self) -> str:
        """Such as `a/b.py:3 (0123456789ab, 2026-01-31, not in HEAD), in the query of an address`."""
        query = ", in the query of an address" if self.in_query else ""
        at = f"{self.path}:{self.line}" if self.line else f"{self.path} (its name)" if self.path else ""
        if not self.commit:
            return f"{at}{query}"
        day = f", {datetime.fromtimestamp(self.at, UTC):%Y-%m-%d}" if self.at is not None else ""
        now = {True: ", still in HEAD", False: ", not in HEAD", None: ""}[self.in_head]
        inside = at if self.path else f"text of the commit, line {self.line}"
        return f"{inside} ({self.commit[:_SHORT]}{day}{now}){query}"


@dataclass(frozen=True, slots=True)
class Leak:
    """One value, and everywhere it lies; its marks are alike but for where they stand."""

    mark: Mark
    places: Sequence[Place] = ()


@dataclass(slots=True)
class Looked:
    """How much was looked at, and what was not: counts by reason, the gaps one by one, and what else is to be known in words."""

    read: int = 0
    size: int = 0
    left: dict[Left, int] = field(default_factory=dict)
    gaps: list[tuple[str, Left, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def leave(self, why: Left, count: int = 1) -> None:
        """Count something that is not looked into."""
        self.left[why] = self.left.get(why, 0) + count

    @property
    def complete(self) -> bool:
        """Whether nothing was left out that may hold keys."""
        return not self.gaps
