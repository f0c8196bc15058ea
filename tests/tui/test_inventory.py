"""The list of keys: what it shows, filters, sorts, marks and says when there is nothing to list."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from textual.widgets import Input

from keyward.desk.wish import ScanSummary
from keyward.model.errors import AnotherWorld
from keyward.model.events import RowsChanged, SourceDone
from keyward.tui.messages import Arrived
from keyward.tui.widgets.grid import Grid
from keyward.tui.widgets.pane import Pane
from tests.parts.desk import DAY, DENIED, DISABLED, NOW, OK, Cache, Desk, columns, loaded, row, shown


def rows(number):
    return [row(at) for at in range(number)]


async def until(pilot, holds):
    """Wait until that is so."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it did not come to be"
        await pilot.pause(0.01)


async def test_it_lists_cached_keys_at_once_with_age_last_use_places_and_state(opened):
    made = [
        row(1, name="old-one", created=NOW.timestamp() - 400 * 86_400, last_used_status="never"),
        row(
            2, name="seen-only", created=None, first_seen=NOW.timestamp() - 41 * 86_400, last_used_status="not_scanned"
        ),
        row(3, name="", last_used_status="denied", places=0),
        row(4, name="off", state="disabled", source_status="stale"),
    ]
    async with opened(Desk(made, [OK]), size=(160, 30)) as (app, _):
        lines = {line.split()[0].lstrip(">"): line for line in shown(app).splitlines() if "key " in line}
        screen = shown(app)
        assert "400d" in screen
        assert ">=41d" in screen
        assert "not asked" in screen
        assert "denied" in screen
        assert "none seen" in screen
        assert "disabled, st" in screen
        assert "4 keys" in screen
        assert lines


async def test_the_top_line_names_world_mode_coverage_and_age(opened):
    async with opened(Desk(rows(3), [OK, DENIED, DISABLED])) as (app, _):
        top = shown(app).splitlines()[0]
        assert "EMULATOR" in top
        assert "READ-ONLY" in top
        assert "3 keys" in top
        assert "1 source denied, 1 disabled" in top
        assert "scanned" in top


async def test_no_emulator_no_word(opened):
    async with opened(Desk(rows(3), [OK]), world="google", write=True) as (app, _):
        top = shown(app).splitlines()[0]
        assert "EMULATOR" not in top
        assert "google" in top
        assert "WRITE" in top


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (80, 24), (200, 50)])
async def test_emulator_and_names_fit_every_size(opened, size):
    async with opened(Desk(rows(30), [OK, DENIED]), size=size) as (app, _):
        lines = shown(app).splitlines()
        assert "EMULATOR" in lines[0]
        assert "NAME" in lines[2]
        assert "AGE" in lines[2]
        assert ("restricted" in "\n".join(lines)) is (size[0] >= 120)


async def test_the_filter_narrows_counts_underlines_and_escape_clears(opened):
    async with opened(Desk(rows(40), [OK])) as (app, pilot):
        await pilot.press("slash", *"maps")
        await loaded(app, pilot)
        grid = app.screen.query_one(Grid)
        assert 0 < len(grid.order) < 40
        assert all("maps" in app.screen.rows.text(at, "name") for at in grid.order)
        assert f"{len(grid.order)} of 40" in shown(app)
        assert grid.needle == "maps"
        await pilot.press("escape")
        await loaded(app, pilot)
        assert len(grid.order) == 40
        assert app.focused is not grid, "the query is empty, and another can be typed"
        await pilot.press("escape")
        assert app.focused is grid


async def test_taking_letters_back_gives_the_same_rows_as_typing_anew(opened):
    async with opened(Desk(rows(60), [OK])) as (app, pilot):
        grid = app.screen.query_one(Grid)
        await pilot.press("slash", *"prod")
        await loaded(app, pilot)
        before = list(grid.order)
        await pilot.press("x", "backspace")
        await loaded(app, pilot)
        assert list(grid.order) == before != []


async def test_a_bad_query_says_the_column_and_leaves_the_rows(opened):
    async with opened(Desk(rows(10), [OK])) as (app, pilot):
        await pilot.press("slash", *"age")
        await pilot.press("greater_than_sign", "9")
        await loaded(app, pilot)
        assert "column 5" in shown(app)
        assert app.screen.view.query == "age"


async def test_no_match_and_nothing_known_are_different_words(opened):
    async with opened(Desk(rows(5), [OK])) as (app, pilot):
        await pilot.press("slash", *"zzzz")
        await loaded(app, pilot)
        assert "No key matches." in shown(app)
    async with opened(Desk([], [OK, DENIED]), world="google") as (app, pilot):
        await pilot.press("escape")
        await loaded(app, pilot)
        assert "No key was found." in shown(app)
        assert "1 source denied" in shown(app)


