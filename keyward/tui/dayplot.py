"""Calls by day as lines of text: bars with a scale and dates, by response class, and small ones by service. Readable without colour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.desk.using import KeyUsage
    from keyward.inventory.snapshots.days import DayCalls

Piece = tuple[str, str]
"""A text and its tone: `good`, `warn`, `bad`, `dim`, `strong` or none."""

DAYS = 56
"""At most."""
LABEL = 8
"""Cells for the scale, its line included."""

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_MARKS = {"not_counted": "?", "before_created": "-", "so_far": "+", "counted": "─"}
_SERVICES = 6


@dataclass(frozen=True, slots=True)
class Column:
    """One day: calls that went well, of which that is not known, that were the caller's fault, that were the service's; its mark on the axis."""

    good: int
    other: int
    warn: int
    bad: int
    mark: str

    @property
    def total(self) -> int:
        """All of them."""
        return self.good + self.other + self.warn + self.bad


def draw(found: "KeyUsage", width: int, height: int = 8) -> list[list[Piece]]:
    """The lines for so many cells; `height` is that of the bars."""
    room = max(1, width - LABEL)
    step = 2 if room >= 2 * 42 else 1
    days = found.days[-min(DAYS, room // step) :]
    columns = [_column(found, one) for one in days]
    top = nice(max((one.total for one in columns), default=0))
    lines = [_bars(columns, top, row, height, step) for row in reversed(range(height))]
    axis = "".join(f"{one.mark}{_between(one.mark)}"[:step] for one in columns)
    lines.append([(f"{'0':>{LABEL - 2}} ┼", "dim"), (axis, "dim")])
    lines.append([(" " * LABEL + dates(days, step), "dim")])
    lines += [[], *(list(line) for line in (_legend(columns), _marks(columns)))]
    lines += _services(days, step, width)
    return lines


def nice(most: int) -> int:
    """A round number at or above it: what the top of a scale says."""
    size = 1
    while True:
        for step in (1, 2, 4, 6, 8):
            if step * size >= most:
                return step * size
        size *= 10


def short(number: int) -> str:
    """A number in few cells: `950`, `1.2k`, `20k`, `3M`."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return str(number)


def dates(days: "Sequence[DayCalls]", step: int) -> str:
    """The date of every seventh day, and of the last one where there is room, each under its column."""
    from keyward.desk.using import day_text

    text = ""
    for place, one in enumerate(days):
        at, label = place * step, day_text(one.day)[5:]
        if place % 7 == 0 and len(text) <= max(0, at - 1) and at + len(label) <= max(len(days) * step, len(label)):
            text = text.ljust(at) + label
    return text


def _column(found: "KeyUsage", one: "DayCalls") -> Column:
    sums = {"2": 0, "": 0, "4": 0, "5": 0}
    for _, response, calls in one.calls:
        kind = response[:1]
        sums[kind if kind in sums else ""] += calls
    return Column(sums["2"], sums[""], sums["4"], sums["5"], _MARKS[found.state(one)])


def _between(mark: str) -> str:
    return "─" if mark in "─+" else " "


def _bars(columns: Sequence[Column], top: int, row: int, height: int, step: int) -> list[Piece]:
    label = short(top) if row == height - 1 else short(top // 2) if row == height // 2 - 1 and top > 1 else ""
    line: list[Piece] = [(f"{label:>{LABEL - 2}} {'┤' if label else '│'}", "dim")]
    for one in columns:
        glyph, tone = _cell(one, top * 8, row, height)
        line.append((glyph.ljust(step), tone))
    return line


def _cell(one: Column, scale: int, row: int, height: int) -> Piece:
    """One cell of a bar: what went well at the bottom in eighths, the rest above it in whole cells of another texture."""
    cells = height * 64
    whole = -(-one.total * cells // scale)  # eighths, rounded up: a single call shows
    good = one.good * cells // scale
    low, high = row * 8, row * 8 + 8
    if low >= whole:
        return " ", ""
    if one.total == one.good or high <= good:
        return _EIGHTHS[min(8, whole - low)], "good"
    reached, found = one.good, ("", "")
    for count, glyph, tone in ((one.other, "░", ""), (one.warn, "▒", "warn"), (one.bad, "▓", "bad")):
        if count and (not found[0] or low + 4 >= reached * cells // scale):
            found = glyph, tone
        reached += count
    return found


def _legend(columns: Sequence[Column]) -> Iterator[Piece]:
    good, other, warn, bad = (sum(getattr(one, name) for one in columns) for name in ("good", "other", "warn", "bad"))
    counted = sum(one.mark in "─+" for one in columns)
    yield (f"{good + other + warn + bad:,} calls in {counted} days", "strong")
    for glyph, word, number, tone in (("█", "2xx", good, "good"), ("▒", "4xx", warn, "warn"), ("▓", "5xx", bad, "bad")):
        yield (f"   {glyph} ", tone)
        yield (f"{word} {number:,}", "")
    if other:
        yield (f"   ░ other {other:,}", "")


def _marks(columns: Sequence[Column]) -> Iterator[Piece]:
    """What the signs below the bars mean, as far as they stand there."""
    marks = {one.mark for one in columns}
    for mark, said in (("+", "so far"), ("?", "not counted"), ("-", "not made yet")):
        if mark in marks:
            yield (f"{mark} {said}   ", "dim")


def _services(days: "Sequence[DayCalls]", step: int, width: int) -> list[list[Piece]]:
    by_service: dict[str, list[int]] = {}
    answers: dict[str, dict[str, int]] = {}
    for place, one in enumerate(days):
        for service, response, calls in one.calls:
            by_service.setdefault(service, [0] * len(days))[place] += calls
            said = answers.setdefault(service, {})
            said[response] = said.get(response, 0) + calls
    lines: list[list[Piece]] = []
    ordered = sorted(by_service, key=lambda name: -sum(by_service[name]))
    for service in ordered[:_SERVICES]:
        counts, most = by_service[service], max(by_service[service])
        responses = "  ".join(f"{name or 'unnamed'} {calls:,}" for name, calls in sorted(answers[service].items()))
        head = f"{service or 'unnamed service'}  {sum(counts):,} calls  "
        bars = "".join(_EIGHTHS[-(-count * 8 // most)].ljust(step) for count in counts)
        lines += [[], [(head, ""), (responses[: max(0, width - len(head))], "dim")]]
        lines.append([(f"{short(most):>{LABEL - 2}} ┤", "dim"), (bars, "good")])
    if len(ordered) > _SERVICES:
        lines += [[], [(f"and {len(ordered) - _SERVICES} more services: keyward usage KEY", "dim")]]
    return lines
