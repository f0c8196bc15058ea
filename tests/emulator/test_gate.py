"""What happens around every call: faults, latency, quotas, permissions, switched-off APIs, tokens, the log."""

import http.client
import time
from urllib.parse import urlsplit

import pytest

from tests.parts.emulator import call, good, make_key, refused

KEYS = "/v2/projects/p1/locations/global/keys"


def strike(emulator, *rules):
    good(emulator, "POST", "/emulator/v1/faults", list(rules))


def test_a_connection_dropped_after_the_effect_leaves_the_effect(emulator):
    strike(emulator, {"method": "POST", "path": "/keys", "after": True})
    with pytest.raises((ConnectionError, http.client.BadStatusLine)):
        call(emulator, "POST", f"{KEYS}?keyId=web", {})
    assert good(emulator, "GET", f"{KEYS}/web")
    assert call(emulator, "POST", f"{KEYS}?keyId=web", {})[0] == 409
    assert [entry["status"] for entry in emulator.world.log.since()] == ["DROPPED_AFTER", "OK", "ALREADY_EXISTS"]


def test_a_connection_dropped_before_the_effect_leaves_none(emulator):
    strike(emulator, {"method": "POST", "kill": True})
    with pytest.raises((ConnectionError, http.client.BadStatusLine)):
        call(emulator, "POST", f"{KEYS}?keyId=web", {})
    assert refused(emulator, "GET", f"{KEYS}/web")[0] == 404
    assert emulator.world.log.since()[0]["status"] == "DROPPED"


def test_a_rule_strikes_so_often_and_skips_first(emulator):
    strike(emulator, {"rpc": r"keys\.list$", "status": "UNAVAILABLE", "times": 2, "skip": 1})
    assert [call(emulator, "GET", KEYS)[0] for _ in range(5)] == [200, 503, 503, 200, 200]


def test_a_refusal_names_its_reason_and_when_to_come_back(emulator):
    rule = {"service": "apikeys", "status": "RESOURCE_EXHAUSTED", "reason": "RATE_LIMIT_EXCEEDED", "retry_after": 7}
    strike(emulator, {**rule, "message": "later"})
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=20)
    connection.request("GET", KEYS)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert b"RATE_LIMIT_EXCEEDED" in body
    assert b"later" in body


def test_cut_answers(emulator):
    strike(emulator, {"path": "/keys", "truncate": 1})
    with pytest.raises(http.client.IncompleteRead):
        call(emulator, "GET", KEYS)
    assert good(emulator, "GET", KEYS) == {}


def test_delays_and_latency(make_emulator):
    emulator = make_emulator(latency_ms=30)
    strike(emulator, {"path": "/keys", "delay": 0.1})
    marks = [time.monotonic()]
    for _ in range(2):
        good(emulator, "GET", KEYS)
        marks.append(time.monotonic())
    assert marks[1] - marks[0] >= 0.13
    assert marks[2] - marks[1] >= 0.03


def test_rules_can_be_taken_back_and_wrong_ones_are_refused(emulator):
    strike(emulator, {"status": "UNAVAILABLE", "times": -1})
    assert [call(emulator, "GET", KEYS)[0] for _ in range(3)] == [503] * 3
    good(emulator, "DELETE", "/emulator/v1/faults")
    assert good(emulator, "GET", KEYS) == {}
    assert refused(emulator, "POST", "/emulator/v1/faults", [{"colour": "red"}])[0] == 400


def test_quotas_are_counted_by_minute_kind_and_project(make_emulator):
    emulator = make_emulator(rate=0, quotas=True, quota_limits={"apikeys.googleapis.com": {"read": 3, "write": 1}})
    assert [call(emulator, "GET", KEYS)[0] for _ in range(4)] == [200, 200, 200, 429]
    make_key(emulator, project="p2")
    metadata = call(emulator, "GET", KEYS)[1]["error"]["details"][0]["metadata"]
    assert metadata["quota_limit_value"] == "3"
    assert metadata["consumer"] == f"projects/{emulator.world.project('p1').number}"
    assert refused(emulator, "POST", "/v2/projects/p2/locations/global/keys", {})[2] == "RATE_LIMIT_EXCEEDED"
    emulator.world.clock.advance(60)
    assert call(emulator, "GET", KEYS)[0] == 200


def test_quota_is_charged_to_the_quota_project(make_emulator):
    emulator = make_emulator(rate=0, quotas=True, quota_limits={"apikeys.googleapis.com": {"read": 1}})
    home = {"x-goog-user-project": "home"}
    assert call(emulator, "GET", KEYS, headers=home)[0] == 200
    assert call(emulator, "GET", "/v2/projects/p2/locations/global/keys", headers=home)[0] == 429
    assert call(emulator, "GET", KEYS)[0] == 200
    assert emulator.world.log.since()[0]["quota_project"] == "home"


