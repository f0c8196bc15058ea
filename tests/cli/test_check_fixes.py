"""The command that a finding prints clears it: stock gcloud, or keyward itself, on an emulated cloud."""

import json
import shlex
from datetime import timedelta

import pytest

from keyward.emulator.budgets import Budgets
from keyward.emulator.monitoring.alerting import Alerting
from keyward.emulator.usage import Usage
from tests.parts.as_google import proxy
from tests.parts.emulator import gcloud
from tests.parts.need import require
from tests.parts.scene import GEMINI, Scene

ANA = "user:ana@acme.example"
ACCOUNT = "0A1B2C-3D4E5F-6A7B8C"


@pytest.fixture
def run(scene, tmp_path):
    """Runs a printed gcloud command on the emulator."""
    require("gcloud")

    def do(line, **more):
        program, *arguments = shlex.split(line)
        assert program == "gcloud"
        return gcloud(scene.emulator, tmp_path / "gcloud", *arguments, **more)

    return do


@pytest.fixture
def fast(tmp_path):
    """A world whose clock runs 1000 times faster: an emergency waits until the old key is dead."""
    with Scene(tmp_path / "scene", rate=1000) as scene:
        yield scene


def found(scene, rule):
    """(subject, result, commands) of the findings of a rule, after a scan."""
    scene.keyward("scan", "--context")
    document = scene.keyward("check", "--rule", rule, "-o", "json").json
    return [(one["subject"], one["result"], one["fix"]["commands"]) for one in document["findings"]]


def test_linking_a_billing_account_ends_that_nobody_pays_for_production(scene, run):
    scene.key()
    scene.settings()
    project = scene.world.project("acme-prod")
    project.billing = ""
    ((subject, result, (command,)),) = found(scene, "KW-601")
    assert (subject, result) == ("project:acme-prod", "fail"), "the settings call projects of that name production"
    assert run(command.replace("ACCOUNT_ID", ACCOUNT))["billingEnabled"] is True
    assert found(scene, "KW-601") == []
    project.billing_open = False
    assert found(scene, "KW-601") != [], "an account that is closed pays for nothing"


@pytest.mark.parametrize(
    ("rule", "role", "left"),
    [("KW-504", "roles/viewer", "roles/browser"), ("KW-505", "roles/secretmanager.secretAccessor", "roles/owner")],
)
def test_taking_a_wide_role_away_ends_that_it_reads_everything(scene, run, rule, role, left):
    key = scene.key()
    scene.secret("app", key.key_string)
    scene.settings()
    project = scene.world.project("acme-prod")
    project.bindings = [{"role": role, "members": [ANA]}, {"role": left, "members": [ANA]}]
    ((subject, result, (command,)),) = found(scene, rule)
    assert (subject, result) == ("project:acme-prod", "fail")
    run(command)
    assert found(scene, rule) == []
    assert project.bindings == [{"role": left, "members": [ANA]}]
    project.denied.add("resourcemanager.projects.getIamPolicy")
    ((_, result, (command,)),) = found(scene, rule)
    assert (result, command) == ("unknown", "keyward scan --context")


def test_an_alert_that_somebody_hears_ends_that_nobody_is_told_of_use(scene, run):
    key = scene.key(days=20)
    scene.settings()
    used = scene.world.clock.now() - timedelta(days=2)
    scene.world.state(Usage).record(
        scene.world.known("acme-prod").number, key.uid, "maps", code=200, count=9, when=used
    )
    ((subject, result, (channel, policy)),) = found(scene, "KW-603")
    assert (subject, result) == ("project:acme-prod", "fail")
    told = run(channel.replace("EMAIL", "oncall@acme.example"))["name"]
    made = run(policy.replace("CHANNEL", told).replace("CALLS", "50"))["name"]
    assert found(scene, "KW-603") == []
    shown = scene.keyward("show", scene.key_id(key)).out
    assert "Calls of APIs: on, tells 1 channel that works" in shown
    assert "projects that monitor this one were not asked for" in shown
    scene.world.state(Alerting).get(made)["enabled"] = False
    assert [one[1] for one in found(scene, "KW-603")] == ["fail"]
    scene.world.known("acme-prod").denied.add("monitoring.notificationChannels.list")
    document = scene.keyward("show", scene.key_id(key), "--refresh", "-o", "json").json
    (fact,) = [one for one in document["context"] if one["what"] == "alerts"]
    assert (fact["status"], "monitoring.notificationChannels.list" in fact["detail"]) == ("denied", True)


