"""Alert policies as they are read: whatever language a condition is written in, over pages, with channels that work."""

import pytest

from keyward.emulator.monitoring.alerting import Alerting
from keyward.google import alerts as module
from keyward.google.about import around
from keyward.google.parts import of
from keyward.model.about import Known, What
from keyward.model.watch import Alert
from tests.parts.cloud import emulator_ctx, surroundings

CALLS = "serviceruntime.googleapis.com/api/request_count"
GEMINI = "generativelanguage.googleapis.com/quota/x/usage"


@pytest.fixture
def cloud(make_emulator, tmp_path):
    found = make_emulator(grpc=False)
    parts = surroundings(found.environment(), tmp_path)
    project = found.world.new_project("acme")

    def read():
        facts = around(of(parts), "acme", emulator_ctx(found))
        (fact,) = [one for one in facts if one.what is What.ALERTS]
        return fact

    yield found.world, project, found.world.state(Alerting), read
    parts.close()
    assert found.violations == []


def policy(condition=None, **more):
    conditions = [{"displayName": "other.googleapis.com/name", **(condition or {})}]
    return {"displayName": "p", "combiner": "OR", "conditions": conditions, **more}


def test_a_project_without_policies_has_none_and_says_what_was_not_asked(cloud):
    _, _, _, read = cloud
    assert (read().status, read().values, read().detail) == (Known.KNOWN, (), module.ELSEWHERE)


@pytest.mark.parametrize(
    ("condition", "metrics"),
    [
        ({"conditionThreshold": {"filter": f'metric.type = "{CALLS}" AND resource.type="consumed_api"'}}, (CALLS,)),
        ({"conditionAbsent": {"filter": f'metric.type="{GEMINI}"'}}, (GEMINI,)),
        (
            {"conditionThreshold": {"filter": f'metric.type="{GEMINI}"', "denominatorFilter": f'metric.type="{CALLS}"'}},
            (GEMINI, CALLS),
        ),
        ({"conditionMonitoringQueryLanguage": {"query": f"fetch consumed_api :: {CALLS} | align rate(5m)"}}, (CALLS,)),
        (
            {"conditionPrometheusQueryLanguage": {"query": "sum(rate(serviceruntime_googleapis_com:api_request_count[5m]))"}},
            ("serviceruntime.googleapis.com/api_request_count",),
        ),
        ({"conditionMatchedLog": {"filter": "severity=ERROR"}}, ()),
    ],
)  # fmt: skip
def test_metrics_are_found_in_every_language_of_conditions(cloud, condition, metrics):
    _, project, state, read = cloud
    state.plant(project, "alertPolicies", policy(condition))
    (line,) = read().values
    assert Alert.of(line) == Alert(True, 0, metrics, "p")


def test_channels_count_once_they_work_and_are_asked_for_only_when_a_policy_names_one(cloud):
    world, project, state, read = cloud
    state.plant(project, "alertPolicies", policy(enabled=False))
    assert Alert.of(read().values[0]) == Alert(False, 0, (), "p")
    assert not any("notificationChannels" in one["rpc"] for one in world.log.since(0))
    kinds = ({}, {"verificationStatus": "VERIFIED"}, {"verificationStatus": "UNVERIFIED"}, {"enabled": False})
    named = [state.plant(project, "notificationChannels", {"type": "email", **one})["name"] for one in kinds]
    by_number = named[0].replace("projects/acme/", f"projects/{project.number}/")
    gone = "projects/acme/notificationChannels/1"
    state.plant(project, "alertPolicies", policy(notificationChannels=[*named[1:], by_number, gone]))
    assert Alert.of(read().values[1]).channels == 2


def test_every_page_is_read_and_names_are_harmless(cloud, monkeypatch):
    _, project, state, read = cloud
    monkeypatch.setattr(module, "_PAGE", 2)
    for name in ("a", "b; c", "d\x1b[31m\n", "e", "f"):
        state.plant(project, "alertPolicies", policy(displayName=name))
    names = [Alert.of(one).name for one in read().values]
    assert (len(names), names[1]) == (5, "b; c")
    assert all(name.isprintable() for name in names)


@pytest.mark.parametrize("kind", ["alertPolicies", "notificationChannels"])
def test_a_refusal_names_the_permission_and_an_api_that_is_off_itself(cloud, kind):
    world, project, state, read = cloud
    channel = state.plant(project, "notificationChannels", {"type": "email"})["name"]
    state.plant(project, "alertPolicies", policy(notificationChannels=[channel]))
    project.denied = {f"monitoring.{kind}.list"}
    fact = read()
    assert (fact.status, fact.values, f"monitoring.{kind}.list" in fact.detail) == (Known.DENIED, (), True)
    project.denied = set()
    for one in (project, world.project("demo-project")):  # also the one that is charged where this one has the API off
        one.api_off = {"monitoring.googleapis.com"}
    fact = read()
    assert (fact.status, "monitoring.googleapis.com" in fact.detail) == (Known.DISABLED, True)
