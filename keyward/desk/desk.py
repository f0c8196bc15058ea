"""The facade of the engines."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyward.desk.books import Books
    from keyward.desk.wish import Changes, Check, ScanSummary, ScanWish, Status
    from keyward.inventory.cache import CacheReader
    from keyward.inventory.identify import Identity
    from keyward.ledger.records import RotationRow
    from keyward.model.events import Event
    from keyward.model.secret import Secret
    from keyward.model.verdict import Verdict
    from keyward.rotation.engine import Engine
    from keyward.rotation.history import History
    from keyward.rotation.outcome import Outcome, Until
    from keyward.rotation.plan import Plan
    from keyward.wiring import Parts

    Report = Callable[[Event], None]


def _nothing(_: str) -> None:
    """Nobody wants to hear it."""


class Desk:
    """What a person can ask keyward for. It may be used from several threads.

    Every method that reads the world takes `report`, which hears `keyward.model.events` (from any thread), and `cancel`, which stops it
    at the next safe place. Nothing is opened before it is needed.

    Args:
        parts: the real parts.
        warn: hears what a person should know although nothing failed, such as a damaged cache.
    """

    def __init__(self, parts: "Parts", warn: Callable[[str], None] = _nothing) -> None:
        self.parts = parts
        self.warn = warn

    @cached_property
    def books(self) -> "Books":
        """The ledger and its fingerprint key; nothing is opened yet."""
        from keyward.desk.books import Books

        return Books(self.parts)

    # Reading the cache: nothing is asked, nothing is made

    def cache(self) -> "CacheReader":
        """The scan cache, for rows, search and lists.

        Raises:
            AnotherWorld: it was made against other endpoints.
        """
        from keyward.inventory.cache import CacheReader

        return CacheReader(self.parts.paths.inventory, self.parts.world, self.warn)

    def resolve(self, text: str) -> str:
        """The full id of the key that a person means by a full id, a unique prefix of one, or a display name.

        Raises:
            UnknownKey: there is none.
            AmbiguousKey: there are several.
        """
        from keyward.inventory.resolve import resolve
        from keyward.model.errors import UnknownKey

        cache = self.cache()
        try:
            return resolve(cache, text)
        except UnknownKey:
            if not self._remembered(text):
                raise
            return text
        finally:
            cache.close()

    def _remembered(self, key: str) -> bool:
        """Whether the ledger knows places of that key although the cache does not: the cache may be lost at any time."""
        ledger = self.books.reading()
        if ledger is None:
            return False
        with ledger:
            return bool(ledger.placements(credential=key))

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

    def inventory(self, keys: Sequence[str] | None = None, *, secrets: bool = True) -> Iterator[str]:
        """The document `keyward.inventory/1` in pieces, of those keys or all of them, from the cache."""
        from keyward.inventory.listing import inventory

        cache = self.cache()
        try:
            yield from inventory(cache, self.parts.clock.now(), keys=keys, secrets=secrets, accepted=self.accepted())
        finally:
            cache.close()

    def show(self, key: str) -> Mapping[str, Any]:
        """Everything known of one key (a full id), as one entry of `keys` in `keyward.inventory/1` and the sources it depends on.

        Raises:
            UnknownKey: there is none of that id.
        """
        from keyward.model.errors import UnknownKey

        document = json.loads("".join(self.inventory([key], secrets=False)))
        if not document["keys"]:
            raise UnknownKey(f"There is no key {key!r} in the last scan.", hint="`keyward scan` looks again.")
        (found,) = document["keys"]
        asked = {
            f"{found['provider']}:{found['scope']}",
            *(f"{one['store']}:{one['scope']}" for one in found["placements"]),
        }
        rotations = [
            {"id": row.id, "state": row.state.value, "waiting_on": row.waiting_on.value or None, "why": row.why or None}
            for row in self.rotations()
            if key in (row.credential, _successor(row))
        ]
        return {
            "schema": "keyward.key/1",
            "world": document["world"],
            "scanned_at": document["scanned_at"],
            "key": found,
            "sources": [one for one in document["sources"] if one["id"] in asked],
            "rotations": rotations,
        }

    # Reading the world

    def scan(
        self,
        wish: "ScanWish",
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        announce: Callable[[int, int], None] | None = None,
    ) -> "ScanSummary":
        """Ask providers and stores, link values to keys, refresh cache and known placements.

        `announce` hears, before any is made, how many audited reads of values there will be at most, and in how many sources.

        Raises:
            KeywardError: nothing could be scanned at all; a source that fails is part of the summary.
        """
        from keyward.desk import scanning

        return scanning.run(self.parts, self.books, wish, self.parts.ctx(report, cancel), announce)

    def identify(self, value: "Secret") -> "Identity":
        """Whose value this is, where else it is kept, and what is not known."""
        from keyward.inventory.identify import identify

        _, key = self.books.writing()
        cache = self.cache()
        try:
            return identify(value, cache, key, accepted=self.accepted())
        finally:
            cache.close()

    def verify(
        self, keys: Sequence[str], report: "Report | None" = None, cancel: threading.Event | None = None
    ) -> "Iterator[tuple[str, Verdict]]":
        """Try whether these keys (full ids) work, each with one harmless use; a verdict as soon as it is there."""
        from keyward.desk.verifying import verify

        return verify(self, keys, self.parts.ctx(report, cancel))

    # Rotation

    def plan(
        self, keys: Sequence[str], changes: "Changes | None" = None, cancel: threading.Event | None = None
    ) -> "Plan":
        """Read the world again and say what would be done for these keys (full ids). Changes nothing anywhere."""
        from keyward.desk.agreeing import policy
        from keyward.desk.rotating import engine  # loads the rotation engine
        from keyward.model.ids import CredentialRef

        refs = [CredentialRef.parse(key) for key in keys]
        with engine(self, self.parts.ctx(cancel=cancel), traceless=True) as made:
            return made.plan(refs, policy(self.parts, changes))

    def apply(
        self,
        plan: "Plan",
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: "Until | None" = None,
        timeout: timedelta | None = None,
    ) -> tuple["Outcome", ...]:
        """Do a plan that a person agreed to; one tick, or until it came so far.

        Raises:
            NeedsPerson: something is in the way; nothing was begun.
            Held: another rotation of such a key was begun meanwhile.
            Interrupted: cancelled; what was begun can be resumed.
        """
        return self._work(report, cancel, lambda engine: engine.run(plan, until=wait, timeout=timeout))

    def go_on(
        self,
        rotations: Sequence[str] = (),
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: "Until | None" = None,
        timeout: timedelta | None = None,
    ) -> tuple["Outcome", ...]:
        """Go on with these rotations (ids or unique prefixes), or with all open ones; empty when there is nothing to do."""
        ids = [*rotations] or self._open()
        if not ids:
            return ()
        return self._work(report, cancel, lambda engine: engine.go_on(ids, until=wait, timeout=timeout))

    def undo(
        self,
        rotation: str,
        reason: str = "",
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: bool = False,
        timeout: timedelta | None = None,
    ) -> tuple["Outcome", ...]:
        """Turn a rotation round.

        Raises:
            NeedsPerson: the old key cannot come back.
        """
        return self._work(report, cancel, lambda engine: engine.undo(rotation, reason, wait=wait, timeout=timeout))

    def _open(self) -> list[str]:
        return sorted(row.id for row in self.rotations(open_only=True))

    def _work(
        self, report: "Report | None", cancel: threading.Event | None, do: "Callable[[Engine], tuple[Outcome, ...]]"
    ) -> tuple["Outcome", ...]:
        """Let the engine do it, and the cache know what changed."""
        from keyward.desk.refreshing import refresh
        from keyward.desk.rotating import engine  # loads the rotation engine
        from keyward.model.errors import KeywardError

        before = {row.id: row.updated for row in self.rotations(open_only=True)}
        with engine(self, self.parts.ctx(report, cancel)) as made:
            outcomes = do(made)
        try:
            refresh(self, [one.rotation for one in outcomes], before)
        except KeywardError as error:  # what was done is on record; the list catches up with the next scan
            self.warn(f"The list of keys could not be brought up to date: {error}")
        return outcomes

    def rotations(self, *, open_only: bool = False) -> Sequence["RotationRow"]:
        """Rotations, newest first; none when there is no ledger."""
        ledger = self.books.reading()
        if ledger is None:
            return ()
        with ledger:
            return ledger.rotations(open_only=open_only)

    def history(self, rotation: str) -> "History":
        """The history of one rotation (id or unique prefix).

        Raises:
            UnknownKey: there is no such rotation.
        """
        from keyward.model.errors import UnknownKey
        from keyward.rotation.history import history

        ledger = self.books.reading()
        if ledger is not None:
            with ledger:
                row = ledger.rotation(rotation)
                if row is not None:
                    return history(ledger, row)
        raise UnknownKey(f"There is no rotation {rotation!r}.", hint="`keyward history` lists them.")

    # The state of things

    def status(self) -> "Status":
        """Where things stand, from cache and ledger; nothing is asked."""
        from keyward.desk.standing import status

        return status(self)

    def doctor(self) -> Sequence["Check"]:
        """Whether credentials, permissions, stores, ledger and cache are fine, with the exact fix for what is not."""
        from keyward.desk.doctor import doctor

        return doctor(self)

    def remember_local(self, folders: Sequence[Path], *, keyring: bool) -> Path:
        """Write folders and the wish to read the keyring into the user's own `keyward.toml`, comments kept; gives the file."""
        from keyward.desk.local import remember_local

        return remember_local(self.parts, folders, keyring=keyring)

    def close(self) -> None:
        """Let go of files and connections."""
        self.books.close()
        self.parts.surroundings.close()


def _successor(row: "RotationRow") -> str:
    new = row.data.get("new")
    return str(new.get("id", "")) if isinstance(new, dict) else ""
