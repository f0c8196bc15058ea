"""The rows that a scan changes, on their way to the screen."""

import threading
import time
from typing import TYPE_CHECKING

from keyward.model.errors import Interrupted, KeywardError
from keyward.tui.messages import Arrived, Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from keyward.inventory.cache import CacheReader
    from keyward.tui.messages import Posts

CHUNK = 4_000
"""Rows of one message."""
_OFTEN = 0.1
"""Seconds between the beginnings of two looks, at least."""
_REST = 5
"""How many times longer than reading took nothing is read again: the screen follows more slowly then, and the scan is not held up."""


def send_rows(to: "Posts", cache: "CacheReader", ids: "Collection[str]") -> int:
    """Send the rows of these keys; gives how many there are."""
    wanted, found = sorted(ids), 0
    for at in range(0, len(wanted), CHUNK):
        columns = cache.columns(wanted[at : at + CHUNK])
        to.post_message(Arrived(columns))
        found += len(columns.id)
    return found


class Following:
    """Reads what one scan writes, from its beginning to its end.

    One thread does it and the cache stays open: to begin a thread, or to open the cache, for each change costs more than reading a few rows.

    Args:
        opened: opens the cache.
    """

    def __init__(self, opened: "Callable[[], CacheReader]") -> None:
        self._open = opened
        self._cache: CacheReader | None = None
        self._news = threading.Condition()
        self._changed: set[str] = set()
        self._over = False

    def changed(self, ids: "Collection[str]") -> None:
        """The scan wrote these keys."""
        with self._news:
            self._changed.update(ids)
            self._news.notify()

    def end(self) -> None:
        """The scan is over; what was not sent yet is not sent."""
        with self._news:
            self._over = True
            self._news.notify()

    def run(self, to: "Posts") -> None:
        """Send the rows that changed, until the end. Blocks; only for a thread. What cannot be read comes as `Failed`."""
        try:
            while ids := self._next():
                began = time.monotonic()
                self._send(to, ids)
                ended = time.monotonic()
                self._rest(max(began + _OFTEN, ended + _REST * (ended - began)) - ended)
        finally:
            self._close()

    def _next(self) -> set[str]:
        """What changed since the last time, as soon as anything did; nothing at the end."""
        with self._news:
            self._news.wait_for(lambda: self._changed or self._over)
            changed, self._changed = self._changed, set()
            return set() if self._over else changed

    def _rest(self, seconds: float) -> None:
        with self._news:
            self._news.wait_for(lambda: self._over, seconds)

    def _send(self, to: "Posts", ids: set[str]) -> None:
        try:
            self._cache = self._cache or self._open()
            if not send_rows(to, self._cache, ids):  # it may not have been there yet
                self._close()
        except Interrupted:  # the app is leaving
            raise
        except KeywardError as error:
            to.post_message(Failed(error))

    def _close(self) -> None:
        if self._cache is not None:
            self._cache.close()
            self._cache = None
