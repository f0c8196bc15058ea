"""What is known of one key as label and text: from a row for the side pane, from its whole record for the detail screen."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from keyward.model.ids import DECLARED, SHAPE
from keyward.tui import cells, words
from keyward.tui.rows import Rows
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from keyward.model.credential import Credential
    from keyward.model.source import SourceReport

WARN, BAD, GOOD, DIM = "$text-warning", "$text-error", "$text-success", "dim"
_BARS = " ▁▂▃▄▅▆▇█"
_TONES = {"grid--warn": WARN, "grid--bad": BAD, "grid--good": GOOD, "grid--dim": DIM}


def _no_end(provider: str) -> str:
    """What an absent end means: a provider that lists its keys would have said it."""
    return "not known" if provider in {SHAPE, DECLARED} else "never"


def of_row(
    rows: Rows, row: int, now: float, *, production: bool = False, source: "SourceReport | None" = None
) -> list[Fact]:
    """The side pane; `production` says that the key is one of production, `source` how the last reading of its source ended."""
    columns = rows.columns

    def toned(name: str) -> str:
        return _TONES.get(cells.tone(rows, row, name, now) or "", "")

    texts = dict(zip(cells.COLUMNS, cells.cells(rows, row, now), strict=True))
    created = rows.time(row, "created")
    facts = [
        Fact("kind", texts["kind"]),
        Fact("project", words.scope(texts["scope"], production=production), f"bold {BAD}" if production else ""),
        Fact("state", texts["state"], toned("state")),
        Fact("age", texts["age"] + (f" · made {day(created)}" if created is not None else ""), toned("age")),
        Fact("last use", use_words(rows, row, now), toned("use")),
        Fact("expires", texts["expires"], toned("expires")),
    ]
    facts += _restricted(columns["restrictions"][row])
    secrets = columns["secrets"][row]
    facts += [Fact("", ""), Fact("places", texts["places"], toned("places"))]
    if isinstance(secrets, tuple):
        facts += [Fact("", secret) for secret in secrets[:12]]
        if len(secrets) > 12:
            facts.append(Fact("", f"and {len(secrets) - 12} more"))
    facts += [Fact("", ""), Fact("findings", cells.findings(rows, row), toned("findings"))]
    if cells.is_stale(rows, row):
        facts += [Fact("", ""), Fact("stale", _stale(source), WARN)]
    return [*facts, Fact("", ""), Fact("id", rows.text(row, "id"), DIM)]


def _stale(source: "SourceReport | None") -> str:
    """From when the row is, and what became of its source."""
    if source is None or source.stale_since is None:
        return "as an earlier scan found it: its source was not read since"
    return f"as it was on {words.moment(source.stale_since)} UTC; its source is {source.status.value}"


def of_sources(sources: Iterable[Mapping[str, object]]) -> list[Fact]:
    """What is stale or was not read of what a key depends on: a line for each source of the listing's JSON that says so."""
    facts = []
    for one in sources:
        status, stale = str(one.get("status", "")), words.read_time(one.get("stale_since"))
        if status == "ok" and stale is None:
            continue
        why = next((f": {text}" for text in (one.get("detail"), one.get("permission"), one.get("api")) if text), "")
        since = f"; what is shown is from {words.moment(stale)} UTC" if stale is not None else ""
        facts.append(
            Fact("stale" if status == "ok" else status, f"{one.get('id')}{why.removesuffix('.')}{since}", WARN)
        )
    return facts


def use_words(rows: Rows, row: int, now: float) -> str:
    """Last use, with how far back the record reaches."""
    status = rows.text(row, "last_used_status")
    said, window = cells.use(rows, row, now), rows.time(row, "last_used_window")
    if status == "used":
        return "less than a day ago" if said.startswith("<") else f"{said} ago"
    if status in {"never", "not_seen"} and window is not None:
        return f"{said} · the record reaches {int(window)} d back" if status == "never" else said
    return said


def day(at: float | None) -> str:
    """A date."""
    return words.moment(words.utc(at))[:10]


def _restricted(limits: object) -> list[Fact]:
    if limits is None:
        return [Fact("restricted", "not known", DIM)]
    if isinstance(limits, Sequence) and limits:
        return [Fact("restricted", ", ".join(str(one).removesuffix(".googleapis.com") for one in limits))]
    return [Fact("restricted", "no: any API, any client", WARN)]


