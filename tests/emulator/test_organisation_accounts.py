"""Service account keys of the sample organisation: what the emulator answers is what the truth says."""

import base64
import json
import re
from collections import Counter
from datetime import timedelta

import pytest

from keyward.emulator.clock import Clock, parse, seconds
from keyward.emulator.organisation import accounts, build, catalogue
from keyward.emulator.server import Emulator
from keyward.emulator.world import World
from tests.emulator.test_tokens import token
from tests.parts.emulator import START, discovery, good, refused


@pytest.fixture
def running(make_emulator):
    """The curated organisation behind real sockets, and the truth about it."""
    emulator = make_emulator(rate=0, grpc=False)
    return emulator, build(emulator.world, "demo", 1).data


def payload(emulator, place):
    project, secret = place["secret"].removeprefix("gsm:").split("/")
    path = f"/v1/projects/{project}/secrets/{secret}/versions/{place['version']}:access"
    return base64.b64decode(good(emulator, "GET", path)["payload"]["data"]).decode()


def file_in(text, place):
    """The JSON file of a key as an independent reader of the payload finds it."""
    if place["path"]:
        (text,) = re.findall(rf"^{place['path']}='(.*)'$", text, re.MULTILINE)
    return json.loads(text if text.startswith("{") else base64.b64decode(text))


def test_everything_that_an_account_key_can_be_occurs(running):
    _, truth = running
    keys = truth["service_account_keys"]
    assert len(keys) >= 30
    assert {key["state"] for key in keys} == {"active", "disabled", "blocked-by-provider", "expired"}
    assert {key["disable_reason"] for key in keys} == {None, "USER_INITIATED", "EXPOSED", "COMPROMISE_DETECTED"}
    assert {key["origin"] for key in keys} == {"GOOGLE_PROVIDED", "USER_PROVIDED"}
    assert {key["last_used"]["status"] for key in keys} == {"used", "never", "not_seen", "unknown", "denied"}
    assert max(Counter(key["email"] for key in keys).values()) == 10
    assert sorted(len(key["placements"]) for key in keys)[-4:] == [1, 1, 1, 2]
    assert {key["state"] for key in truth["hmac_keys"]} == {"ACTIVE", "INACTIVE", "DELETED"}
    assert {source["status"] for source in truth["account_sources"]} == {"ok", "denied"}


def test_nothing_of_the_other_catalogue_changes():
    before = catalogue.read(START, "1")
    after = accounts.join(before, "1")
    for old, new in zip(before.projects, after.projects, strict=True):
        assert (new.keys, new.secrets[: len(old.secrets)]) == (old.keys, old.secrets)
        for secret in new.secrets[len(old.secrets) :]:
            times = [new.created, secret.created, *(version.created for version in secret.versions)]
            assert times == sorted(times)
        for account in new.accounts:
            for key in account.keys:
                assert new.created < key.created < START
                assert all(key.created <= use.when <= (key.expires or START) for use in key.uses)


def test_iam_lists_the_keys_of_the_truth(running):
    emulator, truth = running
    for source in truth["account_sources"]:
        provider, project = source["id"].split(":")
        if provider != "google-sa-keys":
            continue
        path = f"/v1/projects/{project}/serviceAccounts"
        if source["status"] == "denied":
            assert source["permission"] in refused(emulator, "GET", path)[3]
            continue
        wanted = {key["resource"]: key for key in truth["service_account_keys"] if key["project"] == project}
        found = {}
        for account in good(emulator, "GET", f"{path}?pageSize=100").get("accounts", []):
            answer = good(emulator, "GET", f"{path}/{account['email']}/keys?keyTypes=USER_MANAGED")
            found |= {key["name"]: key for key in answer.get("keys", [])}
        assert found.keys() == wanted.keys()
        for name, key in wanted.items():
            assert found[name]["validAfterTime"] == key["created_at"]
            assert found[name]["validBeforeTime"] == (key["expires_at"] or "9999-12-31T23:59:59Z")
            assert found[name]["keyOrigin"] == key["origin"]
            assert found[name].get("disabled", False) == bool(key["disable_reason"])
            reason = found[name].get("disableReason", "").removeprefix("SERVICE_ACCOUNT_KEY_DISABLE_REASON_")
            assert (reason or None) == key["disable_reason"]
            assert [status["value"] for status in found[name].get("extendedStatus", [])] == [key["note"]] * bool(
                key["note"]
            )


def test_storage_lists_the_hmac_keys_of_the_truth(running):
    emulator, truth = running
    for source in truth["account_sources"]:
        provider, project = source["id"].split(":")
        if provider != "google-hmac-keys" or source["status"] != "ok":
            continue
        wanted = {key["access_id"]: key for key in truth["hmac_keys"] if key["project"] == project}
        found = good(emulator, "GET", f"/storage/v1/projects/{project}/hmacKeys?showDeletedKeys=true").get("items", [])
        assert {one["accessId"]: (one["state"], one["serviceAccountEmail"]) for one in found} == {
            name: (key["state"], key["email"]) for name, key in wanted.items()
        }


