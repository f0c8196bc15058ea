"""The app, with a scan that finds something new about some keys ten times a second, for as long as it is left to: press ctrl+r.

    python benchmarks/live_app.py     in a terminal, with the KEYWARD_HOME that make_cache.py filled

Everything is the program's own but the cloud: the scan writes what it found through the writer of scans and tells of it as scans do.
"""

import os
import random
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


class Found(Desk):
    """A desk whose scan finds changes and never ends by itself."""

    def scan(self, wish: Any, report: Any = None, cancel: Any = None, *, announce: Any = None) -> ScanSummary:  # noqa: ARG002  # the desk's signature
        """Change keys until it is stopped."""
        parts = self.parts
        with closing(self.cache()) as reader:
            oldest = [row[0] for row in reader.rows("SELECT id FROM key ORDER BY created LIMIT ?", (ON_SCREEN,))]
            every = [row[0] for row in reader.rows("SELECT id FROM key")]
            source = dict(reader.rows("SELECT id, source FROM key"))
            report(ScanStarted(tuple(one.id for one in reader.sources())))
            with closing(CacheWriter(parts.paths.inventory, parts.world, print)) as cache:
                for number in _ticks(cancel):
                    now, changed = datetime.now(UTC), []
                    with cache.batch():
                        for one in reader.credentials({*_some(number, oldest), *_some(number, every)}):
                            changed += cache.keys(source[one.id], [_changed(one, number, now)], now)
                    report(RowsChanged(tuple(changed)))
        return ScanSummary(datetime.now(UTC), (), len(every), cancelled=True)


def _ticks(cancel: threading.Event) -> Iterator[int]:
    """Numbers by the clock, whatever each of them takes."""
    begun = time.monotonic()
    for number in count():
        if cancel.wait(begun + number / HZ - time.monotonic()):
            return
        yield number


def _some(number: int, keys: list[str]) -> list[str]:
    return random.Random(number).sample(keys, EACH // 2)


def _changed(one: Credential, number: int, now: datetime) -> Credential:
    use = LastUse(
        UseStatus.USED, now - timedelta(hours=number % 900), 42, "Cloud Monitoring", timedelta(days=1), timedelta(0)
    )
    return replace(one, name=f"{CHANGED}{number}", last_use=use)


def main() -> None:
    """Open it as `keyward` does."""
    edge.harden()
    os.environ.setdefault("TEXTUAL_FPS", "120")

    def seat(cancel: threading.Event) -> Seat:
        parts = Parts(environ=dict(os.environ), folder=None, cancel=cancel, interactive=True)
        return Seat(parts, Found(parts))

    KeywardApp(seat).run()


if __name__ == "__main__":
    main()
