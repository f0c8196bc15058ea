"""Threads that do what is waiting. They never keep the program from ending: a call that hangs is left behind."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

_ASIDE = 512
"""Threads that may stand aside at once; what waits beyond them holds up the rest."""


class Workers:
    """At most so many threads at work, started as they are needed.

    Args:
        count: how many things are done at once.
    """

    def __init__(self, count: int) -> None:
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._most = max(1, count)
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        self._idle = threading.Semaphore(0)
        self._at_work = threading.Semaphore(self._most)
        self._lock = threading.Lock()
        self._aside = 0

    def submit(self, work: Callable[[], None]) -> None:
        """Do this when a thread is free. It must not raise."""
        self._waiting.put(work)
        if not self._idle.acquire(blocking=False):
            self._start()

    def _start(self) -> None:
        with self._lock:
            if len(self._threads) >= self._most + min(self._aside, _ASIDE) or self._stopped.is_set():
                return
            thread = threading.Thread(target=self._run, name=f"scan-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
        thread.start()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For work that only waits, as for a quota: another thread does what else there is meanwhile."""
        with self._lock:
            self._aside += 1
        self._at_work.release()
        if not self._waiting.empty():
            self._start()
        try:
            yield
        finally:
            self._at_work.acquire()
            with self._lock:
                self._aside -= 1

    def stop(self, patience: float) -> None:
        """Begin nothing more, and wait so many seconds in all for what is under way."""
        self._stopped.set()
        for _ in self._threads:
            self._waiting.put(None)
        import time

        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while True:
            work = self._waiting.get()
            if work is None or self._stopped.is_set():
                return
            with self._at_work:
                work()
            self._idle.release()
