"""Items of a checklist of which a permission is missing: unknown, each of them, and none passes for want of it."""

from datetime import timedelta

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.behaviour import quick
from keyward.emulator.budgets import Budgets
from keyward.emulator.clock import Clock, micros
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.monitoring.alerting import Alerting
from keyward.emulator.projects import Project
from keyward.emulator.usage import Usage
from keyward.emulator.world import World
from tests.cli.test_checklist import words
from tests.parts.emulator import START
from tests.parts.scene import GEMINI, PROJECT, Scene

SERVICE = GEMINI["apiTargets"][0]["service"]
CALLS = 'metric.type="serviceruntime.googleapis.com/api/request_count" AND resource.type="consumed_api"'
DAY = timedelta(days=1)

OF_KEYS = {
    "any.alive",
    "any.no-plaintext",
    "any.rotation-age",
    "any.unused",
    "gcp.sa-keys",
    "gcp.sa-least-privilege",
    "gcp.soft-deleted",
}
"""Items about keys of every kind."""
OF_API_KEYS = OF_KEYS | {
    "any.least-privilege",
    "gcp.api-restricted",
    "gcp.app-restricted",
    "gcp.auth-keys",
    "gcp.no-gemini-on-public-keys",
    "gemini.leak-status",
}
OF_ACCOUNT_KEYS = OF_KEYS | {"any.expiry", "gemini.leak-status"}
OF_SECRETS = {
    "any.alive",
    "any.key-in-header",
    "gcp.sa-keys",
    "gcp.secret-iam",
    "gcp.secret-rotation",
    "gcp.secret-versions",
    "gcp.soft-deleted",
}
"""That too many keys of one account (KW-408) is not known where anything of the project is not has a part in it."""
OF_POLICY = {"gcp.audit-logs", "gcp.key-readers", "gcp.sa-least-privilege", "gcp.secret-iam"}
HERE = {"any.certificate-checks", "any.deps", "any.key-in-code", "any.tls"}
"""Items about this machine and its code."""
OF_THE_PAYER = "billing.budgets.list"
"""Not of the project, but of the account that pays."""

NEEDED = {
    "apikeys.keys.list": OF_API_KEYS,
    "apikeys.keys.getKeyString": OF_API_KEYS,
    "apikeys.keys.get": {"gemini.leak-status"},
    "iam.serviceAccounts.list": OF_ACCOUNT_KEYS,
    "iam.serviceAccountKeys.list": OF_ACCOUNT_KEYS,
    "storage.hmacKeys.list": OF_KEYS,
    "secretmanager.secrets.list": OF_SECRETS,
    "secretmanager.versions.list": OF_SECRETS,
    "secretmanager.versions.access": OF_SECRETS,
    "secretmanager.secrets.getIamPolicy": {"gcp.secret-iam"},
    "resourcemanager.projects.getIamPolicy": OF_POLICY,
    "resourcemanager.projects.get": {"gcp.budget"},
    OF_THE_PAYER: {"gcp.budget"},
    "monitoring.alertPolicies.list": {"gcp.alert-policy"},
    "monitoring.notificationChannels.list": {"gcp.alert-policy"},
    "monitoring.timeSeries.list": {"any.unused"},
    "orgpolicy.policy.get": {"gcp.no-new-account-keys"},
    "serviceusage.services.list": {"gcp.dedicated-project"},
}
"""By permission: the items that nobody can tell without it."""

NOT_NEEDED = {
    "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query": "it remembers longer than Monitoring, and no item asks that far back",
    "serviceusage.services.use": "it is no reading: without it every request is refused",
}


