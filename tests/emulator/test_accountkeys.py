"""Service account keys: their whole life over HTTP, limits, policies and what IAM shows late."""

import base64
import json
from datetime import timedelta

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.clock import parse
from keyward.emulator.server import Emulator
from keyward.emulator.world import World
from tests.emulator.account_parts import certificate, make_account, post_form, public_pem, upload_body
from tests.parts.emulator import START, call, discovery, good, refused

GOOGLES = "keyTypes=SYSTEM_MANAGED"
OURS = "keyTypes=USER_MANAGED"


@pytest.fixture
def account(emulator):
    return make_account(emulator)


@pytest.fixture
def keys(emulator, account):
    return f"/v1/projects/p1/serviceAccounts/{account.email}/keys"


def listed(emulator, keys, query=f"?{OURS}"):
    return [key["name"].rpartition("/")[2] for key in good(emulator, "GET", keys + query).get("keys", [])]


def names(*resources):
    return [one["name"].rpartition("/")[2] for one in resources]


def test_a_created_key_comes_with_its_file_once(emulator, account, keys):
    made = good(emulator, "POST", keys, {})
    file = json.loads(base64.b64decode(made["privateKeyData"]))
    assert set(file) == {
        *("type", "project_id", "private_key_id", "private_key", "client_email", "client_id", "auth_uri", "token_uri"),
        *("auth_provider_x509_cert_url", "client_x509_cert_url", "universe_domain"),
    }
    assert (file["client_email"], file["client_id"]) == (account.email, account.unique_id)
    assert file["token_uri"] == f"{emulator.url}token"
    assert made["name"] == f"projects/p1/serviceAccounts/{account.email}/keys/{file['private_key_id']}"
    assert len(file["private_key_id"]) == 40
    assert (made["keyType"], made["keyOrigin"]) == ("USER_MANAGED", "GOOGLE_PROVIDED")
    assert (made["validAfterTime"][:17], made["validBeforeTime"]) == ("2026-11-20T12:00:", "9999-12-31T23:59:59Z")
    again = good(emulator, "GET", f"/v1/{made['name']}")
    assert again == {name: made[name] for name in made if not name.startswith("privateKey")}
    kept = json.dumps(emulator.world.dump()) + json.dumps(emulator.world.log.since())
    secret = file["private_key"].splitlines()[5]
    assert secret not in kept
    assert "PRIVATE KEY" not in kept


def test_the_public_half_is_shown_in_both_forms(emulator, keys):
    made = good(emulator, "POST", keys, {"keyAlgorithm": "KEY_ALG_RSA_1024"})
    assert made["keyAlgorithm"] == "KEY_ALG_RSA_1024"
    private = json.loads(base64.b64decode(made["privateKeyData"]))["private_key"]

    def shown(form):
        answer = good(emulator, "GET", f"/v1/{made['name']}?publicKeyType={form}")
        return base64.b64decode(answer["publicKeyData"]).decode()

    assert shown("TYPE_RAW_PUBLIC_KEY") == public_pem(private)
    assert shown("TYPE_X509_PEM_FILE").startswith("-----BEGIN CERTIFICATE-----")
    assert "publicKeyData" not in good(emulator, "GET", f"/v1/{made['name']}?publicKeyType=TYPE_NONE")
    assert refused(emulator, "GET", f"/v1/{made['name']}?publicKeyType=OTHER")[:2] == (400, "INVALID_ARGUMENT")


def test_a_planted_key_has_a_public_half_that_stays(emulator, account, keys):
    planted = emulator.world.state(AccountKeys).plant(account, made=START - timedelta(days=400))
    path = f"{keys}/{planted.key_id}?publicKeyType=TYPE_RAW_PUBLIC_KEY"
    assert good(emulator, "GET", path)["publicKeyData"] == good(emulator, "GET", path)["publicKeyData"]


def test_a_file_of_the_older_form(emulator, keys):
    from cryptography.hazmat.primitives.serialization import pkcs12

    made = good(emulator, "POST", keys, {"privateKeyType": "TYPE_PKCS12_FILE"})
    assert made["privateKeyType"] == "TYPE_PKCS12_FILE"
    key, held, _ = pkcs12.load_key_and_certificates(base64.b64decode(made["privateKeyData"]), b"notasecret")
    assert key.public_key() == held.public_key()


