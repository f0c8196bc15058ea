"""What the ledger tells of rotations: which there are, what happened in each, and whether that can be believed. Nothing is made."""

from contextlib import nullcontext
from typing import TYPE_CHECKING

from keyward.model.errors import UnknownKey

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

    from keyward.desk.auditing import Checked
    from keyward.desk.desk import Desk
    from keyward.ledger.records import RotationRow
    from keyward.rotation.history import History


class Record:
    """The record of rotations.

    Args:
        desk: whose ledger.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def rotations(self, *, open_only: bool = False) -> "Sequence[RotationRow]":
        """Rotations, newest first; none when there is no ledger."""
        ledger = self._desk.books.reading()
        if ledger is None:
            return ()
        with ledger:
            return ledger.rotations(open_only=open_only)

    def history(self, rotation: str) -> "History":
        """The history of one rotation (id or unique prefix).

        Raises:
            UnknownKey: there is no such rotation.
        """
        (found,) = self.histories([rotation])
        return found

    def histories(self, rotations: "Sequence[str]") -> "list[History]":
        """The histories of these rotations (ids or unique prefixes), in their order.

        Raises:
            UnknownKey: there is no such rotation.
        """
        from keyward.rotation.history import history

        found = []
        ledger = self._desk.books.reading()
        with ledger or nullcontext():
            for rotation in rotations:
                row = None if ledger is None else ledger.rotation(rotation)
                if ledger is None or row is None:
                    raise UnknownKey(f"There is no rotation {rotation!r}.", hint="`keyward history` lists them.")
                found.append(history(ledger, row))
        return found

    def check_trail(self, stop: "threading.Event | None" = None) -> "Checked":
        """Whether every line of the audit trail fits the one before it.

        Raises:
            NotConfigured: there is no ledger.
            FingerprintKeyMissing: only who has the key can check.
            Interrupted: stopped.
        """
        from keyward.desk.auditing import check

        return check(self._desk, stop=stop)

    def export_trail(self, rotation: str, file: str, stop: "threading.Event | None" = None) -> "tuple[Path, int]":
        """Write the audit trail of one rotation (its full id) into a new file; see `keyward.desk.exporting.export`."""
        from keyward.desk.exporting import export

        return export(self._desk, rotation, file, stop)
