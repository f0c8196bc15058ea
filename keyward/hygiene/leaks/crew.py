"""Looks into many texts with all processors: batches are handed to processes of their own, and this one takes its share.

A process is a new interpreter with the standard library and the table of shapes, nothing of the user's: no site packages, no variables
that change what it loads, and nothing of the folder that is looked at.
"""

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import keyward
from keyward.hygiene.leaks.found import Answer, Item, Left, Unread
from keyward.hygiene.leaks.reading import Reader, Setup
from keyward.hygiene.leaks.worker import answer_of, batch_line, setup_line

_BATCH_BYTES, _BATCH_ITEMS = 1_000_000, 250
"""Of one batch: the ids of so many objects fit into a pipe."""
_WORTH = 3
"""Batches from which on another process is worth its start."""
_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from keyward.hygiene.leaks.worker import main; main()"
_ARGV = (sys.executable, "-I", "-S", "-c", _PROGRAM, str(Path(keyward.__file__).resolve().parents[1]))


def processors() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in batches of some hundred, or of some megabytes."""
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += item.size
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_ITEMS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def look(
    items: Iterable[Item], setup: Setup, check: Callable[[], None] = lambda: None, jobs: int | None = None
) -> Iterator[Answer]:
    """What the items hold, in no order.

    Args:
        items: what to look into; asked for as needed.
        setup: how.
        check: called often; what it raises stops the work.
        jobs: processes at most; None: one for each processor.
    """
    work = _Shared(batches(items))
    first = work.take(_WORTH)
    others = (jobs or processors()) - 1 if len(first) >= _WORTH else 0
    work.give_back(first)
    answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
    helpers = [threading.Thread(target=_help, args=(work, setup, answers), daemon=True) for _ in range(others)]
    for helper in helpers:
        helper.start()
    reader = Reader(setup, check)
    try:
        while (batch := work.next()) is not None:
            check()
            yield reader.look(batch)
        ended = 0
        while ended < len(helpers):
            check()
            with contextlib.suppress(queue.Empty):
                answer = answers.get(timeout=0.2)
                ended += answer is None
                if answer is not None:
                    yield answer
        if work.failed is not None:
            raise work.failed
    finally:
        work.stop()
        reader.close()


class _Shared:
    """Batches that several threads take from, one at a time."""

    def __init__(self, source: Iterator[list[Item]]) -> None:
        self._source, self._ready, self._lock = source, list[list[Item]](), threading.Lock()
        self._stopped = False
        self.failed: BaseException | None = None
        self.running: set[subprocess.Popen[str]] = set()

    def take(self, count: int) -> list[list[Item]]:
        """The first ones, at most so many."""
        return [batch for _, batch in zip(range(count), self._source, strict=False)]

    def give_back(self, taken: list[list[Item]]) -> None:
        """Put back what `take` took."""
        self._ready = taken[::-1]

    def next(self) -> list[Item] | None:
        """A batch; None when there is none any more."""
        with self._lock:
            if self._stopped:
                return None
            if self._ready:
                return self._ready.pop()
            try:
                return next(self._source, None)
            except BaseException as error:  # noqa: BLE001  # the thread that takes results raises it
                self._stopped, self.failed = True, error
                return None

    def stop(self) -> None:
        """Hand out nothing more, and end the processes."""
        with self._lock:
            self._stopped = True
            for process in self.running:
                process.kill()

    def add(self, process: "subprocess.Popen[str]") -> bool:
        """Have the process ended with the work; False when it is over already."""
        with self._lock:
            if not self._stopped:
                self.running.add(process)
            return not self._stopped


def _help(work: _Shared, setup: Setup, answers: "queue.SimpleQueue[Answer | None]") -> None:
    """Have another process do what it can."""
    try:
        process = subprocess.Popen(
            _ARGV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
        )
    except OSError:
        answers.put(None)  # then this process does it all
        return
    try:
        if work.add(process):
            _feed(work, setup, process, answers)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        answers.put(None)


def _feed(
    work: _Shared, setup: Setup, process: "subprocess.Popen[str]", answers: "queue.SimpleQueue[Answer | None]"
) -> None:
    assert process.stdin is not None  # noqa: S101  # both are pipes, as asked for
    assert process.stdout is not None  # noqa: S101  # likewise
    try:
        process.stdin.write(setup_line(setup) + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return
    if not process.stdout.readline():  # until it is ready, its share is better done here
        return
    while (batch := work.next()) is not None:
        try:
            process.stdin.write(batch_line(batch) + "\n")
            process.stdin.flush()
            answers.put(answer_of(process.stdout.readline(), batch))
        except (OSError, ValueError):  # it is gone, or speaks nonsense: then these were not read, and that is said
            answers.put(
                Answer(left=[Unread(item, Left.UNREADABLE, "the process that read it ended") for item in batch])
            )
            return
