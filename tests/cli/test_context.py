"""What is known around a key: asked only when somebody wants it, kept with its time, and a refusal said as one."""

import pytest

from keyward.emulator.faults import Fault
from keyward.emulator.roles import CustomRoles

ACCESSOR = "roles/secretmanager.secretAccessor"
PROJECT = ("getBillingInfo", "services.list", "projects.get", "projects.getIamPolicy")


def bindings(*members, role=ACCESSOR, **more):
    return {"bindings": [{"role": role, "members": list(members), **more}]}


@pytest.fixture
def planted(scene):
    """A key in a secret that anybody on the internet can read, in a project without billing."""
    key = scene.key(
        annotations={"owner": "payments"}, restrictions={"apiTargets": [{"service": "vision.googleapis.com"}]}
    )
    scene.secret("app", key.key_string, labels={"team": "web"}, policy=bindings("allUsers", "user:ada@acme.example"))
    project = scene.world.project("acme-prod")
    project.billing, project.labels = "", {"team": "platform", "env": "prod"}
    project.bindings = [
        {"role": "roles/owner", "members": ["user:boss@acme.example"]},
        {"role": "roles/editor", "members": ["user:editor@acme.example"]},
        {"role": "projects/acme-prod/roles/odd", "members": ["group:ops@acme.example"]},
        {"role": ACCESSOR, "members": ["user:temp@acme.example"], "condition": {"expression": "request.time < x"}},
    ]
    scene.settings('[scan]\nread_values = ["project:acme-prod"]\n')
    return key


def asked(scene, since=0):
    return [one["rpc"] for one in scene.log()[since:] if one["rpc"].endswith((*PROJECT, "secrets.getIamPolicy"))]


def facts(document):
    return {(one["subject"], one["what"]): one for one in document["context"]}


def test_a_custom_role_counts_for_what_it_holds(scene, planted):
    scene.keyward("scan")
    roles, name = scene.world.state(CustomRoles), "projects/acme-prod/roles/odd"

    def told(what):
        document = scene.keyward("show", scene.key_id(planted), "--refresh", "-o", "json").json
        values = facts(document)["project:acme-prod", what]["values"]
        return [one.partition(name)[2] for one in values if name in one]

    for permission, what in (
        ("secretmanager.versions.access", "readers"),
        ("apikeys.keys.getKeyString", "key-readers"),
    ):
        roles.plant(name, ["resourcemanager.projects.get", permission])
        assert told(what) == [", a custom role that lets it read)"]
        roles.plant(name, ["resourcemanager.projects.get"])
        assert told(what) == []
        for gone in ({"deleted": True}, {"stage": "DISABLED"}):
            roles.plant(name, [permission], **gone)
            assert told(what) == []
        scene.world.project("acme-prod").denied = {"iam.roles.get"}
        assert told(what) == [", a custom role that may or may not let it read)"]
        scene.world.project("acme-prod").denied = set()
    before = len(scene.log())
    scene.secret("second", "text", policy=bindings("user:x@acme.example", role=name))
    assert scene.keyward("scan", "--context").status == 0
    assert sum(one["rpc"].endswith("roles.get") for one in scene.log()[before:]) == 1, (
        "once for all policies that name it"
    )


def test_a_plain_scan_asks_for_none_of_it_and_says_that_nobody_asked(scene, planted):
    assert scene.keyward("scan").status == 0
    assert [one for one in asked(scene) if not one.endswith("projects.get")] == []
    before = len(scene.log())
    shown = scene.keyward("show", scene.key_id(planted))
    assert "not asked (`keyward show KEY --refresh`" in shown.out
    assert "payments (owner of google-api-keys:" in shown.out  # what is known without asking is told
    assert "web (team of gsm:acme-prod/app)" in shown.out
    assert asked(scene, before) == []


def test_show_refresh_asks_around_one_key_and_remembers(scene, planted):
    scene.key(project="acme-other")
    assert scene.keyward("scan").status == 0
    before = len(scene.log())
    full = scene.key_id(planted)
    document = scene.keyward("show", full, "--refresh", "-o", "json").json
    assert sorted(one.rpartition(".")[2] for one in asked(scene, before)) == sorted(
        ["getBillingInfo", "list", "get", "getIamPolicy", "getIamPolicy"]
    )
    found = facts(document)
    assert all(one["status"] == "known" and one["at"] for one in found.values())
    assert found["project:acme-prod", "billing"]["values"] == ["off"]
    assert "apikeys.googleapis.com" in found["project:acme-prod", "services"]["values"]
    assert found["project:acme-prod", "readers"]["values"] == [
        "group:ops@acme.example (projects/acme-prod/roles/odd, a custom role that may or may not let it read)",
        "user:boss@acme.example (roles/owner)",
        f"user:temp@acme.example ({ACCESSOR}, under a condition)",
    ]
    assert found["project:acme-prod", "key-readers"]["values"] == [
        "group:ops@acme.example (projects/acme-prod/roles/odd, a custom role that may or may not let it read)",
        "user:boss@acme.example (roles/owner)",
        "user:editor@acme.example (roles/editor)",
    ]
    for what in ("readers", "key-readers"):
        assert "folder or the organisation" in found["project:acme-prod", what]["detail"]
    secret = found["gsm:acme-prod/app", "readers"]
    assert (secret["values"], secret["public"]) == (
        [f"allUsers ({ACCESSOR})", f"user:ada@acme.example ({ACCESSOR})"],
        True,
    )
    assert document["owners"] == [
        {"owner": "payments", "label": "owner", "of": full},
        {"owner": "web", "label": "team", "of": "gsm:acme-prod/app"},
        {"owner": "platform", "label": "team", "of": "project:acme-prod"},
    ]
    before = len(scene.log())
    shown = scene.keyward("show", full).out
    assert f"ANYONE ON THE INTERNET: allUsers ({ACCESSOR})" in shown
    assert "acme-prod, all its API keys:" in shown
    assert "off: Google may use what is sent to Gemini" in shown
    assert "off although the key is for them: vision.googleapis.com" in shown
    assert asked(scene, before) == []


