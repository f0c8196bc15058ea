"""The doctor and what it can mend: lines as they come, the command of a line, nothing mended without the phrase."""

import threading

import pytest

from keyward.desk.wish import Check, Mended
from keyward.model.errors import Held, Interrupted, NotConfigured
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.tui.screens.doctor import DoctorScreen
from keyward.tui.screens.leaf import Leaf
from keyward.tui.screens.mending import MendingScreen
from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.dialog import Confirm
from keyward.tui.widgets.grid import Grid
from tests.parts import found
from tests.parts.desk import DENIED, Desk, loaded, row, shown

COMMAND = "gcloud projects add-iam-policy-binding acme-prod --member=user:ana@acme.example --role=roles/x[y]"
LINES = (
    Check("settings", "settings file", "yes", "none; the defaults hold"),
    Check("google", "permissions in acme-prod", "no", "apikeys.keys.list is missing", COMMAND),
)
TROUBLES = (
    Trouble(Wrong.ORPHAN, "google-api-keys:acme-prod/1", "a live key of nobody", mending="it is deleted"),
    Trouble(Wrong.STUCK, "01J", "waits for a person", todo="look at it"),
)


def doctor(*areas):
    """A doctor that tells these areas."""

    def look(hear, _stop):
        for area in areas:
            hear(area)
        return areas

    return look


async def opened_on(app, pilot, key="5"):
    await pilot.press(key)
    await loaded(app, pilot)


async def test_each_line_has_its_state_in_letters_and_y_hands_over_the_exact_command(opened):
    async with opened(Desk([row(1)], doctor=doctor(LINES)), size=(100, 30)) as (app, pilot):
        await opened_on(app, pilot)
        screen = shown(app)
        assert "1 ok · 1 MISSING" in screen
        assert "still looking" not in screen
        assert "terminal" in screen
        assert "100x30" in screen
        await pilot.press("y")
        assert isinstance(app.screen, DoctorScreen), "a line that is fine has no command"
        await pilot.press("j", "y")
        await pilot.pause()
        assert isinstance(app.screen, Leaf)
        assert COMMAND in "".join(line.strip() for line in shown(app).splitlines())
        await pilot.press("escape")
        assert isinstance(app.screen, DoctorScreen)


async def test_lines_show_while_others_are_looked_at_and_leaving_stops_the_looking(opened):
    stopped, told = threading.Event(), threading.Event()

    def look(hear, stop):
        hear(LINES[:1])
        told.set()
        assert stop.wait(20), "nobody stopped it"
        stopped.set()

    async with opened(Desk([row(1)], doctor=look)) as (app, pilot):
        await pilot.press("5")
        while not told.is_set() or "settings file" not in shown(app):
            await pilot.pause(0.01)
        assert "still looking" in shown(app)
        await pilot.press("escape")
        await loaded(app, pilot)
        assert stopped.is_set()


async def test_looking_again_forgets_what_the_look_before_still_says(opened):
    hears = []

    def look(hear, stop):
        hears.append(hear)
        if len(hears) == 1:
            assert stop.wait(20), "nobody stopped it"
            hear([Check("cache", "LATE", "no")])
        else:
            hear(LINES)

    async with opened(Desk([row(1)], doctor=look)) as (app, pilot):
        await pilot.press("5")
        while not hears:
            await pilot.pause(0.01)
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "LATE" not in shown(app)
        assert "1 ok · 1 MISSING" in shown(app)


async def test_what_stops_the_doctor_is_a_line_and_the_terminal_is_still_told(opened):
    async with opened(Desk([row(1)], doctor=NotConfigured("no [settings", hint="do this"))) as (app, pilot):
        await opened_on(app, pilot)
        lines = [line for line in shown(app).splitlines() if "no [settings" in line]
        assert "MISSING" in lines[0]
        assert len(lines) == 2, "a line of the list, and the same in full below; nothing over it"
        assert "120x36" in shown(app)


async def test_lines_that_come_do_not_move_the_cursor_from_its_line(opened):
    go, told = threading.Event(), threading.Event()

    def look(hear, _stop):
        hear(LINES[:1])
        told.set()
        assert go.wait(20)
        hear(LINES[1:])

    async with opened(Desk([row(1)], doctor=look)) as (app, pilot):
        await pilot.press("5")
        while not told.is_set() or "settings file" not in shown(app):
            await pilot.pause(0.01)
        await pilot.press("j")
        line = app.screen._chosen()
        assert (line.area, line.what) == ("terminal", "size")
        go.set()
        await loaded(app, pilot)
        assert "permissions in acme-prod" in shown(app)
        assert app.screen._chosen().what == "size"


async def mending(app, pilot):
    await opened_on(app, pilot)
    await pilot.press("m")
    await loaded(app, pilot)
    assert isinstance(app.screen, MendingScreen)


