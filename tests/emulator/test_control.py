"""The control plane: time, dump, simulated use, snapshot."""

import json
import stat

import pytest

from keyward.emulator.world import World
from tests.parts.emulator import good, make_key, refused

KEYS = "/v2/projects/p1/locations/global/keys"


def test_it_says_what_it_is_and_what_time_it_is(make_emulator):
    emulator = make_emulator(rate=0)
    about = {"product": "keyward-emulator", "instance": emulator.world.instance, "rate": 0}
    assert good(emulator, "GET", "/emulator/v1") == {**about, "now": "2026-11-20T12:00:00.000000Z"}
    moved = good(emulator, "POST", "/emulator/v1/clock", {"advance_seconds": 90})
    assert moved["now"] == "2026-11-20T12:01:30.000000Z"
    moved = good(emulator, "POST", "/emulator/v1/clock", {"now": "2030-01-01T00:00:00Z", "rate": 3600})
    assert moved["now"] >= "2030-01-01T00:00:00.000000Z"
    assert moved["rate"] == 3600
    assert refused(emulator, "POST", "/emulator/v1/clock", {"now": "soon"})[0] == 400


def test_the_dump_shows_every_service(emulator):
    slots = good(emulator, "GET", "/emulator/v1/dump")["slots"]
    accounts = {"accountkeys", "auditlog", "authentications", "iam", "tokens"}
    around = {"alerting", "budgets", "roles", "tree"}
    others = {"apikeys", "hmackeys", "holes", "metrics-scopes", "secretmanager", "usage"}
    assert set(slots) == accounts | around | others


def test_the_dump_holds_key_strings(emulator):
    key = make_key(emulator, keyId="web")
    dump = good(emulator, "GET", "/emulator/v1/dump")
    (dumped,) = dump["slots"]["apikeys"]["keys"]
    assert (dumped["key_id"], dumped["key_string"], dumped["delete_time"]) == ("web", key["keyString"], None)
    assert dump["instance"] == emulator.world.instance


def test_use_is_found_by_uid_or_string(emulator):
    key = make_key(emulator)
    for name, value in (("uid", key["uid"]), ("key_string", key["keyString"])):
        assert good(emulator, "POST", "/emulator/v1/use", {name: value, "when": "2026-11-01T00:00:00Z"}) == {
            "uid": key["uid"]
        }
    assert good(emulator, "GET", "/emulator/v1/dump")["slots"]["usage"]["counts"][0][-1][0][1] == 2
    assert refused(emulator, "POST", "/emulator/v1/use", {"uid": "x"})[0] == 404
    assert refused(emulator, "POST", "/emulator/v1/use", {})[0] == 400


def test_behaviour_can_be_changed_by_name(emulator):
    good(emulator, "POST", "/emulator/v1/behaviour", {"operation_seconds": 9, "fresh_seconds": [1, 2]})
    assert emulator.world.behaviour.operation_seconds == 9
    assert emulator.world.behaviour.fresh_seconds == (1, 2)
    assert refused(emulator, "POST", "/emulator/v1/behaviour", {"colour": "red"})[0] == 400


@pytest.mark.parametrize(("method", "path"), [("GET", "/emulator/v1/nothing"), ("POST", "/emulator/v1/dump")])
def test_unknown_control_requests_are_refused(emulator, method, path):
    assert refused(emulator, method, path, {})[0] == 404


def test_control_requests_are_neither_logged_nor_struck(emulator):
    good(emulator, "POST", "/emulator/v1/faults", [{"kill": True, "times": -1}])
    assert good(emulator, "GET", "/emulator/v1/log") == {"entries": []}


def test_a_state_file_keeps_world_and_instance_across_restarts(make_emulator, tmp_path):
    file = tmp_path / "world.json"
    first = make_emulator(file=file, grpc=False)
    key = make_key(first, keyId="web")
    good(first, "DELETE", f"{KEYS}/web")
    good(first, "POST", "/emulator/v1/use", {"uid": key["uid"]})
    good(first, "POST", "/emulator/v1/project", {"id": "p1", "denied": ["apikeys.keys.get"], "labels": {"a": "b"}})
    before = good(first, "GET", "/emulator/v1/dump")
    first.stop()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["world.json"]
    second = make_emulator(file=file, grpc=False)
    after = good(second, "GET", "/emulator/v1/dump")
    moving = {"now", "runs"}
    assert {k: v for k, v in after.items() if k not in moving} == {k: v for k, v in before.items() if k not in moving}
    restored = good(second, "POST", f"{KEYS}/web:undelete")
    assert good(second, "GET", f"/v2/{restored['name']}")["response"]["keyString"] == key["keyString"]
    assert make_key(second)["uid"] != key["uid"]


def test_without_a_state_file_every_world_is_another():
    assert World().instance != World().instance


def test_a_snapshot_is_written_while_running(make_emulator, tmp_path):
    file = tmp_path / "world.json"
    emulator = make_emulator(file=file, grpc=False)
    make_key(emulator, keyId="web")
    for _ in range(100):
        if "web" in file.read_text(encoding="utf-8"):
            break
        emulator.world.clock.now()
        emulator._done.wait(0.05)
    assert json.loads(file.read_text(encoding="utf-8"))["slots"]["apikeys"]["keys"][0]["key_id"] == "web"


def test_a_purged_key_stays_gone_after_a_restart(make_emulator, tmp_path):
    file = tmp_path / "world.json"
    first = make_emulator(file=file, grpc=False)
    old = make_key(first, keyId="web")
    good(first, "DELETE", f"{KEYS}/web")
    first.world.clock.advance(31 * 86400)
    new = make_key(first, keyId="web")
    first.stop()
    second = make_emulator(file=file, grpc=False)
    second.world.clock.advance(31 * 86400)
    assert good(second, "GET", f"{KEYS}/web")["uid"] == new["uid"]
    assert refused(second, "GET", f"{KEYS}/{old['uid']}")[0] == 404
    assert "name" not in good(second, "GET", f"/v2/keys:lookupKey?keyString={old['keyString']}")
