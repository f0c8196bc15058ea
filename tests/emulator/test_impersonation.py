"""Tokens for who may act as a service account; what each account may do is told apart, and the log says who asked."""

import pytest

from keyward.emulator.iam import ServiceAccounts
from tests.parts.emulator import call, good, refused

PERMISSION = "iam.serviceAccounts.getAccessToken"
BODY = {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "600s"}


@pytest.fixture
def reader(emulator):
    """An account that may be acted as; its e-mail."""
    project = emulator.world.new_project("ops")
    return emulator.world.state(ServiceAccounts).plant(project, "reader").email


def path(account, project="-"):
    return f"/v1/projects/{project}/serviceAccounts/{account}:generateAccessToken"


def bearer(emulator, account):
    return {"authorization": f"Bearer {good(emulator, 'POST', path(account), BODY)['accessToken']}"}


def test_a_token_acts_as_its_account_until_it_expires(emulator, reader):
    emulator.world.behaviour.auth = "required"
    before = {"authorization": "Bearer mine"}
    made = good(emulator, "POST", path(reader), BODY, before)
    assert set(made) == {"accessToken", "expireTime"}
    headers = {"authorization": f"Bearer {made['accessToken']}"}
    good(emulator, "GET", "/v3/projects/ops", headers=headers)
    mine, theirs = emulator.world.log.since(0)
    assert (mine["principal"], mine["account"], theirs["principal"]) == (None, reader, reader)
    assert made["accessToken"] not in str(emulator.world.log.since(0))
    emulator.world.clock.advance(601)
    assert refused(emulator, "GET", "/v3/projects/ops", headers=headers)[0] == 401


def test_what_an_account_lacks_only_it_lacks(emulator, reader):
    project = emulator.world.known("ops")
    project.denied_to = {reader: {"apikeys.keys.create"}, "": {"apikeys.*", "resourcemanager.*"}}
    headers = bearer(emulator, reader)
    keys = "/v2/projects/ops/locations/global/keys"
    assert refused(emulator, "GET", keys)[2] == "IAM_PERMISSION_DENIED"
    good(emulator, "GET", keys, headers=headers)
    assert refused(emulator, "POST", keys, {}, headers)[2] == "IAM_PERMISSION_DENIED"
    asked = {"permissions": ["apikeys.keys.create", "apikeys.keys.list"]}
    assert good(emulator, "POST", "/v3/projects/ops:testIamPermissions", asked, headers) == {
        "permissions": ["apikeys.keys.list"]
    }
    assert good(emulator, "POST", "/v3/projects/ops:testIamPermissions", asked) == {}
    assert good(emulator, "GET", "/v3/projects:search") == {}
    assert len(good(emulator, "GET", "/v3/projects:search", headers=headers)["projects"]) == 1


def test_who_may_not_act_as_an_account_is_told_in_googles_words(emulator, reader):
    emulator.world.known("ops").denied_to = {"": {PERMISSION}}
    status, answer = call(emulator, "POST", path(reader), BODY)
    assert status == 403
    assert answer["error"]["message"] == f"Permission '{PERMISSION}' denied on resource (or it may not exist)."
    (info,) = answer["error"]["details"]
    assert (info["reason"], info["metadata"]) == ("IAM_PERMISSION_DENIED", {"permission": PERMISSION})


def test_what_is_not_asked_rightly_is_refused(emulator, reader):
    assert refused(emulator, "POST", path("nobody@ops.iam.gserviceaccount.com"), BODY)[:2] == (404, "NOT_FOUND")
    assert refused(emulator, "POST", path(reader, "ops"), BODY)[1] == "INVALID_ARGUMENT"
    assert refused(emulator, "POST", path(reader), {})[1] == "INVALID_ARGUMENT"
    assert refused(emulator, "POST", path(reader), {**BODY, "lifetime": "7200s"})[1] == "INVALID_ARGUMENT"
    emulator.world.state(ServiceAccounts).by_email(reader).disabled = True
    assert refused(emulator, "POST", path(reader), BODY)[0] == 400


def test_googles_own_library_acts_as_the_account(emulator, reader):
    import requests
    from google.auth import impersonated_credentials
    from google.auth.credentials import Credentials
    from google.auth.transport.requests import Request

    class Mine(Credentials):
        def refresh(self, request):
            self.token = "mine"

    override = f"{emulator.url}v1/projects/-/serviceAccounts/{reader}:generateAccessToken"
    made = impersonated_credentials.Credentials(
        Mine(), reader, BODY["scope"], lifetime=600, iam_endpoint_override=override
    )
    with requests.Session() as session:
        made.refresh(Request(session))
    good(emulator, "GET", "/v3/projects/ops", headers={"authorization": f"Bearer {made.token}"})
    assert emulator.world.log.since(0)[-1]["principal"] == reader
