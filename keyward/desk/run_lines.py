"""Open rotations and failed starts as the lines of a run: whose turn it is, how it stands, what it means."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from keyward.desk.run_record import Line, Stands
from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.errors import Exit
from keyward.rotation.due import Because, Standing
from keyward.rotation.ladder import Awaited, Turn, awaited, kept, turn
from keyward.rotation.outcome import Outcome
from keyward.rotation.pause import PAUSED, pausing, row_of
from keyward.rotation.putting_off import given_up
from keyward.rotation.state import from_row

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.desk.due import Outlook
    from keyward.desk.working import Worked
    from keyward.ledger.records import RotationRow
    from keyward.rotation.pause import Pause
    from keyward.rotation.state import Rotation
    from keyward.rotation.tries import Try


def turn_of(desk: "Desk", view: "Outlook", row: "RotationRow") -> Turn:
    """When an unattended run on this host goes on with that open rotation."""
    rotation = from_row(row)
    pause = _pause(view, rotation)
    # A paused rotation that has done nothing yet begins nothing; one that is under way writes to its end, and waits before retiring.
    if pause is not None and (rotation.state is RotationState.PLANNED or rotation.why.startswith(pause.said)):
        return Turn(None)
    if pause is None and rotation.why.startswith(PAUSED):  # the pause was lifted
        return Turn(view.now)
    return turn(rotation, row.updated or view.now, host=desk.parts.host)


def _pause(view: "Outlook", rotation: "Rotation") -> "Pause | None":
    if not view.books.pauses:
        return None
    keys = [key for key in (rotation.old, rotation.new) if key is not None]
    places = view.books.placements
    rows = [row_of(key.id, key.kind, key.created, [row for row in places if row.credential == key.id]) for key in keys]
    return pausing(view.books.pauses, rows, view.now)


def lines_of(desk: "Desk", view: "Outlook", worked: "Worked | None") -> Sequence[Line]:
    """How everything stands now that is open, was worked on, or could not be started."""
    outcomes = {one.rotation: one for one in worked.outcomes} if worked else {}
    started = worked.started if worked else frozenset()
    found = []
    for row in worked.rows if worked else view.books.rows:
        rotation = from_row(row)
        did = "started" if row.id in started else "continued" if row.id in outcomes else ""
        outcome = outcomes.get(row.id, Outcome.of(rotation))
        until = turn(rotation, row.updated or view.now, host=desk.parts.host).at
        waits = awaited(rotation, row.updated or view.now, host=desk.parts.host)
        late = waits is not None and waits.overdue(view.now)
        pause = _pause(view, rotation)
        found.append(line_of(rotation, outcome, pause=pause, did=did, until=until, waits=waits, late=late))
    tried = worked.tries if worked else {}
    standing = {
        key.key: view.books.tries[key.key]
        for key in view.keys
        if key.because in (Because.RETRY, Because.PERSON) and key.standing is not Standing.DUE
    }
    found += [line_of_try(one) for one in {**standing, **tried}.values()]
    return found


def line_of(
    rotation: "Rotation",
    outcome: Outcome,
    *,
    pause: "Pause | None",
    did: str,
    until: datetime | None,
    waits: Awaited | None = None,
    late: bool = False,
) -> Line:
    """How a rotation stands. `waits` tells for which other hosts; they are `late` when they have had a day to go on with it."""
    stands, code = _stands(rotation, outcome, pause)
    why = outcome.why
    if waits is not None and stands is Stands.WAITING:
        if why:
            why = f"{why} (awaited since {waits.since:%Y-%m-%d %H:%M} UTC)"
        if late and pause is None:
            stands, code = Stands.NEEDS_PERSON, Exit.NEEDS_PERSON
            only = f"only {', '.join(waits.hosts)} can go on with it, and nothing happened there for a day"
            why = f"{only}: run keyward there, or leave its places out with --waive{f'; {why}' if why else ''}"
    if stands is Stands.WAITING and pause is not None:
        why = pause.said
    elif rotation.failures and not rotation.closed:
        why = f"{why} (failed {_times(rotation.failures)} in a row)"
    return Line(
        stands,
        outcome.credential,
        outcome.rotation,
        outcome.successor,
        outcome.state.value,
        outcome.waiting_on.value or ("time" if until and not rotation.closed else ""),
        why,
        None if rotation.closed else until,
        rotation.failures,
        did,
        code,
        awaits=waits.hosts if waits else (),
        awaited_since=waits.since if waits else None,
    )


def _stands(  # noqa: PLR0911  # one return for each way to stand
    rotation: "Rotation", outcome: Outcome, pause: "Pause | None"
) -> tuple[Stands, Exit]:
    if outcome.exit_code is Exit.HELD:
        return Stands.HELD, Exit.OK
    if rotation.closed:
        done = outcome.exit_code is Exit.OK
        return (Stands.FINISHED, Exit.OK) if done else (Stands.FAILED, Exit.FINDINGS)
    if kept(rotation) or (pause is not None and outcome.waiting_on is WaitingOn.PERSON):
        return Stands.WAITING, Exit.OK  # somebody wanted it so
    if given_up(rotation.failures) or outcome.waiting_on in (WaitingOn.PERSON, WaitingOn.CONFLICT):
        return Stands.NEEDS_PERSON, Exit.NEEDS_PERSON
    if outcome.waiting_on is WaitingOn.REFUSED:
        return Stands.FAILED, Exit.FINDINGS
    if outcome.exit_code not in (Exit.OK, Exit.NEEDS_PERSON):  # the try itself ended badly
        return Stands.FAILED, outcome.exit_code
    return Stands.WAITING, Exit.OK


def line_of_try(one: "Try", *, did: str = "") -> Line:
    """How a key stands whose start failed."""
    person = not one.failures or one.retry_at is None
    stands = Stands.NEEDS_PERSON if person else Stands.WAITING
    why = one.why if not one.failures else f"{one.why} (failed {_times(one.failures)} in a row)"
    waiting = WaitingOn.PERSON if person else WaitingOn.BLOCKED
    code = Exit.NEEDS_PERSON if person else Exit.OK
    return Line(
        stands,
        one.key,
        waiting_on=waiting.value,
        why=why,
        until=one.retry_at,
        failures=one.failures,
        did=did,
        exit_code=code,
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
