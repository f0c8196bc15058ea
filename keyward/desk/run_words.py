"""An unattended run in words: one line for each thing that is said. For a terminal, a mail and a notification alike."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyward.desk.run_record import Stands
from keyward.model.redact import redact
from keyward.model.text import clean_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.desk.run_record import Line, RunRecord

_WORDS = {
    Stands.FINISHED: "finished",
    Stands.WAITING: "waits",
    Stands.NEEDS_PERSON: "NEEDS YOU",
    Stands.HELD: "held",
    Stands.FAILED: "FAILED",
}


def headline(record: "RunRecord") -> str:
    """Which run this was."""
    world = " (EMULATOR)" if record.world.startswith("emulator:") else ""
    return f"keyward on {record.host}, {_moment(record.at)}{world}"


def run_lines(record: "RunRecord", *, every: bool = False) -> Iterator[str]:
    """What this run says; with `every` also what stands as it stood."""
    for line in record.lines if every else record.told:
        yield from _line(line, reminder=line.again)
    if record.new_missing or (every and record.missing):
        yield "not seen   by the scan: " + "; ".join(record.missing)
    if every:
        for one in record.later:
            yield f"not started {one.key.key}: {one.why}"
        for pause in record.pauses:
            yield f"paused     {pause.query or 'everything'}: {pause.said}"
        if record.overlapped:
            yield "Another unattended run is under way on this host; this one did nothing."


def text_of(record: "RunRecord", lines: "Iterable[Line]") -> str:
    """These lines as one text, without values and control characters."""
    said = [text for line in lines for text in _line(line, reminder=line.again)]
    return clean_lines(redact("\n".join([headline(record), *said])))


def _line(line: "Line", *, reminder: bool) -> Iterator[str]:
    word = "started" if line.did == "started" and line.stands is Stands.WAITING else _WORDS[line.stands]
    what = f"rotation {line.rotation} of {line.key}" if line.rotation else line.key
    yield f"{word:<10} {what}{' (reminder)' if reminder else ''}"
    state = f"{line.state}, waiting on {line.waiting_on}" if line.state and line.waiting_on else line.state
    said = ": ".join(part for part in (state, line.why) if part)
    if said:
        yield f"           {said}"
    if line.until is not None and line.stands is not Stands.FINISHED:
        yield f"           looked at again {_moment(line.until)}"
    if line.stands in (Stands.NEEDS_PERSON, Stands.FAILED):
        yield (
            f"           keyward history {line.rotation}"
            if line.rotation
            else f"           keyward rotate {line.key} --dry-run"
        )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
