"""How ages, moments and kinds of not knowing are said in a cell. Short, never empty, never ambiguous."""

from datetime import UTC, datetime, timedelta

DAY = 86_400.0
PROD = "PROD"
"""The word that stands, coloured, wherever a key of production is shown."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "m"), (1.0, "s"))


def span(seconds: float) -> str:
    """A length of time in its largest unit: `412d`, `3h`, `40s`."""
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "0s"


def length(span: timedelta) -> str:
    """A length of time exactly, as it is typed: `24h`, `90s`, `1d12h`."""
    left, pieces = round(span.total_seconds()), []
    for size, unit in _STEPS:
        if left >= size and (unit != "d" or left % size == 0 or left >= 2 * size):
            count, left = divmod(left, int(size))
            pieces.append(f"{count}{unit}")
    return "".join(pieces) or "0s"


def age(created: float | None, first_seen: float | None, now: float) -> str:
    """Exact age, `>=` when it is only known since when keyward knows the key, `?` when nothing is known. Epoch seconds."""
    if created is not None:
        return span(max(0.0, now - created))
    if first_seen is not None:
        return f">={span(max(0.0, now - first_seen))}"
    return "?"


def last_use(status: str, at: float | None, window_days: int | None, now: float) -> str:
    """When it was last used, or which kind of not knowing it is."""
    if status == "used" and at is not None:
        # Records are kept by the hour or the day: anything finer would be made up.
        return span(now - at) if now - at >= 86_400 else "<1d"
    if status == "not_seen":
        return f"not in {window_days}d" if window_days else "not seen"
    return {
        "never": "never",
        "denied": "denied",
        "unsupported": "no record",
        "failed": "failed",
        "not_scanned": "not asked",
    }.get(status, status)


def expiry(expires: float | None, now: float) -> str:
    """When it expires, `-` when it does not."""
    if expires is None:
        return "-"
    return f"in {span(expires - now)}" if expires > now else f"{span(now - expires)} ago"


def scope(name: str, *, production: bool) -> str:
    """A scope as it is shown: one of production says so in front, where nothing cuts it off."""
    return f"{PROD} {name}" if production else name


def number(count: int, what: str) -> str:
    """How many of something: `1 key`, `1,284 keys`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def moment(at: datetime | None) -> str:
    """A moment in UTC to the minute; `-` for none."""
    return at.strftime("%Y-%m-%d %H:%M") if at is not None else "-"


def until(at: datetime, now: datetime) -> str:
    """The end of a wait in UTC: the day only when it is another one, seconds only when it is soon."""
    soon = abs((at - now).total_seconds()) < 600
    return f"{'' if at.date() == now.date() else f'{at:%Y-%m-%d} '}{at:{'%H:%M:%S' if soon else '%H:%M'}} UTC"


def clock(at: datetime, now: datetime) -> str:
    """A moment in UTC in eight cells: the time of today, the day of any other."""
    return f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at.day} {_MONTHS[at.month - 1]}"


def day(at: datetime) -> str:
    """The day of a moment in UTC: `26 May 2026`, which is the same in every country."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def ago(at: float | None, now: float) -> str:
    """How long ago, in words for a header."""
    if at is None:
        return "never scanned"
    seconds = max(0.0, now - at)
    return "scanned just now" if seconds < 60 else f"scanned {span(seconds)} ago"


def utc(at: float | None) -> datetime | None:
    """Epoch seconds as a moment in UTC."""
    return datetime.fromtimestamp(at, UTC) if at is not None else None


def read_time(text: object) -> datetime | None:
    """A moment from RFC 3339; None for none, or for what is none."""
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
