"""Text from outside is shown as it is: never parsed, never able to act. Tried on every widget that shows some."""

import pytest

from keyward.model.errors import Refused
from keyward.model.events import CallMade, StepDone, StepStarted, Waiting
from keyward.model.source import SourceReport, SourceStatus
from keyward.tui.widgets.dialog import Confirm
from tests.parts.desk import NOW, Desk, loaded, row, seen, shown

HOSTILE = ("[/nope]", "[bold]x[/bold]", "[@click=app.quit]press[/]", "[link=file:///etc]x[/link]", "$(x) {y} \\[z]")


@pytest.mark.parametrize("name", HOSTILE)
async def test_names_and_errors_with_brackets_stay_text_everywhere(opened, name):
    source = SourceReport(f"gsm:{name}", SourceStatus.DENIED, detail=f"said {name}", permission=name, at=NOW)
    key = row(1, name=name, scope=name, secrets=(f"gsm:p/{name}",), restrictions=(name,), places=1)
    record = {
        "id": key.id,
        "name": name,
        "kind": "api-key",
        "scope": name,
        "state": name,
        "age_days": 3,
        "age_is": "exact",
        "last_used": {"status": "used", "at": "2026-11-19T12:00:00Z", "window_days": 42, "source": name},
        "bound_identity": name,
        "restrictions": {"apis": [name], "client": name},
        "placements": [
            {"store": "gsm", "secret": f"gsm:p/{name}", "version": name, "role": name, "part": name, "host": name}
        ],
        "placements_looked": {"read": 1, "not_read": 2},
    }
    rotations = [{"id": name, "state": name, "waiting_on": name, "why": name}]
    desk = Desk([key], [source], show=lambda _: {"key": record, "rotations": rotations, "sources": []})
    desk._cache.credential = lambda _: None
    desk._cache.uses = lambda _: []
    async with opened(desk, size=(190, 50)) as (app, pilot):
        await seen(app, pilot, name)
        await pilot.press("enter")
        await loaded(app, pilot)
        screen = shown(app)
        assert screen.count(name) >= 8, screen
        await pilot.press("escape", "d")
        await loaded(app, pilot)
        assert f"said {name}" in shown(app)
        app.notify(f"note {name}", title=f"title {name}")
        app.push_screen(Confirm(f"do {name}", f"text {name}", "phrase", f"verb {name}"[:12]))
        await seen(app, pilot, f"do {name}")


@pytest.mark.parametrize("name", HOSTILE)
async def test_events_and_refusals_with_brackets_stay_text(opened, name):
    from keyward.tui.live import KeyLive, Live
    from keyward.tui.lives import LiveSaid
    from keyward.tui.messages import Failed, Heard
    from keyward.tui.screens.rotation import RotationScreen

    async with opened(Desk([row(1)]), size=(190, 50), write=True) as (app, pilot):
        live = Live("go on", [KeyLive("k1", f"key {name}")], rotation="r1")
        live.belongs({"r1": "k1"})
        app.push_screen(RotationScreen(live))
        await loaded(app, pilot)
        for event in (
            StepStarted("r1", "write", f"what {name}", f"target {name}"),
            StepDone("r1", "write", False, f"evidence {name}", f"target {name}"),
            Waiting("r1", "person", f"why {name}"),
            CallMade(NOW, "GET", f"host {name}", f"/path {name}", f"s {name}"[:9], 12),
        ):
            app.post_message(LiveSaid(live, Heard(event)))
        await pilot.press("L")
        words = [f"{word} {name}" for word in ("what", "evidence", "why", "/path")]
        await seen(app, pilot, *words, f"host {name}"[:20])
        app.post_message(LiveSaid(live, Failed(Refused(f"no {name}", hint=f"try {name}"))))
        await seen(app, pilot, f"no {name}", f"try {name}")


async def test_an_unknown_query_with_brackets_is_repeated_as_text(opened):
    async with opened(Desk([row(1)])) as (app, pilot):
        from textual.widgets import Input

        app.screen.query_one(Input).value = "kind:[/x]"
        await loaded(app, pilot)
        assert "kind is never '[/x]'" in shown(app)
