"""A run of rotations as data: events of several keys in any order, waits, ends, requests; and what the screen makes of it."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.errors import Exit, Held, SourceError
from keyward.model.events import CallMade, Finished, StepDone, StepStarted, Waiting
from keyward.rotation.outcome import Outcome
from keyward.tui import words
from keyward.tui.live import CALLS, KeyLive, Line, Live
from keyward.tui.lives import LiveSaid
from keyward.tui.messages import Failed, Heard
from keyward.tui.screens.history import HistoryScreen
from keyward.tui.screens.rotation import RotationScreen
from tests.parts.desk import NOW, OK, Desk, loaded, row, shown

STEPS = (("create", ""), ("verify", ""), ("write", "gsm:p/s"), ("overlap", ""), ("gate", ""), ("retire", ""))


def key(name, steps=STEPS):
    made = KeyLive(f"google-api-keys:p/{name}", name)
    for step, target in steps:
        made.add(Line(step, target, f"{step} {target}".strip()))
    return made


def call(number=1, status="200"):
    return CallMade(NOW, "GET", "127.0.0.1", f"/v2/{number}", status, number)


def one_key():
    live = Live("rotate", [key("a")])
    live.belongs({"r": "google-api-keys:p/a"})
    return live


async def until(app, pilot, *texts, gone=""):
    """Wait until all these texts stand on the screen; a busy machine is no failure."""
    for _ in range(200):
        screen = "\n".join([shown(app), *(one.message for one in app._notifications)])
        if all(text in screen for text in texts) and not (gone and gone in screen):
            return
        await pilot.pause(0.05)
    raise AssertionError(f"{texts} {gone}\n{shown(app)}")


def outcome(rotation, name, **more):
    facts = {"waiting_on": WaitingOn.NOTHING, "why": "", "due": None, "exit_code": Exit.OK, **more}
    return Outcome(rotation, f"google-api-keys:p/{name}", "", RotationState.OVERLAP, **facts)


def test_steps_go_from_later_to_under_way_to_done_or_failed():
    live = one_key()
    live.hear(StepStarted("r", "create", "create it"), NOW)
    (one,) = live.keys.values()
    assert one.marks == "◐·····"
    live.hear(StepDone("r", "create", True, "made"), NOW)
    live.hear(StepStarted("r", "write", "write it", "gsm:p/s"), NOW)
    live.hear(StepDone("r", "write", False, "denied", "gsm:p/s"), NOW)
    assert one.marks == "✓·✗···"
    assert one.state == "✗ FAILED"
    assert one.lines[2].evidence == "denied"
    assert live.done == (1, 6)


def test_the_overlap_waits_until_the_next_step_begins():
    live = one_key()
    live.hear(StepDone("r", "cut-over", True), NOW)
    (one,) = live.keys.values()
    assert one.lines[3].mark == "◷", "the places are written, both keys work"
    live.hear(StepStarted("r", "retire", "delete it"), NOW)
    assert one.lines[3].mark == "✓"


def test_what_it_waits_for_marks_the_step_and_goes_with_the_next_one():
    live = one_key()
    live.hear(Waiting("r", "use", "14 calls by others", NOW + timedelta(hours=2)), NOW)
    (one,) = live.keys.values()
    assert (one.lines[4].mark, one.state) == ("◷", "◷ waits")
    live.hear(StepStarted("r", "retire", ""), NOW)
    assert one.waits is None


@pytest.mark.parametrize(("state", "mark"), [(RotationState.RETIRING, "◷"), (RotationState.DONE, "✓")])
def test_a_probe_is_not_the_last_one_before_the_rotation_is_over(state, mark):
    live = Live("go on", [key("a", [("retire", ""), ("confirm", "")])])
    live.belongs({"r": "google-api-keys:p/a"})
    live.hear(StepDone("r", "confirm", True, "dead"), NOW)
    live.ended([replace(outcome("r", "a"), state=state)])
    (one,) = live.keys.values()
    assert one.lines[1].mark == mark
    assert live.over is state.closed


def test_what_was_done_on_another_day_has_its_day_instead_of_a_time():
    live = one_key()
    lines = [
        SimpleNamespace(kind="outcome", step=step, target="", at=at, ok=True, evidence="", what="")
        for step, at in (("create", NOW - timedelta(days=9)), ("verify", NOW))
    ]
    old = SimpleNamespace(id="google-api-keys:p/a", name="a")
    live.remember(SimpleNamespace(rotation=SimpleNamespace(id="r", old=old), lines=lines), NOW)
    (one,) = live.keys.values()
    assert [line.time for line in one.lines[:2]] == ["11 Nov", "12:00:00"]


def test_several_keys_are_told_apart_also_when_it_is_learned_late_whose_a_rotation_is():
    live = Live("rotate", [key("a"), key("b")])
    assert live.hear(StepStarted("r2", "create", ""), NOW) is True, "nobody knows yet whose that is: it has to be asked"
    assert live.hear(StepDone("r2", "create", True), NOW) is False, "once is enough"
    assert live.hear(Finished("r1", "overlap"), NOW) is False
    live.belongs({"r2": "google-api-keys:p/b", "r1": "google-api-keys:p/a"})
    assert [one.marks[0] for one in live.keys.values()] == ["·", "✓"]
    assert live.rotations == ["r1", "r2"]
    live.ended([outcome("r1", "a"), outcome("r2", "b")])
    assert not live.busy


def test_a_rotation_that_nobody_knows_is_never_taken_for_the_only_key():
    live = one_key()
    live.hear(StepDone("other", "create", True), NOW)
    (one,) = live.keys.values()
    assert one.done == 0, "a key of another rotation, which shares a secret with it"


async def test_resume_after_a_plan_that_began_nothing_touches_no_other_rotation(opened):
    desk = Desk([row(1)], [OK], go_on=lambda *_, **__: (), rotations=())
    async with opened(desk, size=(120, 36), write=True) as (app, pilot):
        live = Live("rotate", [key("first")])
        app.push_screen(RotationScreen(live))
        app.post_message(LiveSaid(live, Failed(Held("Somebody else works on it."))))
        await until(app, pilot, "Somebody else works on it.")
        await pilot.press("R")
        await until(app, pilot, "nothing was begun")
        assert "go_on" not in [name for name, _, _ in desk.asked], "to the desk no rotation means all of them"


def test_only_the_last_thousand_requests_are_kept_but_all_are_counted():
    live = Live("rotate")
    for number in range(CALLS + 5):
        live.hear(call(number), NOW)
    assert (len(live.calls), live.called, live.calls[0].path) == (CALLS, CALLS + 5, "/v2/5")


def test_a_run_that_stops_has_nothing_under_way_and_its_time_stands_still():
    live = one_key()
    live.hear(StepStarted("r", "create", ""), NOW)
    live.failed(Held("Somebody else works on it."))
    (one,) = live.keys.values()
    assert (one.marks[0], live.busy) == ("◷", False)
    assert live.elapsed == live.elapsed
    live.begin()
    assert (live.busy, live.error) == (True, None)


def test_the_end_of_a_wait_has_its_day_only_when_it_is_another_one():
    assert words.until(NOW + timedelta(hours=2), NOW) == "14:00 UTC"
    assert words.until(NOW + timedelta(seconds=70), NOW) == "12:01:10 UTC"
    assert words.until(NOW + timedelta(days=2), NOW) == "2026-11-22 12:00 UTC"


@pytest.mark.parametrize("size", [(120, 36), (60, 16)])
async def test_the_view_says_in_letters_where_each_key_stands_and_why(opened, size):
    async with opened(Desk([row(1)]), size=size) as (app, pilot):
        live = Live("rotate", [key("first"), key("second")])
        app.push_screen(RotationScreen(live))
        live.belongs({"r1": "google-api-keys:p/first", "r2": "google-api-keys:p/second"})
        live.hear(StepDone("r1", "create", True, "made"), NOW)
        live.hear(Waiting("r1", "use", "14 calls by others", NOW + timedelta(hours=2)), NOW)
        live.hear(StepDone("r2", "create", False, "denied"), NOW)
        wide = ("14 calls by others · until 14:00 UTC", "keyward resume r1 r2", "elapsed 0:0") if size[0] == 120 else ()
        await until(app, pilot, "first", "◷ waits", "✗ FAILED", "1 of 12 steps", *wide)


async def test_a_rotation_that_is_over_says_so_and_has_nothing_to_resume(opened):
    desk = Desk([row(1)], [OK], go_on=lambda *_, **__: (), rotations=())
    async with opened(desk, size=(120, 36), write=True) as (app, pilot):
        live = one_key()
        app.push_screen(RotationScreen(live))
        live.ended([replace(outcome("r", "a"), state=RotationState.DONE)])
        await until(app, pilot, "It is over; the history keeps what was done.", gone="keyward resume")
        await pilot.press("R")
        await until(app, pilot, "it is over: there is nothing to go on with")
        assert "go_on" not in [name for name, _, _ in desk.asked]


async def test_a_clock_that_was_moved_is_followed_by_the_requests(opened):
    """An emulator's; the app asks nobody for the time."""
    async with opened(Desk([row(1)], [OK], rotations=()), size=(120, 36)) as (app, pilot):
        moved = app.moment() + timedelta(days=9)
        app.post_message(LiveSaid(one_key(), Heard(replace(call(), at=moved))))
        for _ in range(200):
            if app.moment() >= moved:
                break
            await pilot.pause(0.02)
        assert moved <= app.moment() < moved + timedelta(minutes=5)


