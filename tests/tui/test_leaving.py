"""Leaving: at once, unless a rotation is being worked on."""

import threading

import pytest

from keyward.tui.screens.rotation import RotationScreen
from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.question import Question
from tests.parts import screens
from tests.parts.desk import OK, Desk, loaded, row, shown


@pytest.fixture
def at_work():
    """A desk whose rotation goes on until it is told to end, and that telling."""
    end = threading.Event()
    yield (
        Desk([row(1)], [OK], go_on=lambda *_, **__: end.wait(20) and (), rotations=(), history=screens.history("r1")),
        end,
    )
    end.set()


async def test_q_leaves_at_once_when_nothing_is_being_done(opened):
    async with opened(Desk([row(1)], [OK]), write=True) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running or app._exit


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_it_asks_while_a_rotation_is_being_worked_on_and_staying_is_the_default(opened, at_work, key):
    desk, end = at_work
    async with opened(desk, write=True) as (app, pilot):
        app.push_screen(RotationScreen(app.runs.go_on("r1")))
        await pilot.pause()
        await pilot.press(key, "enter", key)
        await pilot.pause()
        assert isinstance(app.screen, Question), "what is typed behind it answers nothing"
        assert "The rotation stays resumable" in " ".join(shown(app).split()).replace("│ │ ", "")
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, RotationScreen)
        assert not app._exit
        await pilot.press(key)
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert app._exit
        end.set()


async def test_it_asks_no_more_when_the_work_has_ended(opened, at_work):
    desk, end = at_work
    async with opened(desk, write=True) as (app, pilot):
        app.push_screen(RotationScreen(app.runs.go_on("r1")))
        await pilot.pause()
        end.set()
        await loaded(app, pilot)
        await pilot.press("q")
        await pilot.pause()
        assert app._exit
