"""API Keys v2 beyond what the recordings show."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.usage import Usage
from tests.parts.emulator import call, good, make_key, refused

KEYS = "/v2/projects/p1/locations/global/keys"
GEMINI = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}


def finish(emulator, started):
    return good(emulator, "GET", f"/v2/{started['name']}")["response"]


def test_a_key_of_no_id_is_named_by_its_uid_and_the_project_number(emulator):
    key = make_key(emulator, displayName="Maps")
    assert key["name"] == f"projects/{emulator.world.project('p1').number}/locations/global/keys/{key['uid']}"
    assert re.fullmatch(r'W/"[A-Za-z0-9+/]{22}=="', key["etag"])
    assert len(key["keyString"]) == 39
    assert good(emulator, "GET", f"{KEYS}/{key['uid']}/keyString") == {"keyString": key["keyString"]}


def test_a_key_is_found_by_project_number_too(emulator):
    key = make_key(emulator)
    assert good(emulator, "GET", f"/v2/{key['name']}")["uid"] == key["uid"]


def test_lists_and_gets_never_hold_key_strings(emulator):
    key = make_key(emulator, keyId="web")
    listed = good(emulator, "GET", KEYS)["keys"]
    assert listed == [good(emulator, "GET", f"{KEYS}/web")]
    assert "keyString" not in listed[0]
    assert listed[0]["uid"] == key["uid"] != "web"


def test_an_empty_list_is_an_empty_object(emulator):
    assert good(emulator, "GET", f"{KEYS}?showDeleted=True") == {}


def test_pages_hold_every_key_once_newest_first(emulator):
    made = [make_key(emulator, keyId=f"k{n}")["uid"] for n in range(7)]
    emulator.world.behaviour.key_page_size = 3
    seen, token = [], ""
    for _ in range(3):
        answer = good(emulator, "GET", f"{KEYS}?pageSize=100&pageToken={token}")
        assert len(answer["keys"]) <= 3
        seen += [key["uid"] for key in answer["keys"]]
        token = answer.get("nextPageToken", "")
    assert token == ""
    assert seen == made[::-1]
    of_another_list = good(emulator, "GET", f"{KEYS}?pageSize=1")["nextPageToken"]
    elsewhere = f"/v2/projects/p2/locations/global/keys?pageToken={of_another_list}"
    for path in (f"{KEYS}?pageToken=nonsense", elsewhere, f"{KEYS}?pageSize=-1", f"{KEYS}?pageSize=x"):
        assert refused(emulator, "GET", path)[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("key_id", ["Web", "1a", "a_b", "a-", "x" * 64, "0c0ffee0-1234-4abc-8def-0123456789ab"])
def test_bad_key_ids_are_refused(emulator, key_id):
    assert refused(emulator, "POST", f"{KEYS}?keyId={key_id}", {})[:2] == (400, "INVALID_ARGUMENT")


def test_an_id_is_taken_while_the_key_lives_and_until_it_is_purged(emulator):
    make_key(emulator, keyId="web")
    assert refused(emulator, "POST", f"{KEYS}?keyId=web", {})[:2] == (409, "ALREADY_EXISTS")
    good(emulator, "DELETE", f"{KEYS}/web")
    assert refused(emulator, "POST", f"{KEYS}?keyId=web", {})[:2] == (409, "ALREADY_EXISTS")
    emulator.world.clock.advance(31 * 86400)
    make_key(emulator, keyId="web")


def test_a_deleted_key_is_hidden_gettable_restorable_and_then_purged(emulator):
    key = make_key(emulator, keyId="web")
    deleted = finish(emulator, good(emulator, "DELETE", f"{KEYS}/web?etag={key['etag']}".replace("+", "%2B")))
    assert deleted["deleteTime"]
    assert deleted["keyString"] == key["keyString"]
    assert deleted["etag"] == key["etag"]
    assert good(emulator, "GET", KEYS) == {}
    assert good(emulator, "GET", f"{KEYS}/web")["deleteTime"] == deleted["deleteTime"]
    assert len(good(emulator, "GET", f"{KEYS}?showDeleted=true")["keys"]) == 1
    assert refused(emulator, "DELETE", f"{KEYS}/web")[1] == "FAILED_PRECONDITION"
    restored = finish(emulator, good(emulator, "POST", f"{KEYS}/web:undelete", {}))
    assert restored["keyString"] == key["keyString"]
    assert "deleteTime" not in restored
    assert refused(emulator, "POST", f"{KEYS}/web:undelete")[1] == "FAILED_PRECONDITION"
    good(emulator, "DELETE", f"{KEYS}/web")
    emulator.world.clock.advance(31 * 86400)
    assert refused(emulator, "GET", f"{KEYS}/web")[:2] == (404, "NOT_FOUND")
    assert refused(emulator, "POST", f"{KEYS}/web:undelete")[:2] == (404, "NOT_FOUND")


def test_operations_take_their_time(make_emulator):
    emulator = make_emulator(rate=0, operation_seconds=5)
    started = good(emulator, "POST", f"{KEYS}?keyId=web", {"displayName": "Web"})
    assert set(started) == {"name"}
    assert re.match(rf"operations/akmf\.p7-{emulator.world.project('p1').number}-", started["name"])
    assert good(emulator, "GET", f"/v2/{started['name']}") == started
    emulator.world.clock.advance(5)
    assert good(emulator, "GET", f"/v2/{started['name']}")["done"] is True
    assert refused(emulator, "GET", f"/v2/{started['name'][:-1]}x")[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("mask", "changed"),
    [
        ("", {"displayName", "annotations", "restrictions"}),
        ("displayName", {"displayName"}),
        ("display_name,annotations", {"displayName", "annotations"}),
        ("restrictions.api_targets", {"restrictions"}),
        ("restrictions.browserKeyRestrictions", {"restrictions"}),
        ("*", {"displayName", "annotations", "restrictions"}),
    ],
)
def test_update_masks_choose_what_changes(emulator, mask, changed):
    old = make_key(emulator, keyId="web", displayName="A", restrictions=GEMINI, annotations={"a": "1"})
    new_restrictions = {
        "apiTargets": [{"service": "translate.googleapis.com", "methods": ["Get*"]}],
        "browserKeyRestrictions": {"allowedReferrers": ["https://example.com/*"]},
    }
    body = {"displayName": "B", "annotations": {"b": "2"}, "restrictions": new_restrictions, "etag": old["etag"]}
    new = finish(emulator, good(emulator, "PATCH", f"{KEYS}/web?updateMask={mask}", body))
    fields = ("displayName", "annotations", "restrictions")
    assert {name for name in fields if new[name] != old[name]} == changed
    assert new["etag"] != old["etag"]
    assert "keyString" not in new
    if mask == "restrictions.browserKeyRestrictions":
        assert new["restrictions"] == {**new_restrictions, **GEMINI}


def test_a_mask_clears_what_the_body_leaves_out(emulator):
    make_key(emulator, keyId="web", displayName="A", restrictions=GEMINI)
    new = finish(emulator, good(emulator, "PATCH", f"{KEYS}/web?updateMask=*", {"displayName": "B"}))
    assert "restrictions" not in new
    assert new["displayName"] == "B"


def test_one_client_restriction_replaces_the_other(emulator):
    make_key(emulator, keyId="web", restrictions={"serverKeyRestrictions": {"allowedIps": ["10.0.0.0/8"]}})
    body = {"restrictions": {"iosKeyRestrictions": {"allowedBundleIds": ["a.b"]}}}
    path = f"{KEYS}/web?updateMask=restrictions.ios_key_restrictions"
    assert finish(emulator, good(emulator, "PATCH", path, body))["restrictions"] == body["restrictions"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("web?updateMask=service_account_email", {"serviceAccountEmail": "a@b"}),
        ("web?updateMask=keyString", {}),
        ("web", {"displayName": "x" * 64}),
        ("web", {"colour": "red"}),
        ("web", {"restrictions": {"apiTargets": [{"name": "x"}]}}),
        ("web", {"restrictions": {"serverKeyRestrictions": {}, "iosKeyRestrictions": {}}}),
        ("web", {"annotations": {"a": 1}}),
    ],
)
def test_bad_patches_are_refused_and_change_nothing(emulator, path, body):
    old = make_key(emulator, keyId="web", displayName="A")
    assert refused(emulator, "PATCH", f"{KEYS}/{path}", body)[:2] == (400, "INVALID_ARGUMENT")
    assert good(emulator, "GET", f"{KEYS}/web") == {name: old[name] for name in old.keys() - {"@type", "keyString"}}


@pytest.mark.parametrize(("status", "code"), [("ABORTED", 409), ("FAILED_PRECONDITION", 400)])
def test_a_stale_etag_is_refused(make_emulator, status, code):
    emulator = make_emulator(etag_mismatch=status)
    make_key(emulator, keyId="web")
    assert refused(emulator, "DELETE", f"{KEYS}/web?etag=old")[:2] == (code, status)
    assert refused(emulator, "PATCH", f"{KEYS}/web", {"displayName": "B", "etag": "old"})[:2] == (code, status)


def test_existing_usage_is_checked_only_on_request(emulator):
    key = make_key(emulator, keyId="web")
    number = emulator.world.project("p1").number
    emulator.world.state(Usage).record(number, key["uid"], "translate.googleapis.com", code=403)
    assert refused(emulator, "DELETE", f"{KEYS}/web?checkExistingUsage=CHECK")[1] == "FAILED_PRECONDITION"
    good(emulator, "PATCH", f"{KEYS}/web?checkExistingUsage=SKIP", {"displayName": "B"})
    emulator.world.clock.advance(8 * 86400)
    good(emulator, "DELETE", f"{KEYS}/web?checkExistingUsage=CHECK")


@pytest.mark.parametrize("counted", [False, True])
def test_a_project_holds_only_so_many_keys(make_emulator, counted):
    emulator = make_emulator(key_limit=2, deleted_count_to_limit=counted)
    make_key(emulator, keyId="one")
    make_key(emulator, keyId="two")
    assert refused(emulator, "POST", KEYS, {})[:3] == (429, "RESOURCE_EXHAUSTED", "RESOURCE_QUOTA_EXCEEDED")
    good(emulator, "DELETE", f"{KEYS}/one")
    assert call(emulator, "POST", KEYS, {})[0] == (429 if counted else 200)


def test_lists_lag_behind(make_emulator):
    emulator = make_emulator(rate=0, list_lag_seconds=10)
    make_key(emulator, keyId="web")
    assert good(emulator, "GET", KEYS) == {}
    assert good(emulator, "GET", f"{KEYS}/web")
    emulator.world.clock.advance(10)
    assert len(good(emulator, "GET", KEYS)["keys"]) == 1
    good(emulator, "DELETE", f"{KEYS}/web")
    assert len(good(emulator, "GET", KEYS)["keys"]) == 1
    emulator.world.clock.advance(10)
    assert good(emulator, "GET", KEYS) == {}


def test_lookup_names_the_key_until_it_is_purged_and_its_string_is_not_logged(emulator):
    key = make_key(emulator, keyId="web")
    path = f"/v2/keys:lookupKey?keyString={key['keyString']}"
    parent = key["name"].rpartition("/keys/")[0]
    assert good(emulator, "GET", path) == {"name": key["name"], "parent": parent}
    good(emulator, "DELETE", f"{KEYS}/web")
    emulator.world.clock.advance(31 * 86400)
    assert good(emulator, "GET", path) == {"parent": parent}
    assert refused(emulator, "GET", path + "x")[0] == 404
    assert key["keyString"] not in str(emulator.world.log.since())


def account(emulator, project="p1"):
    return emulator.world.state(ServiceAccounts).plant(emulator.world.project(project), "runner").email


def test_a_bound_key_has_another_form(emulator):
    key = make_key(emulator, serviceAccountEmail=account(emulator), restrictions=GEMINI)
    assert key["serviceAccountEmail"].startswith("runner@p1.")
    assert key["keyString"].startswith("AQ.")
    assert len(key["keyString"]) == 53


def test_the_policy_allows_bound_keys_only_for_gemini_and_listed_services(emulator):
    email = account(emulator)
    vertex = {"apiTargets": [{"service": "aiplatform.googleapis.com"}]}
    for restrictions in ({}, vertex):
        body = {"serviceAccountEmail": email, "restrictions": restrictions}
        code, status, _, message = refused(emulator, "POST", KEYS, body)
        assert (code, status) == (400, "FAILED_PRECONDITION")
        assert "iam.managed.disableServiceAccountApiKeyCreation" in message
    rule = {"enforce": True, "parameters": {"allowedServices": ["aiplatform.googleapis.com"]}}
    policy = {"iam.managed.disableServiceAccountApiKeyCreation": {"rules": [rule]}}
    good(emulator, "POST", "/emulator/v1/project", {"id": "p1", "policies": policy})
    make_key(emulator, serviceAccountEmail=email, restrictions=vertex)
    emulator.world.project("p1").policies.clear()
    emulator.world.behaviour.bound_keys_blocked = False
    make_key(emulator, serviceAccountEmail=email)


def test_binding_needs_an_account_and_a_permission(emulator):
    body = {"serviceAccountEmail": "nobody@p1.iam.gserviceaccount.com", "restrictions": GEMINI}
    assert refused(emulator, "POST", KEYS, body)[0] == 404
    body["serviceAccountEmail"] = account(emulator)
    emulator.world.project("p1").denied = {"iam.serviceAccountApiKeyBindings.create"}
    assert refused(emulator, "POST", KEYS, body)[:3] == (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")


def test_only_the_global_location_holds_keys(emulator):
    assert refused(emulator, "GET", "/v2/projects/p1/locations/europe-west1/keys")[:2] == (400, "INVALID_ARGUMENT")


def test_fingerprints_of_android_apps_are_shown_without_colons(emulator):
    app = {"sha1Fingerprint": "AA:BB:CC", "packageName": "com.example"}
    key = make_key(emulator, restrictions={"androidKeyRestrictions": {"allowedApplications": [app]}})
    shown = key["restrictions"]["androidKeyRestrictions"]["allowedApplications"]
    assert shown == [{"sha1Fingerprint": "AABBCC", "packageName": "com.example"}]


def test_the_same_seed_gives_the_same_keys(make_emulator):
    one, two = (make_key(make_emulator(seed=3, grpc=False)) for _ in range(2))
    assert (one["uid"], one["keyString"], one["etag"]) == (two["uid"], two["keyString"], two["etag"])
    assert make_key(make_emulator(seed=4, grpc=False))["keyString"] != one["keyString"]


def test_many_callers_at_once_get_keys_of_their_own(emulator):
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda n: make_key(emulator, project=f"p{n % 3}"), range(60)))
    assert len({key["uid"] for key in made}) == len({key["keyString"] for key in made}) == 60
    listed = [good(emulator, "GET", f"/v2/projects/p{n}/locations/global/keys")["keys"] for n in range(3)]
    assert {key["uid"] for keys in listed for key in keys} == {key["uid"] for key in made}
    assert [entry["seq"] for entry in emulator.world.log.since()] == list(range(1, 124))


def test_one_id_asked_for_by_many_at_once_is_given_once(emulator):
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: call(emulator, "POST", f"{KEYS}?keyId=web", {})[0], range(8)))
    assert sorted(codes) == [200] + [409] * 7
