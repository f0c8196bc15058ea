"""The rows that a scan changes, on their way to the screen."""

import threading
from typing import TYPE_CHECKING

from keyward.tui.messages import Arrived

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from keyward.inventory.cache import CacheReader
    from keyward.tui.messages import Posts

CHUNK = 4_000
"""Rows of one message."""


def send_rows(to: "Posts", cache: "CacheReader", ids: "Collection[str]") -> int:
    """Send the rows of these keys; gives how many there are."""
    wanted, found = sorted(ids), 0
    for at in range(0, len(wanted), CHUNK):
        columns = cache.columns(wanted[at : at + CHUNK])
        to.post_message(Arrived(columns))
        found += len(columns.id)
    return found


class Following:
    """Reads what a scan writes. The cache stays open from one time to the next: opening it costs more than reading a few rows.

    Args:
        opened: opens the cache.
    """

    def __init__(self, opened: "Callable[[], CacheReader]") -> None:
        self._open = opened
        self._cache: CacheReader | None = None
        self._lock = threading.Lock()
        self._over = True

    def begin(self) -> None:
        """A scan begins."""
        self._over = False

    def send(self, to: "Posts", ids: "Collection[str]") -> None:
        """Send the rows of these keys. Blocks; only for threads."""
        with self._lock:
            self._cache = self._cache or self._open()
            found = send_rows(to, self._cache, ids)
            if not found or self._over:  # it may not have been there yet, or nobody closes it later
                self._close()

    def end(self) -> None:
        """The scan is over. Blocks; only for threads."""
        with self._lock:
            self._over = True
            self._close()

    def _close(self) -> None:
        if self._cache is not None:
            self._cache.close()
            self._cache = None