def test_lists_tell_googles_keys_from_ours(emulator, keys):
    assert good(emulator, "GET", f"{keys}?{OURS}") == {}
    system = good(emulator, "GET", keys)["keys"]
    assert {one["keyType"] for one in system} == {"SYSTEM_MANAGED"}
    made = good(emulator, "POST", keys, {})
    assert listed(emulator, keys) == names(made)
    assert listed(emulator, keys, "") == names(*system, made)
    assert listed(emulator, keys, f"?{GOOGLES}") == names(*system)
    assert listed(emulator, keys, f"?{GOOGLES}&{OURS}") == names(*system, made)
    assert good(emulator, "GET", f"/v1/{system[0]['name']}") == system[0]
    assert all(parse(one["validBeforeTime"]) > START for one in system)


def test_an_uploaded_certificate_is_a_key(emulator, account, keys):
    private, pem = certificate(START - timedelta(days=1), START + timedelta(days=90))
    made = good(emulator, "POST", f"{keys}:upload", upload_body(pem))
    assert (made["keyOrigin"], made["keyAlgorithm"]) == ("USER_PROVIDED", "KEY_ALG_RSA_2048")
    assert (made["validAfterTime"], made["validBeforeTime"]) == ("2026-11-19T12:00:00Z", "2027-02-18T12:00:00Z")
    assert len(names(made)[0]) == 40
    shown = good(emulator, "GET", f"/v1/{made['name']}?publicKeyType=TYPE_RAW_PUBLIC_KEY")["publicKeyData"]
    assert base64.b64decode(shown).decode() == public_pem(private)
    assert (
        base64.b64decode(
            good(emulator, "GET", f"/v1/{made['name']}?publicKeyType=TYPE_X509_PEM_FILE")["publicKeyData"]
        ).decode()
        == pem
    )


def test_google_may_show_a_certificate_of_its_own_for_an_uploaded_key(emulator, keys):
    emulator.world.behaviour.change({"account_key_certificate": "own"})
    private, pem = certificate(START, START + timedelta(days=90))
    made = good(emulator, "POST", f"{keys}:upload", upload_body(pem))

    def shown(form):
        answer = good(emulator, "GET", f"/v1/{made['name']}?publicKeyType={form}")
        return base64.b64decode(answer["publicKeyData"]).decode()

    assert shown("TYPE_RAW_PUBLIC_KEY") == public_pem(private)
    assert shown("TYPE_X509_PEM_FILE") != pem


@pytest.mark.parametrize("data", ["", "AAAA", "***", base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()])
def test_what_is_no_certificate_is_refused(emulator, keys, data):
    assert refused(emulator, "POST", f"{keys}:upload", {"publicKeyData": data})[:2] == (400, "INVALID_ARGUMENT")


