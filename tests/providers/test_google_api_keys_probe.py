"""What each answer of Gemini says about a key: the table of facts, row by row, and against the emulator's own life of a key."""

import json
import random
import socket

import pytest

from keyward.emulator.faults import Fault
from keyward.google.http import Http
from keyward.model.capability import Act
from keyward.model.credential import Restrictions
from keyward.model.detectors import DETECTORS
from keyward.model.secret import Secret
from keyward.model.verdict import VerdictKind as Kind
from keyward.providers.google_api_keys import provider
from keyward.providers.google_api_keys.probe import Probe
from keyward.providers.interface import Marker, Want
from tests.parts.cloud import Time, answer, emulator_ctx, raw_server, surroundings

OAUTH = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."


def refusal(code, status, reason=None, message="No."):
    details = (
        [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}]
        if reason
        else []
    )
    details.append({"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message})
    return answer(
        code, json.dumps({"error": {"code": code, "status": status, "message": message, "details": details}}).encode()
    )


def verify(*script, value=None, young=False, timeout=5):
    value = value or Secret.of("A" * 39)
    with raw_server(*script) as server:
        http = Http(None, timeout=timeout)
        try:
            verdict = Probe(http, server.url).verify(value, Time().at, young=lambda: young)
        finally:
            http.close()
    return verdict, server.requests


ROWS = [
    ("works", answer(200, b'{"models": [{"name": "models/x"}]}'), Kind.WORKS),
    (
        "unknown",
        refusal(400, "INVALID_ARGUMENT", "API_KEY_INVALID", "API key not valid. Please pass a valid API key."),
        Kind.DEAD,
    ),
    (
        "expired",
        refusal(400, "INVALID_ARGUMENT", "API_KEY_INVALID", "API key expired. Please renew the API key."),
        Kind.DEAD,
    ),
    (
        "not found",
        refusal(400, "INVALID_ARGUMENT", "API_KEY_INVALID", "API Key not found. Please pass a valid API key."),
        Kind.DEAD,
    ),
    ("type", refusal(401, "UNAUTHENTICATED", "ACCESS_TOKEN_TYPE_UNSUPPORTED", OAUTH), Kind.UNPROVED),
    ("other APIs", refusal(403, "PERMISSION_DENIED", "API_KEY_SERVICE_BLOCKED"), Kind.RECOGNISED),
    ("referrer", refusal(403, "PERMISSION_DENIED", "API_KEY_HTTP_REFERRER_BLOCKED"), Kind.RECOGNISED),
    ("address", refusal(403, "PERMISSION_DENIED", "API_KEY_IP_ADDRESS_BLOCKED"), Kind.RECOGNISED),
    ("android", refusal(403, "PERMISSION_DENIED", "API_KEY_ANDROID_APP_BLOCKED"), Kind.RECOGNISED),
    ("ios", refusal(403, "PERMISSION_DENIED", "API_KEY_IOS_APP_BLOCKED"), Kind.RECOGNISED),
    ("API off", refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), Kind.RECOGNISED),
    (
        "leaked",
        refusal(403, "PERMISSION_DENIED", None, "Your API key was reported as leaked. Please use another API key."),
        Kind.BLOCKED,
    ),
    ("suspended", refusal(403, "PERMISSION_DENIED", "CONSUMER_SUSPENDED"), Kind.BLOCKED),
    ("denied", refusal(403, "PERMISSION_DENIED", None, "Your project has been denied access."), Kind.BLOCKED),
    ("wants OAuth", refusal(401, "UNAUTHENTICATED", "CREDENTIALS_MISSING"), Kind.UNPROVED),
    (
        "region",
        refusal(400, "FAILED_PRECONDITION", None, "User location is not supported for the API use."),
        Kind.UNPROVED,
    ),
    ("quota", refusal(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"), Kind.WORKS),
    ("quota without details", refusal(429, "RESOURCE_EXHAUSTED"), Kind.WORKS),
    ("another 400", refusal(400, "INVALID_ARGUMENT", None, "page_size"), Kind.UNPROVED),
    ("another 404", refusal(404, "NOT_FOUND"), Kind.UNPROVED),
    ("portal", answer(200, b"<html>Please log in</html>"), Kind.UNREACHABLE),
    ("redirect", answer(302, location="http://portal.example/"), Kind.UNREACHABLE),
]


@pytest.mark.parametrize(("row", "kind"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_table(row, kind):
    verdict, requests = verify(row)
    assert verdict.kind is kind, verdict
    assert len(requests) == 1
    assert verdict.evidence.startswith("GET v1beta/models?pageSize=1: ")


def test_an_unknown_key_that_is_new_is_not_yet_known_but_an_expired_one_is_dead():
    assert verify(ROWS[1][1], young=True)[0].kind is Kind.NOT_YET
    assert verify(ROWS[2][1], young=True)[0].kind is Kind.DEAD


@pytest.mark.parametrize("script", [(None, None), (answer(503), answer(503)), (refusal(500, "INTERNAL"), None)])
def test_no_answer_proves_nothing(script):
    verdict, requests = verify(*script)
    assert verdict.kind is Kind.UNREACHABLE
    assert len(requests) == 2


def test_one_drop_is_not_the_end():
    assert verify(None, ROWS[0][1])[0].kind is Kind.WORKS


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    http = Http(None, timeout=1)
    verdict = Probe(http, f"http://127.0.0.1:{port}/").verify(Secret.of("x"), Time().at, young=lambda: False)
    assert verdict.kind is Kind.UNREACHABLE
    http.close()


@pytest.mark.parametrize("kind", ["google-api-key", "google-auth-key"])
def test_the_value_travels_in_a_header_and_stays_out_of_the_evidence(kind):
    value = Secret(next(one for one in DETECTORS if one.kind == kind).sample(random.Random(3)))
    row = refusal(
        403,
        "PERMISSION_DENIED",
        "CONSUMER_SUSPENDED",
        f"Permission denied: Consumer 'api_key:{value.reveal_text()}' has been suspended.",
    )
    verdict, requests = verify(row, value=value)
    assert verdict.kind is Kind.BLOCKED
    assert value.reveal_text() not in verdict.evidence
    head, _, headers = requests[0].partition(b"\r\n")
    assert value.reveal() not in head
    assert b"x-goog-api-key: " + value.reveal() in headers
    assert b"authorization" not in headers.lower()


def test_an_odd_value_echoed_by_the_server_is_hidden_too():
    value = Secret.of("not-a-known-shape-but-a-value-0123456789")
    verdict, _ = verify(refusal(403, "PERMISSION_DENIED", None, f"{value.reveal_text()} is denied"), value=value)
    assert value.reveal_text() not in verdict.evidence


@pytest.mark.parametrize("value", [b"", b"two words", b"line\n", b"caf\xc3\xa9", b"x\r\nhost: evil"])
def test_what_cannot_be_a_header_is_not_sent(value):
    with raw_server(answer(200)) as server:
        http = Http(None, timeout=5)
        verdict = Probe(http, server.url).verify(Secret(value), Time().at, young=lambda: True)
        http.close()
    assert verdict.kind is Kind.DEAD
    assert server.requests == []


def test_the_life_of_a_key(make_emulator, tmp_path):
    emulator = make_emulator(grpc=False, fresh_seconds=(120.0, 120.0), ghost_standard=(480.0, 480.0))
    emulator.world.clock.set_rate(0)
    around = surroundings(emulator.environment(), tmp_path)
    google, ctx = provider(around), emulator_ctx(emulator)
    gemini = Restrictions(("generativelanguage.googleapis.com",))
    made = google.create(Want("acme", restrictions=gemini), Marker("r1"), ctx).credential
    value = google.read_value(made.ref, ctx)
    assert google.verify(value, made.ref, ctx).kind is Kind.NOT_YET
    assert google.verify(value, None, ctx).kind is Kind.DEAD
    emulator.world.clock.advance(121)
    assert google.verify(value, made.ref, ctx).kind is Kind.WORKS
    google.act(Act.REVOKE, made.ref, ctx)
    first, _ = google.dead_after(made)
    emulator.world.clock.advance(first + 1)
    assert google.verify(value, made.ref, ctx).kind is Kind.DEAD
    google.act(Act.RESTORE, made.ref, ctx)
    assert google.verify(value, made.ref, ctx).alive
    emulator.world.faults.add(Fault(service="generativelanguage", kill=True, times=-1))
    assert google.verify(value, made.ref, ctx).kind is Kind.UNREACHABLE
    around.close()


def test_a_key_for_other_apis_is_recognised(emulator, tmp_path):
    around = surroundings(emulator.environment(), tmp_path)
    google, ctx = provider(around), emulator_ctx(emulator)
    made = google.create(
        Want("acme", restrictions=Restrictions(("maps.googleapis.com",))), Marker("r1"), ctx
    ).credential
    verdict = google.verify(google.read_value(made.ref, ctx), made.ref, ctx)
    assert verdict.kind is Kind.RECOGNISED
    assert verdict.alive
    around.close()
