"""One key in full, and the rotations that were: what is said when it is known, when it is not, and when it cannot be read."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.ledger.records import RotationRow, RotationState, WaitingOn
from keyward.model.credential import Credential, Kind, State
from keyward.model.errors import Interrupted, LedgerBroken, NotAllowed, UnknownKey
from keyward.model.ids import CredentialRef
from keyward.model.usage import LastUse, UseStatus
from keyward.providers.interface import Want
from keyward.rotation.history import History, Line
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts, Rotation
from keyward.tui.screens.rotation import RotationScreen
from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.dialog import Confirm
from tests.parts.desk import DAY, NOW, OK, Desk, loaded, row, shown

REF = CredentialRef("google-api-keys", "acme-prod", ("11111111-2222",))
RECORD = {
    "id": str(REF), "provider": "google-api-keys", "scope": "acme-prod", "name": "maps", "kind": "api-key", "state": "active",
    "created_at": "2025-11-20T12:00:00Z", "age_days": 365, "age_is": "exact",
    "last_used": {"status": "used", "at": "2026-11-20T12:00:00Z", "window_days": 42, "source": "Cloud Monitoring"},
    "expires_at": None, "restrictions": {"apis": [], "client": None},
    "placements": [
        {"store": "gsm", "secret": "gsm:acme-prod/maps", "version": "7", "role": "current", "version_state": "enabled", "part": "", "host": None, "accepted": True},
        {"store": "env", "secret": "env:/home/ana/.env", "version": "x", "role": "current", "version_state": "enabled", "part": "MAPS", "host": "other-host", "accepted": False},
    ],
    "placements_looked": {"read": 49, "not_read": 4},
}  # fmt: skip


def desk_with(record=RECORD, **answers):
    desk = Desk([row(1)], [OK], **{"show": lambda _: {"key": record, "rotations": [], "sources": []}, **answers})
    use = LastUse(UseStatus.USED, NOW, 42, "Cloud Monitoring", timedelta(days=1), timedelta(minutes=30))
    desk._cache.credential = lambda _: Credential(REF, Kind.API_KEY, State.ACTIVE, last_use=use)
    desk._cache.uses = lambda _: [
        (NOW.timestamp() - DAY * at, NOW.timestamp() - DAY * (at - 1), at * 10, "maps", "2xx") for at in (1, 2, 3)
    ]
    return desk


async def test_it_says_what_to_run_for_a_key_that_only_a_person_can_make(opened):
    record = {**RECORD, "id": "shape:openai/0123456789abcdef", "provider": "shape", "scope": "openai"}
    async with opened(desk_with(record), size=(160, 40)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        assert "keyward swap shape:openai/0123456789abcdef" in shown(app)
    async with opened(desk_with(), size=(160, 40)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        assert "keyward swap" not in shown(app)


async def test_it_says_all_that_is_known_and_how_it_is_known(opened):
    async with opened(desk_with(), size=(160, 40)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        screen = shown(app)
        for text in (
            "365 d · made 2025-11-20 12:00 UTC",
            "in the 1d before 2026-11-20 12:00 UTC",
            "reaches 42 days back",
            "unseen for 30m",
            "60 in 42 days, 30 on the busiest day",
            "Cloud Monitoring",
            "acme-prod/maps",
            "version 7  current  whole value  accepted",
            "part MAPS  on other-host  not accepted",
            "49 payloads were looked at, 4 were not.",
            "none recorded",
            "EMULATOR",
        ):
            assert text in screen, text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("never", "never in its whole life"),
        ("not_seen", "not seen in 42 days"),
        ("denied", "reading the record was denied"),
        ("unsupported", "nobody keeps a record"),
        ("failed", "reading the record failed"),
        ("not_scanned", "nobody asked"),
    ],
)
async def test_every_kind_of_not_knowing_has_its_own_words(opened, status, said):
    record = {**RECORD, "age_is": "at_least", "created_at": None, "restrictions": None, "placements": []}
    record["last_used"] = {"status": status, "at": None, "window_days": 42, "source": None}
    async with opened(desk_with(record), size=(160, 40)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        screen = shown(app)
        assert said in screen
        assert ">= 365 d" in screen
        assert "No place was seen that holds it." in screen


async def test_a_key_that_is_gone_says_so_and_escape_leads_back(opened):
    desk = desk_with(show=UnknownKey("There is no key like that.", hint="Scan again."))
    async with opened(desk) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        assert "Unknown key: There is no key like that." in shown(app)
        assert "Scan again." in shown(app)
        await pilot.press("escape")
        await loaded(app, pilot)
        assert "NAME" in shown(app)


AT = "2025-12-21T12:00:00Z"


def rotation(state, **more):
    old = {"id": str(REF), "name": "maps [/x]"}
    return RotationRow(
        "01m7abc", str(REF), state, {"old": old, **more.pop("data", {})}, actor="ana", created=NOW, **more
    )


async def test_history_says_state_why_it_waits_and_until_when_it_can_be_undone(opened):
    rows = [
        rotation(RotationState.OVERLAP, waiting_on=WaitingOn.PERSON, why="a decision [/y]"),
        rotation(RotationState.DONE, data={"revoked": AT, "undo_until": "2026-12-20T12:00:00Z"}),
        rotation(RotationState.DONE, data={"revoked": AT, "undo_until": "2026-01-20T12:00:00Z"}),
    ]
    rows = [replace(one, id=f"01m7ab{number}") for number, one in enumerate(rows)]
    async with opened(Desk([row(1)], [OK], rotations=rows), size=(160, 30)) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        lines = shown(app).splitlines()
        assert "audit chain intact (3 lines)" in lines[1]
        assert "overlap" in lines[3]
        assert "a decision [/y]" in lines[3]
        assert "U at any time" in lines[3]
        assert "U until 20 Dec 2026" in lines[4]
        assert "over 20 Jan 2026" in lines[5]
        assert "maps [/x]" in lines[3]


def recorded():
    old = KeyFacts.of(Credential(REF, Kind.API_KEY, State.ACTIVE, name="maps"))
    found = Rotation("01m7abc", old, Want("acme-prod"), Policy(), state=RotationState.OVERLAP)
    line = Line(1, NOW, "ana", "host", "outcome", "write", "gsm:p/s", "2", "3", evidence="read back and equal", ok=True)
    return History(found, (line,), NOW, NOW, None, ())


async def test_the_record_shows_each_step_with_versions_and_evidence(opened):
    history = recorded()
    async with opened(
        Desk([row(1)], [OK], rotations=[rotation(RotationState.OVERLAP)], history=history), size=(160, 30)
    ) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        await pilot.press("enter")
        await loaded(app, pilot)
        screen = shown(app)
        assert "✓ 2 -> 3 read back and equal" in screen
        assert "gsm:p/s" in screen
        assert "ana on host" in screen


async def test_undo_needs_write_mode_and_its_phrase(opened):
    rows = [rotation(RotationState.OVERLAP)]
    desk = Desk([row(1)], [OK], rotations=rows, undo=lambda *_, **__: (), history=recorded())
    async with opened(desk, write=True) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        await pilot.press("U")
        await pilot.pause(ARMED_AFTER + 0.1)
        assert isinstance(app.screen, Confirm)
        await pilot.press("enter")
        await pilot.pause()
        assert "undo" not in [name for name, _, _ in desk.asked]
        await pilot.press("U")
        await pilot.pause(ARMED_AFTER + 0.1)
        await pilot.press(
            *"undo",
            "space",
            *"111",
            "minus",
            *"2222",
            "space",
            *"in",
            "space",
            *"production",
            "space",
            *"acme",
            "minus",
            *"prod",
            "enter",
            "enter",
        )
        await loaded(app, pilot)
        assert isinstance(app.screen, RotationScreen)
        assert "read back and equal" in shown(app), "what was done before stands there too"
        assert [args[0] for name, args, _ in desk.asked if name == "undo"] == ["01m7abc"]
    async with opened(desk) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        await pilot.press("U")
        await pilot.pause()
        assert not isinstance(app.screen, Confirm), "a read-only app undoes nothing"


async def test_a_broken_ledger_is_said_in_the_place_of_the_history(opened):
    async with opened(Desk([row(1)], rotations=LedgerBroken("The ledger cannot be read.", hint="Restore it."))) as (
        app,
        pilot,
    ):
        await pilot.press("4")
        await loaded(app, pilot)
        assert "Broken ledger: The ledger cannot be read." in shown(app)
        assert "Restore it." in shown(app)


async def test_what_is_around_it_is_told_and_what_nobody_asked_too(opened):
    async with opened(desk_with(), size=(160, 60)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        assert "not asked" in shown(app)
    desk = desk_with(ask_around=lambda *_: [])
    async with opened(desk, size=(160, 60)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        assert [one for one in desk.asked if one[0] == "ask_around"] == []
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert [one[1][0] for one in desk.asked if one[0] == "ask_around"] == [row(1).id]
        assert "Around it" in shown(app)
    fact = {"subject": "gsm:acme-prod/maps", "what": "readers", "status": "known", "values": ["allUsers (roles/owner)"]}
    denied = {"subject": "project:acme-prod", "what": "billing", "status": "denied", "values": [], "public": False}
    context = [
        {**fact, "public": True, "detail": None, "at": "2026-11-20T12:00:00Z"},
        {**denied, "detail": "needs billing", "at": "2026-11-20T12:00:00Z"},
    ]
    owners = [{"owner": "web", "label": "team", "of": "gsm:acme-prod/maps"}]
    known = {"key": RECORD, "rotations": [], "sources": [], "context": context, "owners": owners}
    async with opened(desk_with(show=lambda _: known), size=(160, 60)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        screen = shown(app)
        assert "ANYONE ON THE INTERNET" in screen
        assert "web (team of" in screen
        assert "unknown (denied)" in screen


async def test_what_cannot_be_asked_around_hides_nothing_of_the_key(opened):
    desk = desk_with(ask_around=NotAllowed("Billing is [denied].", hint="Ask for roles/billing.viewer."))
    async with opened(desk, size=(160, 60)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert "49 payloads were looked at" in shown(app)
        assert ["Billing is [denied]." in one.message for one in app._notifications] == [True]


async def test_leaving_stops_asking_around(opened):
    began, stopped = threading.Event(), threading.Event()

    def around(_key, stop):
        began.set()
        if stop.wait(20):
            stopped.set()
        raise Interrupted("Stopped.")

    async with opened(desk_with(ask_around=around), size=(160, 60)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        await pilot.press("ctrl+r")
        while not began.is_set():
            await pilot.pause(0.01)
        await pilot.press("escape")
        await loaded(app, pilot)
        assert stopped.is_set()
