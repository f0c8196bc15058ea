"""Which statements of people stand: of those about one item in one scope the newest, unless it was withdrawn."""

from collections.abc import Iterable

from keyward.ledger.records import AttestationRow, Statement


def standing(rows: Iterable[AttestationRow]) -> tuple[AttestationRow, ...]:
    """The statements that stand, those that ended too.

    Args:
        rows: all, oldest first.
    """
    found: dict[tuple[str, str], AttestationRow] = {}
    for row in rows:
        if row.kind is Statement.ATTESTED:
            found[row.item, row.scope] = row
        elif row.kind is Statement.WITHDRAWN:
            found.pop((row.item, row.scope), None)
    return tuple(found.values())