class Sound:
    """A project in which each item that keyward proves in the cloud holds, seen by a machine that has never looked before."""

    def __init__(self, home):
        self.world = World(seed=7, clock=Clock(START, 0), behaviour=quick())
        self.scene = Scene(home, world=self.world)
        self.scene.settings(f'[scan]\nprojects = ["{PROJECT}"]\nread_values = ["all"]\n')
        self.project = project = self.world.new_project(PROJECT)
        accounts, now = self.world.state(ServiceAccounts), START
        email = accounts.plant(project, "assistant", display_name="Assistant").email
        key = self.scene.key(days=5, service_account=email)
        self.world.state(Usage).record(project.number, key.uid, SERVICE, code=200, count=9, when=now - DAY)
        exporter = accounts.plant(project, "exporter", display_name="Exporter")
        self.world.state(AccountKeys).plant(exporter, made=now - 5 * DAY, valid_before=now + 60 * DAY)
        due = {"nextRotationTime": micros(now + 90 * DAY), "rotationPeriod": "7776000s"}
        self.scene.secret("app", key.key_string, topics=[f"projects/{PROJECT}/topics/rotation"], rotation=due)
        project.policies["iam.disableServiceAccountKeyCreation"] = {"rules": [{"enforce": True}]}
        project.audit_configs = [
            {"service": "secretmanager.googleapis.com", "auditLogConfigs": [{"logType": "DATA_READ"}]}
        ]
        self.spending()
        self.alarm()
        (self.scene.home / "code").mkdir()
        self.times = 0

    def spending(self):
        body = {"displayName": "All", "amount": {"specifiedAmount": {"currencyCode": "EUR", "units": "500"}}}
        body |= {"budgetFilter": {"projects": [self.project.resource]}, "thresholdRules": [{"thresholdPercent": 0.8}]}
        self.world.state(Budgets).plant(self.project.billing, body)

    def alarm(self):
        state, labels = self.world.state(Alerting), {"email_address": "oncall@acme.example"}
        channel = {"type": "email", "displayName": "On call", "labels": labels, "enabled": True}
        told = state.plant(self.project, "notificationChannels", channel)["name"]
        limit = {"filter": CALLS, "comparison": "COMPARISON_GT", "thresholdValue": 50.0, "duration": "300s"}
        condition = {"displayName": "Calls", "conditionThreshold": limit}
        body = {"displayName": "Calls", "combiner": "OR", "conditions": [condition], "enabled": True}
        state.plant(self.project, "alertPolicies", {**body, "notificationChannels": [told]})

    def ends(self, *denied):
        """How the auto items end for a caller who lacks these."""
        self.project.denied = {*denied} - {OF_THE_PAYER}
        self.world.state(Budgets).denied = {self.project.billing} if OF_THE_PAYER in denied else set()
        self.times += 1
        fresh = {"KEYWARD_HOME": str(self.scene.home / f"state-{self.times}")}
        self.scene.keyward("scan", "--context", "--project", PROJECT, **fresh)
        tried = self.scene.keyward("verify", "--all", **fresh)
        self.scene.keyward("leaks", str(self.scene.home / "code"), **fresh)
        done = self.scene.keyward("checklist", "run", "gemini-production", "--project", PROJECT, "--no-input", "-o", "json", **fresh)  # fmt: skip
        said = {one["item"]: " ".join(one["evidence"]) for one in done.json["subjects"][0]["answers"]}
        self.said = {**said, "gemini.leak-status": said["gemini.leak-status"] + tried.out + tried.err}
        auto = {one["item"] for one in done.json["subjects"][0]["answers"] if one["kind"] == "auto"}
        return {item: word for item, word in words(done).items() if item in auto - HERE}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The project, how its items end for a caller who lacks nothing, and what the emulator asked whether that caller may do."""
    found, asked, denies = Sound(tmp_path_factory.mktemp("permissions") / "scene"), set(), Project.denies

    def noted(project, permission, caller=""):
        asked.add(permission)
        return denies(project, permission, caller)

    with found.scene, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Project, "denies", noted)
        found.all, found.asked = found.ends(), asked
        patch.undo()
        yield found


def some(permissions):
    """Every fourth in CI, all on demand."""
    return [
        pytest.param(one, marks=() if at % 4 == 0 else pytest.mark.slow) for at, one in enumerate(sorted(permissions))
    ]


def test_with_every_permission_nothing_fails_and_nothing_is_unknown(sound):
    assert {word for item, word in sound.all.items() if item != "gcp.sa-keys"} == {"pass", "not_applicable"}
    assert sound.all["gcp.sa-keys"] == "warn", "there is a key file, and it is young"
    nothing = {item for item, word in sound.all.items() if word == "not_applicable"}
    assert nothing == {"gcp.app-restricted", "gcp.no-gemini-on-public-keys"}, "its one key is bound to an account"


def test_every_permission_that_the_items_need_is_tried(sound):
    assert sound.asked | {OF_THE_PAYER} == {*NEEDED, *NOT_NEEDED}
    assert set().union(*NEEDED.values()) == set(sound.all)


@pytest.mark.parametrize("permission", some(NEEDED))
def test_without_a_permission_what_needs_it_is_unknown_and_all_else_as_before(sound, permission):
    found = sound.ends(permission)
    assert {item for item, word in found.items() if word == "unknown"} == NEEDED[permission]
    assert {item: word for item, word in found.items() if word != "unknown"} == {
        item: word for item, word in sound.all.items() if item not in NEEDED[permission]
    }
    assert any(permission in sound.said[item] for item in NEEDED[permission])


@pytest.mark.parametrize("permission", some(NOT_NEEDED))
def test_a_permission_that_no_item_needs_makes_nothing_better(sound, permission):
    found = sound.ends(permission)
    assert {(item, word) for item, word in found.items() if word != "unknown"} <= set(sound.all.items())
