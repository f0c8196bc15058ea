"""The findings: what is wrong with what, worst first, and from each the way to what mends it. Judging changes nothing."""

import pytest
from textual.widgets import Input

from keyward.hygiene.since import Change, Since
from keyward.model.errors import SettingsError
from keyward.model.finding import Subject
from keyward.tui.screens.findings import FindingsScreen
from keyward.tui.screens.key import KeyScreen
from keyward.tui.screens.leaf import Leaf
from keyward.tui.screens.plan import PlanScreen
from keyward.tui.screens.record import RecordScreen
from keyward.tui.widgets.grid import Grid
from tests.parts import found, screens
from tests.parts.desk import DENIED, NOW, OK, loaded, row, shown

SECRET = {
    "schema": "keyward.secret/1", "scanned_at": "2026-11-20T12:00:00Z", "labels": {"team": "web"}, "context": [], "owners": [],
    "secret": {"secret": "gsm:acme-prod/web", "created_at": None, "current_version": "7", "version_state": "enabled", "rotation": None,
               "keys": [found.KEY]},
}  # fmt: skip


@pytest.fixture
def findings(opened):
    """The screen over these findings, with the app and what presses its keys."""

    def make(of=found.ALL, size=(160, 40), changed=(), **more):
        return opened(screens.desk(judge=(found.checked(of), changed), show_secret=lambda _: SECRET, **more), size=size)

    return make


async def on(app, pilot, one):
    """Put the cursor on that finding."""
    grid = app.screen.query_one(Grid)
    grid.go_to(list(grid.order).index(app.screen._findings.index(one)))
    await pilot.pause()


async def test_all_are_listed_worst_first_with_what_is_not_known_and_what_is_accepted_behind(findings):
    async with findings() as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        lines = shown(app).splitlines()
        assert lines[1].split("·")[0].strip() == "2 critical"
        assert "1 not known · 1 accepted" in lines[1]
        assert "1 of 1 sources seen; 6 keys" in lines[2]
        words = [line[3:13].strip() for line in lines[5:13]]
        assert words == ["critical", "critical", "medium", "medium", "low", "low", "not known", "accepted"]
        assert "PROD acme-prod" in next(line for line in lines if "KW-101" in line)
        assert "keyward rotate google-sa-keys" in shown(app), "what mends the first stands below"


@pytest.mark.parametrize(("one", "screen"), [(found.OLD, KeyScreen), (found.STUCK, RecordScreen), (found.OPEN, Leaf)])
async def test_enter_opens_what_it_is_of_and_escape_comes_back(findings, one, screen):
    async with findings() as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        await on(app, pilot, one)
        await pilot.press("enter")
        await loaded(app, pilot)
        assert isinstance(app.screen, screen)
        if one is found.OPEN:
            assert "team=web" in shown(app)
            assert found.KEY in shown(app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, FindingsScreen)


async def test_a_project_opens_the_list_with_its_keys(findings):
    async with findings() as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        await on(app, pilot, found.CROWDED)
        await pilot.press("enter")
        await loaded(app, pilot)
        assert app.screen is app.inventory
        assert app.inventory.view.query == "project:acme-dev"
        assert "1 of 2" in shown(app)


async def test_a_rule_is_explained_with_why_controls_source_and_the_lines_to_write(findings):
    async with findings() as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        await on(app, pilot, found.OLD)
        await pilot.press("e")
        await pilot.pause()
        screen = shown(app)
        for text in (
            "KW-101  Key older than allowed", "412 days old", "the more copies of it there are", "90d: how old a key may be",
            "cis-gcp-5.0 1.16", "OWASP NHI7:2025", f'match = "id:{found.KEY}"',
        ):  # fmt: skip
            assert text in screen, text
        assert f"keyward rotate {found.KEY}" in screen.splitlines(), "it stands alone, to be copied"


async def test_the_fix_is_handed_over_and_what_only_a_person_does_says_so(findings):
    async with findings() as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        await on(app, pilot, found.OLD)
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, Leaf)
        assert f"keyward rotate {found.KEY}" in shown(app).splitlines()
        await pilot.press("escape")
        await on(app, pilot, found.OPEN)
        app.keys_follow()  # which the app does ten times a second
        await pilot.pause()
        assert "(y Fix)" in shown(app)
        await pilot.press("y")
        await pilot.pause()
        assert any("no command mends it. Take that member out" in note.message for note in app._notifications)


async def test_a_finding_that_a_rotation_fixes_leads_to_its_plan_and_an_emergency_to_its_command(findings):
    async with findings() as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        assert app.screen.why_not("rotate").startswith("it is begun with the command")
        await on(app, pilot, found.ENDED)
        assert app.screen.why_not("rotate") == "no rotation mends it"
        assert "[[exception]]" in app.screen.why_not("open")
        await on(app, pilot, found.OLD)
        assert app.screen.why_not("rotate") == ""
        await pilot.press("r")
        await loaded(app, pilot)
        assert isinstance(app.screen, PlanScreen)
        assert "nothing has been changed" in shown(app)


