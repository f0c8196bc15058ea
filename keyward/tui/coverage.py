"""What was read and what was not, in a few words and in a list."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keyward.model.source import SourceReport, SourceStatus
from keyward.tui import words

if TYPE_CHECKING:
    from datetime import datetime

_ORDER = (
    SourceStatus.DENIED,
    SourceStatus.FAILED,
    SourceStatus.UNREACHABLE,
    SourceStatus.CANCELLED,
    SourceStatus.PARTIAL,
    SourceStatus.DISABLED,
)


def summary(sources: Sequence[SourceReport]) -> str:
    """`2 sources denied, 1 disabled`; empty when every source was read."""
    counted = Counter(source.status for source in sources)
    pieces = [(counted[status], status.value) for status in _ORDER if counted[status]]
    if not pieces:
        return ""
    first, word = pieces[0]
    noun = "source" if first == 1 else "sources"
    return ", ".join([f"{first} {noun} {word}", *(f"{count} {other}" for count, other in pieces[1:])])


def reason(source: SourceReport) -> str:
    """Why a source was not read, and what is missing for it."""
    pieces = [source.detail]
    if source.permission and source.permission not in source.detail:
        pieces.append(f"needs {source.permission}")
    if source.api and source.api not in source.detail:
        pieces.append(f"API {source.api}")
    if source.stale_since is not None:
        pieces.append(f"rows are from {words.moment(source.stale_since)}")
    return "; ".join(piece for piece in pieces if piece)


def worst_first(sources: Sequence[SourceReport]) -> list[SourceReport]:
    """The sources, those that were not read before the others."""
    rank = {status: place for place, status in enumerate(_ORDER)}
    return sorted(sources, key=lambda source: (rank.get(source.status, len(rank)), source.id))


def read_at(source: SourceReport) -> str:
    """When it was last asked."""
    at: datetime | None = source.at
    return words.moment(at)
