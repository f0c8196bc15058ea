"""HMAC keys of Cloud Storage: their life by Google's client, and the signed request that proves one."""

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials

from keyward.emulator.server import Emulator
from keyward.emulator.storage.state import HmacKeys
from keyward.emulator.world import World
from tests.emulator.account_parts import make_account
from tests.parts.emulator import START, call, good
from tests.parts.hmac_keys import fetch, sign
from tests.parts.need import missing, require

KEYS = "/storage/v1/projects/p1/hmacKeys"


@pytest.fixture
def account(emulator):
    return make_account(emulator)


def create(emulator, account):
    return good(emulator, "POST", f"{KEYS}?serviceAccountEmail={account.email}")


def error(emulator, method, path, body=None):
    """(code, reason, message) of a refusal in the form of Cloud Storage."""
    code, answer = call(emulator, method, path, body)
    assert code == answer["error"]["code"] >= 400
    assert "status" not in answer["error"]
    (one,) = answer["error"]["errors"]
    assert one["message"] == answer["error"]["message"]
    return code, one["reason"], one["message"]


def listed(emulator, query=""):
    return [key["accessId"] for key in good(emulator, "GET", KEYS + query).get("items", [])]


def test_the_discovery_client_takes_a_key_through_its_life(emulator, account):
    from googleapiclient.discovery import build

    options = {"api_endpoint": f"{emulator.url}storage/v1/"}
    more = {"static_discovery": True, "cache_discovery": False}
    with build("storage", "v1", credentials=AnonymousCredentials(), client_options=options, **more) as service:
        keys = service.projects().hmacKeys()
        made = keys.create(projectId="p1", serviceAccountEmail=account.email).execute()
        metadata = made["metadata"]
        one = {"projectId": "p1", "accessId": metadata["accessId"]}
        assert (len(made["secret"]), len(metadata["accessId"]), metadata["accessId"][:5]) == (40, 61, "GOOG1")
        assert (metadata["state"], metadata["id"]) == ("ACTIVE", f"p1/{metadata['accessId']}")
        assert metadata["timeCreated"].startswith("2026-11-20T12:00:0")
        assert keys.list(projectId="p1").execute()["items"] == [metadata]
        assert keys.get(**one).execute() == metadata
        off = keys.update(**one, body={"state": "INACTIVE", "etag": metadata["etag"]}).execute()
        assert off["state"] == "INACTIVE"
        assert off["etag"] != metadata["etag"]
        assert keys.delete(**one).execute() == ""
        assert keys.list(projectId="p1").execute() == {"kind": "storage#hmacKeysMetadata"}
        (gone,) = keys.list(projectId="p1", showDeletedKeys=True).execute()["items"]
        assert gone["state"] == "DELETED"


def test_what_is_refused(emulator, account):
    metadata = create(emulator, account)["metadata"]
    one = f"{KEYS}/{metadata['accessId']}"
    assert error(emulator, "DELETE", one) == (400, "invalid", "Cannot delete keys in 'ACTIVE' state.")
    assert error(emulator, "PUT", one, {"state": "INACTIVE", "etag": "x"})[:2] == (412, "conditionNotMet")
    assert error(emulator, "PUT", one, {"state": "DELETED"})[0] == 400
    assert error(emulator, "GET", f"{KEYS}/GOOG1X")[:2] == (404, "notFound")
    assert error(emulator, "POST", f"{KEYS}?serviceAccountEmail=x%40y")[:2] == (404, "notFound")
    good(emulator, "PUT", one, {"state": "INACTIVE"})
    assert call(emulator, "GET", f"/storage/v1/projects/other/hmacKeys/{metadata['accessId']}")[0] == 404
    emulator.world.project("p1").denied = {"storage.hmacKeys.list"}
    code, reason, message = error(emulator, "GET", KEYS)
    assert (code, reason) == (403, "forbidden")
    assert "Permission 'storage.hmacKeys.list' denied" in message


def test_ten_keys_an_account_and_policies(emulator, account):
    other = make_account(emulator, "another")
    for _ in range(10):
        create(emulator, account)
    assert error(emulator, "POST", f"{KEYS}?serviceAccountEmail={account.email}")[0] == 400
    create(emulator, other)
    name = "iam.managed.disableServiceAccountKeyCreation"
    emulator.world.project("p1").policies = {name: {"rules": [{"enforce": True}]}}
    assert name in error(emulator, "POST", f"{KEYS}?serviceAccountEmail={other.email}")[2]