def test_google_limits_of_api_keys_are_the_default(make_emulator):
    emulator = make_emulator(rate=0, quotas=True)
    codes = [call(emulator, "GET", KEYS)[0] for _ in range(241)]
    assert codes == [200] * 240 + [429]


def test_a_project_that_denies(emulator):
    good(emulator, "POST", "/emulator/v1/project", {"id": "p1", "denied": ["apikeys.*"]})
    code, data = call(emulator, "GET", KEYS)
    info = data["error"]["details"][0]
    assert (code, data["error"]["status"], info["reason"]) == (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")
    assert info["metadata"]["permission"] == "apikeys.keys.list"
    assert good(emulator, "GET", "/v3/projects/p1")["projectId"] == "p1"


def test_each_method_asks_for_its_own_permission(emulator):
    key = make_key(emulator, keyId="web")
    methods = {
        "apikeys.keys.list": ("GET", KEYS),
        "apikeys.keys.get": ("GET", f"{KEYS}/web"),
        "apikeys.keys.getKeyString": ("GET", f"{KEYS}/web/keyString"),
        "apikeys.keys.create": ("POST", KEYS),
        "apikeys.keys.update": ("PATCH", f"{KEYS}/web"),
        "apikeys.keys.delete": ("DELETE", f"{KEYS}/web"),
        "apikeys.keys.undelete": ("POST", f"{KEYS}/web:undelete"),
        "apikeys.keys.lookup": ("GET", f"/v2/keys:lookupKey?keyString={key['keyString']}"),
        "monitoring.timeSeries.list": ("GET", "/v3/projects/p1/timeSeries"),
    }
    number = emulator.world.project("p1").number
    methods["serviceusage.operations.get"] = ("GET", f"/v2/operations/akmf.p7-{number}-x")
    for permission, (method, path) in methods.items():
        emulator.world.project("p1").denied = {permission}
        assert refused(emulator, method, path)[2] == "IAM_PERMISSION_DENIED", permission
        emulator.world.project("p1").denied = {"*"}
        assert refused(emulator, method, path)[2] == "IAM_PERMISSION_DENIED", permission


def test_keys_of_a_project_with_the_api_off_are_seen_through_another_quota_project(emulator):
    make_key(emulator, keyId="web")
    emulator.world.project("p1").api_off = {"apikeys.googleapis.com"}
    assert refused(emulator, "GET", KEYS)[2] == "SERVICE_DISABLED"
    assert good(emulator, "GET", KEYS, headers={"x-goog-user-project": "home"})["keys"]
    emulator.world.project("home").denied = {"serviceusage.services.use"}
    assert refused(emulator, "GET", KEYS, headers={"x-goog-user-project": "home"})[2] == "USER_PROJECT_DENIED"


def test_tokens_are_asked_for_only_when_configured(make_emulator):
    emulator = make_emulator()
    assert call(emulator, "GET", KEYS, headers={"Authorization": "Bearer whatever"})[0] == 200
    emulator.world.behaviour.auth = "required"
    assert refused(emulator, "GET", KEYS)[:3] == (401, "UNAUTHENTICATED", "CREDENTIALS_MISSING")
    assert call(emulator, "GET", KEYS, headers={"Authorization": "Bearer whatever"})[0] == 200
    emulator.world.behaviour.auth = "listed"
    emulator.world.behaviour.tokens = ["right"]
    assert refused(emulator, "GET", KEYS, headers={"Authorization": "Bearer wrong"})[0] == 401
    assert call(emulator, "GET", KEYS, headers={"Authorization": "Bearer right"})[0] == 200
    assert "right" not in str(emulator.world.log.since())


def test_the_log_tells_who_asked_what_when(emulator):
    good(emulator, "GET", f"{KEYS}?alt=json", headers={"User-Agent": "tester", "X-Request-Id": "r1"})
    (entry,) = good(emulator, "GET", "/emulator/v1/log")["entries"]
    assert entry.pop("time").startswith("2026-11-20T12:00:0")
    assert entry == {
        "seq": 1,
        "method": "GET",
        "path": f"{KEYS}?alt=json",
        "service": "apikeys.googleapis.com",
        "rpc": "apikeys.projects.locations.keys.list",
        "principal": None,
        "project": "p1",
        "status": "OK",
        "code": 200,
        "request_id": "r1",
        "quota_project": None,
        "user_agent": "tester",
    }
    assert good(emulator, "GET", "/emulator/v1/log?since=1") == {"entries": []}
