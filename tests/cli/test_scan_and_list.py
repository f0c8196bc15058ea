"""Scans read values only where somebody said so; lists say what is known in every format."""

import csv
import io
import random

from keyward.model.detectors import DETECTORS


def reads(log):
    """(rpc, project) of every request that gives away a value."""
    return [
        (entry["rpc"].rpartition(".")[2], entry.get("project"))
        for entry in log
        if "getkeystring" in entry["path"].lower()
        or entry["rpc"].lower().endswith(("getkeystring", "access", "accesssecretversion"))
    ]


def test_without_consent_no_value_of_the_cloud_is_read(scene):
    key = scene.key()
    scene.secret("app", key.key_string)
    scene.env(".env", f"A={key.key_string}\n")
    done = scene.keyward("scan", scene.work, "-o", "json")
    assert done.status == 0, done.err
    assert done.json["audited_reads"] == 0
    assert done.json["payloads"] == {"read": 1, "not_read": 1}
    assert reads(scene.log()) == []
    assert "audit" not in done.err
    by_provider = {one["provider"]: one for one in scene.keyward("list", "-o", "json").json["keys"]}
    assert by_provider["google-api-keys"]["placements"] == []
    assert by_provider["google-api-keys"]["placements_looked"]["not_read"] > 0
    assert by_provider["shape"]["age_is"] == "at_least"


def test_consent_for_one_project_is_not_consent_for_another(scene):
    first, second = scene.key(), scene.key(project="acme-other")
    scene.secret("app", first.key_string)
    scene.secret("app", second.key_string, project="acme-other")
    done = scene.keyward("scan", "--values", "project:acme-other", "-o", "json")
    assert done.status == 0, done.err
    assert "Reading up to 2 values in 2 sources" in done.err
    assert done.json["audited_reads"] == 2
    assert len(reads(scene.log())) == 2
    placed = {one["id"]: len(one["placements"]) for one in scene.keyward("list", "-o", "json").json["keys"]}
    assert placed == {scene.key_id(first): 0, scene.key_id(second, "acme-other"): 1}
    again = scene.keyward("scan", "--values", "project:acme-other", "-o", "json")
    assert again.json["audited_reads"] == 0, "a version never changes, so nothing is read twice"


def test_the_settings_may_consent_by_pattern(scene):
    first, second = scene.key(), scene.key(project="other")
    for key, project in ((first, "acme-prod"), (second, "other")):
        scene.secret("app", key.key_string, project=project)
    scene.settings('[scan]\nread_values = ["project:acme-*"]\n')
    assert scene.keyward("scan", "-o", "json").json["audited_reads"] == 2
    placed = {one["id"]: len(one["placements"]) for one in scene.keyward("list", "-o", "json").json["keys"]}
    assert placed == {scene.key_id(first): 1, scene.key_id(second, "other"): 0}


def test_only_the_projects_that_were_named_are_asked(scene):
    scene.key()
    scene.key(project="other")
    assert scene.keyward("scan", "--project", "acme-*").status == 0
    assert [one["scope"] for one in scene.keyward("list", "-o", "json").json["keys"]] == ["acme-prod"]


def test_local_asks_nothing_of_the_cloud(scene):
    scene.env(".env", "OPENAI_API_KEY=" + _sample("openai") + "\n")
    done = scene.keyward("scan", scene.work, "--local")
    assert done.status == 0, done.err
    assert scene.log() == []
    (key,) = scene.keyward("list", "-o", "json").json["keys"]
    assert key["provider"] == "shape"
    assert key["last_used"]["status"] == "unsupported"


def _sample(issuer):
    detector = next(one for one in DETECTORS if one.issuer.lower() == issuer and one.is_secret)
    return detector.sample(random.Random(3)).decode()


def test_every_format_shows_the_same_keys(scene):
    names = ["=HYPERLINK(1)", "plain", "two words", "[bold]red[/bold]"]
    ids = {scene.key_id(scene.key(name)) for name in names}
    assert scene.keyward("scan").status == 0
    assert set(scene.keyward("list", "-o", "ids").out.split()) == ids
    assert set(scene.keyward("ls", "-o", "ids").out.split()) == ids
    rows = list(csv.DictReader(io.StringIO(scene.keyward("list", "-o", "csv").out)))
    assert {row["id"] for row in rows} == ids
    assert "'=HYPERLINK(1)" in {row["name"] for row in rows}, "a spreadsheet would run it"
    table = scene.keyward("list").out
    assert all(name in table for name in names)
    assert {one["name"] for one in scene.keyward("list", "-o", "json").json["keys"]} == set(names)


def test_a_query_picks_keys_in_every_format(scene):
    old, young = scene.key("old one", days=400), scene.key("young one", days=3)
    scene.key("elsewhere", project="other")
    assert scene.keyward("scan").status == 0
    assert scene.keyward("list", "age>90d", "project:acme-prod", "-o", "ids").out.split() == [scene.key_id(old)]
    assert [one["name"] for one in scene.keyward("list", "young one", "-o", "json").json["keys"]] == ["young one"]
    assert scene.key_id(young) in scene.keyward("list", "!age>90d", "project:acme-prod").out
    assert scene.keyward("list", "project:nothing", "-o", "ids").out == ""


def test_refresh_scans_first(scene):
    scene.key("one")
    assert scene.keyward("scan").status == 0
    later = scene.key("two")
    assert scene.key_id(later) not in scene.keyward("list", "-o", "ids").out
    assert scene.key_id(later) in scene.keyward("list", "--refresh", "-o", "ids").out


def test_before_the_first_scan_a_list_says_that_nothing_is_known(scene):
    done = scene.keyward("list")
    assert done.status == 3
    assert "keyward scan" in done.err


def test_an_api_that_is_off_counts_as_seen_unless_strict(scene):
    scene.key()
    scene.key(project="off")
    for project in ("off", "acme-prod"):  # the second one is the project that quota is charged to otherwise
        scene.world.known(project).api_off.add("secretmanager.googleapis.com")
    assert scene.keyward("scan").status == 0
    strict = scene.keyward("scan", "--strict")
    assert strict.status == 3
    assert "gsm:off" in strict.out


def test_a_project_that_denies_is_said_and_the_others_are_seen(scene):
    key = scene.key()
    scene.key(project="closed")
    scene.world.known("closed").denied.add("apikeys.*")
    done = scene.keyward("scan")
    assert done.status == 3
    assert "google-api-keys:closed" in done.out
    assert "apikeys.keys.list" in done.out
    listed = scene.keyward("list")
    assert listed.status == 3
    assert scene.key_id(key) in listed.out
    assert "denied: google-api-keys:closed" in listed.err
