"""The probe: which key gets which answer, and how that changes after a creation and a deletion."""

import pytest

from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.usage import Usage
from tests.parts.emulator import call, good, make_key, refused

MODELS = "/v1beta/models?pageSize=1"
SERVICE = "generativelanguage.googleapis.com"
GEMINI = {"apiTargets": [{"service": SERVICE}]}


def probe(emulator, key, **headers):
    return call(emulator, "GET", MODELS, headers={"x-goog-api-key": key["keyString"], **headers})


def answer(emulator, key, **headers):
    code, data = probe(emulator, key, **headers)
    if code == 200:
        return 200, "", ""
    details = data["error"].get("details", [])
    reason = next((one["reason"] for one in details if one["@type"].endswith("ErrorInfo")), "")
    return code, data["error"]["status"], reason


def bound_key(emulator):
    email = emulator.world.state(ServiceAccounts).plant(emulator.world.project("p1"), "runner").email
    return make_key(emulator, serviceAccountEmail=email, restrictions=GEMINI)


def test_a_working_key_lists_models_page_by_page(emulator):
    key = make_key(emulator, restrictions=GEMINI)
    code, data = probe(emulator, key)
    assert code == 200
    assert data["models"][0]["name"].startswith("models/")
    more = f"{MODELS}&pageToken={data['nextPageToken']}&key={key['keyString']}"
    assert good(emulator, "GET", more)["models"] != data["models"]
    assert key["keyString"] not in str(emulator.world.log.since())
    assert emulator.world.log.since()[-1]["key"] == key["uid"]


def test_keys_bound_to_an_account_work(emulator):
    assert answer(emulator, bound_key(emulator)) == (200, "", "")


def test_unknown_and_missing_keys(emulator):
    assert answer(emulator, {"keyString": "x" * 39}) == (400, "INVALID_ARGUMENT", "API_KEY_INVALID")
    assert refused(emulator, "GET", MODELS)[:2] == (403, "PERMISSION_DENIED")


CLIENTS = [
    (
        {"browserKeyRestrictions": {"allowedReferrers": ["https://a.example/*"]}},
        "HTTP_REFERRER",
        "Referer",
        "https://a.example/x",
    ),
    ({"iosKeyRestrictions": {"allowedBundleIds": ["a.b"]}}, "IOS_APP", "X-Ios-Bundle-Identifier", "a.b"),
]


@pytest.mark.parametrize(("restrictions", "what", "header", "value"), CLIENTS)
def test_clients_that_are_not_allowed(emulator, restrictions, what, header, value):
    key = make_key(emulator, restrictions=restrictions)
    blocked = (403, "PERMISSION_DENIED", f"API_KEY_{what}_BLOCKED")
    assert answer(emulator, key) == blocked
    assert answer(emulator, key, **{header: "https://b.example/x"}) == blocked
    assert answer(emulator, key, **{header: value}) == (200, "", "")


def test_addresses_that_are_not_allowed(emulator):
    key = make_key(emulator, restrictions={"serverKeyRestrictions": {"allowedIps": ["10.0.0.0/8", "::1"]}})
    assert answer(emulator, key) == (403, "PERMISSION_DENIED", "API_KEY_IP_ADDRESS_BLOCKED")
    emulator.world.behaviour.caller_ip = "10.1.2.3"
    assert answer(emulator, key) == (200, "", "")


def test_android_apps_that_are_not_allowed(emulator):
    app = {"sha1Fingerprint": "AA:BB", "packageName": "com.example"}
    key = make_key(emulator, restrictions={"androidKeyRestrictions": {"allowedApplications": [app]}})
    assert answer(emulator, key) == (403, "PERMISSION_DENIED", "API_KEY_ANDROID_APP_BLOCKED")
    headers = {"X-Android-Package": "com.example", "X-Android-Cert": "AABB"}
    assert answer(emulator, key, **headers) == (200, "", "")


@pytest.mark.parametrize(
    ("target", "works"),
    [
        ({"service": "translate.googleapis.com"}, False),
        ({"service": "cloudapis.googleapis.com"}, True),
        ({"service": SERVICE, "methods": ["ListModels"]}, True),
        ({"service": SERVICE, "methods": [f"{SERVICE}.List*"]}, True),
        ({"service": SERVICE, "methods": ["GenerateContent"]}, False),
    ],
)
def test_api_targets(emulator, target, works):
    key = make_key(emulator, restrictions={"apiTargets": [target]})
    blocked = (403, "PERMISSION_DENIED", "API_KEY_SERVICE_BLOCKED")
    assert answer(emulator, key) == ((200, "", "") if works else blocked)


def test_unrestricted_standard_keys_are_refused_since_a_date(make_emulator):
    refusal = (401, "UNAUTHENTICATED", "ACCESS_TOKEN_TYPE_UNSUPPORTED")
    emulator = make_emulator(grpc=False)
    plain, restricted, bound = make_key(emulator), make_key(emulator, restrictions=GEMINI), bound_key(emulator)
    assert answer(emulator, plain) == refusal
    emulator.world.behaviour.unrestricted_refused_from = "2027-01-01T00:00:00Z"
    assert answer(emulator, plain) == (200, "", "")
    emulator.world.behaviour.standard_refused_from = "2026-09-30T00:00:00Z"
    assert answer(emulator, restricted) == refusal
    assert answer(emulator, bound) == (200, "", "")


