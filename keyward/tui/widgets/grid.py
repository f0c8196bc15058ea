"""A table whose cost per frame depends on the window and never on the number of rows.

Rows are numbers; what a row shows is asked for when its line is painted. `order` is the list of row numbers in view, filtered and
sorted elsewhere, and swapped in one assignment. The cursor and the marks belong to row numbers, so they stay on their rows.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from math import inf
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from keyward.tui.actions import Where, bindings
from keyward.tui.widgets.column import Column, fitted, fitting
from keyward.tui.widgets.scrolled import Scrolled

if TYPE_CHECKING:
    from textual.timer import Timer

__all__ = ["Column", "Grid"]

MARK, NO_MARK, CURSOR = "✓", " ", ">"
_FAR = 1_000_000
_GUTTER = "   "
"""Cursor, mark, and a blank."""
_STILL: tuple[frozenset[str], float] = frozenset(), 0.0
"""No cell stands out."""


class Grid(Scrolled, can_focus=True):
    """The table.

    Args:
        columns: all columns; those that do not fit are left out by `gives_way`.
        cells: the texts of a row, one for every column in `columns`; clean already.
        tone: the component class for a cell's style, by row and column; None for the normal one.
        shy: show the cursor only while the table has the focus: for two tables on one screen.
    """

    DEFAULT_CSS = """
    Grid { height: 1fr; background: $surface; color: $foreground; overflow-x: hidden; overflow-y: scroll;
      scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $panel-lighten-2; }
    Grid > .grid--header { background: $panel; color: $foreground; text-style: bold; }
    Grid > .grid--cursor { background: $primary-muted; color: $foreground; text-style: bold; }
    Grid:focus > .grid--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
    Grid > .grid--mark { text-style: bold; color: $text-warning; }
    Grid > .grid--match { text-style: bold underline; }
    Grid > .grid--odd { background: $surface-darken-1; }
    Grid:light > .grid--odd { background: $surface-lighten-1; }
    Grid > .grid--dim { text-style: dim; }
    Grid > .grid--warn { color: $text-warning; }
    Grid > .grid--bad { color: $text-error; }
    Grid > .grid--good { color: $text-success; }
    Grid > .grid--prod { color: $text-error; text-style: bold; }
    Grid > .grid--flash { background: $accent-muted; text-style: bold underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--header",
        "grid--cursor",
        "grid--mark",
        "grid--match",
        "grid--odd",
        "grid--dim",
        "grid--warn",
        "grid--bad",
        "grid--good",
        "grid--prod",
        "grid--flash",
    }
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.TABLE)
    cursor = reactive(0, repaint=False)
    sorted_by: reactive[tuple[str, bool]] = reactive(("", False), repaint=False)

    class Moved(Message):
        """The cursor is on another row (or on none, None)."""

        def __init__(self, row: int | None) -> None:
            super().__init__()
            self.row = row

    class Beyond(Message):
        """The cursor was to go `by` rows further than there are: what surrounds the table may scroll."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    class Opened(Message):
        """Enter, or a second click, on a row."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class HeaderClicked(Message):
        """A click on a heading; `column` is its name."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Callable[[int], Sequence[str]],
        tone: Callable[[int, str], str | None] = lambda _row, _column: None,
        *,
        shy: bool = False,
        id: str | None = None,  # noqa: A002  # Textual's name for it
    ) -> None:
        super().__init__(id=id)
        self._shy = shy
        self._all = tuple(columns)
        self._shown: list[tuple[int, int]] = []
        self._names: tuple[str, ...] = ()
        self._wide = 0
        self._cells = cells
        self._tone = tone
        self.order: Sequence[int] = ()
        self.marks: set[int] = set()
        self.needle = ""
        self._strips: LRUCache[int, tuple[tuple[bool, bool, bool], Strip]] = LRUCache(1024)
        self._others: dict[object, Strip] = {}
        self._bases: dict[tuple[bool, bool, bool], Style] = {}
        self._tones: dict[tuple[Style, str], Style] = {}
        self._flashing: dict[int, tuple[frozenset[str], float]] = {}
        self._flash_end: Timer | None = None
        self._painted_for = -1
        self._touched = False

    # What is shown

    def show(self, order: Sequence[int], needle: str = "") -> None:
        """Show these rows in this order; `needle` (case-folded) is underlined where it stands.

        O(1) in the number of rows; lines that say the same as before are not painted again.
        """
        at, top, lines, needle_before = (self.cursor, self.row), self.scroll_offset.y, self._lines, self.needle
        self.order, self.needle = order, needle
        self.stretch(len(order) + 1)
        self._put_cursor_on(at[1] if self._touched else None, at[1])
        if needle != needle_before:
            self.forget()
        if needle != needle_before or self.scroll_offset.y != top or not self.size:
            self.refresh()
            return
        stale = [line for line, (before, now) in enumerate(zip_longest(lines, self._lines)) if before != now]
        self._refresh_lines(stale if self.cursor == at[0] else [*stale, at[0] - top, self.cursor - top])

    @property
    def _lines(self) -> Sequence[int]:
        """The rows of the lines below the header."""
        top = self.scroll_offset.y
        return self.order[top : top + self.size.height]

    def _refresh_lines(self, lines: Iterable[int]) -> None:
        """Repaint those lines of rows, counted from the first below the header."""
        width = self.size.width
        if regions := [Region(0, line + 1, width, 1) for line in lines]:
            self.refresh(*regions)

    def forget(self) -> None:
        """Forget how every line looked."""
        self._strips.clear()
        self._others.clear()

    def watch_sorted_by(self) -> None:
        """The header says it."""
        self._refresh_lines([-1])

    def rows_changed(self, rows: Sequence[int]) -> None:
        """Forget how these rows looked, and repaint those in the window."""
        changed = set(rows)
        for row in changed:
            self._strips.discard(row)
        self._refresh_lines([line for line, row in enumerate(self._lines) if row in changed])

    def repaint(self) -> None:
        """Forget how every row looked."""
        self.forget()
        self.refresh()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; `cells` gives one text for each from now on."""
        self._all = tuple(columns)
        self._painted_for = -1
        self.refresh()

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the columns that fit."""
        if self.size.width != self._painted_for:
            self._fit(self.size.width)
        return self._names

    @property
    def window(self) -> Sequence[int]:
        """The rows on the screen."""
        top = self.scroll_offset.y
        return self.order[top : top + self.page]

    def flash(self, cells: Mapping[int, frozenset[str]], seconds: float = 0.7) -> None:
        """Let cells stand out for a moment: names of columns by row. Those that did so for that long are painted with them, in one frame."""
        now = time.monotonic()
        ended = self._ended(now)
        self._flashing.update({row: (names, now + seconds) for row, names in cells.items()})
        self.rows_changed([*cells, *ended])
        if self._flash_end is not None:
            self._flash_end.stop()
        self._flash_end = self.set_timer(seconds, self.end_flash)

    def end_flash(self) -> None:
        """Nothing stands out any more."""
        self.rows_changed(self._ended(inf))

    def _ended(self, now: float) -> list[int]:
        """Rows whose moment is over; they are forgotten."""
        ended = [row for row, (_, until) in self._flashing.items() if until <= now]
        for row in ended:
            del self._flashing[row]
        return ended

    @property
    def flashing(self) -> Mapping[int, frozenset[str]]:
        """What stands out now."""
        return {row: names for row, (names, _) in self._flashing.items()}

    @property
    def row(self) -> int | None:
        """The row number under the cursor."""
        return self.order[self.cursor] if 0 <= self.cursor < len(self.order) else None

    def go_to(self, row: int) -> None:
        """Put the cursor on that row, if it is in view."""
        self._touched = True
        self._put_cursor_on(row, self.row)

    def _put_cursor_on(self, row: int | None, before: int | None) -> None:
        last = max(0, len(self.order) - 1)
        place = min(self.cursor, last) if self._touched else 0
        if row is not None and not (place < len(self.order) and self.order[place] == row):
            try:
                place = self.order.index(row)
            except ValueError:  # it is out of view: the first is the best match there is
                place = 0
        moved = place != self.cursor
        self.set_reactive(Grid.cursor, place)
        self._keep_in_window(place)
        if moved or self.row != before:
            self.post_message(self.Moved(self.row))

    # Painting

    def notify_style_update(self) -> None:
        """Colours changed: every strip is stale."""
        super().notify_style_update()
        self._bases.clear()
        self._tones.clear()

    def _fit(self, width: int) -> None:
        """Choose the columns that fit, and their widths."""
        self._painted_for = width
        self.forget()
        self._shown = fitting(self._all, width - len(_GUTTER))
        self._names = tuple(self._all[index].name for index, _ in self._shown)
        self._wide = len(_GUTTER) + sum(cells + 1 for _, cells in self._shown)

    def line(self, y: int, top: int, width: int) -> Strip:
        """One line of the screen; the first is always the header."""
        if width != self._painted_for:
            self._fit(width)
        if y == 0:
            return self._other(self.sorted_by, lambda: self._header(width))
        place = y - 1 + top
        if place >= len(self.order):
            return self._other(None, lambda: Strip.blank(width, self._base(False, False, False)))
        row = self.order[place]
        look = place == self.cursor and (self.has_focus or not self._shy), bool(place & 1), row in self.marks
        known = self._strips.get(row)
        if known is not None and known[0] == look:
            return known[1]
        strip = self.finished(self._line(row, *look, width))
        self._strips[row] = look, strip
        return strip

    def _other(self, what: object, made: Callable[[], Strip]) -> Strip:
        """A line that is no row's."""
        if what not in self._others:
            self._others[what] = self.finished(made())
        return self._others[what]

    def _base(self, cursor: bool, odd: bool, mark: bool) -> Style:
        """The style of a line; worked out once, because that costs more than the line itself."""
        style = self._bases.get((cursor, odd, mark))
        if style is None:
            style = self._bases[cursor, odd, mark] = self._made_base(cursor, odd, mark)
        return style

    def _made_base(self, cursor: bool, odd: bool, mark: bool) -> Style:
        style = self.rich_style
        if odd:
            style += self.get_component_rich_style("grid--odd", partial=True)
        if mark:
            style += self.get_component_rich_style("grid--mark", partial=True)
        if cursor:
            style += self.get_component_rich_style("grid--cursor", partial=True)
        return style

    def _toned(self, style: Style, tone: str) -> Style:
        """The style with that of a component class on it; worked out once too."""
        toned = self._tones.get((style, tone))
        if toned is None:
            toned = self._tones[style, tone] = style + self.get_component_rich_style(tone, partial=True)
        return toned

    def _line(self, row: int, cursor: bool, odd: bool, mark: bool, whole: int) -> Strip:
        base = self._base(cursor, odd, mark)
        segments = [Segment(f"{CURSOR if cursor else NO_MARK}{MARK if mark else NO_MARK} ", base)]
        cells, flashing = self._cells(row), self._flashing.get(row, _STILL)[0]
        for index, width in self._shown:
            column, text = self._all[index], cells[index]
            if column.right:
                text = " " * (width - cell_len(text)) + text
            text = fitted(text, width) + " "
            tone = self._tone(row, column.name)
            plain = (
                tone is None or cursor or (mark and tone == "grid--dim")
            )  # a mark says more, and dimmed it cannot be read
            style = base if plain or tone is None else self._toned(base, tone)
            if column.name in flashing:
                style = self._toned(style, "grid--flash")
            segments.extend(self._underlined(text, style))
        return Strip(segments, self._wide).adjust_cell_length(whole, base)

    def _underlined(self, text: str, style: Style) -> list[Segment]:
        if not self.needle or (at := text.casefold().find(self.needle)) < 0:
            return [Segment(text, style)]
        end = at + len(self.needle)
        match = self._toned(style, "grid--match")
        return [Segment(text[:at], style), Segment(text[at:end], match), Segment(text[end:], style)]

    def _header(self, width: int) -> Strip:
        style = self.get_component_rich_style("grid--header")
        texts = [_GUTTER]
        for index, cells in self._shown:
            column = self._all[index]
            label = column.label
            if self.sorted_by[0] == column.name:
                label += " ▼" if self.sorted_by[1] else " ▲"
            texts.append(fitted(" " * (cells - cell_len(label)) + label if column.right else label, cells) + " ")
        return Strip([Segment("".join(texts), style)]).adjust_cell_length(width, style)

    # Moving

    @property
    def page(self) -> int:
        """Rows in the window."""
        return max(1, self.scrollable_content_region.height - 1)

    def _keep_in_window(self, place: int) -> None:
        top = self.scroll_offset.y
        if place < top or place >= top + self.page:
            self.scroll_to(y=place if place < top else place - self.page + 1, animate=False, force=True, immediate=True)

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two lines concerned and keep the cursor in the window."""
        self._keep_in_window(new)
        top = self.scroll_offset.y
        self._refresh_lines([old - top, new - top])
        self.post_message(self.Moved(self.row))

    def action_move(self, by: int) -> None:
        """Move the cursor by so many rows. Until somebody moves it, it stays at the top whatever arrives."""
        self._touched = True
        before, self.cursor = self.cursor, max(0, min(len(self.order) - 1, self.cursor + by))
        if self.cursor == before:
            self.post_message(self.Beyond(by))

    def action_page(self, by: int) -> None:
        """Move by pages."""
        self.action_move(by * self.page)

    def action_half(self, by: int) -> None:
        """Move by half pages."""
        self.action_move(by * max(1, self.page // 2))

    def action_go(self, where: int) -> None:
        """Go to the first row (0) or the last (-1)."""
        self._touched = True
        before, self.cursor = self.cursor, 0 if where == 0 else max(0, len(self.order) - 1)
        if self.cursor == before:
            self.post_message(self.Beyond(_FAR if where else -_FAR))

    def open_row(self) -> None:
        """Say that the row under the cursor is to be opened."""
        if self.row is not None:
            self.post_message(self.Opened(self.row))

    def mark(self, row: int) -> None:
        """Mark the row, or take its mark away."""
        self.marks ^= {row}
        self.rows_changed([row])

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Click: the header sorts, a row gets the cursor, the row with the cursor opens."""
        place = event.y - 1 + self.scroll_offset.y
        if event.y == 0:
            at = len(_GUTTER)
            for index, width in self._shown:
                if at <= event.x <= at + width:
                    self.post_message(self.HeaderClicked(self._all[index].name))
                    return
                at += width + 1
        elif place < len(self.order):
            if place == self.cursor and event.chain > 1:
                self.open_row()
            self._touched = True
            self.cursor = place

    def on_resize(self) -> None:
        """Another size: other columns may fit."""
        self.stretch(len(self.order) + 1)
        self._keep_in_window(self.cursor)