@pytest.mark.parametrize("size", [(60, 16), (120, 36)])
async def test_what_would_be_mended_is_listed_and_a_read_only_app_mends_nothing(opened, size):
    desk = Desk([row(1)], doctor=doctor(LINES), troubles=TROUBLES, mend=())
    async with opened(desk, size=size) as (app, pilot):
        await mending(app, pilot)
        screen = shown(app)
        assert "orphan" in screen
        assert "2 found, 1 can be mended" in screen
        assert " a Mend these" not in screen.splitlines()[-1], "grey and in brackets, or left out"
        await pilot.press("a")
        await pilot.pause(ARMED_AFTER + 0.1)
        assert isinstance(app.screen, MendingScreen)
        assert not [one for one in desk.asked if one[0] == "mend"]


async def test_the_phrase_mends_what_was_shown_and_says_what_came_of_it(opened):
    desk = Desk(
        [row(1)], doctor=doctor(LINES), troubles=TROUBLES, mend=(Mended(TROUBLES[0].subject, "deleted it", ok=True),)
    )
    async with opened(desk, write=True, size=(140, 36)) as (app, pilot):
        await mending(app, pilot)
        await pilot.press("a", "enter", "enter")
        await pilot.pause(ARMED_AFTER + 0.1)
        if not isinstance(app.screen, Confirm):
            await pilot.press("a")
            await pilot.pause(ARMED_AFTER + 0.1)
        assert not [one for one in desk.asked if one[0] == "mend"], "Enter typed ahead mends nothing"
        await pilot.press(*"mend", "space", "1", "enter", "enter")
        await loaded(app, pilot)
        assert [one[1][0] for one in desk.asked if one[0] == "mend"] == [[TROUBLES[0]]], "only what can be mended"
        screen = shown(app)
        assert "1 mended" in screen
        assert "deleted it" in screen
        await pilot.press("a")
        assert not isinstance(app.screen, Confirm), "it is not mended twice"


async def test_a_mending_that_failed_says_why_and_it_can_be_looked_again(opened):
    desk = Desk([row(1)], doctor=doctor(LINES), troubles=TROUBLES, mend=Held("Somebody else [mends]."))
    async with opened(desk, write=True, size=(140, 36)) as (app, pilot):
        await mending(app, pilot)
        await pilot.press("a")
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press(*"mend", "space", "1", "enter", "enter")
        await loaded(app, pilot)
        assert "Somebody else [mends]." in shown(app)
        await pilot.press("a")
        await pilot.pause()
        assert not isinstance(app.screen, Confirm), "nothing is listed, so nothing is asked"
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "2 found, 1 can be mended" in shown(app)


async def test_leaving_stops_the_look_for_trouble(opened):
    began, stopped = threading.Event(), threading.Event()

    def troubles(stop):
        began.set()
        if stop.wait(20):
            stopped.set()
        raise Interrupted("Stopped.")

    async with opened(Desk([row(1)], doctor=doctor(LINES), troubles=troubles)) as (app, pilot):
        await opened_on(app, pilot)
        await pilot.press("m")
        while not began.is_set():
            await pilot.pause(0.01)
        await pilot.press("escape")
        await loaded(app, pilot)
        assert stopped.is_set()


async def test_nothing_wrong_is_said_in_words(opened):
    async with opened(Desk([row(1)], doctor=doctor(LINES), troubles=())) as (app, pilot):
        await mending(app, pilot)
        assert "Nothing is wrong around rotations." in shown(app)


async def test_rooms_are_switched_by_number_and_each_is_open_once(opened):
    desk = Desk(
        [row(1)], doctor=doctor(LINES), configured=(), rotations=(), judge=(found.checked(), ()), **found.catalog()
    )
    async with opened(desk) as (app, pilot):
        for key in "4562354623":
            await pilot.press(key)
            await loaded(app, pilot)
        kinds = [type(screen).__name__ for screen in app.screen_stack[1:]]
        expected = ["InventoryScreen", "HistoryScreen", "SettingsScreen", "FindingsScreen", "ProvidersScreen"]
        assert kinds == expected, "4 went back over all the others"
        await pilot.press("1")
        await pilot.pause()
        assert [type(screen).__name__ for screen in app.screen_stack[1:]] == ["InventoryScreen"]
        await pilot.press("8", "9")
        await pilot.pause()
        assert app.screen.query_one("#grid", Grid).has_focus, "rooms that are not there do nothing"


async def test_a_look_that_fails_after_another_can_be_repeated(opened):
    answers = [TROUBLES, NotConfigured("The ledger cannot be read."), TROUBLES]

    def troubles(_stop):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with opened(Desk([row(1)], doctor=doctor(LINES), troubles=troubles)) as (app, pilot):
        await mending(app, pilot)
        assert "2 found" in shown(app)
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "The ledger cannot be read." in shown(app)
        assert "^R tries again." in shown(app)
        assert "WRONG" not in shown(app), "no table over it"
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "2 found" in shown(app)


@pytest.mark.parametrize("found", [TROUBLES, ()])
async def test_what_could_not_be_read_is_said_where_trouble_is_looked_for(opened, found):
    async with opened(Desk([row(1)], [DENIED], doctor=doctor(LINES), troubles=found)) as (app, pilot):
        await mending(app, pilot)
        assert "What cannot be read is not looked at: 1 source denied at the last scan." in shown(app)