def test_a_scan_with_context_asks_once_a_project_and_once_a_secret(scene, planted):
    other = scene.key(project="acme-other")
    scene.secret("second", "text")
    for switch in ("option", "settings"):
        before = len(scene.log())
        if switch == "settings":
            scene.settings('[scan]\ncontext = true\nowner_labels = ["env"]\n')
        assert scene.keyward("scan", *(["--context"] if switch == "option" else [])).status == 0
        found = [one.rpartition(".")[2] for one in asked(scene, before) if not one.endswith("projects.get")]
        assert sorted(found) == sorted(2 * ["getBillingInfo", "list", "getIamPolicy"] + 2 * ["getIamPolicy"])
    document = scene.keyward("show", scene.key_id(other, "acme-other"), "-o", "json").json
    assert facts(document)["project:acme-other", "billing"]["values"][0] == "on"
    document = scene.keyward("show", scene.key_id(planted), "-o", "json").json
    assert document["owners"] == [{"owner": "prod", "label": "env", "of": "project:acme-prod"}]


def test_a_secret_is_shown_with_its_rotation_setting_its_readers_and_its_owners(scene, planted):
    due = {"rotationPeriod": "2592000s", "nextRotationTime": "2027-01-01T00:00:00Z"}
    scene.secret("turned", "text", labels={"owner": "db"}, rotation=due, topics=["projects/acme-prod/topics/t"])
    assert scene.keyward("scan").status == 0
    assert "not asked" in scene.keyward("show", "gsm:acme-prod/turned").out
    before = len(scene.log())
    shown = scene.keyward("show", "gsm:acme-prod/turned", "--refresh").out
    assert len(asked(scene, before)) == 5
    assert "every 30 d, next 2027-01-01" in shown
    assert "db (owner of gsm:acme-prod/turned)" in shown
    assert "platform (team of project:acme-prod)" in shown
    assert "gsm:acme-prod/turned: nobody by its own policy" in shown
    shown = scene.keyward("show", "gsm:acme-prod/app", "--refresh").out
    assert "no setting of its store" in shown
    assert scene.key_id(planted) in shown
    assert "ANYONE ON THE INTERNET" in shown


def test_what_is_refused_is_remembered_as_refused_with_what_it_needs(scene, planted):
    scene.keyward("scan")
    project = scene.world.project("acme-prod")
    project.denied |= {"secretmanager.secrets.getIamPolicy", "resourcemanager.projects.getIamPolicy"}
    project.api_off |= {"serviceusage.googleapis.com"}
    scene.world.faults.add(Fault(rpc="getBillingInfo$", status="INVALID_ARGUMENT", times=-1))
    document = scene.keyward("show", scene.key_id(planted), "--refresh", "-o", "json").json
    found = {name: one["status"] for name, one in facts(document).items()}
    assert found == {
        ("gsm:acme-prod/app", "readers"): "denied",
        ("project:acme-prod", "alerts"): "known",
        ("project:acme-prod", "billing"): "failed",
        ("project:acme-prod", "budgets"): "failed",
        ("project:acme-prod", "key-readers"): "denied",
        ("project:acme-prod", "administrators"): "denied",
        ("project:acme-prod", "audited"): "denied",
        ("project:acme-prod", "labels"): "known",
        ("project:acme-prod", "policies"): "known",
        ("project:acme-prod", "readers"): "denied",
        ("project:acme-prod", "services"): "disabled",
    }
    shown = scene.keyward("show", scene.key_id(planted)).out
    assert "gsm:acme-prod/app: unknown (denied)" in shown
    assert "secretmanager.secrets.getIamPolicy" in shown
    assert "nobody by" not in shown


def test_a_secret_that_nobody_else_reads_says_by_which_policy(scene, planted):
    scene.secret("quiet", planted.key_string)
    scene.world.project("acme-prod").bindings = []
    scene.keyward("scan", "--context")
    shown = scene.keyward("show", scene.key_id(planted)).out
    assert "gsm:acme-prod/quiet: nobody by its own policy" in shown
    assert "acme-prod, all its secrets: nobody by name\n" in shown
    assert "(roles that are held on a folder" in shown
