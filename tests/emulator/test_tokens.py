"""The token endpoint, asked by Google's own authentication library and by hand."""

import base64
import json
import time
from datetime import timedelta

import pytest
from google.auth import crypt, jwt
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from keyward.emulator.authentications import Authentications
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.server import Emulator
from keyward.emulator.tokens.state import Tokens
from keyward.emulator.world import World
from tests.emulator.account_parts import certificate, make_account, post_form, upload_body
from tests.parts.emulator import START, call, good

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


@pytest.fixture
def account(emulator):
    return make_account(emulator)


def create(emulator, account):
    """The JSON file of a new key."""
    made = good(emulator, "POST", f"/v1/projects/p1/serviceAccounts/{account.email}/keys", {})
    return json.loads(base64.b64decode(made["privateKeyData"]))


def token(file):
    """A token by Google's library."""
    credentials = service_account.Credentials.from_service_account_info(file, scopes=SCOPES)
    with_session = Request()
    try:
        credentials.refresh(with_session)
    finally:
        with_session.session.close()
    return credentials.token


def why(file):
    with pytest.raises(RefreshError) as caught:
        token(file)
    return caught.value.args[1]


def signed(file, **claims):
    now = int(time.time())
    body = {"iss": file["client_email"], "scope": SCOPES[0], "aud": file["token_uri"], "iat": now, "exp": now + 600}
    body = {name: value for name, value in {**body, **claims}.items() if value is not None}
    return jwt.encode(crypt.RSASigner.from_service_account_info(file), body).decode()


def exchange(emulator, assertion, grant="urn:ietf:params:oauth:grant-type:jwt-bearer"):
    return post_form(emulator, "/token", {"grant_type": grant, "assertion": assertion})


def path(account, file, verb=""):
    return f"/v1/projects/p1/serviceAccounts/{account.email}/keys/{file['private_key_id']}{verb}"


def test_googles_library_gets_a_token(emulator, account):
    file = create(emulator, account)
    given = token(file)
    holder = emulator.world.state(Tokens).holder(given)
    assert (holder.email, holder.key_id, holder.scope) == (account.email, file["private_key_id"], SCOPES[0])
    assert given not in json.dumps(emulator.world.dump()) + json.dumps(emulator.world.log.since())
    entry = emulator.world.log.since()[-1]
    assert (entry["path"], entry["account"], entry["key"]) == ("/token", account.email, file["private_key_id"])


def test_the_http_library_of_the_discovery_client_gets_one_too(emulator, account):
    import google_auth_httplib2
    import httplib2

    credentials = service_account.Credentials.from_service_account_info(create(emulator, account), scopes=SCOPES)
    http = httplib2.Http()
    credentials.refresh(google_auth_httplib2.Request(http))
    http.close()
    assert credentials.valid


def test_a_key_made_elsewhere_and_uploaded_gets_a_token(emulator, account):
    private, pem = certificate(START, START + timedelta(days=30))
    made = good(emulator, "POST", f"/v1/projects/p1/serviceAccounts/{account.email}/keys:upload", upload_body(pem))
    file = {
        "type": "service_account",
        "client_email": account.email,
        "private_key": private,
        "private_key_id": made["name"].rpartition("/")[2],
        "token_uri": f"{emulator.url}token",
    }
    assert token(file)
    emulator.world.clock.advance(31 * 86400)
    assert why(file)["error_description"] == "Invalid JWT Signature."


@pytest.mark.parametrize("act", [":disable", ""])
def test_a_disabled_or_deleted_key_gets_none_after_some_seconds(make_emulator, act):
    emulator = make_emulator(rate=0, grpc=False, account_key_switch_seconds=5)
    account = make_account(emulator)
    file = create(emulator, account)
    good(emulator, "POST" if act else "DELETE", path(account, file, act))
    token(file)
    emulator.world.clock.advance(5)
    assert why(file) == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    if act:
        good(emulator, "POST", path(account, file, ":enable"))
        assert why(file)
        emulator.world.clock.advance(5)
        assert token(file)


def test_a_new_key_may_be_too_new(make_emulator):
    emulator = make_emulator(rate=0, grpc=False, account_key_fresh_seconds=(60, 60))
    file = create(emulator, make_account(emulator))
    assert why(file)["error_description"] == "Invalid JWT Signature."
    emulator.world.clock.advance(60)
    assert token(file)


def test_no_account_or_a_disabled_one(emulator, account):
    file = create(emulator, account)
    assert why({**file, "client_email": "nobody@p1.iam.gserviceaccount.com"}) == {
        "error": "invalid_grant",
        "error_description": "Invalid grant: account not found",
    }
    good(emulator, "POST", f"/v1/projects/p1/serviceAccounts/{account.email}:disable")
    assert why(file)["error_description"] == "Invalid grant: account not found"
    good(emulator, "POST", f"/v1/projects/p1/serviceAccounts/{account.email}:enable")
    assert token(file)


