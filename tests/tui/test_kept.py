"""What the app keeps from run to run: how it was left; never anything of a key."""

import contextlib
import json
import os
import re
import stat

import pytest

from keyward.tui.columns import OWN, Choice
from keyward.tui.kept import Kept, Unreadable, holds_key, load, save
from tests.model.shapes import sample
from tests.parts import desk as made
from tests.parts.desk import OK, Desk, loaded, row, shown
from tests.parts.terminal import terminal

ODD = [
    b"", b"{", b"[]", b"null", b'{"form": 2, "filter": "maps"}', b"\xff\xfe", b'{"form": 1' + b" " * 70_000 + b"}", b"[" * 50_000,
]  # fmt: skip


@pytest.fixture
def opened(tmp_path):
    """A function that opens the app with a memory in a folder of its own."""

    @contextlib.asynccontextmanager
    async def open_app(size=(120, 36), desk=None, theme=""):
        from keyward.tui.app import KeywardApp
        from keyward.tui.feed import Seat

        seat = Seat(made.parts(), desk or Desk([row(at) for at in range(20)], [OK], rotations=()))
        app = KeywardApp(lambda cancel: seat, kept=lambda: tmp_path / "state" / "app.json")
        if theme:
            app.theme = theme
        async with app.run_test(size=size) as pilot:
            await loaded(app, pilot)
            yield app, pilot
        app.keeping.end()

    return open_app


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "app.json"


async def test_the_next_run_finds_filter_order_columns_pane_theme_and_screen(opened, file):
    async with opened() as (app, pilot):
        await pilot.press("slash", *"maps", "enter", "w", "w", "s", "k", "enter", "S", "i")
        app.theme = "nord"
        await loaded(app, pilot)
        left = app.screen.left_as("nord", "history")
        order = app.screen.rows.ids(app.screen.grid.order)
        await pilot.press("4", "q")
    assert load(file) == left
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with opened() as (app, pilot):
        await loaded(app, pilot)
        assert app.screen.where == "history"
        assert app.theme == "nord"
        await pilot.press("1")
        await loaded(app, pilot)
        assert app.screen.left_as("nord", "history") == left
        assert app.screen.query_one("#filter").value == app.screen.view.query == "maps"
        assert app.screen.rows.ids(app.screen.grid.order) == order
        assert "columns: age" in shown(app)
        assert not app.screen.query_one("#pane").display
        await pilot.press("q")
    assert load(file).screen == "inventory"


async def test_a_theme_for_the_want_of_colours_is_no_choice_and_the_chosen_one_waits(opened, file):
    save(file, Kept(theme="nord"))
    async with opened(theme="ansi-dark") as (app, pilot):
        assert app.theme == "ansi-dark"
        await pilot.press("w", "q")
    assert (load(file).columns, load(file).theme) == (Choice("wide"), "nord")
    async with opened() as (app, pilot):
        assert app.theme == "nord"


async def test_a_run_in_which_nothing_was_changed_writes_nothing(opened, file):
    async with opened() as (_, pilot):
        await pilot.press("j", "j", "q")
    assert not file.parent.exists()


async def test_it_is_kept_while_the_app_runs_too(opened, file):
    async with opened() as (app, pilot):
        await pilot.press("w")
        app.keeping.pulse()
        await loaded(app, pilot)
        assert load(file).columns == Choice("wide")


@pytest.mark.parametrize("odd", ODD)
async def test_odd_content_is_left_aside_and_said_once(opened, file, odd):
    file.parent.mkdir(mode=0o700)
    file.write_bytes(odd)
    with pytest.raises(Unreadable):
        load(file)
    async with opened(size=(160, 36)) as (app, pilot):
        assert "is not known" in " ".join(str(one.message) for one in app._notifications)
        assert "20 keys" in shown(app)
        await pilot.press("q")
    async with opened() as (app, _):
        assert not list(app._notifications)


def test_what_is_no_file_is_not_waited_for(tmp_path):
    for make in (os.mkfifo, os.mkdir):
        path = tmp_path / make.__name__
        make(path)
        with pytest.raises(Unreadable):
            load(path)
    assert load(tmp_path / "absent") is None


def test_values_of_another_type_are_as_if_they_were_not_there(file):
    file.parent.mkdir(mode=0o700)
    odd = {
        "form": 1,
        "filter": 3,
        "sort": ["age"],
        "reversed": "yes",
        "columns": {"own": 3},
        "pane": 1,
        "theme": None,
        "screen": {},
    }
    file.write_text(json.dumps(odd))
    assert load(file) == Kept()
    file.write_text(json.dumps({"form": 1, "filter": "a\x1b[31m\n", "theme": "x" * 2_000}))
    assert load(file) == Kept(filter="a\ufffd[31m\ufffd")


async def test_names_that_there_are_no_more_are_as_if_they_were_not_there(opened, file):
    save(file, Kept("nofield:x", "nocolumn", True, Choice("nopreset"), False, "notheme", "plan"))
    async with opened() as (app, _):
        assert app.screen.view.query == ""
        assert app.screen.view.column == "age"
        assert app.screen.choice == Choice()
        assert len(app.screen.grid.order) == 20
        assert len(app.screen_stack) == 2


async def test_a_filter_with_a_key_in_it_is_never_kept(opened, file):
    value = sample("google-api-key", 1).decode()
    async with opened() as (app, pilot):
        await pilot.press("w", "slash")
        app.screen.query_one("#filter").value = f"maps {value}"
        await loaded(app, pilot)
        assert app.screen.view.query.endswith(value)
        await pilot.press("enter", "q")
    assert value not in file.read_text()
    assert load(file) == Kept("", "age", False, Choice("wide"), False, "", "inventory")
    assert holds_key(f'name:"{value}"')
    assert not holds_key("project:acme-prod age>90d")


async def test_where_it_cannot_be_written_it_says_so_once_and_goes_on(opened, file):
    file.parent.mkdir(mode=0o700)
    file.mkdir()
    async with opened() as (app, pilot):
        for key in ("w", "w"):
            await pilot.press(key)
            app.keeping.pulse()
            await loaded(app, pilot)
        assert [str(one.title) for one in app._notifications].count("Not kept") == 1


def test_a_choice_of_ones_own_survives(file):
    kept = Kept("a", "id", True, Choice(OWN, ("id", "name"), {"id": 44}), True, "nord", "history")
    file.parent.mkdir(mode=0o700)
    save(file, kept)
    assert load(file) == kept


@pytest.mark.pty
def test_in_a_real_terminal_the_next_run_is_as_the_last_one_was_left(tmp_path):
    (tmp_path / "keyward.toml").touch(0o600)
    for run in (1, 2):
        with terminal(["-m", "keyward"], tmp_path) as term:
            term.wait("First run")
            term.press("\x1b")
            term.wait("^R asks Google Cloud")
            if run == 1:
                term.send("/project:acme-prod\rw")  # in one burst: the last letter is not one of the query
            assert re.search(r"/ project:acme-prod .*columns: wide", term.wait("columns: wide", "project:acme-prod"))
            term.press("q")
            assert term.end() == 0
    kept = tmp_path / "keyward" / "app.json"
    assert (load(kept).filter, load(kept).columns.preset) == ("project:acme-prod", "wide")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
