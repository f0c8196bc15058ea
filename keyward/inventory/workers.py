"""Threads that do what is waiting. They never keep the program from ending: a call that hangs is left behind."""

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Workers:
    """At most so many threads, started as they are needed.

    Args:
        count: how many things are done at once.
    """

    def __init__(self, count: int) -> None:
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._most = max(1, count)
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()
        self._idle = threading.Semaphore(0)

    def submit(self, work: Callable[[], None]) -> None:
        """Do this when a thread is free. It must not raise."""
        self._waiting.put(work)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._most:
            thread = threading.Thread(target=self._run, name=f"scan-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()

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
            work()
            self._idle.release()