async def test_words_narrow_the_list_escape_clears_them_and_then_goes_back(findings):
    async with findings() as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        await pilot.press("slash", *"ACME-dev critical")
        await pilot.pause()
        assert "1 of 8" in shown(app)
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert app.screen.query_one("#find", Input).value == ""
        assert len(app.screen.query_one(Grid).order) == 8
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is app.inventory


@pytest.mark.parametrize(
    ("checked", "says"),
    [
        (found.checked(()), ("No rule is broken, and none is unknown.", "1 of 1 sources seen")),
        (found.checked((), (DENIED,)), ("Nothing is known to be broken.", "Not everything was seen. 0 of 1 sources")),
        (found.checked((), (), None, 0), ("Nothing was scanned yet.", "^R in the inventory scans")),
    ],
)
async def test_nothing_found_is_never_said_where_not_everything_was_seen(opened, checked, says):
    async with opened(screens.desk(judge=(checked, ()))) as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        for text in says:
            assert text in shown(app)
        assert app.screen.why_not("open") == "nothing is listed"


async def test_a_policy_that_cannot_be_read_says_file_and_line_and_can_be_tried_again(opened):
    wrong = SettingsError("[[policy]] rule = 'KW-9': there is no such rule.", file="/h/keyward.toml", line=3)
    desk = screens.desk(judge=wrong)
    async with opened(desk) as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        assert "/h/keyward.toml:3" in shown(app)
        assert "^R tries again." in shown(app)
        desk._answers["judge"] = (found.checked(), ())
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "KW-406" in shown(app)


async def test_what_is_new_since_the_earlier_check_says_so(opened):
    since = Since(
        NOW, {one.id: Change.UNCHANGED for one in found.ALL if one is not found.OPEN}, frozenset({found.STUCK.id}), ()
    )
    desk = screens.desk(judge=(found.checked(since=since), ()))
    async with opened(desk, size=(160, 40)) as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        asked = [args[0] for name, args, _ in desk.asked if name == "judge"]
        assert asked == [""], "as the command, which compares with the last check"
        lines = shown(app).splitlines()
        assert "Since the check of 2026-11-20 12:00 UTC: 0 new" in lines[2] + lines[3]
        assert {line[13:19] for line in lines if "new: " in line} == {"KW-502", "KW-702"}, (
            "worse than before is news too"
        )
        await pilot.press("slash", *"new")
        await pilot.pause()
        assert "2 of 8" in shown(app)


async def test_what_was_read_or_done_since_is_said_and_the_list_stays_until_somebody_judges_again(findings):
    stale = [""]
    async with findings(judged=lambda: (NOW.timestamp(), stale[0])) as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        await pilot.press("j", "j", "enter")
        await loaded(app, pilot)
        stale[0] = "read"
        await pilot.press("escape")
        await loaded(app, pilot)
        assert "something was read or changed since: ^R judges again" in shown(app)
        assert app.screen.chosen == 2, "the cursor stays"
        stale[0] = ""
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "judges again" not in shown(app)
        stale[0] = "read"
        app.tell(sources=[OK])
        await loaded(app, pilot)
        assert "judges again" in shown(app), "a scan ended meanwhile"


async def test_leaving_stops_the_judging(opened):
    stops = []
    desk = screens.desk(judge=lambda _since, stop: stops.append(stop) or (found.checked(), ()))
    async with opened(desk) as (app, pilot):
        await pilot.press("2")
        await loaded(app, pilot)
        assert not stops[0].is_set()
        await pilot.press("escape")
        await pilot.pause()
        assert stops[0].is_set()


async def test_the_list_behind_it_follows_what_was_judged(findings):
    async with findings(changed=(screens.KEY,)) as (app, pilot):
        app.inventory.app.feed.desk._cache._rows = [row(1, **screens.PROD, findings=("KW-101",))]
        await pilot.press("2")
        await loaded(app, pilot)
        assert ("KW-101",) in app.inventory.rows.columns["findings"]


async def test_the_page_of_a_key_tells_its_findings_and_what_nobody_can_tell(opened):
    of_key = found.checked((found.OLD, found.TAKEN, found.UNKNOWN))
    async with opened(screens.desk(of_key=of_key), size=(140, 40)) as (app, pilot):
        await pilot.press("enter", "f")
        await loaded(app, pilot)
        screen = shown(app)
        for text in (
            "[Findings]", "medium      KW-101  Key older than allowed", f"keyward rotate {found.KEY}", "not known   KW-701",
            "by mary@acme.example until 2027-01-19: quota is capped", "1 broken, 1 not known",
        ):  # fmt: skip
            assert text in screen, text
        assert (app.screen.key,) in [args[:1] for name, args, _ in app.feed.desk.asked if name == "of_key"]


def test_every_kind_of_subject_can_be_opened_or_says_why_not():
    from keyward.tui.screens.findings import _why_not

    assert {one.of for one in (*found.ALL, found.STATED)} == set(Subject)
    shut = [one for one in (*found.ALL, found.STATED) if _why_not("open", one)]
    assert {one.of for one in shut} == {Subject.EXCEPTION, Subject.ATTESTATION}
