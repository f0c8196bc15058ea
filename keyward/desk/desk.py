"""The facade of the engines."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keyward.desk.auditing import Checked
    from keyward.desk.beginning import Beginning
    from keyward.desk.books import Books
    from keyward.desk.comparing import Compared
    from keyward.desk.configured import Setting
    from keyward.desk.gaps import Gaps
    from keyward.desk.revealing import Readable, Revealed
    from keyward.desk.timeline import Moment
    from keyward.desk.using import KeyUsage
    from keyward.desk.where_used import WhereUsed
    from keyward.desk.wish import Changes, Check, Mended, ScanSummary, ScanWish, Status
    from keyward.hygiene.checked import Checked as HygieneChecked
    from keyward.inventory.cache import CacheReader
    from keyward.inventory.identify import Identity
    from keyward.ledger.records import RotationRow
    from keyward.model.events import Event
    from keyward.model.secret import Secret
    from keyward.model.verdict import Verdict
    from keyward.rotation.engine import Engine
    from keyward.rotation.history import History
    from keyward.rotation.mend.troubles import Trouble
    from keyward.rotation.outcome import Outcome, Until
    from keyward.rotation.plan import Plan
    from keyward.rotation.sightings import Sightings
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

    @cached_property
    def sightings(self) -> "Sightings":
        """What was seen in secrets of a cloud a moment ago."""
        from keyward.rotation.sightings import Sightings

        return Sightings()

    # Reading the cache: nothing is asked, nothing is made

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
        """Whether the ledger knows places or an open rotation of that key: the cache may be lost, and forgets a key that was replaced."""
        ledger = self.books.reading()
        if ledger is None:
            return False
        with ledger:
            return bool(ledger.placements(credential=key)) or bool(ledger.rotations(open_only=True, credential=key))

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
            gaps = self.gaps().open(cache.sources()) if self.parts.settings.gaps else {}
            now, accepted = self.parts.clock.now(), self.accepted()
            yield from inventory(cache, now, keys=keys, secrets=secrets, accepted=accepted, gaps=gaps)
        finally:
            cache.close()

    def blind(self) -> tuple[str, ...]:
        """What none of the sources that were asked ever lists, in words."""
        from keyward.desk.showing import blind

        return blind(self)

    def show(self, key: str) -> Mapping[str, Any]:
        """Everything known of one key (a full id), as one entry of `keys` in `keyward.inventory/1` and the sources it depends on.

        Raises:
            UnknownKey: there is none of that id.
        """
        from keyward.desk.showing import show

        return show(self, key)

    def show_secret(self, secret: str) -> Mapping[str, Any] | None:
        """Everything known of one secret, as one entry of `secrets` in `keyward.inventory/1`; None when that is the id of none."""
        from keyward.desk.showing import show_secret

        return show_secret(self, secret)

    def providers(self) -> Mapping[str, Any]:
        """The document `keyward.providers/1`: every provider of the catalog in short."""
        from keyward.desk.catalog import providers

        return providers(self)

    def provider(self, name: str) -> Mapping[str, Any]:
        """The document `keyward.provider/1` of the provider that a person means by an id, another name or the beginning of one.

        Raises:
            UsageError: there is none, or there are several.
        """
        from keyward.desk.catalog import provider

        return provider(self, name)

    def judge_data(self) -> Sequence[str]:
        """Bring what the list says of data handling up to date with settings and day; gives the ids of the keys that changed."""
        from keyward.desk.data_mark import holds

        cache = self.cache()
        try:
            if holds(cache, self.parts):
                return ()
        finally:
            cache.close()
        from keyward.desk.data_judging import again  # the catalog loads when something changed

        return again(self)

    def ask_around(
        self, of: str, report: "Report | None" = None, cancel: threading.Event | None = None
    ) -> Sequence[str]:
        """Ask what is around one key or secret (a full id): billing, APIs, labels, and who can read it or the secrets that hold it.

        Returns:
            The ids of the keys of whose data handling something else is known now.

        Raises:
            UnknownKey: there is none of that id.
            Interrupted: cancelled; what was asked until then is kept.
        """
        from keyward.desk.showing import ask_around

        return ask_around(self, of, self.parts.ctx(report, cancel))

    def usage(self, key: str, days: int = 42) -> "KeyUsage":
        """Calls of one key (a full id) in the last so many days, from what scans kept.

        Raises:
            UnknownKey: there is none of that id.
        """
        from keyward.desk.using import usage

        return usage(self, key, days)

    def timeline(self, key: str) -> "Sequence[Moment]":
        """What is known to have happened to one key (a full id), newest first."""
        from keyward.desk.timeline import timeline

        return timeline(self, key)

    def where_used(self, key: str) -> "WhereUsed":
        """Places of one key (a full id) on all hosts, and who is told when they change.

        Raises:
            UnknownKey: there is none of that id.
        """
        from keyward.desk.where_used import where_used

        return where_used(self, key)

    def copies(self, key: str) -> Sequence[tuple[str, str]]:
        """(what it is, the text) of everything that can be copied of one key (a full id); never its value.

        Raises:
            UnknownKey: there is none of that id.
        """
        from keyward.desk.records import copies

        return tuple(copies(self, key))

    # Reading the world

    def readable(self, key: str) -> "Readable":
        """Where the value of one key (a full id) would be read, or why it cannot be. Nothing is asked.

        Raises:
            UnknownKey: there is none of that id.
        """
        from keyward.desk.revealing import where

        return where(self, key)

    def reveal(self, key: str, cancel: threading.Event | None = None) -> "Revealed":
        """Read the value of one key (a full id) for the person at this terminal; see `keyward.desk.revealing.reveal`."""
        from keyward.desk.revealing import reveal

        return reveal(self, key, self.parts.ctx(None, cancel))

    def copied(self, key: str, way: str) -> None:
        """Put down that a value which is shown goes to a clipboard; see `keyward.desk.revealing.copied`."""
        from keyward.desk.revealing import copied

        copied(self, key, way)

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

    def diff(self, since: str, silent: timedelta) -> "Compared":
        """What the last scan knew otherwise than an earlier one; see `keyward.desk.comparing.run`."""
        from keyward.desk.comparing import run

        return run(self.parts, since, silent)

    def check(self, query: str = "", rules: Sequence[str] = ()) -> "HygieneChecked":
        """Apply the rules of hygiene to what the last scan knew; see `keyward.desk.checking.check`. Nothing is asked."""
        from keyward.desk.checking import check

        return check(self, query, rules)

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
        from keyward.desk.tfstate import tfstate
        from keyward.model.ids import CredentialRef

        refs = [CredentialRef.parse(key) for key in keys]
        terraform = tfstate(changes.tfstate if changes is not None else ())
        with engine(self, self.parts.ctx(cancel=cancel), traceless=True, terraform=terraform) as made:
            return made.plan(refs, policy(self.parts, changes))

    def apply(
        self,
        plan: "Plan",
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: "Until | None" = None,
        timeout: timedelta | None = None,
        calls: bool = False,
    ) -> tuple["Outcome", ...]:
        """Do a plan that a person agreed to; one tick, or until it came so far. With `calls`, every single request is reported too.

        Raises:
            NeedsPerson: something is in the way; nothing was begun.
            Held: another rotation of such a key was begun meanwhile.
            Interrupted: cancelled; what was begun can be resumed.
        """
        return self._work(report, cancel, lambda engine: engine.run(plan, until=wait, timeout=timeout), calls=calls)

    def go_on(
        self,
        rotations: Sequence[str] = (),
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: "Until | None" = None,
        timeout: timedelta | None = None,
        decided: "Changes | None" = None,
        calls: bool = False,
    ) -> tuple["Outcome", ...]:
        """Go on with these rotations (ids or unique prefixes), or with all open ones; empty when there is nothing to do.

        `decided` is what a person decided about them meanwhile. With `calls`, every single request is reported too.
        """
        from keyward.desk.agreeing import policy

        ids = [*rotations] or self._open()
        if not ids:
            return ()

        def go_on(engine: "Engine") -> tuple["Outcome", ...]:
            if decided is not None:
                engine.decide(ids, policy(self.parts, decided))
            return engine.go_on(ids, until=wait, timeout=timeout)

        return self._work(report, cancel, go_on, calls=calls)

    def undo(
        self,
        rotation: str,
        reason: str = "",
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: bool = False,
        timeout: timedelta | None = None,
        value: "Secret | None" = None,
        calls: bool = False,
    ) -> tuple["Outcome", ...]:
        """Turn a rotation round; `value` is the old key's, where it is kept nowhere any more. `calls` as in `apply`.

        Raises:
            NeedsPerson: the old key cannot come back.
            NeedsValue: its value is kept nowhere any more.
        """
        return self._work(
            report,
            cancel,
            lambda engine: engine.undo(rotation, reason, wait=wait, timeout=timeout, value=value),
            calls=calls,
        )

    def hand_in(
        self,
        rotation: str,
        value: "Secret",
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: "Until | None" = None,
        timeout: timedelta | None = None,
    ) -> tuple["Outcome", ...]:
        """Give a rotation the value of the key that a person made for it, and go on."""

        def do(engine: "Engine") -> tuple["Outcome", ...]:
            engine.hand_in(rotation, value)
            return engine.go_on([rotation], until=wait, timeout=timeout)

        return self._work(report, cancel, do)

    def _open(self) -> list[str]:
        return sorted(row.id for row in self.rotations(open_only=True))

    def _work(
        self,
        report: "Report | None",
        cancel: threading.Event | None,
        do: "Callable[[Engine], tuple[Outcome, ...]]",
        *,
        calls: bool = False,
    ) -> tuple["Outcome", ...]:
        """Let the engine do it, and the cache know what changed."""
        from keyward.desk.refreshing import refresh
        from keyward.desk.rotating import engine  # loads the rotation engine
        from keyward.model.errors import KeywardError

        before = {row.id: row.updated for row in self.rotations(open_only=True)}
        ctx = self.parts.ctx(report, cancel)
        with engine(self, replace(ctx, calls=calls)) as made:
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
        (found,) = self.histories([rotation])
        return found

    def histories(self, rotations: Sequence[str]) -> "list[History]":
        """The histories of these rotations (ids or unique prefixes), in their order.

        Raises:
            UnknownKey: there is no such rotation.
        """
        from keyward.model.errors import UnknownKey
        from keyward.rotation.history import history

        found = []
        ledger = self.books.reading()
        with ledger or nullcontext():
            for rotation in rotations:
                row = None if ledger is None else ledger.rotation(rotation)
                if ledger is None or row is None:
                    raise UnknownKey(f"There is no rotation {rotation!r}.", hint="`keyward history` lists them.")
                found.append(history(ledger, row))
        return found

    def check_trail(self, stop: threading.Event | None = None) -> "Checked":
        """Whether every line of the audit trail fits the one before it.

        Raises:
            NotConfigured: there is no ledger.
            FingerprintKeyMissing: only who has the key can check.
            Interrupted: stopped.
        """
        from keyward.desk.auditing import check

        return check(self, stop=stop)

    def export_trail(self, rotation: str, file: str, stop: threading.Event | None = None) -> tuple[Path, int]:
        """Write the audit trail of one rotation (its full id) into a new file; see `keyward.desk.exporting.export`."""
        from keyward.desk.exporting import export

        return export(self, rotation, file, stop)

    # The state of things

    def status(self) -> "Status":
        """Where things stand, from cache and ledger; nothing is asked."""
        from keyward.desk.standing import status

        return status(self)

    def troubles(self, cancel: threading.Event | None = None) -> "Sequence[Trouble]":
        """What is wrong around rotations, in the order in which it should be mended; a ledger is made where there is none."""
        from keyward.desk.mending import troubles

        return troubles(self, self.parts.ctx(None, cancel))

    def mend(self, wanted: "Sequence[Trouble]", cancel: threading.Event | None = None) -> "Sequence[Mended]":
        """Mend these troubles; one that cannot be mended stops no other."""
        from keyward.desk.mending import mend

        return mend(self, wanted, self.parts.ctx(None, cancel))

    def doctor(
        self, hear: "Callable[[Sequence[Check]], None] | None" = None, cancel: threading.Event | None = None
    ) -> Sequence["Check"]:
        """Whether credentials, permissions, stores, ledger and cache are fine, with the exact fix for what is not.

        `hear` is told the lines of each area as soon as they are known.
        """
        from keyward.desk.doctor import doctor

        return doctor(self, hear, cancel)

    def configured(self) -> "Sequence[Setting]":
        """Every setting: its value, where that came from and how far that place is trusted, what it means, the line to write."""
        from keyward.desk.configured import configured

        return configured(self.parts)

    def look_here(self, folders: Sequence[Path]) -> "Beginning":
        """What is on this machine before keyward knows anything; see `keyward.desk.beginning.look_here`. Nothing is written."""
        from keyward.desk.beginning import likely_folders, look_here

        return look_here(self.parts, folders, likely_folders(self.parts))

    def look_at_google(self) -> "tuple[list[Check], bool]":
        """Whose credentials there are and how many projects they see; whether Google Cloud can be asked. It asks Google."""
        from keyward.desk.beginning import look_at_google

        return look_at_google(self.parts)

    def write_settings(self, begun: "Beginning") -> Path:
        """Write the settings that were agreed to, and read them; gives the file.

        Raises:
            NotAllowed: there is a file already, or it cannot be written.
        """
        from keyward.desk.beginning import write

        write(begun)
        self.parts.reload()
        return begun.file

    def remember_local(self, folders: Sequence[Path], *, keyring: bool) -> Path:
        """Write folders and the wish to read the keyring into the user's own `keyward.toml`, comments kept; gives the file."""
        from keyward.desk.local import remember_local

        return remember_local(self.parts, folders, keyring=keyring)

    def close(self) -> None:
        """Let go of files and connections."""
        self.books.close()
        self.parts.surroundings.close()
