"""The history: what is said of the audit trail, words that filter, the way back in words, and the trail written into a new file."""

import threading
from types import SimpleNamespace

import pytest

from keyward.ledger.records import RotationRow, RotationState
from keyward.model.errors import FingerprintKeyMissing, UsageError
from keyward.tui.screens.export import ExportScreen
from keyward.tui.screens.history import HistoryScreen
from keyward.tui.undoing import way_back
from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.dialog import Confirm
from tests.parts.desk import NOW, OK, Desk, loaded, row, shown

AT, LATER, BEFORE = "2026-11-01T12:00:00Z", "2026-12-01T12:00:00Z", "2026-11-19T12:00:00Z"


def rotation(number, name, state, actor="ana", **data):
    key = f"google-api-keys:acme-prod/{number}"
    old = {"id": key, "name": name}
    return RotationRow(f"r{number}", key, state, {"old": old, **data}, actor=actor, host="vm", created=NOW)


ROWS = (
    rotation(1, "maps [/x]", RotationState.OVERLAP, overlap_until=LATER),
    rotation(2, "gemini", RotationState.DONE, "ci", revoked=AT, undo_until=LATER),
    rotation(3, "vision", RotationState.DONE, "ci", revoked=AT, undo_until=BEFORE),
    rotation(4, "old", RotationState.ABORTED),
)


@pytest.mark.parametrize(
    ("of", "possible", "short", "said"),
    [
        (ROWS[0], True, "U at any time", "not deleted yet"),
        (ROWS[1], True, "U until 1 Dec 2026", "11d left: until 2026-12-01 12:00 UTC"),
        (ROWS[2], False, "over 19 Nov 2026", "undo is over: the old key could be restored until 2026-11-19 12:00 UTC"),
        (ROWS[3], False, "was undone", "rolled back already"),
        (rotation(5, "x", RotationState.DONE, revoked=AT), False, "no", "brings no deleted key back"),
        (rotation(6, "x", RotationState.ROLLING_BACK), False, "under way", "R goes on"),
        (rotation(7, "x", RotationState.DONE, policy={"old_gone": True}, revoked=AT), False, "no", "a person deleted"),
    ],
)
def test_the_way_back_says_how_long_there_is_one_or_why_there_is_none(of, possible, short, said):
    way = way_back(of, NOW.timestamp())
    assert (way.open, way.short) == (possible, short)
    assert said in way.said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (SimpleNamespace(fine=True, lines=214, misfit=None), "audit chain intact (214 lines)"),
        (SimpleNamespace(fine=False, lines=17, misfit=17), "audit chain BROKEN at line 17"),
        (FingerprintKeyMissing("The key is not here."), "audit chain not looked at: The key is not here."),
    ],
)
async def test_the_top_says_whether_the_trail_is_whole_and_the_list_does_not_wait_for_it(opened, found, said):
    desk = Desk([row(1)], [OK], rotations=list(ROWS), check_trail=found)
    async with opened(desk, size=(140, 30)) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        assert said in shown(app).splitlines()[1]
        assert "4 rotations, 1 open" in shown(app)
        assert "goes on 2026-12-01 12:00" in shown(app)


async def test_the_trail_is_checked_again_when_the_list_comes_back(opened):
    trail = SimpleNamespace(fine=True, lines=21, misfit=None)
    desk = Desk([row(1)], [OK], rotations=list(ROWS[:1]), check_trail=trail)
    async with opened(desk, size=(140, 30)) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        assert "1 rotation, 1 open   ·   audit chain intact (21 lines)" in shown(app)
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, ExportScreen)
        trail.lines = 45
        await pilot.press("escape")
        await loaded(app, pilot)
        assert "intact (45 lines)" in shown(app)


async def test_words_leave_the_rotations_that_have_them_all_and_escape_brings_them_back(opened):
    async with opened(Desk([row(1)], [OK], rotations=list(ROWS)), size=(140, 30)) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        await pilot.press("slash", *"ci", "space", *"DONE", "space", *"vis")
        await pilot.pause()
        assert "vision" in shown(app)
        assert "gemini" not in shown(app)
        assert "1 of 4 rotations" in shown(app)
        await pilot.press(*"xyz")
        await pilot.pause()
        assert "No rotation has these words." in shown(app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HistoryScreen), "the first Escape only clears"
        assert "gemini" in shown(app)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, HistoryScreen)


async def test_where_undo_is_over_u_says_so_and_asks_nothing(opened):
    async with opened(Desk([row(1)], [OK], rotations=[ROWS[2]]), size=(140, 30), write=True) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        await pilot.press("U")
        await pilot.pause()
        assert not isinstance(app.screen, Confirm)
        assert ["undo is over" in one.message for one in app._notifications] == [True]


async def test_keys_typed_ahead_of_the_question_for_a_file_write_none(opened, monkeypatch):
    monkeypatch.setattr("keyward.tui.widgets.deaf.ARMED_AFTER", 60)  # a busy machine is not faster than that
    desk = Desk([row(1)], [OK], rotations=list(ROWS), export_trail=("/y", 12))
    async with opened(desk, size=(140, 30)) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        await pilot.press("e", "enter", "tab", "tab", "space", "enter")
        await loaded(app, pilot)
        assert "export_trail" not in [name for name, _, _ in desk.asked]


async def test_the_trail_is_written_where_the_user_says_and_a_refusal_keeps_the_question(opened):
    answers = [UsageError("/x is there already, and was left alone.", hint="Name another file."), ("/y", 12)]

    def export(rotation, file, stop):
        assert isinstance(stop, threading.Event)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    desk = Desk([row(1)], [OK], rotations=list(ROWS), export_trail=export)
    async with opened(desk, size=(140, 30)) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        await pilot.press("j", "e")
        await pilot.pause()
        assert isinstance(app.screen, ExportScreen)
        assert "~/keyward-r2.jsonl" in shown(app)
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press("enter")
        await loaded(app, pilot)
        assert "is there already, and was left alone" in shown(app)
        await pilot.press("2", "enter")
        await loaded(app, pilot)
        assert ["12 lines are in /y" in one.message for one in app._notifications] == [True]
        assert isinstance(app.screen, HistoryScreen)
    told = [args[:2] for name, args, _ in desk.asked if name == "export_trail"]
    assert told == [("r2", "~/keyward-r2.jsonl"), ("r2", "~/keyward-r2.jsonl2")]


async def test_why_the_trail_was_not_looked_at_is_said_with_what_to_do_and_the_same_trouble_once(opened):
    no_key = FingerprintKeyMissing(
        "The fingerprint key is not here.", hint="`keyward doctor` says where it is expected to be."
    )
    async with opened(Desk([row(1)], [OK], rotations=list(ROWS), check_trail=no_key), size=(80, 24)) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        screen = " ".join(shown(app).split())
        assert (
            "4 rotations, 1 open · audit chain not looked at: The fingerprint key is not here. `keyward doctor` says"
            in screen
        )
    async with opened(Desk([row(1)], [OK], rotations=no_key, check_trail=no_key), size=(80, 24)) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        assert " ".join(shown(app).split()).count("The fingerprint key is not here.") == 1
