"""What the table costs: lines, never rows."""

from typing import ClassVar

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.filter import LineFilter
from textual.geometry import Region

from keyward.tui.rows import Rows
from keyward.tui.view import View
from keyward.tui.widgets.grid import Column, Grid
from tests.parts.desk import NOW, columns, row

COLUMNS = (
    Column("name", "NAME", 10, 0, grows=True),
    Column("kind", "KIND", 8, 5),
    Column("age", "AGE", 5, 1, right=True),
)
ROWS = 100_000
HEIGHT = 30


class Counting(Grid):
    lines: ClassVar[set[int]] = set()
    """What is to be painted again: lines of the window, the header's is 0."""

    def refresh(self, *regions, **how):
        for region in regions or (self.size.region,):
            self.lines.update(line for line in region.line_range if line in range(self.size.height))
        return super().refresh(*regions, **how)


class Table(App[None]):
    def __init__(self, cells):
        super().__init__()
        self._cells = cells

    def compose(self) -> ComposeResult:
        yield Counting(COLUMNS, self._cells)


async def lines_of(pilot, change):
    Counting.lines.clear()
    change()
    await pilot.pause()
    await pilot.pause()
    return len(Counting.lines)


async def test_a_hundred_thousand_rows_cost_a_window_full():
    asked = []

    def cells(at):
        asked.append(at)
        return (f"key-{at}", "api-key", f"{at}d")

    async with Table(cells).run_test(size=(80, HEIGHT)) as pilot:
        grid = pilot.app.query_one(Counting)
        await pilot.pause()
        assert await lines_of(pilot, lambda: grid.show(range(ROWS))) <= HEIGHT
        assert len(asked) <= 2 * HEIGHT
        asked.clear()
        assert await lines_of(pilot, lambda: grid.action_move(1)) == 2
        assert len(asked) <= 2
        assert await lines_of(pilot, lambda: grid.action_page(1)) <= HEIGHT
        assert await lines_of(pilot, lambda: grid.action_go(-1)) <= HEIGHT
        assert grid.row == ROWS - 1
        assert len(asked) <= 4 * HEIGHT
        asked.clear()
        assert await lines_of(pilot, lambda: grid.rows_changed([ROWS - 2, 5])) == 1
        assert asked == [ROWS - 2]


async def test_other_rows_cost_the_lines_that_say_something_else():
    async with Table(lambda at: (f"key-{at}", "api-key", f"{at}d")).run_test(size=(80, HEIGHT)) as pilot:
        grid = pilot.app.query_one(Counting)
        grid.show(range(ROWS))
        grid.go_to(10)
        await pilot.pause()
        below = [*range(200), ROWS, *range(200, ROWS - 1)]
        assert await lines_of(pilot, lambda: grid.show(below)) == 0, "it came out of sight"
        swapped = [*range(4), 5, 4, *below[6:]]
        assert await lines_of(pilot, lambda: grid.show(swapped)) == 2
        assert {line: grid.render_line(line).text[3:9] for line in (5, 6)} == {5: "key-5 ", 6: "key-4 "}
        await lines_of(pilot, lambda: grid.show([ROWS + 1, *swapped]))
        assert grid.row == 10, "another came above it: the cursor went with its row"
        assert ">" in grid.render_line(grid.cursor + 1).text
        assert await lines_of(pilot, lambda: grid.show([ROWS + 1, *swapped], "key-1")) >= HEIGHT - 2, (
            "all is underlined"
        )
        assert await lines_of(pilot, lambda: setattr(grid, "sorted_by", ("name", False))) == 1
        assert "NAME ▲" in grid.render_line(0).text


async def test_filtering_and_scrolling_lay_nothing_out_anew():
    async with Table(lambda at: (f"key-{at}", "api-key", "3d")).run_test(size=(80, HEIGHT)) as pilot:
        grid = pilot.app.query_one(Counting)
        grid.show(range(ROWS))
        await pilot.pause()
        layouts = []
        pilot.app.screen.screen_layout_refresh_signal.subscribe(grid, layouts.append)
        grid.action_go(-1)
        grid.show(range(10))
        await pilot.pause()
        assert (grid.scroll_offset.y, grid.virtual_size.height) == (0, 11)
        grid.show(range(ROWS))
        grid.action_page(3)
        await pilot.pause()
        await pilot.pause()
        assert grid.scroll_offset.y > HEIGHT
        assert layouts == []