def of_record(
    record: Mapping[str, object],
    now: datetime,
    credential: "Credential | None" = None,
    uses: Sequence[tuple[float, float, int, str, str]] = (),
) -> list[Fact]:
    """The left side of the detail screen.

    Args:
        record: the listing's JSON of one key.
        now: the present.
        credential: what only the cache knows besides.
        uses: (start, end, count, service, response class) of every bucket in which it was used; seconds since 1970.
    """
    use = _mapping(record.get("last_used"))
    created = record.get("created_at")
    at_least = ">= " if record.get("age_is") == "at_least" else ""
    limits = record.get("restrictions")
    facts = [
        Fact("Key", ""),
        Fact("id", str(record.get("id", ""))),
        Fact("name", str(record.get("name") or "(none)")),
        Fact("kind", str(record.get("kind", ""))),
        Fact("provider", str(record.get("provider", ""))),
        Fact("project", str(record.get("scope", ""))),
        Fact("state", str(record.get("state", "")), GOOD if record.get("state") == "active" else WARN),
        Fact(
            "age",
            _age(record.get("age_days"), at_least)
            + (f" · made {str(created)[:16].replace('T', ' ')} UTC" if created else ""),
        ),
        Fact("expires", str(record.get("expires_at") or _no_end(str(record.get("provider"))))),
        *_bound(record),
        *_by_hand(str(record.get("id", ""))),
        Fact("", ""),
        Fact("Use", ""),
        *_use(use, now, credential),
        *(_more_use(credential) if credential is not None else ()),
        *_calls(uses, now.timestamp(), int(str(use.get("window_days") or 0))),
        Fact("", ""),
        Fact("Restrictions", ""),
        *_limits(limits),
        *_allowed(credential),
    ]
    extra = [("resource", record.get("resource")), ("uid", record.get("uid"))]
    return [*facts, Fact("", ""), Fact("Names", ""), *(Fact(name, str(value), DIM) for name, value in extra if value)]


def _age(days: object, at_least: str) -> str:
    return f"{at_least}{days} d" if days is not None else "not known"


def _bound(record: Mapping[str, object]) -> list[Fact]:
    return [Fact("acts as", str(record["bound_identity"]))] if record.get("bound_identity") else []


def _by_hand(key: str) -> list[Fact]:
    """What replaces a key that only a person can make."""
    listed = not key.startswith((f"{SHAPE}:", f"{DECLARED}:"))
    return [] if listed else [Fact("replace", f"keyward swap {key}")]


def _use(use: Mapping[str, object], now: datetime, credential: "Credential | None") -> list[Fact]:
    status, window = str(use.get("status", "not_scanned")), use.get("window_days")
    at = words.read_time(use.get("at"))
    said = {
        "used": _used(at, now, credential) if at else "used",
        "never": "never in its whole life",
        "not_seen": f"not seen in {window} days" if window else "not seen",
        "denied": "not known: reading the record was denied",
        "unsupported": "not known: nobody keeps a record",
        "failed": "not known: reading the record failed",
        "not_scanned": "not known: nobody asked",
    }.get(status, status)
    tone = {"used": GOOD, "never": WARN, "not_seen": WARN}.get(status, DIM)
    facts = [Fact("last use", said, tone)]
    if window and status != "not_seen":
        facts.append(Fact("record", f"reaches {window} days back", DIM))
    if use.get("source"):
        facts.append(Fact("source", str(use["source"]), DIM))
    return facts


def _used(at: datetime, now: datetime, credential: "Credential | None") -> str:
    """What is known is the bucket in which it was used."""
    ago = (now - at).total_seconds()
    since = f"{words.span(ago)} ago" if ago >= words.DAY else "less than a day ago"
    precision = credential.last_use.precision if credential is not None else None
    if not precision:
        return f"{since}, at {words.moment(at)} UTC"
    return f"{since}: in the {words.span(precision.total_seconds())} before {words.moment(at)} UTC"


def _more_use(credential: "Credential") -> Iterator[Fact]:
    use = credential.last_use
    if use.lag:
        yield Fact("lag", f"a use can stay unseen for {words.span(use.lag.total_seconds())}", DIM)
    if use.detail:
        yield Fact("", use.detail, DIM)


def _calls(uses: Sequence[tuple[float, float, int, str, str]], now: float, days: int) -> Iterator[Fact]:
    """Calls a day as bars, today last."""
    if not uses or days <= 0:
        return
    counts = [0] * days
    for start, end, count, _, _ in uses:
        day = int(
            (now - (start + end) / 2) // words.DAY
        )  # the scan was a while ago: the first bucket began before the window
        if 0 <= day < days:
            counts[days - 1 - day] += count
    most = max(counts)
    bars = "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] if most else " " for count in counts)
    yield Fact("calls", bars, GOOD)
    yield Fact("", f"{sum(counts):,} in {days} days, {most:,} on the busiest day", DIM)


def _allowed(credential: "Credential | None") -> Iterator[Fact]:
    limits = credential.restrictions if credential is not None else None
    for number, one in enumerate(limits.allowed if limits is not None else ()):
        yield Fact("allowed" if number == 0 else "", one)


def _limits(limits: object) -> list[Fact]:
    if not isinstance(limits, Mapping):
        return [Fact("", "not known", DIM)]
    apis, client = limits.get("apis") or [], limits.get("client")
    return [
        Fact("APIs", ", ".join(map(str, apis)) if isinstance(apis, Sequence) and apis else "any", "" if apis else WARN),
        Fact("clients", str(client) if client else "any", "" if client else WARN),
    ]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
