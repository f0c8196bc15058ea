"""What the table knows of findings: when the keys were judged, whether that still holds, and the judging where somebody asks for it."""

from typing import TYPE_CHECKING

from keyward.tui import words

if TYPE_CHECKING:
    from keyward.tui.screens.table import KeyTable

Standing = tuple[float, str]
"""When it was (seconds since 1970), and why that does not hold any more; empty while it does."""


class Judging:
    """The judging of one table. At a hundred thousand keys it takes a while, so nothing is judged that nobody looks at.

    Args:
        table: whose.
    """

    def __init__(self, table: "KeyTable") -> None:
        self._table = table
        self._standing: Standing | None = None
        self._known = False
        self._tried: set[Standing | None] = set()
        self._under_way = False

    def knew(self, standing: Standing | None) -> None:
        """It stands like that."""
        self._standing, self._known = standing, True
        self.follow()

    def over(self, standing: Standing | None) -> None:
        """The keys were judged, or cannot be."""
        self._under_way, self._standing = False, standing

    def follow(self) -> None:
        """Somebody looks at findings, or no longer: have the keys judged where that is needed, once."""
        needed = self._known and self._asked and (self._standing is None or self._standing[1])
        if needed and not self._under_way and self._standing not in self._tried and not self._table.app.feed.scanning:
            self._tried.add(self._standing)
            self._under_way = True
            self._table.app.feed.judge(self._table)

    @property
    def _asked(self) -> bool:
        return "findings" in self._table.choice.names or self._table.view.asks("finding")

    @property
    def said(self) -> str:
        """How it stands, in a few words; empty where nobody looks at findings."""
        if not self._asked:
            return ""
        if self._under_way:
            return "judging ..."
        if self._standing is None:
            return "not judged"
        at, stale = self._standing
        return f"judged {words.span(max(0.0, self._table.app.now() - at))} ago{', stale' if stale else ''}"
