"""The filter of the inventory: the query language over the columns in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from keyward.model.query import Columns, Query, Term, parse


@dataclass(frozen=True, slots=True)
class Filter:
    """A query that was understood."""

    query: Query

    def hits(self, columns: Columns, candidates: Sequence[int], now: float) -> list[int]:
        """The candidates that match, in their order."""
        return self.query.columns(columns, candidates, datetime.fromtimestamp(now, UTC))

    def narrows(self, other: "Filter") -> bool:
        """Whether nothing matches this that does not match the other: every term of the other is still there, or longer text."""
        return all(any(_implies(mine, theirs) for mine in self.query.terms) for theirs in other.query.terms)

    def asks(self, field: str) -> bool:
        """Whether a term is about that field."""
        return any(term.field == field for term in self.query.terms)

    @property
    def needle(self) -> str:
        """The one bare text, case-folded; empty when there is none or several."""
        texts = [term.values[0].text for term in self.query.terms if not term.field and not term.negated]
        return texts[0].casefold() if len(texts) == 1 else ""


def parsed(text: str) -> Filter:
    """Read a query.

    Raises:
        QueryError: it cannot be read; has the column.
    """
    return Filter(parse(text))


def _implies(mine: Term, theirs: Term) -> bool:
    if (mine.field, mine.operator, mine.negated) != (theirs.field, theirs.operator, theirs.negated):
        return False
    if mine.values == theirs.values:
        return True
    bare = not mine.field and not mine.negated
    return bare and theirs.values[0].text.casefold() in mine.values[0].text.casefold()
