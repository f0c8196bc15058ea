"""Group commit: what several threads want to write goes to the disk in one transaction, since each one waits for the disk.

Whoever gets the turn writes for all that wait. One that fails takes no other with it: nothing of the transaction is kept, and each
change gets one of its own.
"""

import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

R = TypeVar("R")


class _Wish(Generic[R]):
    """A change that waits, and what came of it."""

    def __init__(self, change: "Callable[[Connection], R]") -> None:
        self.change = change
        self.over = False
        self.answer: R | None = None
        self.error: BaseException | None = None

    def end(self, error: BaseException | None = None) -> None:
        """Say that it is decided: on the disk, or (with an error) not made."""
        self.error = error
        self.over = True


class Together:
    """Writes changes of several threads together.

    Args:
        writing: opens the one transaction that writes; what it wrote is on the disk when its block ends.
    """

    def __init__(self, writing: "Callable[[], AbstractContextManager[Connection]]") -> None:
        self._writing = writing
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[_Wish[Any]] = []

    def write(self, change: "Callable[[Connection], R]") -> R:
        """Make the change; it is on the disk when this returns.

        Raises:
            BaseException: what the change raised, or why nothing could be written; nothing of it was made.
        """
        wish = _Wish(change)
        with self._lock:
            self._waiting.append(wish)
        with self._turn:
            if not wish.over:  # nobody who had the turn before took it along
                with self._lock:
                    wishes, self._waiting = self._waiting, []
                self._do(wishes)
        if wish.error is not None:
            raise wish.error
        return cast("R", wish.answer)

    def _do(self, wishes: list[_Wish[Any]]) -> None:
        try:
            with self._writing() as connection:
                answers = [wish.change(connection) for wish in wishes]
        except BaseException as error:  # noqa: BLE001  # each thread raises it for itself
            if len(wishes) == 1 or not isinstance(error, Exception):
                for wish in wishes:
                    wish.end(error)
            else:
                for wish in wishes:
                    self._do([wish])
        else:
            for wish, wish.answer in zip(wishes, answers, strict=True):
                wish.end()
