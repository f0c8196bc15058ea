"""Coverage as the cache keeps it. Apart from the other rows, because every list needs it and nothing else of them."""

from typing import Any, Protocol

from keyward.inventory.times import moment
from keyward.model.source import SourceReport, SourceStatus


class Row(Protocol):
    """A row by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any: ...


def report(row: Row) -> SourceReport:
    """The report of a row of `source`."""
    names = ("id", "detail", "permission", "api", "items", "looked", "not_looked")
    return SourceReport(
        status=SourceStatus(row["status"]),
        at=moment(row["at"]),
        stale_since=moment(row["stale_since"]),
        **{name: row[name] for name in names},
    )
