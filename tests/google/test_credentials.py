import json
import threading

import pytest

from keyward.google import credentials, endpoints
from keyward.google.gcloud import Gcloud
from keyward.google.http import Http
from keyward.model.errors import NotAllowed, NotConfigured
from tests.parts.cloud import answer, raw_server


@pytest.fixture(autouse=True)
def _no_metadata_server(monkeypatch, tmp_path):
    monkeypatch.setattr(credentials, "_DMI", tmp_path / "no-dmi")


def find(tmp_path, **environ):
    return credentials.find(Gcloud(environ, tmp_path))


def test_without_any_the_command_that_makes_some_is_named(tmp_path):
    with pytest.raises(NotConfigured, match="gcloud auth application-default login"):
        find(tmp_path)


def test_nobody_may_ask_this_machine_only(tmp_path):
    identity = find(tmp_path, CLOUDSDK_AUTH_DISABLE_CREDENTIALS="true")
    assert identity.description == "no credentials (emulator)"
    here = endpoints.find(Gcloud({"CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS": "http://127.0.0.1:1/"}, tmp_path))
    identity.check("apikeys", here)
    with pytest.raises(NotAllowed, match="iam"):
        identity.check("iam", here)


def test_a_token_file_is_sent_and_read_again_when_the_token_is_refused(tmp_path):
    file = tmp_path / "token"
    file.write_text("first\n")
    identity = find(tmp_path, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=str(file))
    with raw_server(answer(200), answer(401), answer(200), keep=True) as server:
        http = Http(identity, timeout=5)
        assert http.request(server.url)[0].status == 200
        file.write_text("second")
        assert http.request(server.url, "POST", body=b"{}")[0].status == 200
        sent = [
            next(line for line in request.split(b"\r\n") if line.lower().startswith(b"authorization"))
            for request in server.requests
        ]
        assert [line.split()[-1] for line in sent] == [b"first", b"first", b"second"]
        http.close()


def test_a_refused_token_that_stays_the_same_is_asked_with_once(tmp_path):
    from google.auth.exceptions import RefreshError

    file = tmp_path / "token"
    file.write_text("only")
    identity = find(tmp_path, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=str(file))
    with raw_server(answer(401), answer(200), keep=True) as server:
        http = Http(identity, timeout=5)
        with pytest.raises(RefreshError, match="not accepted"):
            http.request(server.url)
        assert len(server.requests) == 1
        http.close()


@pytest.mark.parametrize("content", ["", "two words", "tok\x1ben"])
def test_a_file_without_a_token_is_named(tmp_path, content):
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(NotConfigured, match="token"):
        find(tmp_path, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=str(file))
    with pytest.raises(NotConfigured, match="cannot be read"):
        find(tmp_path, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=str(tmp_path / "absent"))


def user_credentials(tmp_path, token_uri, monkeypatch, **more):
    file = tmp_path / "adc.json"
    content = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "token_uri": token_uri,
        **more,
    }
    file.write_text(json.dumps(content))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    return find(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(file))


def test_application_default_credentials_leave_the_quota_project_to_keyward(tmp_path, monkeypatch):
    identity = user_credentials(
        tmp_path, "http://127.0.0.1:1/", monkeypatch, quota_project_id="billed-here", account="me@example.com"
    )
    assert identity.quota_project == "billed-here"
    assert identity.description == "me@example.com"
    headers = {}
    identity.credentials.token = "t"
    identity.credentials.apply(headers)
    assert "x-goog-user-project" not in headers


def test_the_token_is_fetched_once_for_all_threads(tmp_path, monkeypatch):
    token = json.dumps({"access_token": "fresh", "expires_in": 3600, "token_type": "Bearer"}).encode()
    with raw_server(*[answer(200, token)] * 9, delay=0.05) as tokens, raw_server(*[answer(200)] * 8) as server:
        identity = user_credentials(tmp_path, "http://127.0.0.1:1/", monkeypatch)
        identity.credentials._token_uri = tokens.url
        http = Http(identity, timeout=5)
        threads = [threading.Thread(target=http.request, args=(server.url,)) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert len(server.requests) == 8
        assert len(tokens.requests) == 1
        http.close()


def test_a_token_that_another_thread_renewed_meanwhile_is_taken_as_it_is():
    class Renewed:
        token, refreshed = "new", 0

        def refresh(self, request):
            self.refreshed += 1

        def apply(self, headers):
            headers["authorization"] = f"Bearer {self.token}"

        def before_request(self, request, method, uri, headers):
            self.apply(headers)

    renewed, headers = Renewed(), {}
    identity = credentials.Identity(renewed, "somebody")
    identity.authorise(None, "u", "GET", headers, refused="Bearer old")
    assert renewed.refreshed == 0
    identity.authorise(None, "u", "GET", headers, refused="Bearer new")
    assert renewed.refreshed == 1


def test_a_key_probe_carries_no_token(tmp_path):
    with raw_server(answer(401)) as server:
        http = Http(None, timeout=5)
        http.request(server.url, headers={"x-goog-api-key": "made-up"})
        assert b"authorization" not in server.requests[0].lower()
        assert len(server.requests) == 1
        http.close()
