"""Alert policies and notification channels of the emulated Monitoring: Google's own client, and what it refuses."""

import pytest

from keyward.emulator.world import World
from tests.parts.emulator import discovery, refused

CONDITION = {"displayName": "c", "conditionThreshold": {"filter": 'metric.type="a.googleapis.com/b"'}}
POLICY = {"displayName": "p", "combiner": "OR", "conditions": [CONDITION]}


def test_they_are_made_listed_changed_and_deleted(emulator):
    with discovery(emulator, "monitoring", "v3") as service:
        channels, policies = service.projects().notificationChannels(), service.projects().alertPolicies()
        channel = channels.create(
            name="projects/p1", body={"type": "email", "labels": {"email_address": "a@b.example"}}
        ).execute()
        assert channel["name"].startswith("projects/p1/notificationChannels/")
        assert channel["enabled"] is True
        body = {**POLICY, "notificationChannels": [channel["name"]]}
        made = policies.create(name="projects/p1", body=body).execute()
        assert made["conditions"][0]["name"] == f"{made['name']}/conditions/0"
        assert policies.get(name=made["name"]).execute() == made
        off = policies.patch(
            name=made["name"], updateMask="enabled", body={"enabled": False, "displayName": "x"}
        ).execute()
        assert (off["enabled"], off["displayName"]) == (False, "p")
        second = policies.create(name="projects/p1", body=POLICY).execute()
        page = policies.list(name="projects/p1", pageSize=1).execute()
        assert [one["name"] for one in page["alertPolicies"]] == [made["name"]]
        rest = policies.list(name="projects/p1", pageSize=1, pageToken=page["nextPageToken"]).execute()
        assert rest["alertPolicies"] == [second]
        assert policies.list(name="projects/p2").execute() == {}
        policies.delete(name=made["name"]).execute()
        assert policies.list(name="projects/p1").execute()["alertPolicies"] == [second]
        assert channels.list(name="projects/p1").execute()["notificationChannels"] == [channel]
    assert emulator.violations == []


@pytest.mark.parametrize("missing", ["displayName", "combiner", "conditions"])
def test_a_policy_needs_a_name_a_combiner_and_conditions(emulator, missing):
    body = {name: value for name, value in POLICY.items() if name != missing}
    assert refused(emulator, "POST", "/v3/projects/p1/alertPolicies", body)[:2] == (400, "INVALID_ARGUMENT")


def test_what_is_not_there_and_what_is_not_allowed_is_refused(emulator):
    body = {**POLICY, "notificationChannels": ["projects/p1/notificationChannels/1"]}
    assert refused(emulator, "POST", "/v3/projects/p1/alertPolicies", body)[:2] == (404, "NOT_FOUND")
    assert refused(emulator, "POST", "/v3/projects/p1/notificationChannels", {})[0] == 400
    assert refused(emulator, "DELETE", "/v3/projects/p1/alertPolicies/1")[0] == 404
    emulator.world.project("p1").denied = {"monitoring.alertPolicies.update"}
    assert refused(emulator, "PATCH", "/v3/projects/p1/alertPolicies/1", {})[0] == 403


def test_they_outlive_a_restart(tmp_path):
    from keyward.emulator.monitoring.alerting import Alerting

    file = tmp_path / "world.json"
    world = World(seed=1, file=file)
    made = world.state(Alerting).plant(world.new_project("p1"), "alertPolicies", dict(POLICY))
    world.save()
    again = World(file=file)
    assert again.state(Alerting).of(again.project("p1"), "alertPolicies") == [made]
