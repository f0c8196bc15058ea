"""What was done to single keys outside of rotations, from the audit trail. Nothing is asked, and no engine is loaded."""

from typing import TYPE_CHECKING

from keyward.rotation.acts.trail import acts_in

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.ledger.records import RotationRow
    from keyward.rotation.history import Line


def acts_done(desk: "Desk", key: str = "") -> "tuple[Line, ...]":
    """What was done, oldest first; with a key's full id, to that one. None when there is no ledger."""
    ledger = desk.books.reading()
    if ledger is None:
        return ()
    with ledger:
        return tuple(acts_in(ledger, key))


def touched(row: "RotationRow") -> tuple[str, str]:
    """The key that a rotation replaces and the one that it made, by their ids; the second empty before."""
    new = row.data.get("new")
    return row.credential, str(new.get("id", "")) if isinstance(new, dict) else ""