def test_a_budget_ends_that_nobody_counts_what_is_spent(scene, run, tmp_path):
    require("openssl")
    key = scene.key()
    scene.settings()
    ((subject, result, (command,)),) = found(scene, "KW-602")
    assert (subject, result) == ("project:acme-prod", "fail")
    # gcloud has no setting that sends this API elsewhere.
    with proxy(scene.emulator.url, "billingbudgets.googleapis.com", tmp_path) as variables:
        made = run(command.replace("AMOUNT", "250EUR"), **variables)
    assert found(scene, "KW-602") == []
    shown = scene.keyward("show", scene.key_id(key)).out
    assert "API keys: 250.00 EUR, told at 50, 90, 100 % of it, for the project" in shown
    budgets = scene.world.state(Budgets)
    budgets.get(made["name"])["thresholdRules"] = []
    assert [one[1] for one in found(scene, "KW-602")] == ["fail"], "nobody is told"
    budgets.denied.add(f"billingAccounts/{ACCOUNT}")
    assert [one[1] for one in found(scene, "KW-602")] == ["unknown"]


def test_statements_of_ones_own_end_that_data_handling_is_not_settled(scene):
    key = scene.key()
    scene.settings()
    number, usage = scene.world.known("acme-prod").number, scene.world.state(Usage)
    usage.record(number, key.uid, "x", code=200, count=9, when=scene.world.clock.now() - timedelta(days=2))
    assert found(scene, "KW-705") == []
    scene.world.clock.advance(timedelta(days=200).total_seconds())
    usage.record(number, key.uid, "x", code=200, count=9, when=scene.world.clock.now() - timedelta(days=2))
    ((subject, result, (command,)),) = found(scene, "KW-705")
    assert (subject, result) == (scene.key_id(key), "fail")
    program, *arguments = shlex.split(command)
    assert program == "keyward"
    assert "STALE" in scene.keyward(*arguments).out
    services = scene.keyward(*arguments, "-o", "json").json["data_handling"]["services"]
    stale = [(service, one) for service in services for one in service["statements"] if one["stale"]]
    scene.settings("\n".join(own(scene, service, one) for service, one in stale))
    assert found(scene, "KW-705") == []


def own(scene, service, one):
    """The same statement, compared with its source today."""
    words = ("topic", "answer", "said")
    lines = [f"{name} = {json.dumps(value)}" for name, value in ((word, one[word]) for word in words)]
    of = [
        f"provider = {json.dumps(service['provider'])}",
        f"id = {json.dumps(one['id'])}",
        f"tiers = {json.dumps(one['tiers'])}",
    ]
    return "\n".join(["[[data.statement]]", *of, *lines, f"checked = {scene.world.clock.now():%Y-%m-%d}", ""])


def test_replacing_a_key_that_is_reported_leaked_ends_the_finding(fast):
    scene = fast
    key, quiet = scene.key("leaked"), scene.key("quiet", restrictions=GEMINI)
    scene.secret("app", key.key_string)
    scene.settings('[scan]\nread_values = ["all"]\n')
    full = scene.key_id(key)
    assert {result for _, result, _ in found(scene, "KW-409")} == {"unknown"}, "nobody tried them yet"
    key.blocked = "leaked"
    scene.keyward("verify", "--all")
    ((subject, result, (command,)),) = found(scene, "KW-409")
    assert (subject, result) == (full, "fail")
    program, *arguments = shlex.split(command)
    assert program == "keyward"
    done = scene.keyward(*arguments, "--accept-targets", "--yes")
    assert done.status == 0, done.err
    assert full not in {one for one, _, _ in found(scene, "KW-409")}
    assert quiet.key_string in scene.live()
