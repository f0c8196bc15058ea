"""`keyward check` and `keyward explain`, on an emulated cloud: findings, what is not known, exceptions, exit status."""

from datetime import timedelta

import pytest

from keyward.emulator.usage import Usage
from tests.cli.test_documents import check as fits
from tests.parts.command import ROOT
from tests.parts.scene import Scene

VISION = {
    "apiTargets": [{"service": "vision.googleapis.com"}],
    "serverKeyRestrictions": {"allowedIps": ["203.0.113.4"]},
}
READ = '[scan]\nread_values = ["project:acme-prod"]\n'


@pytest.fixture
def planted(scene):
    """A sound key of five days in a secret, and an open one of a year in none."""
    sound = scene.key("sound", days=5, restrictions=VISION, annotations={"owner": "ana"})
    scene.secret("app", sound.key_string)
    opened = scene.key("open", days=365, restrictions={})
    scene.settings(READ)
    scene.keyward("scan", "--context")
    return scene.key_id(sound), scene.key_id(opened)


def found(done, result="fail"):
    document = fits(done.json)
    return {(one["rule"], one["subject"]) for one in document["findings"] if one["result"] == result}


def rules(done, subject, result="fail"):
    return {rule for rule, of in found(done, result) if of == subject}


def test_each_key_is_told_what_is_wrong_with_it(scene, planted):
    sound, opened = planted
    done = scene.keyward("check", "-o", "json")
    assert done.status == done.json["exit_code"] == 1
    assert rules(done, sound) == set()
    assert {"KW-101", "KW-302", "KW-401", "KW-402", "KW-701"} <= rules(done, opened)
    counts = {one["id"]: one for one in done.json["rules"]}
    assert (counts["KW-101"]["fail"], counts["KW-101"]["pass"]) == (1, 1)
    table = scene.keyward("check")
    assert table.status == 1
    assert f"{opened} (open): it is 365 days old; 90 days are allowed" in table.out
    assert f"keyward revoke {opened} --unused" in table.out
    assert "2 keys" in table.err


def test_a_query_and_a_rule_narrow_it(scene, planted):
    sound, opened = planted
    assert found(scene.keyward("check", f"id:{sound}", "-o", "json")) == set()
    only = scene.keyward("check", "--rule", "kw-401", "-o", "json")
    assert found(only) == {("KW-401", opened)}
    assert [one["id"] for one in only.json["rules"]] == ["KW-401"]
    missing = scene.keyward("check", "--rule", "KW-999")
    assert (missing.status, "There is no rule 'KW-999'" in missing.err) == (2, True)


def test_a_query_that_matches_nothing_is_no_pass(scene, planted):
    done = scene.keyward("check", "project:acme-prdo", "-o", "json")
    assert fits(done.json)["looked_at"] == {"keys": 0, "secrets": 0, "projects": 0}
    assert done.status == 3
    assert "nothing was judged" in scene.keyward("check", "project:acme-prdo").err
    assert scene.keyward("report", "project:acme-prdo").status == 3
    whole = scene.keyward("check", "project:acme-prod", "-o", "json")
    assert fits(whole.json)["looked_at"] == {"keys": 2, "secrets": 1, "projects": 1}


@pytest.mark.parametrize("query", ["sound", "name:sound", "finding:KW-101"])
def test_no_name_chooses_what_is_judged(scene, planted, query):
    done = scene.keyward("check", query)
    assert done.status == 2
    assert "cannot choose what is judged" in done.err


def test_what_the_fix_says_clears_the_finding(scene, planted):
    _, opened = planted
    done = scene.keyward("revoke", opened, "--unused", "--yes", "--reason", "nobody uses it")
    assert done.status == 0, done.err
    scene.keyward("scan", "--context")
    assert rules(scene.keyward("check", "-o", "json"), opened) == set()


