"""A scan of the sample organisation says what the generator of that organisation knows."""

import json

from keyward.emulator.organisation import build
from keyward.inventory.scan import ProviderSource, ScanRequest, StoreSource
from keyward.model.text import clean
from keyward.model.usage import UseStatus


def everything(machine, truth):
    projects = [one["id"] for one in truth["projects"]]
    return ScanRequest(
        tuple(ProviderSource(machine.provider, one, values=True) for one in projects),
        tuple(StoreSource(machine.gsm, one, values=True) for one in projects),
    )


def test_a_scan_of_the_sample_organisation_finds_the_truth(machine):
    truth = build(machine.world, "demo", 5).data
    result = machine.scan(everything(machine, truth))
    found = {one.id: one for one in result.sources}
    for source in truth["sources"]:
        report = found[source["id"]]
        # A project whose API is off can still be listed under another project's quota.
        assert report.status.value in {source["status"], "ok" if source["status"] == "disabled" else source["status"]}
        if source["status"] == "denied":
            assert report.permission == source["permission"]
    listed = {one["id"]: one for one in machine.document()["keys"] if one["provider"] != "shape"}
    covered = {one for one, report in found.items() if report.status.value in {"ok", "partial"}}
    expected = {
        key["id"]: key
        for key in truth["keys"]
        if f"google-api-keys:{key['project']}" in covered and key["state"] != "deleted"
    }
    assert listed.keys() == expected.keys()
    for key_id, key in expected.items():
        one = listed[key_id]
        assert (one["name"], one["kind"], one["state"]) == (
            key["name"] and clean(key["name"]),
            key["kind"],
            key["state"],
        )
        assert one["created_at"] == key["created_at"][:19] + "Z"
        assert one["bound_identity"] == key["bound_identity"]
        assert one["last_used"]["status"] == key["last_used"]["status"]


def test_every_place_of_a_live_key_is_found_and_no_other(machine):
    truth = build(machine.world, "30x300x200", 5).data
    machine.scan(everything(machine, truth))
    expected = {
        (
            key["id"],
            place["secret"],
            place["version"],
            "current" if place["current"] else "alias" if place["aliases"] else "old",
        )
        for key in truth["keys"]
        if key["state"] == "active"
        for place in key["placements"]
        if place["version_state"] == "ENABLED"
    }
    actual = {
        (key, secret, version, role)
        for key, secret, version, _, role in machine.placed()
        if not key.startswith("shape:")
    }
    assert len(expected) > 100
    assert actual == expected
    used = {one["id"]: one["last_used"] for one in machine.document()["keys"] if one["provider"] != "shape"}
    for key in truth["keys"]:
        assert used[key["id"]]["status"] == key["last_used"]["status"]
        if key["last_used"]["status"] == UseStatus.USED:
            assert used[key["id"]]["at"] >= key["last_used"]["at"][:19]
    assert json.dumps(truth).count("placements") == 300
