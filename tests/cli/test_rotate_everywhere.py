"""One key in an env file, a keyring and a secret: seen everywhere, replaced everywhere, and the old one proved dead."""

import json

from tests.cli.conftest import changes_in, files_of, ledger_rows
from tests.parts.scene import encoded

NOW = ("--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
ITEM = ("acme", "rotated")


def test_a_key_in_three_kinds_of_store(ringed):
    scene = ringed
    key = scene.key("payments gemini key")
    old, key_id = key.key_string, scene.key_id(key)
    payload = json.dumps({"gemini": old, "retries": 3}, indent=1) + "\n"
    text = f'# keep me\r\nexport GEMINI_API_KEY="{old}" # why\r\n\r\nOTHER=1'
    scene.secret("app", payload)
    file = scene.env("svc/.env", text)
    scene.ring(*ITEM, old)

    scanned = scene.keyward("scan", scene.work, "--values", "all")
    assert scanned.status == 0, scanned.err
    assert "Reading up to 2 values in 2 sources" in scanned.err

    places = _list_names_every_place(scene, key_id, file)
    _dry_run_changes_nothing(scene, key_id)
    _without_accepted_targets_nothing_is_written(scene, key_id, places)

    done = scene.keyward("rotate", key_id, "--accept-targets", *NOW, "--wait=dead")
    assert done.status == 0, done.err
    (new,) = scene.live()
    assert new != old
    assert file.read_bytes().decode() == text.replace(old, new)
    assert scene.current("app").decode() == payload.replace(old, new)
    assert scene.ring(*ITEM) == new
    listed = {one["id"]: one for one in scene.keyward("list", "-o", "json").json["keys"]}
    assert listed[key_id]["state"] == "deleted-restorable"
    successor = next(one for one in listed.values() if one["id"] != key_id)
    assert {(one["store"], one["part"], one["accepted"]) for one in successor["placements"]} == {
        ("env", "GEMINI_API_KEY", True),
        ("gsm", "/gemini", True),
        ("keyring", "", True),
    }

    _history_says_all(scene, key_id, places)
    _a_copy_made_later_is_new(scene, successor["id"], new)
    _no_value_slipped_out(scene, (old, new), scanned, done)


def _list_names_every_place(scene, key_id, file):
    found = scene.keyward("list", "--format", "json")
    assert found.status == 0
    (key,) = found.json["keys"]
    assert key["id"] == key_id
    assert key["age_days"] == 200
    assert key["age_is"] == "exact"
    assert key["last_used"]["status"] == "not_seen"
    assert key["last_used"]["window_days"] == 42
    places = {f"{one['secret']}#{one['part']}".removesuffix("#") for one in key["placements"]}
    assert places == {f"env:{file}#GEMINI_API_KEY", "gsm:acme-prod/app#/gemini", f"keyring:{'/'.join(ITEM)}"}
    assert all(one["role"] == "current" and not one["accepted"] for one in key["placements"])
    return places


def _dry_run_changes_nothing(scene, key_id):
    before, rows, seen = files_of(scene.work), ledger_rows(scene), len(scene.log())
    done = scene.keyward(
        "rotate", key_id, "--accept-targets", "--grace", "0s", "--retire", "now", "--dry-run", "-o", "json"
    )
    assert done.status == 0, done.err
    plan = done.json
    assert plan["schema"] == "keyward.plan/1"
    assert plan["ready"] is True
    (key,) = plan["keys"]
    assert len(key["targets"]) == 3
    assert plan["command"][:3] == ["keyward", "rotate", key_id]
    text = scene.keyward("rotate", key_id, "--accept-targets", "--grace", "0s", "--retire", "now", "--dry-run").out
    for said in (
        "EMULATOR",
        "WRITE",
        "apikeys.keys.create",
        "in 3 of 3 sources; 2 payloads searched, 1 not",
        "not seen in 42 d",
        "gone for good",
        "Apply exactly",
    ):
        assert said in text, said
    assert changes_in(scene.log()[seen:]) == []
    assert files_of(scene.work) == before
    assert ledger_rows(scene) == rows


def _without_accepted_targets_nothing_is_written(scene, key_id, places):
    before, rows, seen = files_of(scene.work), ledger_rows(scene), len(scene.log())
    done = scene.keyward("rotate", key_id, *NOW)
    assert done.status == 6
    for place in places:
        assert f"--accept-target {place}" in done.err
    assert changes_in(scene.log()[seen:]) == []
    assert files_of(scene.work) == before
    assert ledger_rows(scene) == rows


def _history_says_all(scene, key_id, places):
    (one,) = scene.keyward("history", "-o", "json").json["rotations"]
    assert (one["key"], one["state"], one["reason"]) == (key_id, "done", "trial")
    assert one["undo_until"] > one["revoked"]
    assert one["waived"]
    assert {target["at"] for target in one["targets"]} == places
    assert all(
        target["before"] and target["after"] and target["before"] != target["after"] for target in one["targets"]
    )
    events = one["events"]
    assert all(event["at"] and event["actor"] and event["host"] for event in events)
    assert {"begun", "intent", "outcome", "verdict", "waived"} <= {event["kind"] for event in events}
    assert any(event["verdict"] == "works" and event["evidence"] for event in events)
    assert any(event["verdict"] == "dead" and event["evidence"] for event in events)
    text = scene.keyward("history").out
    for said in (*places, "trial", "undo until", "works", "dead"):
        assert said in text, said


def _a_copy_made_later_is_new(scene, key_id, value):
    copy = scene.env("svc/copy.env", f"COPIED={value}\n")
    before, seen, live = files_of(scene.work), len(scene.log()), scene.live()
    done = scene.keyward("rotate", key_id, "--accept-targets", *NOW)
    assert done.status == 6
    assert f"env:{copy}#COPIED is NEW" in done.err
    assert changes_in(scene.log()[seen:]) == []
    assert files_of(scene.work) == before
    assert scene.live() == live


def _no_value_slipped_out(scene, values, *results):
    kept = b"".join(file.read_bytes() for file in (scene.home / "state").rglob("*") if file.is_file())
    told = "".join(one.out + one.err for one in results) + scene.keyward("history", "-o", "json").out
    for value in values:
        for form in encoded(value):
            assert form not in told
            assert form.encode() not in kept


def test_who_asks_a_moment_too_late_finds_it_done(scene):
    key = scene.key("my key")
    file = scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    now = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
    assert scene.keyward("rotate", scene.key_id(key), *now).status == 0
    for _ in range(4):
        scene.world.clock.advance(2400)
        assert scene.keyward("resume").status == 0
    (rotation,) = scene.keyward("history", "-o", "json").json["rotations"]
    assert rotation["state"] == "done"
    held = file.read_text()
    again = scene.keyward("rotate", scene.key_id(key), *now, "-o", "json")
    assert again.status == 0, again.err
    assert [(one["rotation"], one["state"]) for one in again.json["rotations"]] == [(rotation["id"], "done")]
    assert file.read_text() == held
    assert len(scene.keyward("history", "-o", "json").json["rotations"]) == 1