async def test_marks_stay_on_their_keys_through_sorting_and_filters(opened):
    async with opened(Desk(rows(20), [OK])) as (app, pilot):
        await pilot.press("space", "space")
        grid = app.screen.query_one(Grid)
        marked = set(app.screen.rows.ids(grid.marks))
        await pilot.press("s", "down", "enter", "S")
        await loaded(app, pilot)
        assert app.screen.view.column == "use"
        assert app.screen.view.reversed
        assert set(app.screen.rows.ids(grid.marks)) == marked
        assert len(marked) == 2
        assert "2 marked" in shown(app)
        await pilot.press("u")
        assert "marked" not in shown(app)


async def test_the_cursor_stays_on_its_key_when_rows_change_places(opened):
    async with opened(Desk(rows(20), [OK])) as (app, pilot):
        await pilot.press("j", "j", "j")
        grid = app.screen.query_one(Grid)
        key = app.screen.rows.text(grid.row, "id")
        await pilot.press("S")
        await loaded(app, pilot)
        assert app.screen.rows.text(grid.row, "id") == key


async def test_sorting_puts_what_is_unknown_last(opened):
    made = [row(1, created=None, first_seen=NOW.timestamp()), row(2), row(3)]
    async with opened(Desk(made, [OK])) as (app, pilot):
        grid = app.screen.query_one(Grid)
        assert grid.order[-1] == 0
        await pilot.click(Grid, offset=(4, 0))
        await loaded(app, pilot)
        assert app.screen.view.column == "name"


async def test_letters_of_the_query_start_nothing(opened):
    async with opened(Desk(rows(5), [OK])) as (app, pilot):
        await pilot.press("slash", "r", "d", "q", "u", "4", "slash", "asterisk", "space")
        await loaded(app, pilot)
        assert app.screen.query_one("#filter", Input).value == "rdqu4/* "
        assert len(app.screen_stack) == 2


async def test_a_scan_streams_rows_and_ends_with_coverage(opened):
    desk = Desk([], [], None)

    def scan(wish, report, cancel):
        made = rows(7)
        desk._cache = Cache(made, [OK, DENIED])
        report(RowsChanged(tuple(one.id for one in made)))
        report(SourceDone(OK))
        cancel.wait(0.5)
        return ScanSummary(NOW, (OK, DENIED), 7)

    desk._answers["scan"] = scan
    async with opened(desk) as (app, pilot):
        await loaded(app, pilot)
        assert [name for name, _, _ in desk.asked] == ["scan"], "the demo scans once by itself when nothing is cached"
        assert "7 keys" in shown(app)
        assert "1 source denied" in shown(app)


async def test_rows_of_a_running_scan_change_in_place_and_only_they_are_read(opened):
    made, told = rows(300), threading.Event()
    desk = Desk(made, [OK])

    def scan(wish, report, cancel):
        used = [
            replace(made[at], last_used_status="used", last_used_at=NOW.timestamp(), name="now") for at in (1, 2, 9)
        ]
        new = row(900, created=NOW.timestamp() - 9_000 * DAY, name="oldest")
        desk._cache = Cache([*(one for one in made if one.id not in {each.id for each in used}), *used, new], [OK])
        desk._cache.chunks = None  # nobody reads everything because of four keys
        for one in (*used, new):
            report(RowsChanged((one.id,)))
        assert told.wait(20)
        desk._cache = Cache(desk._cache._rows, [OK])
        return ScanSummary(NOW, (OK,), 301)

    desk._answers["scan"] = scan
    async with opened(desk) as (app, pilot):
        screen, grid = app.screen, app.screen.query_one(Grid)
        await pilot.press("slash", *"google", "enter", "j", "j", "j")
        await pilot.pause()
        key, at = screen.rows.text(grid.row, "id"), grid.cursor
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(screen.rows) == 301 and screen.rows.text(9, "name") == "now")
        assert app.feed.scanning
        assert (screen.rows.text(grid.row, "id"), grid.cursor) == (key, at + 1), "another came above it"
        assert screen.rows.text(grid.order[0], "name") == "oldest"
        assert "301 of 301" in shown(app)
        assert "301 keys" in shown(app)
        told.set()
        await loaded(app, pilot)
        assert len(grid.order) == 301


async def test_what_a_scan_tells_within_a_moment_comes_as_one(opened):
    made, told = rows(30), threading.Event()
    desk, came = Desk(made, [OK]), []

    def scan(wish, report, cancel):
        desk._cache = Cache([replace(one, name="now") for one in made], [OK])
        for one in made:
            report(RowsChanged((one.id,)))
        assert told.wait(20)
        return ScanSummary(NOW, (OK,), 30)

    desk._answers["scan"] = scan
    async with opened(desk) as (app, pilot):
        real = app.screen._put
        app.screen._put = lambda columns, **how: came.append(len(columns.id)) or real(columns, **how)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: sum(came) >= 30)
        batches = list(came)
        told.set()
        await loaded(app, pilot)
    assert len(batches) <= 3, "each event came by itself"


