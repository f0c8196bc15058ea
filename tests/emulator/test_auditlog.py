"""The audit log tells who changed which key, to Google's own client and to gcloud."""

import base64
import json
from datetime import timedelta

import pytest

from keyward.emulator.clock import seconds
from tests.emulator.account_parts import certificate, make_account, upload_body
from tests.emulator.test_tokens import token
from tests.parts.emulator import START, discovery, gcloud, good, refused
from tests.parts.need import require

IAM = "google.iam.admin.v1."


@pytest.fixture
def account(emulator):
    return make_account(emulator)


@pytest.fixture
def keys(account):
    return f"/v1/projects/p1/serviceAccounts/{account.email}/keys"


def entries(emulator, text="", **more):
    with discovery(emulator, "logging", "v2") as service:
        body = {"resourceNames": ["projects/p1"], "filter": text, **more}
        return service.entries().list(body=body).execute().get("entries", [])


def methods(found):
    return [one["protoPayload"]["methodName"].removeprefix(IAM) for one in found]


def test_every_change_of_an_account_key_is_noted(emulator, account, keys):
    made = good(emulator, "POST", keys, {}, {"User-Agent": "keyward/1 (rotation 5)"})
    _, pem = certificate(START, START + timedelta(days=9))
    up = good(emulator, "POST", f"{keys}:upload", upload_body(pem))
    good(emulator, "POST", f"/v1/{made['name']}:disable")
    good(emulator, "POST", f"/v1/{made['name']}:enable")
    good(emulator, "DELETE", f"/v1/{made['name']}")
    found = entries(emulator)
    verbs = ["Create", "Upload", "Disable", "Enable", "Delete"]
    assert methods(found) == [f"{verb}ServiceAccountKey" for verb in verbs]
    payloads = [one["protoPayload"] for one in found]
    first = payloads[0]
    assert first["serviceName"] == "iam.googleapis.com"
    assert first["authenticationInfo"] == {"principalEmail": "operator@acme.example"}
    assert first["requestMetadata"]["callerSuppliedUserAgent"] == "keyward/1 (rotation 5)"
    assert first["resourceName"] == f"projects/-/serviceAccounts/{account.unique_id}"
    assert [one["response"].get("name") for one in payloads[:3]] == [made["name"], up["name"], None]
    assert payloads[4]["resourceName"].endswith(made["name"].rpartition("/")[2])
    assert found[0]["resource"]["labels"]["email_id"] == account.email
    assert found[0]["logName"] == "projects/p1/logs/cloudaudit.googleapis.com%2Factivity"
    assert "PRIVATE" not in json.dumps(found)


def test_a_holder_of_a_token_is_named(emulator, account, keys):
    made = good(emulator, "POST", keys, {})
    bearer = token(json.loads(base64.b64decode(made["privateKeyData"])))
    good(emulator, "POST", keys, {}, {"Authorization": f"Bearer {bearer}"})
    who = [one["protoPayload"]["authenticationInfo"]["principalEmail"] for one in entries(emulator)]
    assert who == ["operator@acme.example", account.email]


