"""How things stand: what is known, what is missing, what went wrong around rotations, and the mending of that."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from keyward.desk.desk import Desk
    from keyward.desk.wish import Check, Mended, Status
    from keyward.rotation.mend.troubles import Trouble


class Health:
    """The state of things.

    Args:
        desk: whose parts, ledger and cache.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def status(self) -> "Status":
        """Where things stand, from cache and ledger; nothing is asked."""
        from keyward.desk.standing import status

        return status(self._desk)

    def doctor(
        self, hear: "Callable[[Sequence[Check]], None] | None" = None, cancel: "threading.Event | None" = None
    ) -> "Sequence[Check]":
        """Whether credentials, permissions, stores, ledger and cache are fine, with the exact fix for what is not.

        `hear` is told the lines of each area as soon as they are known.
        """
        from keyward.desk.doctor import doctor

        return doctor(self._desk, hear, cancel)

    def troubles(self, cancel: "threading.Event | None" = None) -> "Sequence[Trouble]":
        """What is wrong around rotations, in the order in which it should be mended; a ledger is made where there is none."""
        from keyward.desk.mending import troubles

        return troubles(self._desk, self._desk.parts.ctx(None, cancel))

    def mend(self, wanted: "Sequence[Trouble]", cancel: "threading.Event | None" = None) -> "Sequence[Mended]":
        """Mend these troubles; one that cannot be mended stops no other."""
        from keyward.desk.mending import mend

        return mend(self._desk, wanted, self._desk.parts.ctx(None, cancel))