def test_monitoring_and_policy_analyzer_show_the_last_use_of_the_truth(running):
    emulator, truth = running
    seen = Counter()
    for project in truth["projects"]:
        keys = [key for key in truth["service_account_keys"] if key["project"] == project["id"]]
        if "monitoring.timeSeries.list" in project["denied"]:
            assert {key["last_used"]["status"] for key in keys} == {"denied"}
            continue
        last, days = last_uses(emulator, project["id"]), last_days(emulator, project["id"])
        for key in keys:
            at, source = key["last_used"]["at"], key["last_used"].get("source")
            shown = last if source != "Policy Analyzer" else days
            assert shown.get(key["key_id"]) == (at and parse(at)), key["id"]
            seen[source] += 1
    assert seen["Cloud Monitoring"] >= 10
    assert seen["Policy Analyzer"] >= 2


def last_days(emulator, project):
    """The end of the last day on which each key authenticated."""
    kind = "locations/global/activityTypes/serviceAccountKeyLastAuthentication"
    answer = good(emulator, "GET", f"/v1/projects/{project}/{kind}/activities:query")
    found = {one["fullResourceName"].rpartition("/")[2]: one["activity"] for one in answer.get("activities", [])}
    return {
        key: parse(one["lastAuthenticatedTime"]) + timedelta(days=1)
        for key, one in found.items()
        if "lastAuthenticatedTime" in one
    }


def last_uses(emulator, project):
    with discovery(emulator, "monitoring", "v3") as service:
        answer = (
            service.projects()
            .timeSeries()
            .list(
                name=f"projects/{project}",
                filter='metric.type="iam.googleapis.com/service_account/key/authn_events_count"',
                interval_startTime=seconds(START - timedelta(days=42)),
                interval_endTime=seconds(START),
            )
            .execute()
        )
    return {
        one["metric"]["labels"]["key_id"]: parse(one["points"][0]["interval"]["endTime"])
        for one in answer.get("timeSeries", [])
    }


def test_a_file_in_a_secret_is_a_real_key_that_gets_tokens(running):
    emulator, truth = running
    placed = [(key, place) for key in truth["service_account_keys"] for place in key["placements"]]
    assert len({place["secret"] for _, place in placed}) == 4
    for key, place in placed:
        if place["version_state"] != "ENABLED":
            continue
        file = file_in(payload(emulator, place), place)
        assert (file["private_key_id"], file["client_email"]) == (key["key_id"], key["email"])
        assert file["token_uri"] == f"{emulator.url}token"
        assert token(file)


def test_an_hmac_key_in_a_secret_is_the_one_of_the_truth(running):
    emulator, truth = running
    (key,) = [key for key in truth["hmac_keys"] if key["placements"]]
    text = payload(emulator, key["placements"][0])
    assert f"AWS_ACCESS_KEY_ID={key['access_id']}\n" in text


def test_files_keep_their_keys_and_follow_the_address(tmp_path):
    state = tmp_path / "state.json"
    with Emulator(World(seed=1, file=state), grpc_port=None) as first:
        truth = build(first.world, "demo", 1).data
        key = next(key for key in truth["service_account_keys"] if key["state"] == "active" and key["placements"])
        place = key["placements"][0]
        before = file_in(payload(first, place), place)
    # The address of before, as long as nobody else has it.
    with Emulator(World(file=state), grpc_port=None) as second:
        assert second.url == first.url
        assert file_in(payload(second, place), place) == before
        assert token(before)
        second.world.save()
        copy = tmp_path / "copy.json"
        copy.write_bytes(state.read_bytes())
        with Emulator(World(file=copy), grpc_port=None) as third:
            moved = file_in(payload(third, place), place)
            assert moved == {**before, "token_uri": f"{third.url}token"}
            assert third.url != second.url
            assert token(moved)


def test_material_is_made_only_when_somebody_reads_it():
    world = World(seed=1, clock=Clock(START, 0))
    build(world, "demo", 1)
    assert not any(key["certificate"] for key in world.dump()["slots"]["accountkeys"]["keys"])
    assert "PRIVATE KEY" not in json.dumps(world.dump())


def test_any_size_is_met_exactly():
    truth = build(World(seed=1, clock=Clock(START, 0)), "7x50x23x40", 1).data
    assert (len(truth["keys"]), len(truth["secrets"]), len(truth["service_account_keys"])) == (50, 23, 40)
    assert max(Counter(key["email"] for key in truth["service_account_keys"]).values()) == 3
    plain = build(World(seed=1, clock=Clock(START, 0)), "7x50x23", 1).data
    assert plain["keys"] == truth["keys"]
