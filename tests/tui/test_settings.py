"""The settings, with place and trust, filtered and explained; nothing is written."""

import pytest
from textual.widgets import Input

from keyward.desk.configured import Setting
from keyward.model.errors import SettingsError
from keyward.tui.screens.leaf import Leaf
from keyward.tui.screens.settings import SettingsScreen
from keyward.tui.widgets.grid import Grid
from tests.parts.desk import Desk, loaded, row, shown

SETTINGS = (
    Setting("scan.workers", "7", "file /h/keyward.toml:3", "your own file: may set everything", "calls [/at] once",
            "[scan]\nworkers = 7", anyone=True),
    Setting("rotation.grace", "1d", "default", "built in", "how long both keys work", '[rotation]\ngrace = "1d"'),
    Setting("notify.urls", "json://…", "file /h/keyward.toml:9", "your own file: may set everything", "addresses",
            '[notify]\nurls = ["..."]', secret=True),
)  # fmt: skip


@pytest.fixture
def settings(opened):
    def make(size=(120, 36)):
        return opened(Desk([row(1)], configured=SETTINGS), size=size)

    return make


async def test_each_setting_is_told_with_its_value_place_and_trust(settings):
    async with settings(size=(160, 30)) as (app, pilot):
        await pilot.press("6")
        await loaded(app, pilot)
        line = next(line for line in shown(app).splitlines() if "scan.workers" in line)
        assert "7" in line
        assert "/h/keyward.toml:3" in line
        assert "your own file" in line
        assert "3, 2 set" in shown(app)


@pytest.mark.parametrize("size", [(60, 16), (120, 36)])
async def test_enter_explains_and_shows_the_lines_to_write(settings, size):
    async with settings(size) as (app, pilot):
        await pilot.press("6")
        await loaded(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Leaf)
        lines = shown(app).splitlines()
        assert any("calls [/at] once" in line for line in lines), "brackets stay brackets"
        at = lines.index("[scan]")
        assert lines[at + 1] == "workers = 7", "they stand alone, to be copied by hand"
        await pilot.press("escape", "j", "y")
        await pilot.pause()
        assert 'grace = "1d"' in shown(app).splitlines()


async def test_the_filter_narrows_escape_clears_it_and_then_goes_back(settings):
    async with settings() as (app, pilot):
        await pilot.press("6")
        await loaded(app, pilot)
        await pilot.press("slash", *"own", "slash")
        assert app.screen.query_one("#find", Input).value == "own/", "a slash in the filter is a slash"
        await pilot.press("backspace")
        await pilot.pause()
        assert list(app.screen.query_one(Grid).order) == [0, 2]
        assert "2 of 3, 2 set" in shown(app)
        await pilot.press(*"xyz")
        await pilot.pause()
        assert "No setting matches" in shown(app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, SettingsScreen)
        assert list(app.screen.query_one(Grid).order) == [0, 1, 2]
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, SettingsScreen)


async def test_a_secret_one_says_that_it_is_never_shown(settings):
    async with settings() as (app, pilot):
        await pilot.press("6")
        await loaded(app, pilot)
        await pilot.press("G", "enter")
        await pilot.pause()
        assert "its value is never shown" in shown(app)


async def test_settings_that_cannot_be_used_say_file_and_line(opened):
    error = SettingsError("there is no section [scam].", file="/h/keyward.toml", line=4, hint="Did you mean scan?")
    async with opened(Desk([row(1)], configured=error)) as (app, pilot):
        await pilot.press("6")
        await loaded(app, pilot)
        screen = shown(app)
        assert "/h/keyward.toml" in screen
        assert "[scam]" in screen
        assert "Did you mean scan?" in screen