@pytest.mark.parametrize("rows", [20, 40, 300, 100_000])
async def test_the_bar_is_where_textual_would_paint_it(rows):
    async with Table(lambda at: (f"key-{at}", "api-key", "3d")).run_test(size=(80, HEIGHT)) as pilot:
        grid = pilot.app.query_one(Counting)
        grid.show(range(rows))
        await pilot.pause()
        bar = grid.vertical_scrollbar
        whole = Region(0, 0, 1, HEIGHT)
        for by in (1, HEIGHT, HEIGHT, rows // 7, rows // 3, -1, 1, -HEIGHT, rows):
            grid.action_move(by)
            await pilot.pause()
            painted = bar.render_lines(whole)
            bar.refresh()
            assert painted == bar.render_lines(whole), f"by {by} to {grid.cursor}"


async def test_a_border_is_drawn_round_the_lines():
    table = Table(lambda at: (f"key-{at}", "api-key", "3d"))
    table.CSS = "Counting { border-top: solid red; }"
    async with table.run_test(size=(80, HEIGHT)) as pilot:
        grid = pilot.app.query_one(Counting)
        grid.show(range(9))
        await pilot.pause()
        lines = [strip.text for strip in grid.render_lines(Region(0, 0, 79, HEIGHT))]
        assert lines[0] == "─" * 79
        assert "NAME" in lines[1]
        assert "key-0" in lines[2]


async def test_what_the_app_lays_over_every_line_may_change():
    class Shouts(LineFilter):
        def apply(self, segments, background):  # Textual's signature
            return [Segment(text.upper(), style) for text, style, _ in segments]

    class Loud(Table):
        loud = False

        def get_line_filters(self):
            return [*super().get_line_filters(), *([Shouts()] if self.loud else [])]

    async with Loud(lambda at: (f"key-{at}", "api-key", "3d")).run_test(size=(80, HEIGHT)) as pilot:
        grid = pilot.app.query_one(Counting)
        grid.show(range(9))
        await pilot.pause()
        assert "key-3" in grid.render_line(4).text
        pilot.app.loud = True
        assert "KEY-3" in grid.render_line(4).text


async def test_wide_letters_and_long_texts_keep_the_columns_in_line():
    made = [("地図タイル配信サービス" * 3, "api-key", "3d"), ("x" * 200, "api-key", "400d"), ("", "api-key", ">=3d")]
    async with Table(lambda at: made[at]).run_test(size=(40, 8)) as pilot:
        grid = pilot.app.query_one(Counting)
        grid.show(range(3))
        await pilot.pause()
        strips = [grid.render_line(y) for y in range(4)]
        assert {strip.cell_length for strip in strips} == {grid.size.width}
        assert all(strip.text.rstrip().endswith(("AGE", "d")) for strip in strips)


async def test_columns_give_way_by_priority():
    async with Table(lambda at: ("a", "b", "c")).run_test(size=(24, 6)) as pilot:
        grid = pilot.app.query_one(Counting)
        grid.show(range(2))
        await pilot.pause()
        header = grid.render_line(0).text
        assert "NAME" in header
        assert "AGE" in header
        assert "KIND" not in header


def test_a_filter_over_a_hundred_thousand_rows_asks_only_what_is_left():
    rows = Rows()
    rows.put(columns([row(at) for at in range(2_000)]))
    view = View(rows)
    view.refresh(NOW.timestamp())
    view.look_for("prod", NOW.timestamp())
    first = list(view.order)
    view.look_for("prod maps", NOW.timestamp())
    assert set(view.order) < set(first)
    assert view.order == [at for at in first if "maps" in rows.text(at, "haystack")]
    view.look_for("", NOW.timestamp())
    assert len(view.order) == 2_000


def test_rows_keep_their_numbers_when_they_change_or_return():
    rows = Rows()
    made = [row(at) for at in range(5)]
    rows.put(columns(made))
    key = made[2].id
    assert rows.number(key) == 2
    rows.keep_only({one.id for one in made if one.id != key})
    assert rows.number(key) is None
    assert len(rows) == 4
    assert rows.put(columns([row(2, name="back"), row(9)])) == [2, 5]
    assert rows.text(2, "name") == "back"
    assert len(rows) == 6
