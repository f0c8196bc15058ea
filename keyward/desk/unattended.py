"""One unattended run: go on with what is open, start what is due, and say what changed. Nothing heavy is loaded when there is nothing to do."""

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.desk.due import RAN, Outlook, outlook, read_books
from keyward.desk.memory import Memory, Said, alone, load, save, shared, take_over
from keyward.desk.run_record import REMINDER, RunRecord, compared
from keyward.model.errors import Interrupted, KeywardError, NotConfigured

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from keyward.desk.desk import Desk
    from keyward.desk.run_record import Line
    from keyward.desk.working import Worked
    from keyward.model.events import Event

    Report = Callable[[Event], None]

_FIRST_SCAN = timedelta(hours=1)
"""How soon a first scan that failed is tried again."""


def run(
    desk: "Desk", *, new_ledger: bool = False, report: "Report | None" = None, cancel: "threading.Event | None" = None
) -> RunRecord:
    """One run on this host. What fails as a whole is part of the record; two runs at once are one run.

    Args:
        desk: parts and books.
        new_ledger: begin although nothing was ever rotated or accepted under this ledger, and make it where there is none.
        report: hears what is done, from any thread.
        cancel: stops it at the next safe place.

    Raises:
        Interrupted: cancelled; what was begun can be resumed.
    """
    parts = desk.parts
    now = parts.clock.now()
    with alone(parts.paths.state) as mine:
        if not mine:
            return RunRecord(now, parts.host, parts.world, overlapped=True)
        memory = load(parts.paths.state, parts.world)
        before = _heard(desk, memory)
        record = _recorded(desk, memory, now, new_ledger=new_ledger, report=report, cancel=cancel)
        memory.last_run, memory.exit_code = now, int(record.exit_code)
        memory.result = record.error.message if record.error else _result(record)
        if parts.settings.notify.heartbeat or memory.unsent or _has_listeners(desk):
            from keyward.desk.notifying import after_run  # most runs tell nobody

            after_run(desk, record, memory)
        save(parts.paths.state, memory)
        _pass_on(desk, memory, before)
        return record


_SAID = "unattended_said"
"""The fact of a shared ledger that keeps what was said: containers forget, and one of many hosts is enough to say it."""


def _heard(desk: "Desk", memory: Memory) -> str | None:
    """Take over what was said under a shared ledger; None when it is not shared."""
    from keyward.ledger.address import is_postgres

    if not is_postgres(desk.books.where):
        return None
    with contextlib.suppress(KeywardError):  # the run itself will say what is wrong with it
        ledger = desk.books.reading()
        if ledger is not None:
            with ledger:
                take_over(memory, ledger.meta(_SAID))
    return shared(memory)


def _pass_on(desk: "Desk", memory: Memory, before: str | None) -> None:
    after = shared(memory)
    if before is not None and after != before:
        with contextlib.suppress(KeywardError):  # then it is said once more
            desk.books.writing(create=False)[0].set_meta(_SAID, after)


def _has_listeners(desk: "Desk") -> bool:
    notify = desk.parts.settings.notify
    return bool(notify.urls or notify.urls_file or notify.urls_env)


def _result(record: RunRecord) -> str:
    counts = (("started", len(record.did("started"))), ("went on with", len(record.did("continued"))))
    return ", ".join(f"{word} {count}" for word, count in counts if count) or "nothing to do"


def _recorded(
    desk: "Desk",
    memory: Memory,
    now: "datetime",
    *,
    new_ledger: bool,
    report: "Report | None",
    cancel: "threading.Event | None",
) -> RunRecord:
    parts = desk.parts
    record = RunRecord(now, parts.host, parts.world, error_told=False)
    try:
        record = _work(desk, memory, record, new_ledger=new_ledger, report=report, cancel=cancel)
    except Interrupted:
        raise
    except KeywardError as error:
        before, how = memory.said.get("run"), f"{type(error).__name__}: {error.message}"
        told = before is None or before.how != how or now - before.at >= REMINDER
        if told:
            memory.said["run"] = Said(how, now)
        return replace(record, error=error, error_told=told)
    return record


def _work(
    desk: "Desk",
    memory: Memory,
    record: RunRecord,
    *,
    new_ledger: bool,
    report: "Report | None",
    cancel: "threading.Event | None",
) -> RunRecord:
    now = record.at
    books = read_books(desk)
    if books.empty:
        _begin(desk, now, new_ledger=new_ledger)
    if _scan_is_due(desk, memory, now):
        record = _scanned(desk, memory, record, report, cancel)
    view = outlook(desk, every=False, soon=True, books=books)
    moving = _moving(desk, view) if books.rows else []
    worked: Worked | None = None
    if moving or view.choice.start:
        from keyward.desk.working import work  # loads the engine

        worked = work(desk, view, moving, report, cancel)
    later = worked.later if worked else view.choice.later
    lines: Sequence[Line] = ()
    if books.rows or books.tries or worked:
        from keyward.desk.run_lines import lines_of  # often nothing is open

        lines = lines_of(desk, view, worked)
    lines = compared(lines, memory.said, now)
    return replace(record, lines=lines, later=later, pauses=books.pauses, closed_until=view.closed_until)


def _moving(desk: "Desk", view: Outlook) -> list[str]:
    """The open rotations that can go on now."""
    from keyward.desk.run_lines import turn_of  # often nothing is open

    turns = {row.id: turn_of(desk, view, row).at for row in view.books.rows}
    return [rotation for rotation, at in turns.items() if at is not None and at <= view.now]


def _begin(desk: "Desk", now: "datetime", *, new_ledger: bool) -> None:
    """Refuse a ledger that knows nothing: it may be a lost one, and then half-done rotations and accepted places are lost with it."""
    if not new_ledger:
        raise NotConfigured(
            f"Nothing was ever rotated or accepted under the ledger {desk.books.name}; it may be a new one in place of one that was lost.",
            hint="Accept places first (keyward enrol QUERY), or say --new-ledger once when this is the first run. "
            "`keyward doctor` looks for what a lost ledger knew.",
        )
    ledger, _ = desk.books.writing()
    ledger.set_meta(RAN, now.isoformat())


def _scan_is_due(desk: "Desk", memory: Memory, now: "datetime") -> bool:
    every = desk.parts.settings.scan.every
    if not desk.parts.settings.rules or not every:
        return False
    cache = desk.cache()
    try:
        scanned = cache.scanned_at
    finally:
        cache.close()
    wait = every if scanned is not None else min(every, _FIRST_SCAN)
    return all(at is None or now - at >= wait for at in (scanned, memory.scanned))


def _scanned(
    desk: "Desk", memory: Memory, record: RunRecord, report: "Report | None", cancel: "threading.Event | None"
) -> RunRecord:
    """Scan as `keyward scan` does. What cannot be seen stays as it was known, and is said once."""
    from keyward.desk.wish import ScanWish

    memory.scanned = record.at
    try:
        missing = tuple(
            sorted(f"{one.status.value}: {one.id}" for one in desk.scan(ScanWish(), report, cancel).missing)
        )
    except Interrupted:
        raise
    except KeywardError as error:
        missing = (error.message,)
    new, memory.missing = missing != memory.missing and bool(missing), missing
    return replace(record, scanned=True, missing=missing, new_missing=new)
