"""The query language of lists, filters and rules (DESIGN.md section 12).

    project:acme-prod age>90d unused>30d finding:KW-... store:keyring !kind:sa-key text

Terms stand side by side and must all hold; a comma between values means any of them; `!` or `-` in front turns a term round. Values are
exact unless a `*` is typed; quotes take a value as it stands. Text without a field is looked for anywhere in what is shown of a key.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress

from keyward.model.errors import QueryError
from keyward.model.query_complete import Suggestion, complete
from keyward.model.query_fields import FIELDS, Predicate, Test, Unfit, nearest
from keyward.model.query_rows import Columns, QueryRow
from keyward.model.query_terms import Value, Words, words

__all__ = ["Columns", "Query", "QueryRow", "Suggestion", "Term", "Value", "complete", "parse"]

_HAYSTACK = ("haystack",)


@dataclass(frozen=True, slots=True)
class Term:
    """One term. `field` is empty for bare text; `column` is where it stands in the query, counted from 0."""

    field: str
    operator: str
    values: tuple[Value, ...]
    negated: bool
    column: int
    columns: tuple[str, ...] = dataclasses.field(repr=False)
    test: Test = dataclasses.field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood. An empty one holds for every key."""

    text: str
    terms: tuple[Term, ...]

    def compile(self, now: datetime) -> Callable[[QueryRow], bool]:
        """The query as a predicate.

        Args:
            now: the present, with a time zone.
        """
        bound = [(term.columns, term.test(now.timestamp()), term.negated) for term in self.terms]
        return lambda row: all(
            holds(*(getattr(row, name) for name in names)) is not negated for names, holds, negated in bound
        )

    def columns(self, columns: Columns, candidates: Sequence[int], now: datetime) -> list[int]:
        """Those of the candidates (positions in the columns) for which the query holds, in their order.

        It says the same as `compile` does of the row at each position.
        """
        kept = candidates
        for term in self.terms:
            if not kept:
                break
            kept = _narrowed(term, columns, kept, term.test(now.timestamp()))
        return list(kept)


def _narrowed(term: Term, columns: Columns, kept: Sequence[int], holds: Predicate) -> list[int]:
    read = [getattr(columns, name) for name in term.columns]
    if isinstance(kept, range) and kept == range(len(read[0])):
        flags = map(holds, *read)
    else:
        flags = map(holds, *([column[at] for at in kept] for column in read))
    return (
        [at for at, flag in zip(kept, flags, strict=True) if not flag] if term.negated else list(compress(kept, flags))
    )


def parse(text: str) -> Query:
    """Read a query.

    Raises:
        QueryError: it cannot be read; the error has the column and what would be right.
    """
    return Query(text, tuple(_term(text, each) for each in words(text)))


def _term(text: str, typed: Words) -> Term:
    if not typed.field:
        return Term("", "", typed.values, typed.negated, typed.column, _HAYSTACK, _contains(typed.values[0].text))
    known = FIELDS.get(typed.field)
    if known is None:
        hint = nearest(typed.field, tuple(FIELDS)) + " Text that holds a colon goes in quotes."
        at = typed.column + (text[typed.column] in "!-")
        raise QueryError(f"There is no field {typed.field!r}.", query=text, column=at, hint=hint)
    try:
        test = known.test(typed.operator, typed.values)
    except Unfit as unfit:
        raise QueryError(str(unfit), query=text, column=typed.value_column, hint=unfit.hint) from None
    return Term(typed.field, typed.operator, typed.values, typed.negated, typed.column, known.columns, test)


def _contains(text: str) -> Test:
    needle = text.casefold()
    return lambda _: lambda haystack: needle in haystack
