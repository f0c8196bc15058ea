"""Every shape in which Google, its libraries and the network say no, read into one record and then into the program's errors."""

import http.client
import json
import random
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httplib2
import pytest
import requests
from google.api_core import exceptions
from google.auth.exceptions import RefreshError, TransportError
from google.rpc import error_details_pb2
from googleapiclient.errors import HttpError

from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.http import NotSent
from keyward.google.reader import from_body, from_status, read
from keyward.google.refusals import Asked, reading, writing
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused, SourceError

ASKED = Asked("Listing keys", "apikeys.googleapis.com", "acme-prod", "me@example.com", "apikeys.keys.list")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def body(code, status, message="No.", reason=None, retry=None, **metadata):
    details = []
    if reason:
        info = "type.googleapis.com/google.rpc.ErrorInfo"
        details.append({"@type": info, "reason": reason, "domain": "googleapis.com", "metadata": metadata})
    if retry:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry})
    return json.dumps({"error": {"code": code, "status": status, "message": message, "details": details}}).encode()


def http_error(code, content, **headers):
    return HttpError(httplib2.Response({"status": str(code), **headers}), content)


def a_key():
    return "AIza" + "".join(random.choices(LETTERS, k=35))


def test_the_json_of_google_is_read_whole():
    content = body(
        403,
        "PERMISSION_DENIED",
        "Denied.",
        "IAM_PERMISSION_DENIED",
        permission="apikeys.keys.list",
        consumer="projects/7",
    )
    error = read(http_error(403, content))
    assert (error.code, error.status, error.reason, error.message) == (
        403,
        "PERMISSION_DENIED",
        "IAM_PERMISSION_DENIED",
        "Denied.",
    )
    assert error.permission == "apikeys.keys.list"
    assert error.consumer == "projects/7"
    assert error.definite
    assert not error.transient


@pytest.mark.parametrize(
    "content", [b"<html>502 Bad Gateway</html>", b"", b"null", b"[]", b'"text"', b"{", b'{"error": null}', b"\xff\xfe"]
)
def test_what_is_not_json_of_google_still_has_a_code(content):
    error = read(http_error(502, content))
    assert (error.code, error.status) == (502, "UNAVAILABLE")
    assert "<html" not in error.message
    assert error.transient
    assert not error.definite


def test_a_list_and_an_oauth_error_are_read():
    assert from_body(404, b"[" + body(404, "NOT_FOUND", "Gone.") + b"]").message == "Gone."
    error = from_body(400, b'{"error": "invalid_grant", "error_description": "expired"}')
    assert error.message == "invalid_grant expired"


@pytest.mark.parametrize(
    "content",
    [b'{"error": {"details": 7, "message": ["x"], "status": 9}}', b'{"error": {"details": [1, {"@type": 5}]}}'],
)
def test_odd_types_do_not_break_the_reader(content):
    assert from_body(400, content).code == 400


def test_a_key_in_a_message_is_hidden_everywhere():
    key = a_key()
    content = body(
        403,
        "PERMISSION_DENIED",
        f"Consumer 'api_key:{key}' has been suspended.",
        "CONSUMER_SUSPENDED",
        consumer=f"api_key:{key}",
    )
    error = read(http_error(403, content))
    for text in (
        repr(error),
        str(error),
        str(reading(error, ASKED)),
        str(writing(error, ASKED)),
        repr(GoogleFailure(error)),
    ):
        assert key not in text
        assert key[10:] not in text


def test_control_characters_of_a_server_do_not_reach_the_terminal():
    error = from_body(500, body(500, "INTERNAL", "bad\x1b[2J\u202eline\n"))
    assert "\x1b" not in error.message
    assert "\u202e" not in error.message


def test_retry_after_as_seconds_as_a_date_and_as_retry_info():
    assert read(http_error(503, b"", **{"retry-after": "7"})).retry_after == 7
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < read(http_error(503, b"", **{"retry-after": later})).retry_after <= 60
    assert read(http_error(503, b"", **{"retry-after": "soon"})).retry_after is None
    assert from_body(429, body(429, "RESOURCE_EXHAUSTED", retry="3.5s")).retry_after == 3.5


def test_grpc_says_the_same_as_http():
    info = error_details_pb2.ErrorInfo(
        reason="SERVICE_DISABLED", metadata={"consumer": "projects/7", "service": "x.googleapis.com"}
    )
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromSeconds(4)
    error = read(exceptions.PermissionDenied("Off.", details=[info, retry]))
    assert (error.code, error.status, error.reason, error.consumer) == (
        403,
        "PERMISSION_DENIED",
        "SERVICE_DISABLED",
        "projects/7",
    )
    assert error.retry_after == 4
    assert error.disabled


def test_a_failed_precondition_is_one_over_rest_and_over_grpc():
    answer = requests.Response()
    answer.status_code = 400
    answer._content = body(400, "FAILED_PRECONDITION", "Destroyed.")
    over_rest = exceptions.from_http_response(_with_request(answer))
    over_grpc = exceptions.FailedPrecondition("Destroyed.")
    assert type(over_rest) is not type(over_grpc)
    assert read(over_rest).status == read(over_grpc).status == "FAILED_PRECONDITION"
    assert read(over_rest).code == read(over_grpc).code == 400


def test_a_redirect_is_an_answer_whichever_library_refused_to_follow_it():
    answer = requests.Response()
    answer.status_code, answer._content = 307, b"<html>"
    over_requests = read(requests.exceptions.TooManyRedirects("Exceeded 0 redirects.", response=answer))
    assert over_requests == read(http_error(307, b"<html>"))
    assert (over_requests.code, over_requests.transient, over_requests.definite) == (307, False, False)