def test_a_signature_by_another_key(emulator, account):
    file, other = create(emulator, account), create(emulator, account)
    mixed = {**file, "private_key": other["private_key"]}
    assert exchange(emulator, signed(mixed)) == (
        400,
        {"error": "invalid_grant", "error_description": "Invalid JWT Signature."},
    )
    assert why({**file, "private_key_id": "0" * 40})["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("claims", "error", "words"),
    [
        ({"iat": 1, "exp": 601}, "invalid_grant", "short-lived token (60 minutes)"),
        ({"exp": int(time.time()) + 7200}, "invalid_grant", "short-lived token (60 minutes)"),
        ({"iat": None}, "invalid_grant", "iat and exp"),
        ({"aud": "https://example.com/token"}, "invalid_grant", "Failed audience check"),
        ({"scope": None}, "invalid_scope", "Invalid OAuth scope"),
        ({"sub": "person@example.com"}, "unauthorized_client", "Client is unauthorized"),
    ],
)
def test_claims_that_are_refused(emulator, account, claims, error, words):
    code, answer = exchange(emulator, signed(create(emulator, account), **claims))
    assert (code, answer["error"]) == (401 if error == "unauthorized_client" else 400, error)
    assert words in answer["error_description"]


def test_what_is_no_assertion(emulator, account):
    assert exchange(emulator, "x", "password")[1]["error"] == "unsupported_grant_type"
    for text in ("", "x", "a.b.c", "e30.e30.e30"):
        assert exchange(emulator, text)[1]["error"] == "invalid_request"


def test_googles_own_audience_is_taken(emulator, account):
    assert exchange(emulator, signed(create(emulator, account), aud="https://oauth2.googleapis.com/token"))[0] == 200


def test_whose_clock_counts(emulator, account):
    file = create(emulator, account)
    emulator.world.clock.advance(30 * 86400)
    assert token(file)
    emulator.world.behaviour.change({"assertion_clock": "emulated"})
    assert "short-lived" in why(file)["error_description"]
    now = int(emulator.world.clock.now().timestamp())
    assert exchange(emulator, signed(file, iat=now, exp=now + 600))[0] == 200


def test_a_token_lives_an_hour_whatever_becomes_of_its_key(make_emulator):
    emulator = make_emulator(rate=0, grpc=False, auth="listed")
    emulator.world.behaviour.tokens = ["root"]
    account = make_account(emulator)
    root = {"Authorization": "Bearer root"}
    made = good(emulator, "POST", f"/v1/projects/p1/serviceAccounts/{account.email}/keys", {}, root)
    file = json.loads(base64.b64decode(made["privateKeyData"]))
    bearer = {"Authorization": f"Bearer {token(file)}"}
    good(emulator, "DELETE", path(account, file), headers=root)
    assert call(emulator, "GET", "/v3/projects/p1", headers=bearer)[0] == 200
    good(emulator, "POST", f"/v1/projects/p1/serviceAccounts/{account.email}:disable", headers=root)
    assert call(emulator, "GET", "/v3/projects/p1", headers=bearer)[0] == 401
    good(emulator, "POST", f"/v1/projects/p1/serviceAccounts/{account.email}:enable", headers=root)
    emulator.world.clock.advance(3599)
    assert call(emulator, "GET", "/v3/projects/p1", headers=bearer)[0] == 200
    emulator.world.clock.advance(2)
    assert call(emulator, "GET", "/v3/projects/p1", headers=bearer)[0] == 401
    emulator.world.behaviour.auth = "required"
    assert call(emulator, "GET", "/v3/projects/p1", headers=bearer)[0] == 401


def test_every_signature_by_a_live_key_counts_as_its_use(emulator, account):
    file = create(emulator, account)
    token(file)
    exchange(emulator, signed(file, aud="https://example.com/token"))
    exchange(emulator, signed(file, iat=1, exp=601))
    good(emulator, "POST", path(account, file, ":disable"))
    why(file)
    ((_, minutes),) = emulator.world.state(Authentications).of(emulator.world.project("p1").number)
    assert sum(minutes.values()) == 3


def test_a_signed_assertion_is_itself_a_token(emulator, account):
    """As Google's libraries send it to services where the audience is known."""
    file = create(emulator, account)
    emulator.world.behaviour.change({"auth": "listed"})
    assertion = signed(file, aud="https://cloudresourcemanager.googleapis.com/", scope=None)
    bearer = {"Authorization": f"Bearer {assertion}"}
    assert call(emulator, "GET", "/v3/projects/p1", headers=bearer)[0] == 200
    old = {"Authorization": f"Bearer {signed(file, iat=1, exp=601)}"}
    assert call(emulator, "GET", "/v3/projects/p1", headers=old)[0] == 401
    ((_, minutes),) = emulator.world.state(Authentications).of(emulator.world.project("p1").number)
    assert sum(minutes.values()) == 1
    good(emulator, "DELETE", path(account, file), headers=bearer)
    assert call(emulator, "GET", "/v3/projects/p1", headers=bearer)[0] == 401


def test_tokens_and_counts_outlive_a_restart(emulator, account, tmp_path):
    emulator.world.file = tmp_path / "state.json"
    file = create(emulator, account)
    given = token(file)
    emulator.world.save()
    with Emulator(World(file=emulator.world.file), grpc_port=None) as other:
        # Tokens end by the emulated time, which a restart does not turn back.
        other.world.clock.set_now(emulator.world.clock.now())
        assert other.world.state(Tokens).holder(given).email == account.email
        number = other.world.project("p1").number
        ((prover, minutes),) = other.world.state(Authentications).of(number)
        assert (prover.unique_id, prover.key_id) == (account.unique_id, file["private_key_id"])
        assert sum(minutes.values()) == 1
        assert other.world.state(ServiceAccounts).by_email(account.unique_id).email == account.email