async def test_a_second_ctrl_r_stops_the_scan_and_keeps_the_rows(opened):
    desk = Desk(rows(3), [OK])

    def scan(wish, report, cancel):
        assert cancel.wait(20), "nobody stopped it"
        return ScanSummary(NOW, (OK,), 3, cancelled=True)

    desk._answers["scan"] = scan
    async with opened(desk) as (app, pilot):
        await pilot.press("ctrl+r")
        async with asyncio.timeout(20):
            while "scanning" not in shown(app):
                await pilot.pause(0.05)
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "3 keys" in shown(app)
        assert not app.feed.scanning


async def test_a_scan_that_takes_a_while_to_stop_says_so_all_the_time(opened):
    desk, stopped = Desk(rows(3), [OK]), threading.Event()

    def scan(wish, report, cancel):
        assert stopped.wait(20)
        return ScanSummary(NOW, (OK,), 3, cancelled=True)

    desk._answers["scan"] = scan
    async with opened(desk) as (app, pilot):
        pulses, real = [], app.feed.drain
        app.feed.drain = lambda *told: pulses.append(told) or real(*told)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: pulses)
        await pilot.press("ctrl+r")
        pulses.clear()
        await until(pilot, lambda: len(pulses) > 3)
        assert "stopping ..." in shown(app)
        stopped.set()
        await loaded(app, pilot)
        assert "stopping" not in shown(app)


async def test_an_error_says_what_happened_and_what_to_do(opened):
    desk = Desk(rows(1))
    desk.cache = lambda: (_ for _ in ()).throw(AnotherWorld("The cache is of [another] world.", hint="Do [this]."))
    async with opened(desk) as (app, _):
        assert "Another world: The cache is of [another] world." in shown(app)
        assert "Do [this]." in shown(app)


async def test_rows_that_vanished_are_not_listed_any_more(opened):
    desk = Desk(rows(5), [OK])
    async with opened(desk) as (app, pilot):
        desk._cache = Cache(rows(3), [OK])
        app.reload()
        await loaded(app, pilot)
        assert "3 keys" in shown(app)
        assert len(app.screen.query_one(Grid).order) == 3


async def test_coverage_lists_what_was_not_read_first_with_the_permission(opened):
    async with opened(Desk(rows(5), [OK, DENIED, DISABLED])) as (app, pilot):
        await pilot.press("d")
        await loaded(app, pilot)
        lines = shown(app).splitlines()
        heading = next(number for number, line in enumerate(lines) if "SOURCE" in line)
        assert "google-api-keys:acme-secret" in lines[heading + 1]
        assert "apikeys.keys.list" in shown(app)
        assert "Cannot be listed: OAuth clients." in shown(app)
        await pilot.press("escape")
        assert "NAME" in shown(app)


async def test_a_terminal_that_becomes_wide_has_a_pane_with_the_key_under_the_cursor(opened):
    async with opened(Desk(rows(3), [OK]), size=(80, 24)) as (app, pilot):
        assert "restricted" not in shown(app)
        await pilot.resize_terminal(140, 30)
        await loaded(app, pilot)
        assert "restricted" in shown(app), "before the cursor was moved"


async def test_the_pane_follows_a_scan_once_a_second_and_ends_with_the_newest(opened, monkeypatch):
    told = []
    tell = Pane.tell
    monkeypatch.setattr(Pane, "tell", lambda pane, title, facts: (told.append(title), tell(pane, title, facts)))
    async with opened(Desk(rows(3), [OK]), size=(140, 36)) as (app, pilot):
        number = app.screen.grid.row
        app.feed.scanning = True
        told.clear()
        for at in range(8):
            app.screen.on_arrived(Arrived(columns([row(number, name=f"name-{at}")])))
            await pilot.pause(0.05)
        assert len(told) <= 1
        await pilot.pause(1.1)
        assert told[-1] == "name-7"
        assert len(told) <= 2


async def test_a_stale_key_says_in_the_pane_from_when_it_is_and_what_became_of_its_source(opened):
    old = row(1, id="google-api-keys:acme-secret/k1", scope="acme-secret", source_status="stale")
    source = replace(DENIED, stale_since=NOW - timedelta(days=2))
    async with opened(Desk([old], [source]), size=(140, 30)) as (app, _):
        assert "as it was on 2026-11-18" in shown(app)
        assert "its source is denied" in " ".join(shown(app).split())


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_that_a_scan_goes_on_is_said_as_long_as_there_is_room_for_a_word(opened, width):
    async with opened(Desk(rows(3), [OK]), size=(width, 24)) as (app, pilot):
        app.tell(title="A title", production=True, busy="scanning, 3/1,000 read, apikeys quota at 12:00:40")
        await pilot.pause()
        assert "scanning" in shown(app).splitlines()[0]
