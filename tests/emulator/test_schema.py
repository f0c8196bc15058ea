"""The check of every answer against Google's discovery documents."""

import pytest

from keyward.emulator import orgpolicy
from keyward.emulator.schema import Schemas, folder
from keyward.emulator.server import _SERVICES, Emulator
from tests.parts.emulator import call, good

LIST = ("apikeys.v2", "apikeys.projects.locations.keys.list")
SERIES = ("monitoring.v3", "monitoring.projects.timeSeries.list")


@pytest.mark.parametrize(
    ("method", "body", "problem"),
    [
        (LIST, {"keys": [{"name": "x", "uid": "y"}], "nextPageToken": "z"}, ""),
        (LIST, {"keys": [{"name": "x", "state": "ACTIVE"}]}, "$.keys[0]: unknown field 'state'"),
        (LIST, {"keys": {"name": "x"}}, "$.keys: dict instead of an array"),
        (LIST, {"keys": [{"createTime": "yesterday"}]}, "$.keys[0].createTime: not a google-datetime"),
        (LIST, {"keys": [{"createTime": "2026-01-01T00:00:00+01:00"}]}, "$.keys[0].createTime: not a google-datetime"),
        (LIST, {"keys": [{"annotations": {"a": 1}}]}, "$.keys[0].annotations['a']: not a string"),
        (LIST, {"keys": [{"displayName": None}]}, "$.keys[0].displayName: not a string"),
        (SERIES, {"timeSeries": [{"valueType": "INT65"}]}, "$.timeSeries[0].valueType: not a string of"),
        (SERIES, {"timeSeries": [{"points": [{"value": {"int64Value": 3}}]}]}, "int64Value: not a int64"),
        (("apikeys.v2", "apikeys.keys.rotate"), {}, "apikeys.v2 has no method apikeys.keys.rotate"),
    ],
)
def test_what_breaks_the_schema(method, body, problem):
    problems = Schemas().problems(*method, body)
    assert bool(problems) == bool(problem)
    assert not problem or problem in problems[0]


def test_what_an_operation_holds_is_checked_too():
    held = {"@type": "type.googleapis.com/google.api.apikeys.v2.Key", "name": "x", "colour": "red"}
    problems = Schemas().problems("apikeys.v2", "apikeys.operations.get", {"name": "o", "done": True, "response": held})
    assert problems == ["$.response: unknown field 'colour'"]


def test_enums_become_numbers_only_where_the_document_has_enums():
    body = {"state": "DISABLED", "labels": {"state": "DISABLED"}, "displayName": "ACTIVE"}
    numbered = Schemas().numbered("secretmanager.v1", "secretmanager.projects.secrets.versions.get", body)
    assert numbered["state"] == 2
    assert numbered["labels"] == {"state": "DISABLED"}


def test_a_wrong_field_is_caught_recorded_and_refused(monkeypatch):
    monkeypatch.setattr(orgpolicy, "effective", lambda *_: {"rules": [{"enforced": True}]})
    with Emulator(grpc_port=None, validate=True) as emulator:
        code, data = call(emulator, "GET", "/v2/projects/p1/policies/a.b:getEffectivePolicy")
        assert code == 500
        assert "unknown field 'enforced'" in data["error"]["message"]
        (violation,) = good(emulator, "GET", "/emulator/v1/violations")["violations"]
    assert violation["rpc"] == "orgpolicy.projects.policies.getEffectivePolicy"


def test_a_bug_in_a_handler_is_recorded(monkeypatch):
    monkeypatch.setattr(orgpolicy, "effective", lambda *_: 1 / 0)
    with Emulator(grpc_port=None) as emulator:
        assert call(emulator, "GET", "/v2/projects/p1/policies/a.b:getEffectivePolicy")[0] == 500
        assert "ZeroDivisionError" in emulator.violations[0]["problem"]


def test_the_check_is_off_unless_asked_for(monkeypatch):
    monkeypatch.setattr(orgpolicy, "effective", lambda *_: {"rules": [{"enforced": True}]})
    path = "/v2/projects/p1/policies/a.b:getEffectivePolicy"
    with Emulator(grpc_port=None) as emulator:
        assert call(emulator, "GET", path)[0] == 200
    monkeypatch.setenv("KEYWARD_EMULATOR_VALIDATE", "1")
    with Emulator(grpc_port=None) as emulator:
        assert call(emulator, "GET", path)[0] == 500


def test_every_route_is_a_method_of_a_document():
    schemas, unknown = Schemas(), []
    for service in _SERVICES:
        for route in service.routes():
            if route.service.document:
                _, methods = schemas._load(route.service.document)
                unknown += [route.rpc] if route.rpc not in methods else []
    assert unknown == []
    assert (folder() / "apikeys.v2.json").exists()
