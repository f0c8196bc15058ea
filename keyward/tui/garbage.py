"""When garbage is looked for. A look through everything takes longer than two frames, so it waits until nobody types.

Reference counts free almost everything at once; the collector of cycles (https://docs.python.org/3/library/gc.html) is for the rest.
"""

import gc
import time

_NEVER = 1_000_000_000
_REST, _SELDOM, _AT_LAST = 1.0, 10.0, 60.0
"""Seconds without a key after which there is time for everything; the fewest and, for one who never stops typing, the most between two looks."""


class Garbage:
    """The collector of this app."""

    def __init__(self) -> None:
        self._typed = 0.0
        self._looked = time.monotonic()
        self._before: tuple[int, int, int] | None = None

    def begin(self) -> None:
        """The rows are there. Rows and widgets stay until the end: nobody need look at them again and again."""
        gc.freeze()
        self._before = self._before or gc.get_threshold()
        gc.set_threshold(self._before[0], _NEVER, _NEVER)  # the young are few, and looked through in no time
        gc.enable()

    def typed(self) -> None:
        """Somebody is typing."""
        self._typed = time.monotonic()

    def rested(self) -> None:
        """Some time has passed: look through everything, if nobody types and something has grown older since the last look."""
        now = time.monotonic()
        idle, since = now - self._typed > _REST, now - self._looked
        if self._before and gc.get_count()[1] and since > (_SELDOM if idle else _AT_LAST):
            self._looked = now
            gc.collect()

    def end(self) -> None:
        """The app is over: as it was before."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            self._before = None
