"""How ages, moments and kinds of not knowing are said in a line of text."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.model.credential import AgeIs
    from keyward.model.usage import LastUse

_STEPS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))
_EMPTY = "-"


def span(length: timedelta) -> str:
    """A length of time in its largest unit: `412 d`, `3 h`, `40 s`."""
    seconds = max(0.0, length.total_seconds())
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


def moment(at: datetime | None) -> str:
    """A moment in UTC to the second; `-` for none."""
    return _EMPTY if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def wait_until(at: datetime | None, now: datetime) -> str:
    """When something can go on: the moment, and how far off it is."""
    if at is None:
        return ""
    return f"{moment(at)}, in {span(at - now)}" if at > now else "now"


def age(length: timedelta | None, known: "AgeIs | None") -> str:
    """How old, and whether that is exact."""
    if length is None:
        return "not known"
    return f"{span(length)}" if known is None or known.value == "exact" else f"at least {span(length)}"


def use(status: str, ago: timedelta | None, window_days: int | None) -> str:
    """When it was last used, or which kind of not knowing it is.

    Args:
        status: a word of `keyward.model.usage.UseStatus`.
        ago: how long ago, when it was seen in use.
        window_days: how far back the record reaches.
    """
    if status == "used" and ago is not None:
        # Records are kept by the hour or the day: anything finer would be made up.
        return f"{span(ago)} ago" if ago >= timedelta(days=1) else "in the last day"
    if status == "not_seen":
        return f"not seen in {window_days} d" if window_days else "not seen"
    return {
        "never": "never",
        "denied": "unknown (denied)",
        "unsupported": "unknown (no record)",
        "failed": "unknown (failed)",
        "not_scanned": "unknown (not asked)",
    }.get(status, status)


def last_use(found: "LastUse", now: datetime) -> str:
    """The same with window, lag and source: what the record covers and what it cannot see."""
    said = use(found.status.value, None if found.at is None else now - found.at, found.window_days)
    known = []
    if found.window_days is not None:
        known.append(f"record of {found.window_days} d")
    if found.lag:
        known.append(f"use can stay unseen for {span(found.lag)}")
    if found.source:
        known.append(found.source)
    if found.detail:
        known.append(found.detail)
    return f"{said} ({'; '.join(known)})" if known else said


def count(number: int, one: str, many: str = "") -> str:
    """`1 key`, `3 keys`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def short(text: str, most: int) -> str:
    """The text cut to so many columns of a terminal, with a sign that it was."""
    from rich.cells import cell_len, set_cell_size  # wide characters take two columns

    return text if cell_len(text) <= most else f"{set_cell_size(text, most - 1).rstrip()}…"
