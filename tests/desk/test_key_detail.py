"""One key in full over the real parts and the emulator: who uses it, what happened, what may be copied, and its value under audit."""

import json
from contextlib import closing
from datetime import timedelta

import pytest

from keyward.desk import Desk
from keyward.emulator.usage import Usage
from keyward.model.errors import LedgerBroken, NotAllowed, Refused
from keyward.wiring import Parts
from tests.model.shapes import sample
from tests.parts.scene import PROJECT, Scene

CONSUMER = '[[consumer]]\nmatch = "gsm:acme-prod/web-*"\nrun = ["true", "restart-web"]\n'


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with Scene(tmp_path_factory.mktemp("detail") / "home", rate=1000) as scene:
        scene.settings(f'[scan]\nread_values = ["all"]\n{CONSUMER}')
        scene.one = scene.key("one", days=300)
        scene.secret("web-key", scene.one.key_string)
        scene.env(".env", f"A={scene.one.key_string}\n")
        scene.id = scene.key_id(scene.one)
        number, now = scene.world.known(PROJECT).number, scene.world.clock.now()
        for day in range(1, 40):
            when = now - timedelta(days=day, hours=1)
            scene.world.state(Usage).record(number, scene.one.uid, "maps.googleapis.com", count=day, when=when)
        assert scene.keyward("scan", scene.work).status == 0
        yield scene


@pytest.fixture
def desk(scene):
    return opened(scene)


def opened(scene, *, interactive=True):
    parts = Parts(environ=scene.environ(), interactive=interactive)
    return Desk(parts)


def trail(scene):
    done = scene.keyward("audit", "export")
    return [one for one in map(json.loads, done.out.splitlines()) if one["step"] in {"reveal", "copy-value"}]


def test_a_value_is_read_after_its_intent_and_shown_after_its_outcome_is_on_record(scene, desk, monkeypatch):
    provider = desk.parts.providers.get("google-api-keys")
    ledger, _ = desk.books.writing()
    before, seen = len(trail(scene)), []
    read = provider.read_value

    def watched(*arguments):
        seen.extend(event.kind for event in ledger.events() if event.step == "reveal")
        return read(*arguments)

    monkeypatch.setattr(provider, "read_value", watched)
    shown = desk.values.reveal(scene.id)
    assert shown.value.reveal_text() == scene.one.key_string
    assert seen[-1] == "intent"
    told = trail(scene)[before:]
    assert [line["kind"] for line in told] == ["intent", "outcome"]
    assert told[1]["detail"]["ok"] is True
    assert told[1]["detail"]["identity"]
    assert scene.one.key_string not in json.dumps(told)
    desk.close()


def test_a_value_that_cannot_be_put_down_is_not_given_out(scene, desk, monkeypatch):
    ledger, _ = desk.books.writing()
    append, calls = ledger.append, []

    def breaks(events):
        calls.append(events)
        if len(calls) == 2:
            raise LedgerBroken("It takes nothing.")
        append(events)

    monkeypatch.setattr(ledger, "append", breaks)
    with pytest.raises(LedgerBroken):
        desk.values.reveal(scene.id)
    desk.close()


def test_nobody_at_a_terminal_sees_and_copies_nothing(scene):
    desk = opened(scene, interactive=False)
    before = len(trail(scene))
    assert "at a terminal only" in desk.values.readable(scene.id).why
    with pytest.raises(NotAllowed):
        desk.values.reveal(scene.id)
    with pytest.raises(NotAllowed):
        desk.values.copied(scene.id, "x")
    assert len(trail(scene)) == before
    desk.close()


def test_a_value_in_a_place_is_shown_only_while_it_is_that_key(scene):
    word = sample("openai", 7).decode()
    file = scene.env("other/.env", f"OPENAI_API_KEY={word}\n")
    assert scene.keyward("scan", "--local").status == 0
    desk = opened(scene)
    with closing(desk.cache()) as cache:
        (key,) = [row[0] for row in cache.rows("SELECT id FROM key WHERE id LIKE 'shape:openai%'")]
    shown = desk.values.reveal(key)
    assert shown.value.reveal_text() == word
    assert shown.source.startswith("env:")
    file.write_text(f"OPENAI_API_KEY={sample('openai', 8).decode()}\n")
    with pytest.raises(Refused, match="No place holds this value"):
        desk.values.reveal(key)
    assert [line["detail"].get("ok") for line in trail(scene)[-2:]] == [None, False]
    file.unlink()
    desk.close()


def test_who_uses_it_what_may_be_copied_and_what_happened(scene, desk):
    key = scene.key("three", days=300)
    full = scene.key_id(key)
    number, now = scene.world.known(PROJECT).number, scene.world.clock.now()
    when = now - timedelta(days=9)
    scene.world.state(Usage).record(number, key.uid, "maps.googleapis.com", count=3, when=when)
    scene.secret("web-three", key.key_string)
    scene.env("three/.env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work).status == 0
    found = desk.keys.where_used(full)
    assert {one["secret"].partition(":")[0] for one in found.places} == {"gsm", "env"}
    assert found.consumers == {"gsm:acme-prod/web-three": ("true restart-web",)}
    copies = dict(desk.keys.copies(full))
    assert copies["id"] == full
    assert copies["keyward rotate ..."] == f"keyward rotate {full}"
    assert copies["gcloud ..."].startswith("gcloud services api-keys describe projects/")
    assert json.loads(copies["JSON of the record"])["id"] == full
    assert key.key_string not in json.dumps(copies)
    now = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial", "--wait")
    done = scene.keyward("rotate", full, *now)
    assert done.status == 0, done.err
    moments = [one.what for one in desk.keys.timeline(full)]
    assert {"made", "rotation began", "rotated", "retired", "seen in a place", "last seen in use"} <= set(moments)
    assert moments.index("retired") < moments.index("rotated") < moments.index("rotation began") < moments.index("made")
    successor = desk.record.rotations()[0].data["new"]["id"]
    assert "made by a rotation" in [one.what for one in desk.keys.timeline(successor)]
    desk.close()


def test_days_outlive_six_weeks_of_monitoring_and_both_scans_count_them_once(scene):
    key = scene.key("two", days=300)
    number = scene.world.known(PROJECT).number
    full, now = scene.key_id(key), scene.world.clock.now()
    for day in (10, 40):
        when = now - timedelta(days=day, hours=1)
        scene.world.state(Usage).record(number, key.uid, "maps.googleapis.com", count=7, when=when)
    assert scene.keyward("scan").status == 0
    assert scene.keyward("scan").status == 0
    assert scene.keyward("usage", full, "-o", "json").json["calls"] == 14
    scene.world.clock.advance(50 * 86_400)
    assert scene.keyward("scan").status == 0
    told = scene.keyward("usage", full, "--days", "120", "-o", "json").json
    assert told["calls"] == 14, "Monitoring has forgotten both"
    assert told["services"] == {"maps.googleapis.com": 14}
    states = [one["state"] for one in told["days"]]
    assert "not_counted" in states
    assert all((one["calls"] is None) == (one["state"] in {"not_counted", "before_created"}) for one in told["days"])
    table = scene.keyward("usage", full, "--days", "120")
    assert "maps.googleapis.com 2xx 7" in table.out
    assert "no scan has counted them" in table.out
    rows = scene.keyward("usage", full, "-o", "csv").out.splitlines()
    assert rows[0] == "day,state,service,response,calls"
    assert scene.keyward("usage", full, "--days", "0").status == 2
