"""A read-only app changes nothing, whatever is pressed; it says why."""

import threading

import pytest

from keyward.tui.actions import Where, of
from keyward.tui.screens.rotation import RotationScreen
from keyward.tui.widgets.dialog import Confirm
from tests.parts import screens
from tests.parts.desk import loaded, shown

SCOPES = sorted(set(Where) - {Where.APP, Where.TABLE})


async def open_screen(app, pilot, where):
    app.action_inventory()
    if (make := screens.made()[where]) is not None:
        app.push_screen(make())
    await loaded(app, pilot)


@pytest.mark.parametrize("where", [*SCOPES, Where.APP])
async def test_no_action_of_the_registry_changes_anything(opened, where):
    desk = screens.desk()
    async with opened(desk, size=(150, 44)) as (app, pilot):
        left = []
        app.exit = lambda *_, **__: left.append(True)
        on = Where.PLAN if where is Where.APP else where
        await open_screen(app, pilot, on)
        screen = app.screen
        for action in of(where):
            if screen not in app.screen_stack:
                await open_screen(app, pilot, on)
                screen = app.screen
            app.go_to(screen)
            if where is Where.PLAN:
                await ready(app, pilot)
            app.clear_notifications()
            await pilot.press(action.keys.split(",")[0])
            await loaded(app, pilot)
            if action.changes:
                said = f"{action.title}: read-only: W switches to write mode."
                assert said in [note.message for note in app._notifications], action.ref
            assert isinstance(app.screen, Confirm) is (action.ref == "app.write_mode"), f"{action.ref} opens no dialog"
            assert not app.write
            assert {name for name, _, _ in desk.asked} <= screens.READS, action.ref
        assert bool(left) is (where in {Where.APP, Where.WELCOME}), (
            "the app itself is left by keys of everywhere, and for the demo"
        )


async def ready(app, pilot):
    """Have the plan accept its place, so that only write mode is missing."""
    app.screen.wish.accepted, app.screen.wish.waived = {"gsm:acme-prod/one"}, set()
    app.screen._replan()
    await loaded(app, pilot)
    assert app.screen._plan.ready, "otherwise this shows nothing"


async def test_what_only_write_mode_does_stands_grey_with_its_reason_in_footer_help_and_palette(opened):
    async with opened(screens.desk(), size=(150, 50)) as (app, pilot):
        await open_screen(app, pilot, Where.HISTORY)
        assert "(U Undo)" in shown(app)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "not now: read-only: W switches to write mode" in shown(app)
        await pilot.press("escape", "colon", *"undo")
        await loaded(app, pilot)
        screen = shown(app)
        assert "(Undo  history.undo  U)" in screen
        assert "Not now: read-only: W switches to write mode" in screen
        await pilot.press("enter")
        await loaded(app, pilot)
        assert "Undo: read-only: W switches to write mode." in [note.message for note in app._notifications]


@pytest.mark.parametrize("where", [Where.HISTORY, Where.RECORD])
async def test_the_view_of_a_run_at_work_opens_again_after_write_mode_was_left(opened, where):
    end = threading.Event()
    desk = screens.desk(go_on=lambda *_, **__: end.wait(20) and ())
    async with opened(desk, size=(150, 44), write=True) as (app, pilot):
        try:
            live = app.runs.go_on("01m7abc")
            await pilot.press("W")
            assert not app.write
            app.push_screen(screens.made()[where]())
            while "(R Resume)" in shown(app) or "R Resume" not in shown(app):
                await pilot.pause(0.02)
            await pilot.press("R")
            await pilot.pause()
            assert isinstance(app.screen, RotationScreen)
            assert app.screen.live is live
        finally:
            end.set()
        await loaded(app, pilot)
        await pilot.press("escape", "R")
        await loaded(app, pilot)
        assert app.screen.where is where, "the run is over: what R does now would change something"
        assert "Resume: read-only: W switches to write mode." in [note.message for note in app._notifications]
        assert [name for name, _, _ in desk.asked].count("go_on") == 1


async def test_nobody_can_begin_a_deed_past_the_actions(opened):
    desk = screens.desk()
    async with opened(desk) as (app, pilot):
        app.push_screen(RotationScreen(app.runs.undo("01m7abc")))
        await loaded(app, pilot)
        assert "This app is read-only; nothing was begun." in shown(app)
        assert not app.feed.acting
        assert {name for name, _, _ in desk.asked} <= screens.READS
