"""The first run: what was found, what is chosen of it, and that nothing is written or scanned before somebody agrees."""

import threading
import tomllib
from pathlib import Path

import pytest

from keyward.desk.beginning import Beginning, Choice
from keyward.desk.wish import Check, ScanSummary
from keyward.model.errors import NotAllowed
from keyward.tui.screens.leaf import Leaf
from keyward.tui.screens.welcome import WelcomeScreen
from keyward.tui.widgets.agree import Agree
from keyward.tui.widgets.deaf import ARMED_AFTER
from tests.parts.desk import NOW, Desk, loaded, shown
from tests.parts.desk import app as made_app

FILE = Path("/h/config/keyward.toml")
LINES = (
    (Check("env", "/h/apps", "yes", "3 env and key files"), Choice("env", "/h/apps")),
    (Check("env", "/h/src", "unknown", "there; not looked into"), Choice("env", "/h/src", wanted=False)),
    (Check("keyring", "keyring", "yes", "can be read; no entry was looked at"), Choice("keyring", "*")),
    (Check("local", "shell", "yes", "/h/.bashrc"), Choice("local", "shell")),
)
NO_GOOGLE = ([Check("google", "credentials", "no", "No Google credentials were found.", "gcloud auth login")], False)
GOOGLE = (
    [
        Check("google", "credentials", "yes", "user ana@acme.example"),
        Check("google", "projects", "yes", "14 can be seen"),
    ],
    True,
)


def begun(lines=LINES, *, exists=False):
    return Beginning(tuple(one for one, _ in lines), FILE, exists, "unused", (), tuple(one for _, one in lines))


@pytest.fixture
def first(opened):
    """The app where nothing was ever scanned; gives the desk too."""

    def make(here=None, google=NO_GOOGLE, size=(100, 30), **more):
        answers = {"write_settings": lambda begun: begun.file, "scan": lambda *_: ScanSummary(NOW, ()), **more}
        desk = Desk([], scanned_at=None, look_here=here or begun(), look_at_google=google, **answers)
        return desk, opened(desk, size=size, world="google")

    return make


def did(desk, name):
    return [one[1] for one in desk.asked if one[0] == name]


async def agreed(pilot):
    await pilot.press("enter")
    await pilot.pause(ARMED_AFTER + 0.1)
    assert isinstance(pilot.app.screen, Agree)
    await pilot.press("tab", "enter")
    await loaded(pilot.app, pilot)


@pytest.mark.parametrize("size", [(60, 16), (100, 30)])
async def test_it_says_what_was_found_and_what_would_be_written(first, size):
    _, opening = first(size=size)
    async with opening as (app, pilot):
        assert isinstance(app.screen, WelcomeScreen)
        screen = shown(app)
        assert "Found without reading a value." in screen
        for words in ("[x] env", "[ ] env", "[x] keyring", "[x] local", "3 env and key files", "none"):
            assert words in screen
        await pilot.press("enter")
        await pilot.pause(ARMED_AFTER + 0.1)
        screen = shown(app)
        assert str(FILE) in screen
        assert "[[env]]" in screen or "# What keyward looks at" in screen
        assert app.focused.id == "cancel"


async def test_space_chooses_and_only_what_is_chosen_is_written_and_scanned(first):
    desk, opening = first()
    async with opening as (app, pilot):
        await pilot.press("space", "space")  # the first folder out, the second in
        await agreed(pilot)
        (written,) = did(desk, "write_settings")
        assert tomllib.loads(written[0].proposed) == {
            "env": [{"path": "/h/src"}],
            "keyring": {"services": ["*"]},
            "local": {"read": ["shell"]},
        }
        (scan,) = did(desk, "scan")
        assert scan[0].local, "no cloud is asked where there are no credentials"
        assert not isinstance(app.screen, WelcomeScreen)


async def test_google_is_a_line_of_its_own_that_can_be_left_out(first):
    for keys, local in (((), False), (("g", "j", "space"), True)):
        desk, opening = first(google=GOOGLE)
        async with opening as (app, pilot):
            assert "14 can be seen" in shown(app)
            await pilot.press(*keys)
            await agreed(pilot)
            (scan,) = did(desk, "scan")
            assert scan[0].local is local


