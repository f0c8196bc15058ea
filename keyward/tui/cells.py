"""What the table says of a row: a text for every column, and a tone where it matters. No cell is empty: each says what is not known."""

from collections.abc import Callable, Mapping, Sequence

from keyward.model.finding import UNJUDGED, UNKNOWN
from keyward.model.ids import DECLARED, SHAPE
from keyward.tui import words
from keyward.tui.columns import PRESETS, USUAL
from keyward.tui.rows import Rows

DAY = 86_400.0
OLD = 90 * DAY
"""From this age on a key is shown as old."""

COLUMNS = PRESETS[USUAL]
"""The usual columns."""

NOT_KNOWN, NONE_SEEN = "not known", "none seen"
_STATES = {"deleted-restorable": "deleted", "blocked-by-provider": "blocked", "unknown": NOT_KNOWN}
STALE = frozenset({"stale"})
"""What stands as the status of a source where the rows are from an earlier scan."""
_UNKNOWN_USE = frozenset({"denied", "failed", "not_scanned", "unsupported"})
_SELDOM = frozenset({SHAPE, DECLARED})
"""Providers that list nothing: what they do not say is not known."""


def shown_name(rows: Rows, row: int) -> str:
    """The display name, or what stands for it, in brackets: whose key it is where the id tells, and the last part of the id."""
    name = rows.text(row, "name")
    if name:
        return name
    scope, *local = rows.text(row, "id").partition(":")[2].split("/")
    last = local[-1] if local else scope
    whose = scope if rows.text(row, "provider") == "shape" else local[0].partition("@")[0] if len(local) > 1 else ""
    return f"({whose} {last})" if whose else f"({last})"


def cells(rows: Rows, row: int, now: float, names: Sequence[str] = COLUMNS) -> tuple[str, ...]:
    """The texts of a row, one for every column named.

    Args:
        rows: the rows.
        row: which.
        now: the present, epoch seconds.
        names: which columns, in their order.
    """
    return tuple([_TEXTS[name](rows, row, now) for name in names])


def is_stale(rows: Rows, row: int) -> bool:
    """Whether what is known of the row is from an earlier scan than its source's last."""
    return rows.columns["source_status"][row] in STALE


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
    return f"{int(count)}" if count else NONE_SEEN


def identity(rows: Rows, row: int) -> str:
    """The account that a key acts as, where its id says so; else empty."""
    return identity_of(rows.text(row, "id"))


def identity_of(key: str) -> str:
    """The same of the id."""
    _, *local = key.partition(":")[2].split("/")
    return local[0] if len(local) > 1 and "@" in local[0] else ""


def _state(rows: Rows, row: int, _: float) -> str:
    state = rows.text(row, "state") or NOT_KNOWN
    said = _STATES.get(state, state)
    return f"{said}, stale" if is_stale(rows, row) else said


def _expires(rows: Rows, row: int, now: float) -> str:
    expires = rows.time(row, "expires")
    if expires is None:
        return NOT_KNOWN if rows.text(row, "provider") in _SELDOM else "never"
    return words.expiry(expires, now)


def _date(name: str) -> Callable[[Rows, int, float], str]:
    def text(rows: Rows, row: int, _: float) -> str:
        at = words.utc(rows.time(row, name))
        return words.moment(at)[:10] if at is not None else NOT_KNOWN

    return text


def _window(rows: Rows, row: int, _: float) -> str:
    window = rows.time(row, "last_used_window")
    if window is not None:
        return f"{int(window)}d"
    return {"denied": "denied", "failed": "failed", "not_scanned": "not asked", "unsupported": "no record"}.get(
        rows.text(row, "last_used_status"), NOT_KNOWN
    )


def _several(texts: object, none: str) -> str:
    if not isinstance(texts, tuple) or not texts:
        return none
    return str(texts[0]) if len(texts) == 1 else f"{texts[0]} +{len(texts) - 1}"


def _restricted(rows: Rows, row: int, _: float) -> str:
    limits = rows.columns["restrictions"][row]
    if not isinstance(limits, tuple):
        return NOT_KNOWN
    return ", ".join(str(one).removesuffix(".googleapis.com") for one in limits) or "none"


