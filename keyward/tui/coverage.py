"""What was read and what was not, in a few words and in a list."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyward.model.gap import Gap
from keyward.model.source import SourceReport, SourceStatus
from keyward.tui import words
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.model.tally import Tally
    from keyward.tui.keymap import Keymap

_ORDER = (
    SourceStatus.DENIED,
    SourceStatus.FAILED,
    SourceStatus.UNREACHABLE,
    SourceStatus.CANCELLED,
    SourceStatus.PARTIAL,
    SourceStatus.DISABLED,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One source as the coverage screen lists it; numbers that nobody knows yet are None."""

    id: str
    status: str
    items: int | None
    looked: int | None
    not_looked: int | None
    why: str
    asked: str


def summary(sources: Sequence[SourceReport], gaps: Mapping[str, Gap]) -> str:
    """`2 sources denied, 1 disabled, 1 stale, 12 values not read`; empty when every source was read or is an accepted gap."""
    open_ones = [source for source in sources if source.id not in gaps]
    counted = Counter(source.status for source in open_ones)
    pieces = [(counted[status], status.value) for status in _ORDER if counted[status]]
    if stale := sum(source.stale_since is not None for source in open_ones):
        pieces.append((stale, "stale"))
    said = [f"{count:,} {word}" for count, word in pieces]
    if pieces:
        first, word = pieces[0]
        said[0] = f"{first:,} {'source' if first == 1 else 'sources'} {word}"
    if unread := sum(source.not_looked for source in open_ones):
        said.append(f"{unread:,} {'value' if unread == 1 else 'values'} not read")
    return ", ".join(said)


def no_keys(keymap: "Keymap", *, scanning: bool, scanned: bool) -> tuple[str, str]:
    """What stands where there are no keys, and what to do: while a scan goes on, after one, before the first."""
    local, scan = keymap.key_of("inventory.local"), keymap.key_of("inventory.scan")
    if scanning:
        return "Asking every source ...", f"Keys appear here as they are found.\n{scan} stops."
    if scanned:
        shows = keymap.key_of("inventory.coverage")
        text = f"{local} names a folder or the keyring to look at · {shows} shows what was read · {scan} scans again"
        return "No key was found.", text
    return (
        "Nothing was scanned yet.",
        f"{local} names a folder and the keyring · {scan} asks Google Cloud with your credentials",
    )


def progress(done: int, total: int, waiting: "Mapping[str, datetime]") -> str:
    """How far a scan is, for the top line."""
    said = f"scanning, {done:,}/{total:,} read" if total else "scanning ..."
    first = min(waiting.items(), key=lambda one: one[1], default=None)
    return f"{said}, {first[0].partition('.')[0]} quota at {first[1]:%H:%M:%S}" if first else said


def lines(sources: Sequence[SourceReport], gaps: Mapping[str, Gap], tally: "Tally | None") -> list[Line]:
    """Every source, the unread ones first; those that a scan is asking now say so, with what came so far."""
    known = {one.id: one for one in sources}
    asking = [] if tally is None else [one for one in tally.sources if one not in tally.reports]
    if tally is not None:
        known |= tally.reports
    listed = [_line(known[one.id], gaps) for one in worst_first(list(known.values())) if one.id not in set(asking)]
    return [*(_asking(one, tally.items.get(one, 0)) for one in asking if tally is not None), *listed]


def _asking(source: str, items: int) -> Line:
    return Line(source, "asking" if items else "waiting", items, None, None, "", "now")


def _line(one: SourceReport, gaps: Mapping[str, Gap]) -> Line:
    gap, why = gaps.get(one.id), reason(one)
    if gap is not None:
        why = f"accepted by {gap.owner} until {gap.until}{f' ({gap.why})' if gap.why else ''}; {why}"
    if not one.looked and not one.not_looked:
        return Line(one.id, one.status.value, one.found, None, None, why, read_at(one))
    return Line(one.id, one.status.value, one.found, one.looked, one.not_looked, why, read_at(one))


def by_kind(
    sources: Sequence[SourceReport], tally: "Tally | None", now: "datetime", gaps: Mapping[str, Gap]
) -> list[Fact]:
    """A line for each provider and store: how many sources there are, have ended and how, what came, and what is waited for."""
    from keyward.model.tally import kinds  # loaded when the screen opens

    found = {one.id: one for one in sources}
    running = tally is not None and bool(tally.sources)
    groups = (
        tally.kinds()
        if tally is not None and running
        else kinds(list(found), found, {one.id: one.items for one in sources})
    )
    facts = []
    for kind in groups:
        ended = ", ".join(f"{number:,} {status.value}" for status, number in sorted(kind.ended.items()))
        done = f"{kind.done:,}/{kind.total:,}; " if kind.done < kind.total else ""
        came = f"; {kind.found:,} found" if kind.found is not None else ""
        facts.append(Fact(kind.name, f"{done}{ended or 'none read yet'}{came}"))
    for api, until in sorted(tally.held(now).items()) if tally is not None else ():
        facts.append(Fact(api, f"waiting for quota until {until:%H:%M:%S} UTC", "$text-warning"))
    if gaps and not running:
        facts.append(Fact("accepted gaps", f"{len(gaps):,}"))
    return facts


def reason(source: SourceReport) -> str:
    """Why a source was not read, and what is missing for it."""
    pieces = [source.detail]
    if source.permission and source.permission not in source.detail:
        pieces.append(f"needs {source.permission}")
    if source.api and source.api not in source.detail:
        pieces.append(f"API {source.api}")
    if source.not_looked and not source.detail:
        pieces.append(
            f"{source.not_looked:,} values not read: [scan] read_values does not name them, or they are refused"
        )
    if source.stale_since is not None:
        pieces.append(f"rows are from {words.moment(source.stale_since)} UTC")
    return "; ".join([*(piece.removesuffix(".") for piece in pieces[:-1] if piece), *pieces[-1:]])


def worst_first(sources: Sequence[SourceReport]) -> list[SourceReport]:
    """The sources, those that were not read before the others."""
    rank = {status: place for place, status in enumerate(_ORDER)}
    return sorted(sources, key=lambda source: (rank.get(source.status, len(rank)), source.id))


def read_at(source: SourceReport) -> str:
    """When it was last asked."""
    at: datetime | None = source.at
    return f"{words.moment(at)} UTC" if at is not None else words.moment(at)
