"""Questions before something irreversible: nothing typed ahead answers them."""

import pytest
from textual.widgets import Button, Input

from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.dialog import Confirm
from tests.parts.desk import Desk, row

PHRASE = "rotate 1 in p"
KEYS = [*"rotate", "space", "1", "space", *"in", "space", "p"]


@pytest.fixture
def asked(opened):
    """The dialog on an app, and the answers that it gave."""

    async def ask(pilot):
        answers = []
        pilot.app.push_screen(Confirm("title [/b]", "text [red]", PHRASE), answers.append)
        await pilot.pause()
        return answers

    return ask


async def test_it_opens_disarmed_with_cancel_focused(opened, asked):
    async with opened(Desk([row(1)])) as (app, pilot):
        answers = await asked(pilot)
        assert app.focused.id == "cancel"
        await pilot.press("enter", "y", "enter", "tab", "space", "enter")
        assert isinstance(app.screen, Confirm), "nothing typed ahead closed it"
        assert answers == []


async def test_what_was_typed_too_early_is_forgotten(opened, asked, monkeypatch):
    monkeypatch.setattr("keyward.tui.widgets.deaf.ARMED_AFTER", 60)  # a busy machine is not faster than that
    async with opened(Desk([row(1)])) as (app, pilot):
        await asked(pilot)
        app.screen.set_focus(app.screen.query_one(Input))
        await pilot.press(*KEYS)
        assert app.screen.query_one("#apply", Button).disabled
        app.screen._arm()
        await pilot.pause()
        assert app.screen.query_one("#apply", Button).disabled


async def test_enter_never_confirms_and_the_phrase_alone_does_not_either(opened, asked):
    async with opened(Desk([row(1)])) as (app, pilot):
        answers = await asked(pilot)
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press(*KEYS)
        assert app.screen.query_one(Input).value == PHRASE
        assert answers == []
        await pilot.press("enter")
        assert answers == [], "Enter in the phrase only moves on"
        assert app.focused.id == "apply"
        await pilot.press("enter")
        assert answers == [True]


async def test_a_nearly_right_phrase_does_nothing(opened, asked):
    async with opened(Desk([row(1)])) as (app, pilot):
        answers = await asked(pilot)
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press(*KEYS, "x", "enter", "enter")
        assert answers == []
        assert app.screen.query_one("#apply", Button).disabled


async def test_cancel_and_escape_answer_no(opened, asked):
    async with opened(Desk([row(1)])) as (_, pilot):
        for key in ("escape", "enter"):
            answers = await asked(pilot)
            await pilot.pause(ARMED_AFTER + 0.1)
            await pilot.press(key)
            await pilot.pause()
            assert answers == [False], key


async def test_write_mode_needs_the_word_and_is_left_at_once(opened):
    async with opened(Desk([row(1)])) as (app, pilot):
        await pilot.press("W")
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press(*"write", "enter", "enter")
        await pilot.pause()
        assert app.write
        await pilot.press("W")
        assert not app.write
