"""A scan of the sample organisation finds its service account keys and HMAC keys as their generator knows them."""

from keyward.emulator.organisation import build
from keyward.inventory.scan import ProviderSource, ScanRequest, StoreSource
from keyward.providers import google_hmac_keys, google_sa_keys

HMAC_STATES = {"ACTIVE": "active", "INACTIVE": "disabled"}


def test_accounts_of_the_sample_organisation(machine):
    truth = build(machine.world, "demo", 5).data
    projects = [one["id"] for one in truth["projects"]]
    providers = [module.provider(machine.around) for module in (google_sa_keys, google_hmac_keys)]
    request = ScanRequest(
        tuple(ProviderSource(provider, project, values=True) for project in projects for provider in providers),
        tuple(StoreSource(machine.gsm, project, values=True) for project in projects),
    )
    found = {one.id: one for one in machine.scan(request).sources}
    for source in truth["account_sources"]:
        assert found[source["id"]].status.value == source["status"]
        assert found[source["id"]].permission == source.get("permission", "")
    listed = {one["id"]: one for one in machine.document()["keys"] if one["provider"].startswith("google-")}
    expected = {key["id"]: key for key in truth["service_account_keys"] if key["visible"]}
    assert {key for key in listed if key.startswith("google-sa-keys:")} == set(expected)
    assert len(expected) > 20
    for key_id, key in expected.items():
        one = listed[key_id]
        assert (one["state"], one["kind"], one["bound_identity"]) == (key["state"], "sa-key", key["email"])
        assert one["created_at"] == key["created_at"]
        assert one["expires_at"] == key["expires_at"]
        if key["last_used"]["status"] != "unknown":
            assert one["last_used"]["status"] == key["last_used"]["status"], key_id
        if key["last_used"]["status"] == "used":
            assert one["last_used"]["source"] == key["last_used"]["source"], key_id
        places = {(place["secret"], place["version"]) for place in one["placements"]}
        known = {(place["secret"], place["version"]) for place in key["placements"] if _readable(place, found)}
        assert places == known, key_id
    hmac = {f"google-hmac-keys:{key['project']}/{key['access_id']}": key for key in truth["hmac_keys"]}
    hmac = {name: key for name, key in hmac.items() if key["visible"] and key["state"] in HMAC_STATES}
    assert {key for key in listed if key.startswith("google-hmac-keys:")} == set(hmac)
    for name, key in hmac.items():
        assert (listed[name]["state"], listed[name]["bound_identity"]) == (HMAC_STATES[key["state"]], key["email"])


def _readable(place, sources):
    """Whether a scan could have seen it: the version is on, and its project may be read."""
    return place["version_state"] == "ENABLED" and sources[f"gsm:{place['secret'].split(':')[1].split('/')[0]}"].covered
