"""The app, with a scan that finds something new about some keys ten times a second until it is stopped: press ctrl+r.

    python benchmarks/live_app.py     in a terminal, with the KEYWARD_HOME that make_cache.py filled

What a scan itself takes has bars of its own. So a second process writes what was found, through the writer that scans use, and the app
hears of it as of every scan: which rows changed.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from bars import CHANGED, HZ

from keyward import edge
from keyward.desk import Desk, ScanSummary
from keyward.inventory.cache_write import CacheWriter
from keyward.model.credential import Credential
from keyward.model.events import RowsChanged, ScanStarted
from keyward.model.usage import LastUse, UseStatus
from keyward.tui.app import KeywardApp
from keyward.tui.feed import Seat
from keyward.wiring import Parts

EACH, ON_SCREEN = 20, 30
"""Keys in a change, half of them among so many of the oldest, which stand on the screen, half anywhere."""
WRITE = "write"
"""The argument of the second process."""


class Found(Desk):
    """A desk whose scan hears of changes and never ends by itself."""

    def scan(self, wish: Any, report: Any = None, cancel: Any = None, *, announce: Any = None) -> ScanSummary:  # noqa: ARG002  # the desk's signature
        """Tell of what the second process finds until it is stopped."""
        with closing(self.cache()) as reader:
            sources = tuple(reader.sources())
        report(ScanStarted(tuple(one.id for one in sources)))
        with subprocess.Popen([sys.executable, __file__, WRITE], stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                report(RowsChanged(tuple(line.split())))
                if cancel.is_set():
                    break
            process.terminate()
        return ScanSummary(datetime.now(UTC), sources, 0, cancelled=True)


def _parts(cancel: threading.Event) -> Parts:
    return Parts(environ=dict(os.environ), folder=None, cancel=cancel, interactive=True)


def write() -> None:
    """Change keys in the cache, and print which."""
    desk = Desk(parts := _parts(threading.Event()))
    with closing(desk.cache()) as reader, closing(CacheWriter(parts.paths.inventory, parts.world, print)) as cache:
        oldest = [row[0] for row in reader.rows("SELECT id FROM key ORDER BY created LIMIT ?", (ON_SCREEN,))]
        source = dict(reader.rows("SELECT id, source FROM key"))
        for number in _ticks():
            now, changed = datetime.now(UTC), []
            with cache.batch():
                for one in reader.credentials({*_some(number, oldest), *_some(number, list(source))}):
                    changed += cache.keys(source[one.id], [_changed(one, number, now)], now)
            print(*changed, flush=True)


def _ticks() -> Iterator[int]:
    """Numbers by the clock, whatever each of them takes."""
    begun = time.monotonic()
    for number in count():
        time.sleep(max(0.0, begun + number / HZ - time.monotonic()))
        yield number


def _some(number: int, keys: list[str]) -> list[str]:
    return random.Random(number).sample(keys, EACH // 2)


def _changed(one: Credential, number: int, now: datetime) -> Credential:
    at = now - timedelta(hours=number % 900)
    use = LastUse(UseStatus.USED, at, 42, "Cloud Monitoring", timedelta(days=1), timedelta(0))
    return replace(one, name=f"{CHANGED}{number}", last_use=use)


def main() -> None:
    """Open it as `keyward` does."""
    edge.harden()
    os.environ.setdefault("TEXTUAL_FPS", "120")

    def seat(cancel: threading.Event) -> Seat:
        parts = _parts(cancel)
        return Seat(parts, Found(parts))

    KeywardApp(seat).run()


if __name__ == "__main__":
    write() if sys.argv[1:] == [WRITE] else main()
