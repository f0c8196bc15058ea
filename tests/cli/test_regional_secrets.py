"""Secrets of a region: a source of their own where the settings name the region, said not to be looked for where they do not."""

import json

from keyward.emulator.faults import Fault

REGION = "europe-west3"
ID = f"gsm:acme-prod/{REGION}/app"
SOURCE = f"gsm:acme-prod@{REGION}"
NAMED = f'[scan]\nregions = ["{REGION}"]\n'
BESIDE = "Not looked for:"
NOW = ("--grace", "0s", "--retire", "now", "--yes", "--reason", "trial", "--wait=retired")


def test_a_region_that_nobody_named_is_not_looked_at_and_that_is_said(scene):
    scene.key()
    scene.secret("app", "text", region=REGION)
    done = scene.keyward("scan")
    assert done.status == 0, done.err
    assert f"{BESIDE} regional secrets; [scan] regions names the regions to ask." in done.out
    assert done.out.count("OAuth clients") == 1
    assert scene.keyward("list", "-o", "json").json["secrets"] == []
    assert not any("locations/europe" in one["path"] for one in scene.log())
    local = scene.keyward("scan", "--local", scene.work)
    assert BESIDE not in local.out
    assert "OAuth" not in local.out


def test_each_region_is_a_source_beside_the_global_one(scene):
    key = scene.key()
    scene.secret("app", "nothing of interest")
    scene.secret("app", json.dumps({"gemini": key.key_string}), region=REGION)
    scene.settings(f'{NAMED}read_values = ["project:acme-prod"]\n')
    done = scene.keyward("scan", "-o", "json")
    assert done.status == 0, done.err
    sources = {one["id"]: (one["status"], one["items"], one["looked"]) for one in done.json["sources"]}
    assert sources["gsm:acme-prod"] == sources[SOURCE] == ("ok", 1, 1)
    assert any(f"regions other than {REGION}" in line for line in done.json["blind"])
    found = scene.keyward("list", "-o", "json").json
    assert {one["secret"] for one in found["secrets"]} == {"gsm:acme-prod/app", ID}
    (place,) = found["keys"][0]["placements"]
    assert (place["secret"], place["scope"], place["part"]) == (ID, f"acme-prod@{REGION}", "/gemini")


def test_a_region_that_denies_keeps_its_rows_and_leaves_the_global_ones_alone(scene):
    scene.secret("app", "text")
    scene.secret("app", "text", region=REGION)
    scene.settings(NAMED)
    assert scene.keyward("scan").status == 0
    scene.world.faults.add(Fault(rpc="locations.secrets.list$", status="PERMISSION_DENIED", times=-1))
    done = scene.keyward("scan", "-o", "json")
    assert done.status == 3
    assert {one["id"]: one["status"] for one in done.json["sources"] if "gsm" in one["id"]} == {
        "gsm:acme-prod": "ok",
        SOURCE: "denied",
    }
    assert {one["secret"] for one in scene.keyward("list", "-o", "json").json["secrets"]} == {"gsm:acme-prod/app", ID}


def test_a_rotation_writes_to_a_secret_of_a_region_and_to_a_new_one_there(scene):
    key = scene.key()
    old, new_place = key.key_string, f"gsm:acme-prod/{REGION}/fresh"
    scene.secret("app", old, region=REGION)
    scene.secret("app", "another")
    scene.settings(f'{NAMED}read_values = ["project:acme-prod"]\n[targets]\nallow = ["gsm:acme-prod/{REGION}/*"]\n')
    assert scene.keyward("scan").status == 0
    done = scene.keyward("rotate", scene.key_id(key), "--accept-targets", "--to", new_place, *NOW)
    assert done.status == 0, done.err
    (new,) = scene.live()
    assert new != old
    assert scene.current("app", region=REGION).decode() == scene.current("fresh", region=REGION).decode() == new
    assert scene.current("app").decode() == "another"
    assert len(scene.versions("app", region=REGION)) == 2
    assert ID in scene.keyward("history", "-o", "json").out


def test_a_region_becomes_a_part_of_an_address_only_if_it_is_one(scene):
    scene.settings('[scan]\nregions = ["evil.example/"]\n')
    done = scene.keyward("scan")
    assert (done.status, "is not a region such as europe-west3" in done.err) == (4, True)