def test_only_living_certificates_of_rsa_keys_are_taken(emulator, keys):
    _, old = certificate(START - timedelta(days=9), START - timedelta(days=1))
    _, elliptic = certificate(START, START + timedelta(days=9), elliptic=True)
    for pem in (old, elliptic):
        assert refused(emulator, "POST", f"{keys}:upload", upload_body(pem))[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(("reading", "count"), [("new", 2), ("same", 1), ("refused", 1)])
def test_the_same_public_key_twice(emulator, keys, reading, count):
    emulator.world.behaviour.change({"account_key_repeated_upload": reading})
    _, pem = certificate(START, START + timedelta(days=9))
    first = good(emulator, "POST", f"{keys}:upload", upload_body(pem))
    if reading == "refused":
        assert refused(emulator, "POST", f"{keys}:upload", upload_body(pem))[:2] == (409, "ALREADY_EXISTS")
    else:
        second = good(emulator, "POST", f"{keys}:upload", upload_body(pem))
        assert (second["name"] == first["name"]) == (reading == "same")
    assert len(listed(emulator, keys)) == count


def test_disable_enable_delete(emulator, keys):
    name = good(emulator, "POST", keys, {})["name"]
    assert good(emulator, "POST", f"/v1/{name}:disable") == {}
    assert good(emulator, "POST", f"/v1/{name}:disable", {}) == {}
    off = good(emulator, "GET", f"/v1/{name}")
    assert off["disabled"] is True
    assert off["disableReason"] == "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"
    assert good(emulator, "POST", f"/v1/{name}:enable", {}) == {}
    assert not {"disabled", "disableReason"} & set(good(emulator, "GET", f"/v1/{name}"))
    assert good(emulator, "DELETE", f"/v1/{name}") == {}
    for method, path in (("GET", name), ("DELETE", name), ("POST", f"{name}:enable")):
        code, status, _, message = refused(emulator, method, f"/v1/{path}")
        assert (code, status) == (404, "NOT_FOUND")
        assert "does not exist" in message


def test_what_google_disabled_shows_why_for_ever(emulator, account, keys):
    name = good(emulator, "POST", keys, {})["name"]
    key_id = names({"name": name})[0]
    good(emulator, "POST", "/emulator/v1/account-key", {"key": key_id, "expose": "EXPOSED", "text": "found on a page"})
    found = good(emulator, "GET", f"/v1/{name}")
    assert found["disableReason"] == "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED"
    status = [{"key": "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_EXPOSED", "value": "found on a page"}]
    assert found["extendedStatus"] == status
    good(emulator, "POST", f"/v1/{name}:enable")
    assert good(emulator, "GET", f"/v1/{name}")["extendedStatus"] == status


def test_a_list_is_late_in_both_directions(make_emulator):
    emulator = make_emulator(rate=0, grpc=False, account_key_list_lag_seconds=5)
    keys = f"/v1/projects/p1/serviceAccounts/{make_account(emulator).email}/keys"
    made = good(emulator, "POST", keys, {})
    assert listed(emulator, keys) == []
    assert good(emulator, "GET", f"/v1/{made['name']}")["name"] == made["name"]
    emulator.world.clock.advance(5)
    assert listed(emulator, keys) == names(made)
    good(emulator, "DELETE", f"/v1/{made['name']}")
    assert listed(emulator, keys) == names(made)
    emulator.world.clock.advance(6)
    assert listed(emulator, keys) == []


def test_ten_keys_and_no_more(emulator, account, keys):
    planted = [emulator.world.state(AccountKeys).plant(account) for _ in range(9)]
    good(emulator, "POST", keys, {})
    _, pem = certificate(START, START + timedelta(days=9))
    for path, body in ((keys, {}), (f"{keys}:upload", upload_body(pem))):
        answer = refused(emulator, "POST", path, body)
        assert answer == (400, "FAILED_PRECONDITION", "", "Precondition check failed.")
    emulator.world.behaviour.change({"account_key_limit_status": "RESOURCE_EXHAUSTED"})
    assert refused(emulator, "POST", keys, {})[:2] == (429, "RESOURCE_EXHAUSTED")
    emulator.world.behaviour.change({"account_key_slot_seconds": 60})
    good(emulator, "DELETE", f"{keys}/{planted[0].key_id}")
    assert refused(emulator, "POST", keys, {})[0] == 429
    emulator.world.clock.advance(61)
    good(emulator, "POST", keys, {})


@pytest.mark.parametrize("constraint", ["iam.{}", "iam.managed.{}"])
@pytest.mark.parametrize(("what", "verb"), [("Creation", ""), ("Upload", ":upload")])
def test_policies_forbid(emulator, keys, constraint, what, verb):
    name = constraint.format(f"disableServiceAccountKey{what}")
    emulator.world.project("p1").policies = {name: {"rules": [{"enforce": True}]}}
    _, pem = certificate(START, START + timedelta(days=9))
    other = "" if verb else ":upload"
    bodies = {"": {}, ":upload": upload_body(pem)}
    code, answer = call(emulator, "POST", keys + verb, bodies[verb])
    assert (code, answer["error"]["status"]) == (400, "FAILED_PRECONDITION")
    (detail,) = answer["error"]["details"]
    assert detail["@type"].endswith("google.rpc.PreconditionFailure")
    assert detail["violations"][0]["type"] == f"constraints/{name}"
    if "managed" not in constraint:
        assert answer["error"]["message"] == f"Key {what.lower()} is not allowed on this service account."
    good(emulator, "POST", keys + other, bodies[other])


def test_a_policy_that_lets_keys_expire(emulator, keys):
    name = "iam.serviceAccountKeyExpiryHours"
    policy = f"/v2/projects/p1/policies/{name}:getEffectivePolicy"
    assert good(emulator, "GET", policy)["spec"] == {"rules": [{"allowAll": True}]}
    spec = {"rules": [{"values": {"allowedValues": ["24h", "8h"]}}]}
    emulator.world.project("p1").policies = {name: spec}
    assert good(emulator, "GET", policy)["spec"] == spec
    made = good(emulator, "POST", keys, {})
    assert parse(made["validBeforeTime"]) - parse(made["validAfterTime"]) == timedelta(hours=8)
    _, pem = certificate(START, START + timedelta(hours=9))
    good(emulator, "POST", f"{keys}:upload", upload_body(pem))
    emulator.world.behaviour.change({"account_key_long_upload": "refused"})
    assert refused(emulator, "POST", f"{keys}:upload", upload_body(pem))[:2] == (400, "FAILED_PRECONDITION")
    _, short = certificate(START, START + timedelta(hours=8))
    good(emulator, "POST", f"{keys}:upload", upload_body(short))


def test_the_wildcard_project_hides_what_is_missing(emulator, account):
    name = f"/v1/projects/-/serviceAccounts/{account.email}"
    made = good(emulator, "POST", f"{name}/keys", {})
    assert made["name"].startswith("projects/p1/")
    number = f"/v1/projects/p1/serviceAccounts/{account.unique_id}/keys?{OURS}"
    assert names(*good(emulator, "GET", number)["keys"]) == names(made)
    assert refused(emulator, "GET", "/v1/projects/-/serviceAccounts/x%40y/keys")[:2] == (403, "PERMISSION_DENIED")
    assert refused(emulator, "GET", "/v1/projects/p1/serviceAccounts/x%40y/keys")[:2] == (404, "NOT_FOUND")
    emulator.world.project("p1").denied = {"iam.serviceAccountKeys.list"}
    answer = refused(emulator, "GET", f"{name}/keys")
    assert answer[:3] == (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")
    assert "iam.serviceAccountKeys.list" in answer[3]
    (entry,) = [one for one in emulator.world.log.since() if one["status"] == "OK" and one["path"].startswith(name)]
    assert (entry["project"], entry["account"], entry["key"]) == ("p1", account.email, names(made)[0])


def test_the_discovery_client_takes_a_key_through_its_life(emulator, account):
    with discovery(emulator, "iam", "v1") as service:
        resource = service.projects().serviceAccounts().keys()
        parent = f"projects/-/serviceAccounts/{account.email}"
        made = resource.create(name=parent, body={}).execute()
        _, pem = certificate(START, START + timedelta(days=9))
        up = resource.upload(name=parent, body=upload_body(pem)).execute()
        types = ["USER_MANAGED", "SYSTEM_MANAGED"]
        found = resource.list(name=parent, keyTypes=types).execute()["keys"]
        assert {made["name"], up["name"]} < {one["name"] for one in found}
        assert resource.disable(name=made["name"], body={}).execute() == {}
        assert resource.get(name=made["name"], publicKeyType="TYPE_X509_PEM_FILE").execute()["publicKeyData"]
        assert resource.enable(name=made["name"], body={}).execute() == {}
        assert resource.delete(name=made["name"]).execute() == {}
        assert [one["name"] for one in resource.list(name=parent, keyTypes=types[:1]).execute()["keys"]] == [up["name"]]


def test_faults_strike_here_too(emulator, account, keys):
    rules = [
        {"rpc": "keys.create", "after": True},
        {"rpc": "keys.list", "status": "UNAVAILABLE", "retry_after": 3},
        {"path": "^/token", "status": "UNAVAILABLE"},
        {"rpc": "hmacKeys.create", "after": True},
        {"rpc": "hmacKeys.list", "status": "RESOURCE_EXHAUSTED"},
    ]
    good(emulator, "POST", "/emulator/v1/faults", {"rules": rules})
    hmacs = "/storage/v1/projects/p1/hmacKeys"
    for path in (keys, f"{hmacs}?serviceAccountEmail={account.email}"):
        with pytest.raises(OSError):  # noqa: PT011  # whichever way the system tells of a reset
            call(emulator, "POST", path, {})
    assert call(emulator, "GET", f"{keys}?{OURS}")[0] == 503
    assert len(listed(emulator, keys)) == 1
    assert post_form(emulator, "/token", {})[0] == 503
    code, answer = call(emulator, "GET", hmacs)
    assert (code, answer["error"]["errors"][0]["reason"]) == (429, "rateLimitExceeded")
    assert len(good(emulator, "GET", hmacs)["items"]) == 1


def test_keys_outlive_a_restart(emulator, account, keys, tmp_path):
    emulator.world.file = tmp_path / "state.json"
    _, pem = certificate(START, START + timedelta(days=9))
    good(emulator, "POST", f"{keys}:upload", upload_body(pem))
    name = good(emulator, "POST", keys, {})["name"]
    good(emulator, "POST", f"/v1/{name}:disable")
    before = good(emulator, "GET", f"{keys}?{OURS}")
    emulator.world.save()
    with Emulator(World(file=emulator.world.file), grpc_port=None, validate=True) as other:
        assert good(other, "GET", f"{keys}?{OURS}") == before
        assert other.violations == []
