"""The sample organisation: what the emulator answers is what the truth says, and the truth is what was promised."""

import base64
import configparser
import json
import re
from collections import Counter
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from keyward.emulator.clock import Clock, parse, seconds
from keyward.emulator.organisation import build, catalogue
from keyward.emulator.serve import ServeOptions
from keyward.emulator.serve import build as build_emulator
from keyward.emulator.world import World
from tests.parts.emulator import START, discovery, good, refused

KEY = re.compile(r"AI" + r"za[0-9A-Za-z_-]{35}|AQ" + r"\.[0-9A-Za-z_-]{20,}")


@pytest.fixture(scope="module")
def plan():
    return catalogue.read(START, "1")


@pytest.fixture(scope="module")
def truth():
    return build(World(seed=1, clock=Clock(START, 0)), "demo", 1).data


@pytest.fixture
def running(make_emulator):
    """The curated organisation behind real sockets, and the truth about it."""
    emulator = make_emulator(rate=0, grpc=False)
    return emulator, build(emulator.world, "demo", 1).data


def by_id(items):
    return {item["id"]: item for item in items}


# The same seed, the same organisation


def test_seed_and_start_decide_everything():
    def made(seed, start=START):
        world = World(seed="w", clock=Clock(start, 0))
        truth = build(world, "demo", seed).data
        dump = world.dump()
        return truth, {name: dump[name] for name in ("projects", "slots")}

    assert made(1) == made(1)
    other = made(2)[0]
    assert {key["uid"] for key in other["keys"]}.isdisjoint(key["uid"] for key in made(1)[0]["keys"])
    later = made(1, START + timedelta(days=100))[0]
    assert parse(later["keys"][0]["created_at"]) - parse(made(1)[0]["keys"][0]["created_at"]) == timedelta(days=100)


def test_the_truth_holds_no_value(plan, truth):
    text = json.dumps(truth)
    assert not KEY.search(text)
    for secret in plan.every_secret():
        for version in secret.versions:
            for word in re.findall(r"[\w-]{20,}", version.payload.decode()):
                assert word not in text


def test_the_truth_file_is_written_before_anything_is_served(tmp_path):
    file = tmp_path / "truth.json"
    emulator = build_emulator(ServeOptions(org="demo", seed="5", truth=file, now="2026-11-20T12:00:00Z"))
    written = json.loads(file.read_text(encoding="utf-8"))
    assert (written["schema"], written["seed"]) == ("keyward.emulator.truth/1", "5")
    assert {project["id"] for project in written["projects"]} == {one.id for one in emulator.world.projects()}
    with pytest.raises(RuntimeError):
        _ = emulator.url


# The catalogue makes sense


def test_nothing_is_younger_than_what_it_is_in(plan):
    keys = {key.uid: key for key in plan.every_key()}
    for project in plan.projects:
        for key in project.keys:
            assert project.created < key.created < plan.now
            assert key.deleted is None or key.created < key.deleted
            assert all(key.created <= use.when <= (key.deleted or plan.now) for use in key.uses)
            assert list(key.uses) == sorted(key.uses, key=lambda use: use.when)
        for secret in project.secrets:
            times = [project.created, secret.created, *(version.created for version in secret.versions)]
            assert times == sorted(times), secret.secret_id
            for version in secret.versions:
                for part in version.parts:
                    assert keys[part.uid].created < version.created < plan.now, secret.secret_id


def test_every_key_in_a_payload_is_in_the_truth_and_where_it_says(plan):
    values = {key.uid: key.value for key in plan.every_key()}
    assert len(set(values.values())) == len(values)
    for secret in plan.every_secret():
        for version in secret.versions:
            text = version.payload.decode()
            assert sorted(KEY.findall(text)) == sorted(values[part.uid] for part in version.parts)
            for part in version.parts:
                assert at_path(text, version.shape, part.path) == values[part.uid], secret.secret_id