def test_what_google_blocks(emulator):
    key = make_key(emulator, restrictions=GEMINI)
    good(emulator, "POST", "/emulator/v1/key", {"uid": key["uid"], "blocked": "leaked"})
    assert answer(emulator, key) == (403, "PERMISSION_DENIED", "")
    good(emulator, "POST", "/emulator/v1/key", {"uid": key["uid"], "blocked": ""})
    answers = {
        "suspended": (403, "PERMISSION_DENIED", "CONSUMER_SUSPENDED"),
        "denied": (403, "PERMISSION_DENIED", ""),
        "exhausted": (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
        "": (200, "", ""),
    }
    for blocked, wanted in answers.items():
        good(emulator, "POST", "/emulator/v1/project", {"id": "p1", "blocked": blocked})
        assert answer(emulator, key) == wanted
    emulator.world.behaviour.region_blocked = True
    assert answer(emulator, key) == (400, "FAILED_PRECONDITION", "")


def test_the_refusal_of_a_suspended_project_shows_the_key_and_the_log_does_not(emulator):
    key = make_key(emulator, restrictions=GEMINI)
    emulator.world.project("p1").blocked = "suspended"
    assert key["keyString"] in probe(emulator, key)[1]["error"]["message"]
    assert key["keyString"] not in str(emulator.world.log.since())


def test_a_project_without_the_api(emulator):
    key = make_key(emulator, restrictions=GEMINI)
    good(emulator, "POST", "/emulator/v1/project", {"id": "p1", "api_off": [SERVICE]})
    code, data = probe(emulator, key)
    assert (code, data["error"]["details"][0]["reason"]) == (403, "SERVICE_DISABLED")
    metadata = data["error"]["details"][0]["metadata"]
    assert set(metadata) == {"activationUrl", "consumer", "containerInfo", "service", "serviceTitle"}
    assert [one["@type"].rpartition(".")[2] for one in data["error"]["details"][1:]] == ["LocalizedMessage", "Help"]


def test_a_new_key_is_unknown_for_a_while(make_emulator):
    emulator = make_emulator(rate=0, fresh_seconds=(20.0, 40.0))
    key = make_key(emulator, restrictions=GEMINI)
    assert answer(emulator, key) == (400, "INVALID_ARGUMENT", "API_KEY_INVALID")
    emulator.world.clock.advance(20)
    emulator.world.clock.advance(20)
    assert answer(emulator, key) == (200, "", "")


def dying(emulator, key, minutes):
    """Per minute after a deletion, how many of 20 requests still work."""
    good(emulator, "DELETE", f"/v2/{key['name']}")
    worked = []
    for _ in range(minutes):
        worked.append(sum(answer(emulator, key)[0] == 200 for _ in range(20)))
        emulator.world.clock.advance(60)
    return worked


def test_a_deleted_standard_key_dies_slowly_and_undelete_revives_it_at_once(make_emulator):
    windows = {"ghost_standard": (480.0, 1380.0), "ghost_auth": (50.0, 70.0)}
    emulator = make_emulator(rate=0, **windows)
    key = make_key(emulator, restrictions=GEMINI)
    worked = dying(emulator, key, 24)
    assert worked[0] > 5
    assert 8 <= max(minute for minute, count in enumerate(worked) if count) + 1 <= 23
    assert sum(worked[:4]) > sum(worked[-20:-16])
    assert worked[23] == 0
    assert probe(emulator, key)[1]["error"]["message"].startswith("API key expired")
    good(emulator, "POST", f"/v2/{key['name']}:undelete", {})
    assert answer(emulator, key) == (200, "", "")
    again = make_emulator(rate=0, **windows)
    assert dying(again, make_key(again, restrictions=GEMINI), 24) == worked


def test_a_deleted_bound_key_dies_within_about_a_minute(make_emulator):
    emulator = make_emulator(rate=0, ghost_auth=(50.0, 70.0))
    assert dying(emulator, bound_key(emulator), 3)[2] == 0


def test_a_purged_key_is_not_found(emulator):
    key = make_key(emulator, restrictions=GEMINI)
    good(emulator, "DELETE", f"/v2/{key['name']}")
    emulator.world.clock.advance(31 * 86400)
    assert "not found" in probe(emulator, key)[1]["error"]["message"]


def test_probes_count_as_use_but_not_those_of_dead_keys(emulator):
    usage = emulator.world.state(Usage)
    key = make_key(emulator, restrictions={"apiTargets": [{"service": "translate.googleapis.com"}]})
    assert usage.last(key["uid"]) is None
    probe(emulator, key)
    counts = [
        (series.service, series.code_class, sum(minutes.values()))
        for series, minutes in usage.series(emulator.world.project("p1").number)
    ]
    assert counts == [(SERVICE, "4xx", 1)]
    good(emulator, "DELETE", f"/v2/{key['name']}")
    probe(emulator, key)
    assert len(next(usage.series(emulator.world.project("p1").number))[1]) == 1