def _with_request(answer):
    answer.request = requests.Request("GET", "http://127.0.0.1/").prepare()
    return answer


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (NotSent("no route"), False),
        (exceptions.ServiceUnavailable("failed to connect to all addresses; last error: Connection refused"), False),
        (exceptions.ServiceUnavailable("Socket closed"), True),
        (exceptions.DeadlineExceeded("Deadline Exceeded"), True),
        (TransportError("x"), False),
        (requests.exceptions.ConnectTimeout("x"), False),
        (requests.exceptions.ReadTimeout("x"), True),
        (requests.exceptions.ConnectionError("Connection aborted."), True),
        (http.client.RemoteDisconnected("x"), True),
        (http.client.IncompleteRead(b"x"), True),
        (ConnectionResetError(104, "Connection reset by peer"), True),
        (TimeoutError("timed out"), True),
        (ssl.SSLError("x"), True),
        (socket.gaierror(-2, "Name or service not known"), True),
        (httplib2.ServerNotFoundError("x"), True),
        (json.JSONDecodeError("x", "half an ans", 3), True),
    ],
)
def test_no_answer_is_no_answer_and_only_what_was_never_sent_is_certain(error, sent):
    found = read(error)
    assert found.code == 0
    assert found.sent is sent
    assert found.transient
    assert found.definite is not sent
    assert isinstance(writing(found, ASKED), Ambiguous if sent else SourceError)
    assert reading(found, ASKED).status == "unreachable"
    assert "half an ans" not in found.message


@pytest.mark.parametrize("code", [0, 502, 503, 504])
def test_what_does_not_answer_is_unreachable_and_says_what_to_look_at(code):
    error = reading(GoogleError(code=code), ASKED)
    assert error.status == "unreachable"
    assert error.hint == "See that apikeys.googleapis.com can be reached from here, then try again."


def test_a_login_that_expired_names_the_command():
    error = reading(read(RefreshError("Reauthentication is needed.")), ASKED)
    assert error.status == "denied"
    assert "gcloud auth application-default login" in error.hint


def test_our_own_bugs_are_not_taken_for_googles_errors():
    assert read(KeyError("x")) is None
    assert read(TypeError("x")) is None


def test_an_operations_status_is_read_by_number():
    error = from_status({"code": 9, "message": "Used."})
    assert (error.code, error.status) == (400, "FAILED_PRECONDITION")
    assert from_status({"code": "odd"}).status == "UNKNOWN"


def test_an_api_that_is_off_is_disabled_with_the_command_that_switches_it_on():
    metadata = {"consumer": "projects/123", "service": "apikeys.googleapis.com"}
    error = reading(from_body(403, body(403, "PERMISSION_DENIED", "Off.", "SERVICE_DISABLED", **metadata)), ASKED)
    assert error.status == "disabled"
    assert error.api == "apikeys.googleapis.com"
    assert "gcloud services enable apikeys.googleapis.com --project=123" in error.hint
    assert error.permission == ""


def test_credentials_without_a_quota_project_are_told_how_to_get_one():
    metadata = {"consumer": "projects/764086051850", "service": "apikeys.googleapis.com"}
    error = reading(
        from_body(403, body(403, "PERMISSION_DENIED", "requires a quota project", "SERVICE_DISABLED", **metadata)),
        ASKED,
    )
    assert "gcloud auth application-default set-quota-project acme-prod" in error.hint


@pytest.mark.parametrize(
    ("content", "permission"),
    [
        (
            body(403, "PERMISSION_DENIED", "x", "IAM_PERMISSION_DENIED", permission="apikeys.keys.get"),
            "apikeys.keys.get",
        ),
        (
            body(403, "PERMISSION_DENIED", "Permission 'secretmanager.versions.access' denied on resource"),
            "secretmanager.versions.access",
        ),
        (
            body(403, "PERMISSION_DENIED", "x", "USER_PROJECT_DENIED", consumer="projects/p"),
            "serviceusage.services.use",
        ),
        (body(403, "PERMISSION_DENIED", "The caller does not have permission"), "apikeys.keys.list"),
    ],
)
def test_a_denial_names_the_permission_and_the_command_that_grants_it(content, permission):
    error = reading(from_body(403, content), ASKED)
    assert (error.status, error.permission) == ("denied", permission)
    if permission != "apikeys.keys.list":
        assert "--member=user:me@example.com --role=roles/" in error.hint


def test_what_a_change_may_have_done_decides_the_error():
    cases = {
        (400, "INVALID_ARGUMENT"): Refused,
        (400, "FAILED_PRECONDITION"): Refused,
        (403, "PERMISSION_DENIED"): Refused,
        (404, "NOT_FOUND"): Gone,
        (409, "ABORTED"): Conflict,
        (409, "ALREADY_EXISTS"): Refused,
        (429, "RESOURCE_EXHAUSTED"): SourceError,
        (500, "INTERNAL"): Ambiguous,
        (503, "UNAVAILABLE"): Ambiguous,
        (504, "DEADLINE_EXCEEDED"): Ambiguous,
        (408, "DEADLINE_EXCEEDED"): Ambiguous,
    }
    for (code, status), kind in cases.items():
        assert type(writing(from_body(code, body(code, status)), ASKED)) is kind, (code, status)


def test_a_limit_is_a_refusal_and_not_a_matter_of_patience():
    error = from_body(429, body(429, "RESOURCE_EXHAUSTED", "300 keys", "RESOURCE_QUOTA_EXCEEDED"))
    assert not error.throttled
    assert not error.transient
    assert isinstance(writing(error, ASKED), Refused)
    assert GoogleError(403, "PERMISSION_DENIED", "rateLimitExceeded").throttled
