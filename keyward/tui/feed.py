"""Between the app and the engines: everything that blocks runs here, in threads, and answers with messages.

The engines are asked through `keyward.desk` only.
"""

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

from keyward.model.errors import Interrupted, KeywardError, NotAllowed, SettingsError
from keyward.tui.following import CHUNK, Following, send_rows
from keyward.tui.keymap import Keymap, read
from keyward.tui.messages import Answer, Arrived, Failed, Heard, Judged, Knew, Progress, ScanEnded, Stood

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from textual.app import App
    from textual.message import Message
    from textual.message_pump import MessagePump

    from keyward.desk import Desk, ScanWish
    from keyward.inventory.cache import CacheReader
    from keyward.model.events import Event
    from keyward.model.tally import Tally
    from keyward.tui.messages import Posts
    from keyward.wiring import Parts

FIRST = 200
"""Rows of the first message; the others have `CHUNK`."""
_BREATH = 0.001
"""Seconds between two messages of rows, so that frames get out."""


class Seat(NamedTuple):
    """Parts, and the desk made from them."""

    parts: "Parts"
    desk: "Desk"


MakeSeat = Callable[[threading.Event], Seat]
"""Makes a seat; all its work stops at the next safe place when the event is set. It may block."""


class Feed:
    """The engines, seen from the app.

    Args:
        app: whose threads these are.
        make_seat: makes parts and desk.
    """

    def __init__(self, app: "App[Any]", make_seat: MakeSeat) -> None:
        self._app = app
        self._make = make_seat
        self._seat: Seat | None = None
        self.read_only = True
        self._leave = threading.Event()
        self._stop_scan = threading.Event()
        self._lock = threading.Lock()
        self._following = Following(self._opened)  # each scan has its own
        self._stoppers: WeakSet[threading.Event] = WeakSet()
        self._tally: Tally | None = None
        self._counted: tuple[int, int, Mapping[str, datetime]] | None = None
        self.scanning = False
        self._deeds = 0
        self.before_rows: Callable[[], Message] | None = None
        """Makes what is sent before the first rows, once."""

    def seat(self) -> Seat:
        """Parts and desk. Blocks; only for threads."""
        with self._lock:
            if self._seat is None:
                self._seat = self._make(self._leave)
            self._seat.parts.read_only = self.read_only
            return self._seat

    @property
    def desk(self) -> "Desk":
        """The desk. Blocks; only for threads."""
        return self.seat().desk

    def forget(self) -> None:
        """Settings changed: the next questions go to parts that have read them anew."""
        with self._lock:
            self._seat = None

    def close(self) -> None:
        """The app ends: everything under way stops at the next safe place."""
        self._leave.set()
        self._stop_scan.set()
        for stop in list(self._stoppers):
            stop.set()

    def stopper(self) -> threading.Event:
        """A stop for one question: whoever asked sets it when nobody waits for the answer any more, and so does the end of the app."""
        stop = threading.Event()
        self._stoppers.add(stop)
        if self._leave.is_set():
            stop.set()
        return stop

    def end(self) -> None:
        """Let go of files and connections; the app is gone and its threads have ended."""
        if self._seat is not None:
            self._seat.desk.close()
            self._seat = None

    def _run(self, work: Callable[[], None], to: "MessagePump | Posts", name: str) -> None:
        self._app.run_worker(lambda: self._guarded(work, to), thread=True, name=name, group=name)

    @staticmethod
    def _guarded(work: Callable[[], None], to: "MessagePump | Posts") -> None:
        try:
            work()
        except Interrupted:
            pass  # the app is leaving, or the user stopped it: who stopped it says so
        except KeywardError as error:
            to.post_message(Failed(error))

    def _run_aside(self, work: Callable[[], None], to: "MessagePump | Posts", name: str) -> None:
        """As `_run`, for what only reads: when the app ends, nobody waits for an answer that a dead network never gives."""
        ended: list[BaseException] = []

        async def waiting() -> None:
            loop, done = asyncio.get_running_loop(), asyncio.Event()

            def run() -> None:
                try:
                    self._guarded(work, to)
                except BaseException as error:  # noqa: BLE001  # raised again below, in the app's own thread
                    ended.append(error)
                with suppress(RuntimeError):  # the loop is closed: the app is gone
                    loop.call_soon_threadsafe(done.set)

            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(run,), name=name, daemon=True).start()
            await done.wait()
            if ended:
                raise ended[0]

        self._app.run_worker(waiting(), name=name, group=name)

    # The inventory

    def load(self, to: "MessagePump") -> None:
        """Send what is known: `Stood`, `Arrived` as often as needed, `Knew`."""
        self._run(lambda: self._load(to), to, "load")

    def _load(self, to: "MessagePump") -> None:
        parts = self.seat().parts
        settings, now = parts.settings, parts.clock.now().timestamp()
        keymap, wrong = Keymap(), None
        try:
            keymap = read(settings.keys)
        except SettingsError as error:
            wrong = error
        match, motion = settings.production.match, settings.display.motion
        to.post_message(Stood(parts.world, parts.emulated, now, match, keymap, motion=motion))
        if self.before_rows is not None:
            begin, self.before_rows = self.before_rows, None
            to.post_message(begin())
        if wrong is not None:
            raise wrong
        self._send_all(to)
        if self.desk.hygiene.judge_data():  # settings or day are other ones than at the last scan
            self._send_all(to)

    def _send_all(self, to: "MessagePump") -> None:
        ids: set[str] = set()
        with closing(self.desk.cache()) as cache:
            for columns in cache.chunks(FIRST, CHUNK):
                ids.update(columns.id)
                to.post_message(Arrived(columns))
                time.sleep(_BREATH)
            at = cache.scanned_at
            sources = cache.sources()
            gaps = self.desk.gaps().open(sources)
            judged = self.desk.hygiene.judged()
            to.post_message(Knew(ids, sources, at.timestamp() if at is not None else None, gaps, judged))

    def scan(self, to: "MessagePump", wish: "ScanWish | None" = None) -> None:
        """Ask every source, or those of the wish; rows stream to the screen, at most ten times a second."""
        self.scanning = True
        self._stop_scan.clear()
        self._tally, self._counted = None, None
        following = self._following = Following(self._opened)
        self._run_aside(lambda: following.run(to), to, "rows")
        self._run(lambda: self._scan(to, wish, following), to, "scan")

    def _scan(self, to: "MessagePump", wish: "ScanWish | None", following: Following) -> None:
        from keyward.desk import ScanWish

        said: list[str] = []
        try:
            summary = self.desk.scan(wish or ScanWish(), self._hear_scan, self._stop_scan)
            said += summary.warnings
            if summary.cancelled:
                said.append("Stopped; what was read is kept.")
        except Interrupted:
            said.append("Stopped; what was read is kept.")
        finally:
            self.scanning = False
            following.end()
            to.post_message(ScanEnded(" ".join(said)))
            if not self._leave.is_set():
                self._send_all(to)

    def stop_scan(self) -> None:
        """Stop asking; what was read is kept."""
        self._stop_scan.set()

    def _hear_scan(self, event: "Event") -> None:
        from keyward.model.events import RowsChanged  # loaded by the engines long ago
        from keyward.model.tally import Tally

        if isinstance(event, RowsChanged):
            self._following.changed(event.ids)
            return
        with self._lock:
            self._tally = self._tally or Tally()
            self._tally.hear(event)

    def tally(self) -> "Tally | None":
        """How far the scan under way has come, as a copy; None when none is, or nothing was asked yet."""
        with self._lock:
            return deepcopy(self._tally) if self.scanning else None

    def drain(self, to: "MessagePump", now: "datetime") -> None:
        """Send how far the scan is at this moment (UTC), if that is something else than the last time."""
        with self._lock:
            tally = self._tally
            counted = (0, 0, {}) if tally is None else (len(tally.reports), len(tally.sources), dict(tally.held(now)))
            news, self._counted = counted != self._counted, counted
        if news:
            to.post_message(Progress(*counted))

    def _opened(self) -> "CacheReader":
        return self.desk.cache()

    def _send_some(self, to: "MessagePump", ids: set[str]) -> None:
        with closing(self.desk.cache()) as cache:
            send_rows(to, cache, ids)

    def judge(self, to: "MessagePump") -> None:
        """Have the rules look at every key: what is known otherwise then comes as rows, and then `Judged`."""
        self._run_aside(lambda: self._judge(to), to, "judge")

    def _judge(self, to: "MessagePump") -> None:
        changed: Collection[str] = ()
        try:
            changed = self.desk.hygiene.judge_keys()
        finally:
            self._judged(to, set(changed))

    def judged(self, to: "MessagePump", ids: "Collection[str]") -> None:
        """The keys were judged just now: send the rows of which something else is known, and how that stands."""
        self._run(lambda: self._judged(to, set(ids)), to, "judged")

    def _judged(self, to: "MessagePump", ids: set[str]) -> None:
        self._send_some(to, ids)
        to.post_message(Judged(self.desk.hygiene.judged()))

    def changed(self, to: "MessagePump", ids: "Collection[str]") -> None:
        """Send the rows of these keys again."""
        if ids:
            self._run(lambda: self._send_some(to, set(ids)), to, "rows")

    # Questions and deeds

    def ask(self, to: "MessagePump | Posts", question: "Callable[[Desk], Any]") -> None:
        """Ask the desk something that changes nothing; the answer comes as `Answer`, a refusal as `Failed`."""
        self._run_aside(lambda: _answer(to, question(self.desk)), to, "ask")

    def act(self, to: "MessagePump | Posts", deed: "Callable[[Desk, Callable[[Event], None]], Any]") -> None:
        """Do something that changes the world; what happens comes as `Heard`, its end as `Answer` or `Failed`.

        A read-only app does none, whoever asks.
        """
        if self.read_only:
            to.post_message(
                Failed(NotAllowed("This app is read-only; nothing was begun.", hint="Switch to write mode first."))
            )
            return
        with self._lock:
            self._deeds += 1
        self._run(lambda: self._do(to, deed), to, "act")

    def write_settings(self, to: "MessagePump", deed: "Callable[[Desk], Any]") -> None:
        """Write the user's own settings file, which a read-only app may too: it changes nothing at any provider and in any store."""
        self._run(lambda: _answer(to, deed(self.desk)), to, "settings")

    def _do(self, to: "MessagePump | Posts", deed: "Callable[[Desk, Callable[[Event], None]], Any]") -> None:
        try:
            _answer(to, deed(self.desk, lambda event: _tell(to, event)))
        finally:
            with self._lock:
                self._deeds -= 1

    @property
    def acting(self) -> bool:
        """Whether something that this app began is being done at this moment."""
        return self._deeds > 0


def _answer(to: "MessagePump | Posts", value: Any) -> None:
    to.post_message(Answer(value))


def _tell(to: "MessagePump | Posts", event: "Event") -> None:
    to.post_message(Heard(event))