def at_path(text, shape, path):
    """The value that an independent reader of the format finds."""
    if shape == "plain":
        assert path == ""
        return text.rstrip("\n")
    if shape == "dotenv" and path.endswith("~@1"):
        address = at_path(text, shape, path.removesuffix("~@1"))
        (value,) = parse_qs(urlsplit(address).query)["key"]
        return value
    if shape == "dotenv":
        return re.search(rf"^(?:export )?{path}=[\"']?([^\"'\n]*)[\"']?$", text, re.MULTILINE)[1]
    if shape == "ini":
        reader = configparser.ConfigParser()
        reader.read_string(text)
        return reader[path.split(".")[0]][path.split(".")[1]]
    found = json.loads(text) if shape == "json" else yaml.safe_load(text)
    for step in path.split("."):
        found = found[step]
    return found


def test_what_is_wrong_with_a_value_is_in_the_payload_where_the_truth_says(plan):
    seen = Counter()
    shared = {}
    for secret in plan.every_secret():
        for version in secret.versions:
            text = version.payload.decode()
            for flaw in version.flaws:
                seen[flaw.kind] += 1
                value = at_path(text, version.shape, flaw.path)
                if flaw.kind == "shared":
                    shared.setdefault(flaw.of, set()).add(value)
                assert flaw.kind != "stand-in" or "your" in value
                assert flaw.kind != "query" or KEY.fullmatch(value)
    assert seen == {"query": 1, "stand-in": 1, "shared": 2}
    assert [len(values) for values in shared.values()] == [1]


# What was promised is there


def test_it_is_as_large_as_promised(truth):
    live = [key for key in truth["keys"] if key["visible"] and key["state"] == "active"]
    assert len(truth["projects"]) == 12
    assert len(live) >= 64
    assert len([secret for secret in truth["secrets"] if secret["visible"]]) >= 40


def test_every_kind_of_answer_occurs(truth):
    statuses = Counter(source["status"] for source in truth["sources"])
    assert statuses == {"ok": 21, "denied": 2, "disabled": 1}
    visible = [key for key in truth["keys"] if key["visible"]]
    assert set(Counter(key["last_used"]["status"] for key in visible)) == {"used", "never", "not_seen", "denied"}
    assert {key["state"] for key in truth["keys"]} == {"active", "deleted-restorable", "deleted"}
    assert {key["kind"] for key in visible} == {"api-key", "auth-key"}
    clients = {name for key in visible for name in key["restrictions"] if name != "apiTargets"}
    assert clients == {
        "browserKeyRestrictions",
        "serverKeyRestrictions",
        "androidKeyRestrictions",
        "iosKeyRestrictions",
    }
    shapes = {version["shape"] for secret in truth["secrets"] for version in secret["versions"]}
    assert shapes == {"plain", "json", "dotenv", "yaml", "ini", "text"}


def test_names_are_equal_missing_and_hostile(truth):
    names = Counter(key["name"] for key in truth["keys"] if key["visible"])
    assert names[None] >= 3
    assert names["API key 1"] >= 4
    assert names["Browser key (auto created by Firebase)"] == 2
    text = "".join(name for name in names if name)
    assert "\x1b[31m" in text
    assert "\x1b]0;" in text
    assert "[/bold]" in text
    assert "\u202e" in text
    assert "地図" in text
    assert "\n" in text
    assert any(name and name.startswith("=") for name in names)
    assert max(len(name or "") for name in names) == 63


