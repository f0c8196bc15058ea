"""The plan on screen, made by the real planner from made-up facts: what is accepted, what is applied, what a read-only app does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.model.capability import Can, CrashClass, Readiness, Ready
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.errors import SourceError
from keyward.model.ids import CredentialRef
from keyward.model.source import SourceStatus
from keyward.model.usage import LastUse, UseStatus
from keyward.providers.interface import Want
from keyward.rotation.facts import Facts, KeyAsRead, PlaceFacts
from keyward.rotation.places import Holds
from keyward.rotation.plan import plan
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts
from keyward.tui.screens.plan import PlanScreen
from keyward.tui.screens.rotation import RotationScreen
from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.dialog import Confirm
from keyward.tui.widgets.grid import Grid
from tests.parts.desk import NOW, OK, Desk, loaded, row, shown

REF = CredentialRef("google-api-keys", "acme-prod", ("11111111-2222",))
KEY = Credential(
    REF,
    Kind.API_KEY,
    State.ACTIVE,
    name="maps [/bold] key",
    created=NOW - timedelta(days=400),
    restrictions=Restrictions(),
    fingerprint="f" * 32,
    last_use=LastUse(UseStatus.NOT_SEEN, window_days=42),
)
PLACES = (
    PlaceFacts(
        "gsm:acme-prod/one",
        "gsm:acme-prod/one",
        "",
        "gsm",
        "acme-prod",
        "2",
        holds=Holds.OLD,
        form="raw",
        versions=True,
    ),
    PlaceFacts(
        "gsm:acme-prod/two#A",
        "gsm:acme-prod/two",
        "A",
        "gsm",
        "acme-prod",
        "7",
        holds=Holds.OLD,
        form="dotenv",
        versions=True,
    ),
    PlaceFacts("gsm:acme-prod/new", "gsm:acme-prod/new", "", "gsm", "acme-prod", "1", holds=Holds.OLD, new=True),
)


def planner(places=PLACES, **more):
    """`Rotating.plan` with facts that never change: the real planner."""

    def make(ids, changes, _stop=None):
        wanted = set(changes.accept_target)
        read = [replace(place, accepted=place.at in wanted, how="accepted now") for place in places]
        facts = KeyAsRead(
            id=ids[0],
            credential=more.get("credential", KEY),
            facts=KeyFacts.of(more.get("credential", KEY)),
            want=Want("acme-prod", KEY.name, KEY.restrictions, {}, None),
            crash=more.get("crash", CrashClass.NAMED),
            by_hand=more.get("by_hand", ("", "")),
            can=tuple(sorted(can.value for can in (Can.CREATE, Can.RESTORE, Can.READ_VALUE))),
            readiness=(Readiness("create keys", Ready.YES, permission="apikeys.keys.create"),),
            places=tuple(read),
            sources=more.get("sources", (OK,)),
            last_use=KEY.last_use,
            dead_after=(480.0, 1800.0),
        )
        return plan(
            Facts(NOW, (facts,), "ana", "ana@example.com", "emulator:test", "testhost"), Policy(interactive=True)
        )

    return make


@pytest.fixture
def desk():
    """A desk that plans, and writes down what it is asked to apply."""
    return Desk([row(1)], [OK], plan=planner(), apply=lambda *_, **__: (), rotations=())


async def open_plan(app, pilot):
    app.open_plan([str(REF)])
    await loaded(app, pilot)
    await pilot.pause()


async def test_it_shows_places_steps_undo_permissions_blockers_and_the_command(opened, desk):
    async with opened(desk, size=(170, 44)) as (app, pilot):
        await open_plan(app, pilot)
        screen = shown(app)
        for text in (
            "a plan: nothing has been changed",
            "maps [/bold] key",
            "gsm:acme-prod/two#A",
            "NEW",
            "3 of 3 places",
            "apikeys.keys.create",
            "delete the old key",
            "ana@example.com on testhost",
            "not in 42d",
            "keyward rotate google-api-keys:acme-prod/11111111-2222",
            "gone for good",
        ):
            assert text in screen, text


async def test_a_key_that_only_a_person_can_make_is_not_applied_but_says_what_to_run(opened):
    ref = CredentialRef("shape", "openai", ("0123456789abcdef",))
    made = planner(
        PLACES[:1],
        credential=Credential(ref, Kind.BY_SHAPE, State.UNKNOWN, fingerprint="f" * 32),
        crash=CrashClass.PERSON,
        by_hand=("at https://vendor.example/keys", "at https://vendor.example/keys"),
    )
    desk = Desk([row(1, id=str(ref))], [OK], plan=made, apply=lambda *_, **__: (), rotations=())
    async with opened(desk, write=True, size=(170, 44)) as (app, pilot):
        app.open_plan([str(ref)])
        await loaded(app, pilot)
        await pilot.press("space")
        await loaded(app, pilot)
        screen = shown(app)
        assert "you make the new key at https://vendor.example/keys" in screen
        assert f"At a terminal: keyward swap {ref}" in screen
        assert f"keyward swap {ref} --accept-target gsm:acme-prod/one" in screen
        await pilot.press("a")
        await pilot.pause()
        assert not isinstance(app.screen, Confirm)
        assert "apply" not in [name for name, _, _ in desk.asked]


async def test_space_accepts_one_place_and_star_all_but_new_ones(opened, desk):
    async with opened(desk, size=(170, 44)) as (app, pilot):
        await open_plan(app, pilot)
        await pilot.press("space")
        await loaded(app, pilot)
        assert "2 of 3 places" in shown(app)
        assert shown(app).count("✓ accepted") == 2, "in the table, and below where the line is told in full"
        assert "--accept-target gsm:acme-prod/one" in shown(app)
        await pilot.press("space")
        await loaded(app, pilot)
        assert "3 of 3 places" in shown(app), "a second Space takes it back"
        await pilot.press("asterisk")
        await loaded(app, pilot)
        assert "1 of 3 places" in shown(app)
        assert app.screen.wish.accepted == {"gsm:acme-prod/one", "gsm:acme-prod/two#A"}, (
            "NEW ones are never accepted in bulk"
        )


async def test_a_read_only_app_applies_nothing(opened):
    desk = Desk([row(1)], [OK], plan=planner(PLACES[:1]), apply=lambda *_, **__: (), rotations=())
    async with opened(desk) as (app, pilot):
        await open_plan(app, pilot)
        await pilot.press("space")
        await loaded(app, pilot)
        assert "✓ ready, but this app is read-only" in shown(app)
        assert "(a Apply)" in shown(app), "grey, and in brackets where there is no colour"
        await pilot.press("a")
        await pilot.pause(ARMED_AFTER + 0.1)
        assert "Apply: read-only: W switches to write mode." in [note.message for note in app._notifications]
        assert isinstance(app.screen, PlanScreen), "no dialog opens"
        assert "apply" not in [name for name, _, _ in desk.asked]


async def test_a_plan_with_something_in_the_way_is_not_applied(opened, desk):
    async with opened(desk, write=True) as (app, pilot):
        await open_plan(app, pilot)
        await pilot.press("a", "enter", "enter")
        await loaded(app, pilot)
        assert isinstance(app.screen, PlanScreen)
        assert "apply" not in [name for name, _, _ in desk.asked]


async def test_only_the_phrase_applies_exactly_the_plan_that_was_shown(opened):
    desk = Desk([row(1)], [OK], plan=planner(PLACES[:1]), apply=lambda *_, **__: (), rotations=())
    async with opened(desk, write=True) as (app, pilot):
        await open_plan(app, pilot)
        await pilot.press("space")
        await loaded(app, pilot)
        await pilot.press("a")
        await pilot.pause(ARMED_AFTER + 0.1)
        assert isinstance(app.screen, Confirm)
        assert "rotate 1 in production acme-prod" in shown(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, PlanScreen), "Enter is Cancel"
        await pilot.press("a")
        await pilot.pause(ARMED_AFTER + 0.1)
        planned = app.screen_stack[-2]._plan
        named = {" ": "space", "-": "minus"}
        await pilot.press(
            *(named.get(letter, letter) for letter in "rotate 1 in production acme-prod"), "enter", "enter"
        )
        await loaded(app, pilot)
        assert isinstance(app.screen, RotationScreen)
        applied = [args for name, args, _ in desk.asked if name == "apply"]
        assert len(applied) == 1
        assert applied[0][0] is planned


async def test_a_burst_of_r_and_enter_opens_one_plan_and_no_more(opened, desk):
    async with opened(desk, write=True) as (app, pilot):
        app.screen.query_one(Grid).focus()
        await pilot.pause()
        await pilot.press("r", "enter", "enter", "enter")
        await loaded(app, pilot)
        assert len(app.screen_stack) == 3
        assert [name for name, _, _ in desk.asked] == ["plan"]


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_every_line_of_a_plan_is_reached_by_keys_and_told_in_full(opened, desk, size):
    async with opened(desk, size=size) as (app, pilot):
        await open_plan(app, pilot)
        await pilot.press("tab", "G")
        await pilot.pause()
        steps = app.screen.query_one("#steps", Grid)
        assert steps.has_focus
        lines = shown(app).splitlines()
        under = next(line for line in lines if line.strip().startswith(">"))
        assert f" {len(steps.order)} " in under, "the cursor is in the window, whatever its height"
        assert any(line.startswith(f" step {len(steps.order)} ") for line in lines), "and its step is told in full"
        assert "gone for good" not in shown(app)
        page = app.screen.query_one("VerticalScroll")
        before = page.scroll_y
        await pilot.press("down", "down")
        await pilot.pause()
        assert page.scroll_y == before + 2, "past the last step the page goes on"
        await pilot.press("G")
        await pilot.pause()
        assert "--yes" in shown(app), "to the command at its end"
        await pilot.press("g")
        await pilot.pause()
        assert any(line.strip().startswith(">") for line in shown(app).splitlines()), "and back to the cursor"


async def test_what_is_in_the_way_and_what_was_not_looked_at_stands_above_the_places(opened):
    unread = replace(OK, id="gsm:acme-dev", status=SourceStatus.DENIED, not_looked=12)
    made = Desk([row(1)], [OK], plan=planner(sources=(OK, unread)), rotations=())
    async with opened(made, size=(80, 24)) as (app, pilot):
        await open_plan(app, pilot)
        screen = " ".join(shown(app).split())
        assert "! not looked at gsm:acme-dev (denied) and 12 payloads: a place there is not in this plan" in screen
        assert screen.index("✗ to accept") < screen.index("! not looked at") < screen.index("Places that hold it")


@pytest.mark.parametrize("hint", ["See that it can be reached.", ""])
async def test_a_plan_that_cannot_be_made_says_which_key_tries_again(opened, hint):
    desk = Desk([row(1)], [OK], plan=SourceError("No answer.", status="unreachable", hint=hint))
    async with opened(desk) as (app, pilot):
        await open_plan(app, pilot)
        assert hint in shown(app)
        assert "^R tries again." in shown(app)
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert [name for name, _, _ in desk.asked] == ["plan", "plan"]