async def test_l_shows_the_requests_and_hides_them(opened):
    async with opened(Desk([row(1)]), size=(120, 36)) as (app, pilot):
        live = Live("rotate", [key("first")])
        app.push_screen(RotationScreen(live))
        await pilot.pause()
        for number, status in ((7, "200"), (8, "no answer")):
            app.post_message(LiveSaid(live, Heard(call(number, status))))
        await until(app, pilot, "2 were made · L shows them", gone="/v2/7")
        await pilot.press("L")
        await until(app, pilot, "/v2/7", "no answer")
        await pilot.press("L")
        await until(app, pilot, gone="/v2/7")


async def test_a_run_goes_on_without_its_screen_and_is_found_again(opened):
    import threading

    go, heard = threading.Event(), []

    def go_on(ids, report, **how):
        heard.append(how["calls"])
        report(StepStarted("r1", "write", "write it", "gsm:p/s"))
        while not go.wait(0.01):
            pass
        report(StepDone("r1", "write", True, "read back", "gsm:p/s"))
        return (outcome("r1", "first"),)

    rotation = SimpleNamespace(
        id="r1",
        credential="google-api-keys:p/first",
        state=RotationState.DISTRIBUTING,
        waiting_on=WaitingOn.NOTHING,
        why="",
        due=None,
        data={},
        host="h",
        actor="ana",
        reason="",
        created=NOW,
    )
    old = SimpleNamespace(id=rotation.credential, name="first")
    history = SimpleNamespace(rotation=SimpleNamespace(id="r1", old=old), lines=())
    desk = Desk([row(1)], [OK], rotations=[rotation], history=history, go_on=go_on)
    async with opened(desk, size=(120, 36), write=True) as (app, pilot):
        await pilot.press("4")
        await until(app, pilot, "distributing")
        await pilot.press("R")
        await until(app, pilot, "◐ under way")
        assert isinstance(app.screen, RotationScreen)
        first = app.screen.live
        await pilot.press("escape")
        await until(app, pilot, "distributing")
        assert isinstance(app.screen, HistoryScreen)
        await pilot.press("R")
        await until(app, pilot, "◐ under way")
        assert app.screen.live is first, "the same run, not a second one"
        await pilot.press("escape")
        await until(app, pilot, "distributing")
        go.set()
        await until(app, pilot, "first: overlap")  # its end is said wherever one is
    assert heard == [True]