def test_keys_are_kept_in_all_the_awkward_ways(truth, plan):
    secrets = by_id(truth["secrets"])
    keys = by_id(truth["keys"])
    current = Counter(key["id"] for key in truth["keys"] for place in key["placements"] if place["current"])
    assert max(current.values()) == 3
    two_keys = secrets["gsm:acme-prod/assistant-config"]["versions"][-1]
    assert (two_keys["shape"], len(two_keys["parts"])) == ("json", 2)
    pinned = secrets["gsm:acme-prod/order-geocoding-key"]
    assert (pinned["aliases"], pinned["current_version"]) == ({"pinned": 1}, "2")
    assert secrets["gsm:acme-prod/web-gemini-api-key"]["aliases"] == {"live": 2}
    assert secrets["gsm:acme-stg/load-test"]["versions"][-1]["state"] == "DISABLED"
    versions = {(s["id"], version["version"]): version for s in secrets.values() for version in s["versions"]}
    for key in keys.values():
        for place in key["placements"]:
            version = versions[place["secret"], place["version"]]
            assert {"key": key["uid"], "path": place["path"]} in version["parts"]
            assert version["state"] == place["version_state"] != "DESTROYED"
    dead = [key for key in keys.values() if key["state"] != "active" and key["placements"]]
    assert {key["state"] for key in dead} == {"deleted-restorable", "deleted"}
    assert secrets["gsm:acme-maps-prod/geocoding-batch"]["labels"] == {"keyward": "hands-off"}
    assert "goog-terraform-provisioned" in secrets["gsm:acme-prod/product-translate-key"]["labels"]
    assert [s for s in secrets.values() if s["annotations"].get("owner")]
    assert [s for s in secrets.values() if not s["versions"]]
    assert [s for s in secrets.values() if s["versions"] and not any(v["parts"] for v in s["versions"])]
    newline = [version for secret in plan.every_secret() for version in secret.versions if version.shape == "plain"]
    assert [version for version in newline if version.payload.endswith(b"\n") and version.parts]


# The emulator answers what the truth says


def test_the_api_lists_the_keys_of_the_truth(running):
    emulator, truth = running
    for source in truth["sources"]:
        provider, project = source["id"].split(":")
        if provider != "google-api-keys":
            continue
        path = f"/v2/projects/{project}/locations/global/keys?showDeleted=true"
        if source["status"] != "ok":
            reason = {"denied": "IAM_PERMISSION_DENIED", "disabled": "SERVICE_DISABLED"}[source["status"]]
            assert refused(emulator, "GET", path)[2] == reason
            continue
        listed = {key["uid"]: key for key in good(emulator, "GET", path)["keys"]}
        wanted = {key["uid"]: key for key in truth["keys"] if key["project"] == project and key["visible"]}
        assert listed.keys() == wanted.keys()
        for uid, key in wanted.items():
            found = listed[uid]
            assert found["name"] == key["resource"]
            assert found.get("displayName") == key["name"]
            assert found["createTime"] == key["created_at"]
            assert found.get("deleteTime") == key["deleted_at"]
            assert found.get("restrictions", {}) == key["restrictions"]
            assert found.get("annotations", {}) == key["annotations"]
            assert found.get("serviceAccountEmail") == key["bound_identity"]
            assert "keyString" not in found


def test_secret_manager_holds_the_secrets_of_the_truth(running):
    emulator, truth = running
    strings = {}
    for key in truth["keys"]:
        if key["visible"] and key["state"] == "active":
            strings[key["uid"]] = good(emulator, "GET", f"/v2/{key['resource']}/keyString")["keyString"]
    for source in truth["sources"]:
        store, project = source["id"].split(":")
        if store != "gsm":
            continue
        if source["status"] != "ok":
            path = f"/v1/projects/{project}/secrets"
            assert refused(emulator, "GET", path)[2] == "IAM_PERMISSION_DENIED"
            continue
        listed = good(emulator, "GET", f"/v1/projects/{project}/secrets").get("secrets", [])
        wanted = {secret["secret"]: secret for secret in truth["secrets"] if secret["project"] == project}
        assert [each["createTime"] for each in listed] == sorted((each["createTime"] for each in listed), reverse=True)
        assert {each["name"].rsplit("/", 1)[1] for each in listed} == wanted.keys()
        for each in listed:
            secret = wanted[each["name"].rsplit("/", 1)[1]]
            assert each["createTime"] == secret["created_at"]
            assert each.get("labels", {}) == secret["labels"]
            assert each.get("annotations", {}) == secret["annotations"]
            assert each.get("versionAliases", {}) == {name: str(n) for name, n in secret["aliases"].items()}
            check_versions(emulator, each["name"], secret, strings)


