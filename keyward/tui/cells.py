"""What the table says of a row: a text for every column, a tone where it matters, and a key to sort by."""

from collections.abc import Callable, Mapping

from keyward.tui import words
from keyward.tui.rows import Rows
from keyward.tui.widgets.grid import Column

DAY = 86_400.0
OLD = 90 * DAY
"""From this age on a key is shown as old."""

COLUMNS = (
    Column("name", "NAME", 18, 0, grows=True),
    Column("kind", "KIND", 9, 5),
    Column("scope", "PROJECT/SCOPE", 16, 3, grows=True),
    Column("age", "AGE", 6, 1, right=True),
    Column("use", "LAST USE", 10, 2, right=True),
    Column("expires", "EXPIRES", 9, 7, right=True),
    Column("places", "PLACES", 9, 6, right=True),
    Column("state", "STATE", 13, 4),
)
"""The columns of the inventory."""

LARGEST_FIRST = frozenset({"age", "places"})
"""Columns that begin with the largest when they are not reversed."""

_STATES = {"deleted-restorable": "deleted", "blocked-by-provider": "blocked", "unknown": "not known"}
STALE = frozenset({"stale"})
"""What stands as the status of a source where the rows are from an earlier scan."""
_UNKNOWN_USE = frozenset({"denied", "failed", "not_scanned", "unsupported"})


def shown_name(rows: Rows, row: int) -> str:
    """The display name, or what stands for it, in brackets: whose key it is where the id tells, and the last part of the id."""
    name = rows.text(row, "name")
    if name:
        return name
    scope, *local = rows.text(row, "id").partition(":")[2].split("/")
    last = local[-1] if local else scope
    whose = scope if rows.text(row, "provider") == "shape" else local[0].partition("@")[0] if len(local) > 1 else ""
    return f"({whose} {last})" if whose else f"({last})"


def cells(rows: Rows, row: int, now: float) -> tuple[str, ...]:
    """The texts of a row, one for every column.

    Args:
        rows: the rows.
        row: which.
        now: the present, epoch seconds.
    """
    state = rows.text(row, "state")
    said = _STATES.get(state, state)
    return (
        shown_name(rows, row),
        rows.text(row, "kind"),
        rows.text(row, "scope"),
        words.age(rows.time(row, "created"), rows.time(row, "first_seen"), now),
        use(rows, row, now),
        words.expiry(rows.time(row, "expires"), now),
        places(rows, row),
        f"{said}, stale" if rows.text(row, "source_status") in STALE else said,
    )


_SCOPE = next(index for index, column in enumerate(COLUMNS) if column.name == "scope")


def of_production(said: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of a row of production: its scope says so."""
    return (*said[:_SCOPE], words.scope(said[_SCOPE], production=True), *said[_SCOPE + 1 :])


def use(rows: Rows, row: int, now: float) -> str:
    """When it was last used, or which kind of not knowing it is."""
    window = rows.time(row, "last_used_window")
    return words.last_use(
        rows.text(row, "last_used_status"),
        rows.time(row, "last_used_at"),
        int(window) if window is not None else None,
        now,
    )


def places(rows: Rows, row: int) -> str:
    """How many places hold it. None found is not zero: it says only that none was seen."""
    count = rows.time(row, "places")
    return f"{int(count)}" if count else "none seen"


def tone(rows: Rows, row: int, column: str, now: float) -> str | None:
    """The component class of a cell that should stand out or stand back."""
    made = _TONES.get(column)
    return made(rows, row, now) if made is not None else None


def _name_tone(rows: Rows, row: int, _: float) -> str | None:
    return None if rows.text(row, "name") else "grid--dim"


def _age_tone(rows: Rows, row: int, now: float) -> str | None:
    since = rows.time(row, "created") or rows.time(row, "first_seen")
    return "grid--warn" if since is not None and now - since >= OLD else None


def _use_tone(rows: Rows, row: int, _: float) -> str:
    status = rows.text(row, "last_used_status")
    if status in _UNKNOWN_USE:
        return "grid--dim"
    return "grid--warn" if status in {"never", "not_seen"} else "grid--good"


def _state_tone(rows: Rows, row: int, _: float) -> str:
    if rows.text(row, "source_status") in STALE:
        return "grid--warn"
    return {"active": "grid--good", "blocked-by-provider": "grid--bad"}.get(rows.text(row, "state"), "grid--dim")


def _expires_tone(rows: Rows, row: int, now: float) -> str | None:
    expires = rows.time(row, "expires")
    if expires is None:
        return "grid--dim"
    return "grid--bad" if expires <= now else None


_TONES: Mapping[str, Callable[[Rows, int, float], str | None]] = {
    "name": _name_tone,
    "kind": lambda _rows, _row, _now: "grid--dim",
    "age": _age_tone,
    "use": _use_tone,
    "expires": _expires_tone,
    "places": lambda rows, row, _now: None if rows.time(row, "places") else "grid--dim",
    "state": _state_tone,
}


def sort_keys(rows: Rows, column: str) -> list[tuple[int, str | float]]:
    """A key for every row number, by which the column sorts; what is unknown comes last."""
    columns = rows.queried
    if column == "name":
        return [(0, name.casefold()) if name else (1, key) for name, key in zip(columns.name, columns.id, strict=True)]
    if column == "age":
        return [_oldest(*both) for both in zip(columns.created, columns.first_seen, strict=True)]
    if column == "use":
        order = {"used": 0, "not_seen": 1, "never": 2}
        both = zip(columns.last_used_status, columns.last_used_at, strict=True)
        return [(order.get(status, 3), -at if at is not None else 0.0) for status, at in both]
    if column == "expires":
        return [(1, 0.0) if at is None else (0, at) for at in columns.expires]
    if column == "places":
        return [(0, -count) if count else (1, 0.0) for count in columns.places]
    return [(0, str(value or "")) for value in rows.each(column)]


def _oldest(created: float | None, seen: float | None) -> tuple[int, float]:
    if created is not None:
        return 0, created
    return (1, seen) if seen is not None else (2, 0.0)
