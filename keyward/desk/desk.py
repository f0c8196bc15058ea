"""The facade of the engines: the list of keys and how it is made; the rest stands behind eight names."""

from contextlib import closing
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from keyward.desk.books import Books

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from datetime import timedelta

    from keyward.desk.checklists import Checklists
    from keyward.desk.comparing import Compared
    from keyward.desk.gaps import Gaps
    from keyward.desk.health import Health
    from keyward.desk.hygiene import Hygiene
    from keyward.desk.keys import Keys
    from keyward.desk.record import Record
    from keyward.desk.rotating import Rotating
    from keyward.desk.setup import Setup
    from keyward.desk.values import Values
    from keyward.desk.wish import ScanSummary, ScanWish
    from keyward.inventory.cache import CacheReader
    from keyward.model.events import Event
    from keyward.rotation.sightings import Sightings
    from keyward.wiring import Parts


_JUDGED = 2_000
"""So many keys are judged in some tenths of a second, which no scan of them feels."""


def _nothing(_: str) -> None:
    """Nobody wants to hear it."""


class Desk:
    """What a person can ask keyward for. It may be used from several threads.

    Every method that reads the world, here and behind the names, takes `cancel`, which stops it at the next safe place; what goes on
    for long also takes `report`, which hears `keyward.model.events` (from any thread). Nothing is opened, and no module loaded, before
    it is needed.

    Args:
        parts: the real parts.
        warn: hears what a person should know although nothing failed, such as a damaged cache.
    """

    def __init__(self, parts: "Parts", warn: "Callable[[str], None]" = _nothing) -> None:
        self.parts = parts
        self.warn = warn
        self.books = Books(parts)
        """The ledger and its fingerprint key; nothing is opened yet."""

    @cached_property
    def sightings(self) -> "Sightings":
        """What was seen in secrets of a cloud a moment ago."""
        from keyward.rotation.sightings import Sightings

        return Sightings()

    # What else can be asked for

    @cached_property
    def keys(self) -> "Keys":
        """What is known of one key."""
        from keyward.desk.keys import Keys

        return Keys(self)

    @cached_property
    def values(self) -> "Values":
        """Values: shown, tried, recognised."""
        from keyward.desk.values import Values

        return Values(self)

    @cached_property
    def rotating(self) -> "Rotating":
        """Rotations: planned and done. Loads the engine."""
        from keyward.desk.rotating import Rotating

        return Rotating(self)

    @cached_property
    def record(self) -> "Record":
        """What the ledger tells of rotations."""
        from keyward.desk.record import Record

        return Record(self)

    @cached_property
    def health(self) -> "Health":
        """What is missing or wrong, and the mending of it."""
        from keyward.desk.health import Health

        return Health(self)

    @cached_property
    def hygiene(self) -> "Hygiene":
        """What is wrong with keys and secrets, and keys that leaked."""
        from keyward.desk.hygiene import Hygiene

        return Hygiene(self)

    @cached_property
    def checklists(self) -> "Checklists":
        """Checklists: runs of them, and what people state."""
        from keyward.desk.checklists import Checklists

        return Checklists(self)

    @cached_property
    def setup(self) -> "Setup":
        """The settings, and what they could name."""
        from keyward.desk.setup import Setup

        return Setup(self)

    # The list of keys, from the cache: nothing is asked, nothing is made

    def cache(self) -> "CacheReader":
        """The scan cache, for rows, search and lists.

        Raises:
            AnotherWorld: it was made against other endpoints.
        """
        from keyward.inventory.cache import CacheReader

        return CacheReader(self.parts.paths.inventory, self.parts.world, self.warn)

    def gaps(self) -> "Gaps":
        """The accepted gaps of the settings."""
        from keyward.desk.gaps import Gaps

        return Gaps(self.parts.settings.gaps, self.parts.clock.now())

    def blind(self) -> tuple[str, ...]:
        """What none of the sources that were asked ever lists, in words."""
        from keyward.desk.blind import blind

        with closing(self.cache()) as cache:
            names = {one.id.partition(":")[0] for one in cache.sources()}
        return blind(one for one in (*self.parts.providers, *self.parts.stores) if one.name in names)

    def accepted(self) -> frozenset[str]:
        """Places that a person accepted as targets, by their ids without a version; none when there is no ledger."""
        if not self.parts.settings.ledger.url:
            from keyward.ledger.accepted import accepted  # the light way, for lists

            if not self.parts.paths.ledger.exists():
                return frozenset()
            found = accepted(self.parts.paths.ledger, self.parts.world)
            if found is not None:
                return found
        ledger = self.books.reading()
        if ledger is None:
            return frozenset()
        with ledger:
            return frozenset(ledger.targets())

    def inventory(self, keys: "Sequence[str] | None" = None, *, secrets: bool = True) -> "Iterator[str]":
        """The document `keyward.inventory/1` in pieces, of those keys or all of them."""
        from keyward.desk.judged_mark import standing
        from keyward.inventory.listing import inventory

        cache = self.cache()
        try:
            gaps = self.gaps().open(cache.sources()) if self.parts.settings.gaps else {}
            now, accepted, judged = self.parts.clock.now(), self.accepted(), standing(cache, self.parts)
            yield from inventory(cache, now, keys=keys, secrets=secrets, accepted=accepted, judged=judged, gaps=gaps)
        finally:
            cache.close()

    def diff(self, since: str, silent: "timedelta") -> "Compared":
        """What the last scan knew otherwise than an earlier one; see `keyward.desk.comparing.run`."""
        from keyward.desk.comparing import run

        return run(self.parts, since, silent)

    # Reading the world

    def scan(
        self,
        wish: "ScanWish",
        report: "Callable[[Event], None] | None" = None,
        cancel: "threading.Event | None" = None,
        *,
        announce: "Callable[[int, int], None] | None" = None,
    ) -> "ScanSummary":
        """Ask providers and stores, link values to keys, refresh cache and known placements.

        Where there are few keys the rules are asked of them too; many are judged when somebody asks for findings.

        `announce` hears, before any is made, how many audited reads of values there will be at most, and in how many sources.

        Raises:
            KeywardError: nothing could be scanned at all; a source that fails is part of the summary.
        """
        from keyward.desk import scanning

        summary = scanning.run(self.parts, self.books, wish, self.parts.ctx(report, cancel), announce)
        if summary.cancelled or summary.keys > _JUDGED:
            return summary
        return replace(summary, warnings=(*summary.warnings, *self._judge()))

    def _judge(self) -> "Iterator[str]":
        """Have the rules look at what was found; why they could not, which says nothing against the scan."""
        from keyward.model.errors import KeywardError

        try:
            self.hygiene.judge_keys()
        except KeywardError as error:
            yield f"The keys were not judged: {error}"

    def close(self) -> None:
        """Let go of files and connections."""
        self.books.close()
        self.parts.surroundings.close()
