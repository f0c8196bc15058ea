"""Plans for several keys: how ready each is, leaving some out, editing, and what the planner is asked then."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.desk.agreeing import policy
from keyward.model.capability import Can, CrashClass, Readiness, Ready
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.errors import Interrupted, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.usage import LastUse, UseStatus
from keyward.providers.interface import Want
from keyward.rotation.facts import Facts, KeyAsRead, PlaceFacts
from keyward.rotation.places import Holds
from keyward.rotation.plan import plan
from keyward.rotation.state import KeyFacts
from keyward.settings.schema import KeyChoice, Settings
from keyward.tui import bulk
from keyward.tui.screens.plan import PlanScreen
from keyward.tui.screens.plan_edit import EditPlan
from keyward.tui.screens.rotation import RotationScreen
from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.dialog import Confirm
from tests.parts.desk import NOW, OK, Desk, loaded, row, shown

IDS = [row(number).id for number in (0, 4, 8)]
"""Three keys of acme-prod."""


def credential(key, number):
    return Credential(
        CredentialRef.parse(key),
        Kind.API_KEY,
        State.ACTIVE,
        name=f"key {number}",
        created=NOW - timedelta(days=400),
        restrictions=Restrictions(),
        fingerprint=f"{number}" * 32,
        last_use=LastUse(UseStatus.NOT_SEEN, window_days=42),
    )


class Planner:
    """`Rotating.plan` by the real planner over three made-up keys: one with two places, one that may not be made, one that nobody knows."""

    def __init__(self, settings=Settings):
        self.asked, self.settings = [], settings
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self, ids, changes, stop):
        self.asked.append((list(ids), changes))
        while not self.hold.wait(0.01):
            if stop.is_set():
                raise Interrupted("Cancelled.")

        class Parts:
            settings = self.settings()

            @staticmethod
            def setting_rows():
                return ()

        wish = policy(Parts, changes)
        return plan(Facts(NOW, tuple(self.key(one, changes) for one in ids), "ana", world="google", host="here"), wish)

    @staticmethod
    def key(key, changes):
        number, wanted = IDS.index(key), set(changes.accept_target)
        names = {0: ("one", "two"), 1: ("three",), 2: ()}[number]
        places = (
            PlaceFacts(f"gsm:acme-prod/{name}", f"gsm:acme-prod/{name}", "", "gsm", "acme-prod", "2", holds=Holds.OLD)
            for name in names
        )
        may = Ready.NO if number == 1 else Ready.YES
        found = credential(key, number)
        return KeyAsRead(
            id=key,
            credential=found,
            facts=KeyFacts.of(found),
            want=Want("acme-prod", found.name, found.restrictions, {}, None),
            crash=CrashClass.NAMED,
            can=tuple(sorted(can.value for can in (Can.CREATE, Can.RESTORE, Can.READ_VALUE))),
            readiness=(Readiness("create keys", may, "denied", permission="apikeys.keys.create"),),
            places=tuple(replace(one, accepted=one.at in wanted, how="accepted now") for one in places),
            sources=(OK,),
            last_use=found.last_use,
            dead_after=(480.0, 1800.0),
            audited_reads=2,
        )


@pytest.fixture
def planner():
    return Planner()


@pytest.fixture
def desk(planner):
    return Desk([row(number) for number in (0, 4, 8)], [OK], plan=planner, apply=lambda *_, **__: (), rotations=())


async def open_plan(app, pilot, ids=IDS):
    app.open_plan(list(ids))
    await loaded(app, pilot)
    await pilot.pause()


async def test_each_key_says_whether_it_is_ready_or_what_is_in_its_way(opened, desk):
    async with opened(desk, size=(170, 50), write=True) as (app, pilot):
        await open_plan(app, pilot)
        rows = shown(app).split("KEY IS")[1].splitlines()
        lines = {name: next(line for line in rows if f" {name} " in line) for name in ("key 0", "key 1", "key 2")}
        assert "! 2 to accept" in lines["key 0"]
        assert "✗ not allowed" in lines["key 1"]
        assert "needs apikeys.keys.create" in lines["key 1"]
        assert "✗ blocked" in lines["key 2"]
        assert "no place is known" in lines["key 2"]
        assert "3 keys · 0 places to write" in shown(app)
        assert "6 audited reads" in shown(app)
        assert "3 steps cannot be taken back" in shown(app)


async def test_the_cursor_on_a_key_shows_its_own_places_and_what_is_in_its_way(opened, desk):
    async with opened(desk, size=(170, 50)) as (app, pilot):
        await open_plan(app, pilot)
        assert "gsm:acme-prod/one" in shown(app)
        assert "gsm:acme-prod/three" not in shown(app)
        await pilot.press("j")
        await pilot.pause()
        assert "gsm:acme-prod/three" in shown(app)
        assert "gsm:acme-prod/one" not in shown(app)
        assert "create keys: denied" in shown(app)


async def test_keys_that_cannot_go_are_left_out_and_the_rest_is_applied(opened, desk, planner):
    async with opened(desk, size=(170, 50), write=True) as (app, pilot):
        await open_plan(app, pilot)
        await pilot.press("asterisk")
        await loaded(app, pilot)
        assert "X leaves those out" in shown(app)
        await pilot.press("X")
        await loaded(app, pilot)
        assert planner.asked[-1][0] == [IDS[0]]
        assert planner.asked[-1][1].accept_target == ("gsm:acme-prod/one", "gsm:acme-prod/two"), (
            "a place of a key that is left out is not accepted either: the planner would refuse a name that it does not find"
        )
        assert shown(app).count("- left out") == 2
        assert "✓ ready: a asks" in shown(app)
        await pilot.press("j", "x")
        await loaded(app, pilot)
        assert planner.asked[-1][0] == IDS[:2], "x takes one back"
        await pilot.press("x")
        await loaded(app, pilot)
        made = app.screen._plan
        await pilot.press("a")
        await pilot.pause(ARMED_AFTER + 0.1)
        assert isinstance(app.screen, Confirm)
        assert "PRODUCTION" in shown(app)
        assert "rotate 1 in production acme-prod" in shown(app)
        named = {" ": "space", "-": "minus"}
        await pilot.press(*(named.get(one, one) for one in "rotate 1 in production acme-prod"), "enter", "enter")
        await loaded(app, pilot)
        assert isinstance(app.screen, RotationScreen)
        assert [args[0] for name, args, _ in desk.asked if name == "apply"] == [made]


async def test_with_every_key_left_out_nothing_is_planned_and_nothing_can_be_applied(opened, desk, planner):
    async with opened(desk, size=(170, 50), write=True) as (app, pilot):
        await open_plan(app, pilot, IDS[:2])
        await pilot.press("x", "j", "x")
        await loaded(app, pilot)
        count = len(planner.asked)
        assert "every key is left out" in shown(app)
        await pilot.press("a", "e", "y")
        await pilot.pause(ARMED_AFTER + 0.1)
        assert isinstance(app.screen, PlanScreen)
        await pilot.press("x")
        await loaded(app, pilot)
        assert planner.asked[count:] == [([IDS[1]], planner.asked[-1][1])]


async def test_a_place_can_be_left_out_and_taken_back(opened, desk, planner):
    async with opened(desk, size=(170, 50)) as (app, pilot):
        await open_plan(app, pilot, IDS[:1])
        await pilot.press("asterisk")
        await loaded(app, pilot)
        await pilot.press("w")
        await loaded(app, pilot)
        assert planner.asked[-1][1].waive == ("gsm:acme-prod/one",)
        assert planner.asked[-1][1].accept_target == ("gsm:acme-prod/two",)
        assert "keeps the old key" in shown(app)
        assert "--waive gsm:acme-prod/one" in shown(app)
        await pilot.press("w")
        await loaded(app, pilot)
        assert planner.asked[-1][1].waive == ()


async def test_grace_and_retire_are_edited_by_the_readers_of_the_command_line(opened, desk, planner):
    async with opened(desk, size=(170, 50)) as (app, pilot):
        await open_plan(app, pilot, IDS[:1])
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(app.screen, EditPlan)
        await pilot.press("backspace", "backspace", *"later", "enter")
        await pilot.pause()
        assert "'later' is not a duration such as 24h" in shown(app)
        await pilot.press(*["backspace"] * 5, *"999999d", "enter")
        await pilot.pause()
        assert "longer than ten years" in shown(app)
        await pilot.press(*["backspace"] * 7, *"90m", "tab", *["backspace"] * 4, *"soon", "enter")
        await pilot.pause()
        assert "'soon' is not one of auto, now, never" in shown(app)
        await pilot.press(*["backspace"] * 4, *"now", "enter")
        await pilot.pause()
        assert "needs a reason" in shown(app), "the command that is printed runs without a person"
        await pilot.press("tab", *"leak", "enter")
        await loaded(app, pilot)
        wish = planner.asked[-1][1]
        assert (wish.grace, wish.retire, wish.reason) == (timedelta(minutes=90), "now", "leak")
        assert "planned again: grace 1d -> 1h30m, retire auto -> now" in shown(app)
        assert "--grace 5400s --retire now --reason leak --yes" in shown(app)
        assert "and retire now" in shown(app), "the phrase says it"


async def test_what_equals_the_built_in_default_but_not_the_settings_is_said_in_the_command():
    settings = Settings()
    settings = replace(settings, rotation=replace(settings.rotation, grace=timedelta(hours=1)))
    planner = Planner(lambda: settings)
    from keyward.desk.wish import Changes

    asked = planner(IDS[:1], Changes(grace=timedelta(hours=24)), threading.Event())
    assert "--grace" in asked.command
    assert asked.command[asked.command.index("--grace") + 1] == "86400s"


async def test_escape_in_the_options_changes_nothing(opened, desk, planner):
    async with opened(desk) as (app, pilot):
        await open_plan(app, pilot, IDS[:1])
        await pilot.press("e")
        await pilot.pause()
        await pilot.press("backspace", "escape")
        await loaded(app, pilot)
        assert len(planner.asked) == 1


async def test_a_plan_that_nobody_waits_for_is_stopped_and_an_old_one_is_not_shown(opened, desk, planner):
    async with opened(desk, size=(170, 50)) as (app, pilot):
        await open_plan(app, pilot, IDS[:1])
        planner.hold.clear()
        await pilot.press("space")
        await pilot.press("space")
        await pilot.press("w")
        assert len(planner.asked) >= 2
        planner.hold.set()
        await loaded(app, pilot)
        assert [changes.waive for _, changes in planner.asked][-1] == ("gsm:acme-prod/one",)
        assert "- left out" in shown(app)
        planner.hold.clear()
        await pilot.press("ctrl+r")
        await pilot.pause()
        stop = app.screen._stop
        await pilot.press("escape")
        await loaded(app, pilot)
        assert stop.is_set(), "leaving the plan stops the reading; the planner above would never end without it"


async def test_a_planner_that_fails_is_words_on_the_board(opened, planner):
    failing = SourceError("Google could not be asked.", status="unreachable", hint="Try again.")
    async with opened(Desk([row(0)], [OK], plan=failing)) as (app, pilot):
        await open_plan(app, pilot, IDS[:1])
        assert "Google could not be asked." in shown(app)
        assert "Try again." in shown(app)


async def test_a_plan_that_was_wished_for_otherwise_since_is_not_applied_when_planning_again_fails(opened, planner):
    failing = []

    def plan(*asked):
        if failing:
            raise failing[0]
        return planner(*asked)

    async with opened(Desk([row(0)], [OK], plan=plan), write=True, size=(170, 50)) as (app, pilot):
        await open_plan(app, pilot, IDS[:1])
        await pilot.press("asterisk")
        await loaded(app, pilot)
        assert app.screen._plan.ready
        failing.append(SourceError("Google could not be asked.", status="unreachable"))
        await pilot.press("w")
        await loaded(app, pilot)
        await pilot.press("a")
        await pilot.pause(ARMED_AFTER)
        assert isinstance(app.screen, PlanScreen)
        assert "Apply: there is no plan." in [note.message for note in app._notifications]
        failing.clear()
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "- left out" in shown(app)


async def test_the_users_own_keys_stand_in_the_sentences_of_plan_and_history(opened, desk):
    keys = [
        KeyChoice(action, key, "keyward.toml", 1)
        for action, key in (("plan.leave_out", "v"), ("plan.edit", "t"), ("plan.leave_out_blocked", "V"))
    ]
    async with opened(desk, size=(170, 50), write=True, keys=keys) as (app, pilot):
        await open_plan(app, pilot)
        assert "Keys (v leaves one out, V all that cannot go)" in shown(app)
        assert "V leaves those out" in shown(app)
        assert "t edits them" in shown(app)


def test_the_phrase_names_production_and_how_many():
    planner = Planner()
    from keyward.desk.wish import Changes

    made = planner(IDS, Changes(), threading.Event())
    assert bulk.phrase(made) == "rotate 3 in acme-prod"
    assert bulk.phrase(made, [IDS[0]]) == "rotate 3 in production acme-prod"
    now = planner(IDS[:1], Changes(retire="now", reason="x"), threading.Event())
    assert bulk.phrase(now) == "rotate 1 in acme-prod and retire now"