def test_pages(emulator, account):
    other, state = make_account(emulator, "another"), emulator.world.state(HmacKeys)
    made = [state.plant(owner).access_id for owner in (account, other, other, account, account)]
    assert listed(emulator) == made
    assert listed(emulator, f"?serviceAccountEmail={other.email}") == made[1:3]
    for accounts in (0, 1):
        emulator.world.behaviour.change({"hmac_page_accounts": accounts})
        pages, token = [], ""
        while True:
            answer = good(emulator, "GET", f"{KEYS}?maxResults=2{token}")
            pages.append([key["accessId"] for key in answer["items"]])
            if "nextPageToken" not in answer:
                break
            token = f"&pageToken={answer['nextPageToken']}"
        assert [one for page in pages for one in page] == made
        assert [len(one) for one in pages] == ([1, 2, 2] if accounts else [2, 2, 1])


@pytest.mark.parametrize("algorithm", ["AWS4", "GOOG4"])
def test_a_signed_request_is_answered(emulator, account, algorithm):
    made = create(emulator, account)
    status, body = sign(emulator, made, algorithm)
    assert (status, "<Buckets/>" in body) == (200, True)
    more = {"x-goog-project-id": "p1"}
    assert sign(emulator, made, algorithm, path="/?max-keys=1&prefix=a%20b", headers=more.items())[0] == 200
    status, body = sign(emulator, made, algorithm, secret="wrong")
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    status, body = sign(emulator, made, algorithm, when=START - timedelta(hours=1))
    assert (status, "<Code>RequestTimeTooSkewed</Code>" in body) == (403, True)
    emulator.world.behaviour.change({"bucket_list_denied": True})
    status, body = sign(emulator, made, algorithm)
    assert (status, "<Code>AccessDenied</Code>" in body) == (403, True)
    log = emulator.world.log.since()
    assert [entry["code"] for entry in log if entry["path"] == "/"] == [200, 403, 403, 403]
    assert made["secret"] not in str(log)


def test_unsigned_and_malformed_requests(emulator):
    assert fetch(emulator, {})[0] == 403
    assert fetch(emulator, {"authorization": "AWS4-HMAC-SHA256 nothing"})[0] == 400


def test_a_change_reaches_the_servers_later(make_emulator):
    emulator = make_emulator(rate=0, grpc=False, hmac_settle_seconds=(180, 180))
    made = create(emulator, make_account(emulator))
    one, clock = f"{KEYS}/{made['metadata']['accessId']}", emulator.world.clock

    def works():
        status, body = sign(emulator, made, when=clock.now())
        assert status == 200 or "<Code>InvalidSecurity</Code>" in body
        return status == 200

    assert not works()
    clock.advance(180)
    assert works()
    good(emulator, "PUT", one, {"state": "INACTIVE"})
    assert works()
    clock.advance(180)
    assert not works()
    good(emulator, "PUT", one, {"state": "ACTIVE"})
    clock.advance(180)
    assert works()


def test_keys_outlive_a_restart(emulator, account, tmp_path):
    emulator.world.file = tmp_path / "state.json"
    made = create(emulator, account)
    before = good(emulator, "GET", KEYS)
    emulator.world.save()
    with Emulator(World(file=emulator.world.file), grpc_port=None, validate=True) as other:
        assert good(other, "GET", KEYS) == before
        assert sign(other, made, when=other.world.clock.now())[0] == 200


_S3 = """
import sys
sys.path.insert(0, sys.argv[1])
import botocore.session
from botocore.config import Config
made = botocore.session.Session()
client = made.create_client("s3", endpoint_url=sys.argv[2], region_name="auto", config=Config(signature_version="s3v4"))
try:
    print(len(client.list_buckets()["Buckets"]))
except client.exceptions.ClientError as error:
    print(error.response["Error"]["Code"])
"""


def test_the_s3_client_that_gcloud_ships_lists_the_buckets(emulator, account, tmp_path):
    """An independent implementation of the signature."""
    require("gcloud")
    libraries = Path(shutil.which("gcloud")).resolve().parents[1] / "lib" / "third_party"
    if not (libraries / "botocore").is_dir():
        missing(f"gcloud has no S3 client at {libraries}")
    made = create(emulator, account)

    def run(secret):
        environment = {"HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": made["metadata"]["accessId"]}
        command = [sys.executable, "-I", "-W", "ignore", "-c", _S3, str(libraries), emulator.url]
        environment["AWS_SECRET_ACCESS_KEY"] = secret
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert run(made["secret"]) == "0"
    assert run("wrong") == "SignatureDoesNotMatch"
