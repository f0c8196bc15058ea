"""Accepted gaps: sources that somebody said need not be seen, until a date. Only the user's own settings can have them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyward.model.gap import Gap
from keyward.model.source import SourceReport, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.settings.lists import Gap as Accepted


class Gaps:
    """The accepted gaps of the settings as they stand now.

    Args:
        gaps: those of the settings.
        now: the present (UTC); a gap ends with its last day, UTC.
    """

    def __init__(self, gaps: "tuple[Accepted, ...]", now: datetime) -> None:
        self._gaps, self._today = gaps, now.astimezone(UTC).date()

    def of(self, source: SourceReport) -> Gap | None:
        """The gap that covers a source which was not seen; None for one that was seen, or that nobody may leave out any more."""
        if not self._gaps or source.status in (SourceStatus.OK, SourceStatus.CANCELLED):
            return None
        from fnmatch import fnmatchcase  # few have gaps

        for one in self._gaps:
            if fnmatchcase(source.id, one.match) and self._today <= one.until:
                return Gap(one.owner, one.until, one.why)
        return None

    def open(self, sources: "Iterable[SourceReport]") -> dict[str, Gap]:
        """The gaps that hold now, by the id of the source."""
        return {one.id: gap for one in sources if (gap := self.of(one)) is not None}