async def test_a_rotation_that_is_over_is_not_gone_on_with(opened):
    row_ = SimpleNamespace(
        id="r1",
        credential="google-api-keys:p/x",
        state=RotationState.DONE,
        waiting_on=WaitingOn.NOTHING,
        why="",
        due=None,
        data={"revoked": "2026-11-01T00:00:00Z"},
        host="",
        actor="ana",
        reason="",
        created=NOW,
    )
    async with opened(Desk([row(1)], [OK], rotations=[row_]), size=(120, 36), write=True) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        await pilot.press("R")
        await until(app, pilot, "nothing to go on with")
        assert isinstance(app.screen, HistoryScreen)


async def test_what_failed_stands_below_in_full_and_the_step_under_the_cursor_too(opened):
    async with opened(Desk([row(1)]), size=(80, 24)) as (app, pilot):
        live = one_key()
        why = "Secret s: Permission 'secretmanager.versions.add' denied. gcloud projects add-iam-policy-binding p --role=r"
        live.hear(StepDone("r", "create", True, "made a key with a name that has no room in a narrow table"), NOW)
        live.hear(StepDone("r", "write", False, why, "gsm:p/s"), NOW)
        app.push_screen(RotationScreen(live))
        await until(app, pilot, "made a key with a name that has no room in a narrow table")
        assert why in " ".join(shown(app).split())


async def test_a_run_that_is_over_names_its_history_and_one_that_stopped_the_key_that_goes_on(opened):
    async with opened(Desk([row(1)]), size=(120, 36)) as (app, pilot):
        over, stopped = one_key(), one_key()
        over.ended([replace(outcome("r", "a"), state=RotationState.DONE)])
        stopped.failed(SourceError("No answer.", status="unreachable"))
        app.push_screen(RotationScreen(over))
        await until(app, pilot, "keyward history r")
        app.push_screen(RotationScreen(stopped))
        await until(app, pilot, "R goes on with it", "keyward resume r")