def test_hmac_keys_are_noted(emulator, account):
    path = "/storage/v1/projects/p1/hmacKeys"
    made = good(emulator, "POST", f"{path}?serviceAccountEmail={account.email}")
    access = made["metadata"]["accessId"]
    good(emulator, "PUT", f"{path}/{access}", {"state": "INACTIVE"})
    found = entries(emulator, 'protoPayload.serviceName="storage.googleapis.com"')
    assert methods(found) == ["storage.hmacKeys.create", "storage.hmacKeys.update"]
    assert {one["protoPayload"]["response"]["accessId"] for one in found} == {access}
    assert made["secret"] not in json.dumps(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f'protoPayload.methodName="{IAM}CreateServiceAccountKey"', 2),
        (f'protoPayload.methodName=("{IAM}CreateServiceAccountKey" OR "{IAM}DeleteServiceAccountKey")', 3),
        ("proto_payload.method_name:nothing", 0),
        ("protoPayload.methodName:CreateServiceAccountKey", 2),
        (f"protoPayload.methodName!={IAM}CreateServiceAccountKey", 1),
        ('protoPayload.methodName=~"Delete.*Key$"', 1),
        ('protoPayload.methodName!~"^google"', 0),
        ('timestamp>="2026-11-20T12:30:00Z"', 2),
        ('timestamp>="2026-11-20T12:30:00Z" timestamp<"2026-11-20T13:30:00Z"', 1),
        ('log_id("cloudaudit.googleapis.com/activity") AND severity>=NOTICE', 3),
        ('logName="projects/p1/logs/cloudaudit.googleapis.com%2Factivity"', 3),
        ('resource.type="service_account" AND NOT resource.labels.project_id="p1"', 0),
        ('resource.type=service_account protoPayload.authenticationInfo.principalEmail="Operator@acme.example"', 3),
        ('protoPayload.authorizationInfo.permission="iam.serviceAccountKeys.delete"', 1),
        ("operator@acme.example", 3),
        ('labels.missing="x"', 0),
        ('labels.missing!="x"', 3),
    ],
)
def test_filters(make_emulator, text, count):
    emulator = make_emulator(rate=0, grpc=False)
    keys = f"/v1/projects/p1/serviceAccounts/{make_account(emulator).email}/keys"
    names = []
    for _ in range(2):
        names.append(good(emulator, "POST", keys, {"keyAlgorithm": "KEY_ALG_RSA_1024"})["name"])
        emulator.world.clock.advance(3600)
    good(emulator, "DELETE", f"/v1/{names[0]}")
    assert len(entries(emulator, text)) == count


def test_entries_come_late_and_in_order(make_emulator):
    emulator = make_emulator(rate=0, grpc=False, log_delay_seconds=10)
    keys = f"/v1/projects/p1/serviceAccounts/{make_account(emulator).email}/keys"
    made = good(emulator, "POST", keys, {"keyAlgorithm": "KEY_ALG_RSA_1024"})
    assert entries(emulator) == []
    emulator.world.clock.advance(10)
    good(emulator, "DELETE", f"/v1/{made['name']}")
    assert methods(entries(emulator)) == ["CreateServiceAccountKey"]
    emulator.world.clock.advance(10)
    newest = entries(emulator, orderBy="timestamp desc", pageSize=1)
    assert methods(newest) == ["DeleteServiceAccountKey"]
    page = good(emulator, "POST", "/v2/entries:list", {"resourceNames": ["projects/p1"], "pageSize": 1})
    rest = {"resourceNames": ["projects/p1"], "pageToken": page["nextPageToken"]}
    assert methods(good(emulator, "POST", "/v2/entries:list", rest)["entries"]) == ["DeleteServiceAccountKey"]
    emulator.world.clock.advance(401 * 86400)
    assert entries(emulator) == []


def test_what_is_refused(emulator):
    emulator.world.project("p1").denied = {"logging.*"}
    body = {"resourceNames": ["projects/p1"]}
    answer = refused(emulator, "POST", "/v2/entries:list", body)
    assert answer[:3] == (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")
    assert "logging.logEntries.list" in answer[3]
    assert refused(emulator, "POST", "/v2/entries:list", {"resourceNames": ["projects/p2", "projects/p1"]})[0] == 403
    assert refused(emulator, "POST", "/v2/entries:list", {})[:2] == (400, "INVALID_ARGUMENT")
    for text in ("(", "a=", 'timestamp>="soon"', "timestamp:x", 'nothing("x")', 'a=~"("'):
        body = {"resourceNames": ["projects/p2"], "filter": text}
        assert refused(emulator, "POST", "/v2/entries:list", body)[0] == 400, text


def test_gcloud_reads_the_log(emulator, tmp_path):
    require("gcloud")
    account = make_account(emulator, project=emulator.project)
    good(emulator, "POST", f"/v1/projects/-/serviceAccounts/{account.email}/keys", {})
    text = "protoPayload.methodName:CreateServiceAccountKey"
    since = seconds(START - timedelta(days=1))
    (one,) = gcloud(emulator, tmp_path, "logging", "read", f'{text} AND timestamp>="{since}"')
    assert one["protoPayload"]["response"]["name"].startswith(f"projects/{emulator.project}/")