def check_versions(emulator, name, secret, strings):
    versions = good(emulator, "GET", f"/v1/{name}/versions").get("versions", [])
    assert [(version["name"].rsplit("/", 1)[1], version["state"]) for version in reversed(versions)] == [
        (version["version"], version["state"]) for version in secret["versions"]
    ]
    for version in secret["versions"]:
        path = f"/v1/{name}/versions/{version['version']}:access"
        if version["state"] != "ENABLED":
            assert refused(emulator, "GET", path)[1] == "FAILED_PRECONDITION"
            continue
        text = base64.b64decode(good(emulator, "GET", path)["payload"]["data"]).decode()
        assert len(KEY.findall(text)) == len(version["parts"])
        for part in version["parts"]:
            if part["key"] in strings:
                assert at_path(text, version["shape"], part["path"]) == strings[part["key"]]


def test_monitoring_shows_the_last_use_of_the_truth(running):
    emulator, truth = running
    for project in truth["projects"]:
        if "monitoring.timeSeries.list" in project["denied"]:
            denied = {key["last_used"]["status"] for key in truth["keys"] if key["project"] == project["id"]}
            assert denied == {"denied"}
            continue
        last = last_uses(emulator, project["id"])
        for key in truth["keys"]:
            if key["project"] == project["id"]:
                assert last.get(f"apikey:{key['uid']}") == (key["last_used"]["at"] and parse(key["last_used"]["at"]))


def last_uses(emulator, project):
    """The minute of the last request by credential, as 60-second sums tell it."""
    with discovery(emulator, "monitoring", "v3") as service:
        answer = (
            service.projects()
            .timeSeries()
            .list(
                name=f"projects/{project}",
                filter='metric.type="serviceruntime.googleapis.com/api/request_count" AND resource.type="consumed_api"',
                interval_startTime=seconds(START - timedelta(days=42)),
                interval_endTime=seconds(START),
                aggregation_alignmentPeriod="60s",
                aggregation_perSeriesAligner="ALIGN_SUM",
                aggregation_crossSeriesReducer="REDUCE_SUM",
                aggregation_groupByFields=["resource.labels.credential_id"],
                view="FULL",
            )
            .execute()
        )
    assert "nextPageToken" not in answer
    return {
        series["resource"]["labels"]["credential_id"]: max(
            parse(point["interval"]["startTime"]) for point in series["points"] if point["value"]["int64Value"] != "0"
        )
        for series in answer.get("timeSeries", [])
    }


def test_a_restricted_key_is_alive_and_a_leaked_one_is_blocked(running):
    emulator, truth = running

    def probe(uid):
        key = next(key for key in truth["keys"] if key["uid"] == uid)
        string = good(emulator, "GET", f"/v2/{key['resource']}/keyString")["keyString"]
        return refused(emulator, "GET", "/v1beta/models", headers={"x-goog-api-key": string})

    leaked = next(key for key in truth["keys"] if key["blocked"] == "leaked")
    assert "leaked" in probe(leaked["uid"])[3]
    maps = next(key for key in truth["keys"] if key["name"] == "Static maps for mails")
    assert probe(maps["uid"])[2] == "API_KEY_SERVICE_BLOCKED"


# Other sizes


def test_any_size_is_met_exactly():
    world = World(seed=1, clock=Clock(START, 0))
    truth = build(world, "7x50x23", 1).data
    assert (len(truth["projects"]), len(truth["keys"]), len(truth["secrets"])) == (7, 50, 23)
    assert {source["status"] for source in truth["sources"]} == {"ok"}
    assert len(list(world.projects())) == 7
    placed = {place["secret"] for key in truth["keys"] for place in key["placements"]}
    assert placed == {s["id"] for s in truth["secrets"] if s["versions"][0]["parts"]}
    assert placed


def test_empty_is_empty():
    world = World(seed=1)
    truth = build(world, "empty").data
    assert (truth["projects"], truth["keys"], truth["secrets"]) == ([], [], [])
    assert list(world.projects()) == []


@pytest.mark.parametrize("size", ["", "big", "1x2", "0x1x0", "-1x2x3"])
def test_another_word_is_refused(size):
    with pytest.raises(ValueError, match=r"demo|project"):
        build(World(seed=1), size)