def test_policy_and_exceptions_of_the_settings(scene, planted):
    sound, opened = planted
    scene.settings(
        f"""{READ}
[[policy]]
rule = "KW-101"
limit = "5d"
severity = "critical"

[[policy]]
rule = "KW-4*"
match = "project:acme-prod"
off = true

[[exception]]
rule = "KW-101"
match = "id:{opened}"
owner = "mary@acme.example"
until = 2999-01-01
why = "goes in spring"

[[exception]]
rule = "KW-701"
match = "project:*"
owner = "mary@acme.example"
until = 2026-01-01
why = "over"
"""
    )
    done = scene.keyward("check", "-o", "json")
    document = fits(done.json)
    by_rule = {one["rule"]: one for one in document["findings"] if one["rule"] == "KW-101" and one["subject"] == sound}
    assert by_rule["KW-101"]["severity"] == "critical"
    accepted = {one["rule"]: one["accepted"] for one in document["findings"] if one["accepted"]}
    assert accepted == {"KW-101": {"owner": "mary@acme.example", "until": "2999-01-01", "why": "goes in spring"}}
    assert not {rule for rule, _ in found(done) if rule.startswith("KW-4")}
    assert ("KW-704", "exception:KW-701/project:*") in found(done)
    assert "KW-701" in rules(done, opened), "an exception that ended accepts nothing"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[[policy]]\nrule = "KW-999"\noff = true\n', "there is no such rule"),
        ('[[policy]]\nrule = "KW-401"\nlimit = "5d"\n', "KW-401 takes no limit"),
        ('[[policy]]\nrule = "KW-101"\nlimit = 5\n', "a length such as 30d"),
        ('[[policy]]\nrule = "age"\n', "is not a rule such as KW-101"),
        ('[[policy]]\nrule = "KW-101"\nmatch = "name:x"\n', "never rests on what anybody may rename"),
        ('[[exception]]\nrule = "KW-101"\nmatch = "project:x"\nuntil = 2027-01-01\nwhy = "x"\n', "owner is missing"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(scene, planted, table, said):
    scene.settings(READ + table)
    done = scene.keyward("check")
    assert done.status != 0
    assert said in done.err


def test_exit_status_follows_severity_and_what_is_not_known(scene, planted):
    sound, _ = planted
    own = f"id:{sound}"
    assert scene.keyward("check", own).status == 3, "no file was searched for it"
    assert scene.keyward("leaks", scene.work).status == 0
    assert scene.keyward("check", own).status == 0
    assert scene.keyward("check", "--fail-on", "never", own).status == 0
    assert scene.keyward("check", "--rule", "KW-402", "--fail-on", "high").status == 0
    assert scene.keyward("check", "--rule", "KW-402", "--fail-on", "medium").status == 1
    scene.world.known("acme-prod").denied.add("apikeys.*")
    scene.keyward("scan")
    assert scene.keyward("check", own).status == 3, "what was seen is old now"
    assert scene.keyward("check", own, "--allow-unknown").status == 0


def test_each_exit_status_that_the_readme_lists(scene, planted):
    sound, _ = planted
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("| exit | of `keyward check` |")[2].partition("\n\n")[0]
    told = [int(row.split("|")[1]) for row in table.splitlines()[2:]]
    assert scene.keyward("leaks", scene.work).status == 0
    unseen = ("check", "project:nowhere")
    asked = [("check", f"id:{sound}"), ("check",), ("check", "--rule", "KW-000"), unseen]
    seen = [scene.keyward(*one).status for one in asked]
    seen.append(scene.keyward("check", CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS="http://127.0.0.1:9/").status)
    assert seen == told == [0, 1, 2, 3, 4]


def test_before_any_scan_nothing_is_fine(scene):
    done = scene.keyward("check")
    assert done.status == 3
    assert "Nothing was scanned yet" in done.err


def test_denied_and_disabled_projects_are_never_a_pass(tmp_path):
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        for project in ("acme-open", "acme-denied", "acme-off"):
            scene.key(project=project, days=5, restrictions=VISION)
        scene.world.known("acme-denied").denied.update(
            f"{api}.*" for api in ("apikeys", "secretmanager", "iam", "storage")
        )
        for project in ("acme-off", "acme-prod"):
            place = scene.world.known(project) or scene.world.new_project(project)
            place.api_off.update(f"{api}.googleapis.com" for api in ("apikeys", "secretmanager", "iam", "storage"))
        scene.keyward("scan", "--project", "acme-open", "--project", "acme-denied", "--project", "acme-off")
        done = scene.keyward("check", "--fail-on", "never", "-o", "json")
        document = fits(done.json)
        assert done.status == 3
        assert "google-api-keys:acme-denied" in document["sources"]["not_seen"]
        subjects = {one["subject"] for one in document["findings"] if one["result"] == "unknown"}
        assert {"project:acme-denied", "project:acme-off"} <= subjects
        by_rule = {one["id"]: one for one in document["rules"]}
        assert (by_rule["KW-101"]["pass"], by_rule["KW-101"]["fail"]) == (1, 0), "one key was seen, and one is judged"
        assert by_rule["KW-408"]["unknown"] == 2


def test_a_day_that_is_not_like_the_days_before_is_told_with_its_numbers(scene):
    key = scene.key("busy", days=200, restrictions=VISION)
    usage, now = scene.world.state(Usage), scene.world.clock.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    number = scene.world.known("acme-prod").number
    for day in range(1, 16):
        count = 4_000 if day == 1 else 100
        when = midnight - timedelta(days=day) + timedelta(hours=10)
        usage.record(number, key.uid, "vision.googleapis.com", code=200, count=count, when=when)
    scene.keyward("scan")
    done = scene.keyward("check", "--rule", "KW-801", "-o", "json")
    (told,) = fits(done.json)["findings"]
    assert told["evidence"][0].startswith("4,000 calls on 2026-11-19; the median of 14 days before is 100")
    assert (told["subject"], told["severity"]) == (scene.key_id(key), "high")
    assert scene.keyward("usage", scene.key_id(key)).status == 0


def test_by_the_controls_of_a_catalogue(scene, planted):
    done = scene.keyward("check", "--controls", "cis-gcp-5.0", "-o", "json")
    standing = {one["control"]: one["status"] for one in fits(done.json)["controls"]["standing"]}
    assert standing["1.16"] == "fail"
    assert standing["1.18"] == "not_covered"
    assert standing["1.8"] == "not_applicable"
    table = scene.keyward("check", "--controls", "cis-gcp-4.0")
    assert "v4.0.0" in table.out
    assert any(line.startswith("1.15 ") and " fail " in line for line in table.out.splitlines())
    assert "Not listed: " in table.out
    wrong = scene.keyward("check", "--controls", "soc2")
    assert (wrong.status, "cis-gcp-4.0, cis-gcp-5.0, owasp-nhi-2025" in wrong.err) == (2, True)


def test_every_rule_can_be_explained(scene):
    listed = scene.keyward("explain", "-o", "json")
    every = fits(listed.json)["rules"]
    assert len({one["id"] for one in every}) == len(every) > 20
    for one in every[:1]:
        page = scene.keyward("explain", one["id"])
        assert one["why"] in page.out
        assert "[[exception]]" in page.out
    assert scene.keyward("explain", "KW-000").status == 2