async def test_nothing_happens_to_enter_typed_ahead_and_escape_changes_nothing(first, monkeypatch):
    monkeypatch.setattr("keyward.tui.widgets.deaf.ARMED_AFTER", 60)  # a busy machine is not faster than that
    desk, opening = first()
    async with opening as (app, pilot):
        await pilot.press("enter", "tab", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Agree), "it heard nothing in the first moment"
        assert not did(desk, "write_settings")
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("escape")
        await loaded(app, pilot)
        assert "Nothing was scanned yet." in shown(app)
        assert not did(desk, "write_settings")
        assert not did(desk, "scan")


async def test_a_file_that_is_there_is_not_written_and_what_it_names_is_scanned(first):
    desk, opening = first(here=begun(exists=True))
    async with opening as (app, pilot):
        assert "is there and stays as it is" in shown(app)
        assert "[x]" not in shown(app)
        await agreed(pilot)
        assert not did(desk, "write_settings")
        (scan,) = did(desk, "scan")
        assert scan[0].local, "as the question said"


async def test_one_that_came_meanwhile_stays_and_is_told(first):
    desk, opening = first(write_settings=NotAllowed("it is there already; it was not touched."))
    async with opening as (app, pilot):
        await agreed(pilot)
        assert "it was not touched" in shown(app)
        assert "[x] keyring" in shown(app), "what was chosen is still there"
        assert not did(desk, "scan")


async def test_nothing_found_still_says_what_can_be_done(first):
    desk, opening = first(here=begun(()), size=(60, 16))
    async with opening as (app, pilot):
        screen = " ".join(shown(app).split())
        assert "o names a folder, D opens the demo" in screen
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, WelcomeScreen)
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, Leaf)
        assert "gcloud auth login" in shown(app)
        assert not did(desk, "scan")


async def test_d_leaves_for_the_demo(first):
    _, opening = first()
    async with opening as (app, pilot):
        await pilot.press("D")
        await pilot.pause()
        assert app.demo


async def test_what_google_says_later_does_not_move_the_cursor_from_its_line(first):
    go = threading.Event()
    desk, _ = first(google=lambda _stop: go.wait(20) and GOOGLE)
    app = made_app(desk, world="google")
    async with app.run_test(size=(100, 30)) as pilot:
        while "/h/apps" not in shown(app):
            await pilot.pause(0.01)
        await pilot.press("j")
        assert app.screen._chosen().check.what == "/h/src"
        go.set()
        await loaded(app, pilot)
        assert "14 can be seen" in shown(app)
        await pilot.press("space")
        await loaded(app, pilot)
        assert "[x] env      /h/src" in shown(app), "space chose the line that was under the cursor"


async def test_where_something_was_scanned_before_it_does_not_come_again(opened):
    async with opened(Desk([], scanned_at=NOW), world="google") as (app, _):
        assert not isinstance(app.screen, WelcomeScreen)
        assert "No key was found." in shown(app)


@pytest.mark.parametrize("size", [(60, 16), (100, 30)])
async def test_a_tick_is_a_letter_and_not_a_colour(opened, size):
    async with opened(Desk([], scanned_at=NOW), world="google", size=size) as (app, pilot):
        await pilot.press("o", "tab")
        await pilot.pause()
        assert "[ ] Look into the OS keyring too" in shown(app)
        await pilot.press("space")
        await pilot.pause()
        assert "[x] Look into the OS keyring too" in shown(app)


async def test_keys_typed_ahead_of_the_question_for_a_folder_write_nothing(opened, monkeypatch):
    monkeypatch.setattr("keyward.tui.widgets.deaf.ARMED_AFTER", 60)  # a busy machine is not faster than that
    answers = {"remember_local": FILE, "scan": lambda *_: ScanSummary(NOW, ())}
    desk = Desk([], scanned_at=NOW, **answers)
    async with opened(desk, world="google") as (app, pilot):
        await pilot.press("o", "enter", "space", "tab", "tab", "enter")
        await loaded(app, pilot)
        assert "[x] Look into the OS keyring too" in shown(app)
        assert did(desk, "remember_local") == []
        app.screen._arm()
        await pilot.press("tab", "tab", "enter")
        await loaded(app, pilot)
        assert len(did(desk, "remember_local")) == 1, "otherwise this shows nothing"