def _stores(rows: Rows, row: int, _: float) -> str:
    stores = rows.columns["stores"][row]
    return ", ".join(map(str, stores)) if isinstance(stores, tuple) and stores else NONE_SEEN


def _data(rows: Rows, row: int, _: float) -> str:
    held = rows.columns["data"][row]
    return ", ".join(map(str, held)) if isinstance(held, tuple) and held else NOT_KNOWN


def findings(rows: Rows, row: int, _: float = 0.0) -> str:
    """The rules that it breaks, worst first, with a question mark where others cannot be told; never judged is not: none."""
    held = rows.columns["findings"][row]
    if not isinstance(held, tuple) or held == (UNJUDGED,):
        return "not judged"
    rules = [str(one) for one in held if one != UNKNOWN]
    if len(rules) == len(held):
        return ", ".join(rules) or "none"
    return f"{', '.join(rules)} ?" if rules else "? not all known"


_TEXTS: Mapping[str, Callable[[Rows, int, float], str]] = {
    "name": lambda rows, row, _: shown_name(rows, row),
    "kind": lambda rows, row, _: rows.text(row, "kind") or NOT_KNOWN,
    "scope": lambda rows, row, _: rows.text(row, "scope") or "none",
    "age": lambda rows, row, now: words.age(rows.time(row, "created"), rows.time(row, "first_seen"), now),
    "use": use,
    "expires": _expires,
    "places": lambda rows, row, _: places(rows, row),
    "state": _state,
    "provider": lambda rows, row, _: rows.text(row, "provider") or NOT_KNOWN,
    "restricted": _restricted,
    "data": _data,
    "findings": findings,
    "identity": lambda rows, row, _: identity(rows, row) or "see the key",
    "stores": _stores,
    "secrets": lambda rows, row, _: _several(rows.columns["secrets"][row], NONE_SEEN),
    "created": _date("created"),
    "seen": _date("first_seen"),
    "window": _window,
    "source": lambda rows, row, _: rows.text(row, "source_status") or NOT_KNOWN,
    "id": lambda rows, row, _: rows.text(row, "id"),
}


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
    if is_stale(rows, row):
        return "grid--warn"
    return {"active": "grid--good", "blocked-by-provider": "grid--bad"}.get(rows.text(row, "state"), "grid--dim")


def _expires_tone(rows: Rows, row: int, now: float) -> str | None:
    expires = rows.time(row, "expires")
    if expires is None:
        return "grid--dim"
    return "grid--bad" if expires <= now else None


def _restricted_tone(rows: Rows, row: int, _: float) -> str | None:
    limits = rows.columns["restrictions"][row]
    return "grid--dim" if limits is None else None if limits else "grid--warn"


def _data_tone(rows: Rows, row: int, _: float) -> str | None:
    held = rows.columns["data"][row]
    words = set(held) if isinstance(held, tuple) else set()
    return "grid--warn" if words & {"trains", "read"} else "grid--dim" if words <= {"none", "unknown"} else None


def _findings_tone(rows: Rows, row: int, _: float) -> str:
    held = rows.columns["findings"][row]
    if held == ():
        return "grid--good"
    return "grid--dim" if held in {(UNJUDGED,), (UNKNOWN,)} else "grid--warn"


def _dim(_rows: Rows, _row: int, _now: float) -> str:
    return "grid--dim"


def _dim_without(name: str) -> Callable[[Rows, int, float], str | None]:
    return lambda rows, row, _now: None if rows.columns[name][row] else "grid--dim"


_TONES: Mapping[str, Callable[[Rows, int, float], str | None]] = {
    "name": _name_tone,
    "kind": _dim,
    "age": _age_tone,
    "use": _use_tone,
    "expires": _expires_tone,
    "places": _dim_without("places"),
    "stores": _dim_without("stores"),
    "secrets": _dim_without("secrets"),
    "created": _dim_without("created"),
    "seen": _dim_without("first_seen"),
    "window": _dim_without("last_used_window"),
    "restricted": _restricted_tone,
    "data": _data_tone,
    "findings": _findings_tone,
    "identity": lambda rows, row, _now: None if identity(rows, row) else "grid--dim",
    "source": lambda rows, row, _now: None if rows.text(row, "source_status") == "ok" else "grid--warn",
    "state": _state_tone,
    "provider": _dim,
    "id": _dim,
}
