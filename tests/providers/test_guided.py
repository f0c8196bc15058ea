"""Keys that only a person makes: told by their id, tried where their vendor is known, never sent anywhere else."""

import http.server
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyward.model.capability import Act, Can, CrashClass, Ready
from keyward.model.context import Ctx
from keyward.model.credential import State
from keyward.model.detectors import BY_KIND
from keyward.model.errors import Gone, Refused
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.model.surroundings import Surroundings
from keyward.model.usage import UseStatus
from keyward.model.verdict import VerdictKind
from keyward.providers import catalog
from keyward.providers.guided import declared, shape
from keyward.providers.guided.prober import judge
from keyward.providers.interface import Marker, Want
from tests.parts.vendor import Vendor

NOW = datetime(2026, 11, 20, tzinfo=UTC)
OPENAI = CredentialRef("shape", "openai", ("0123456789abcdef",))
INVIDEO = CredentialRef("declared", "invideo.staging", ("0123456789abcdef",))


def ctx():
    return Ctx(clock=lambda: NOW, wait=lambda _: True)


def around(environ, allow=()):
    folder = Path("/nonexistent")
    return Surroundings(environ, folder, folder, folder, "here", folder, options={"endpoints.allow": allow})


@pytest.fixture
def vendor():
    with Vendor() as vendor:
        yield vendor


@pytest.fixture
def its(vendor):
    return shape(around(vendor.environ))


def test_a_key_that_nobody_lists_is_never_gone_and_its_state_is_not_known(its):
    found = its.get(OPENAI, ctx())
    assert (found.state, found.issuer, found.live) == (State.UNKNOWN, "OpenAI", True)
    assert declared(around({})).get(INVIDEO, ctx()).name == "InVideo AI staging"
    with pytest.raises(Gone):
        its.get(INVIDEO, ctx())


def test_scans_ask_it_nothing(its):
    assert its.scopes(ctx()) == ()
    assert list(its.list("openai", ctx())) == []


def test_it_says_that_a_person_does_it_and_where(its):
    assert its.crash is CrashClass.PERSON
    assert Can.CREATE not in its.can
    assert "https://platform.openai.com/settings/organization/api-keys" in its.by_hand(None, OPENAI)
    assert "https://platform.openai.com/" in its.by_hand(Act.REVOKE, OPENAI)
    assert "https://ai.invideo.io" in declared(around({})).by_hand(None, INVIDEO)
    for refused in (
        lambda: its.create(Want("openai"), Marker("r"), ctx()),
        lambda: its.act(Act.REVOKE, OPENAI, ctx()),
        lambda: its.read_value(OPENAI, ctx()),
    ):
        with pytest.raises(Refused):
            refused()


def test_its_use_is_unsupported_and_the_vendor_page_is_named(its):
    report = its.usage("openai", NOW, ctx())
    assert report.status is UseStatus.UNSUPPORTED
    assert "console" in report.detail


def test_a_live_key_works_and_a_deleted_one_is_dead(its, vendor):
    key = vendor.make()
    verdict = its.verify(Secret.of(f" {key}\n"), OPENAI, ctx())
    assert (verdict.kind, verdict.at) == (VerdictKind.WORKS, NOW)
    vendor.delete(key)
    dead = its.verify(Secret.of(key), None, ctx())
    assert dead.kind is VerdictKind.DEAD
    assert "401" in dead.evidence
    path, headers = vendor.log[0]
    assert path == "/v1/models"
    assert key not in path
    assert headers["authorization"] == f"Bearer {key}"
    assert key not in verdict.evidence + dead.evidence


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((429, b""), VerdictKind.WORKS),
        ((403, b"{}"), VerdictKind.RECOGNISED),
        ((402, b"{}"), VerdictKind.BLOCKED),
        ((500, b""), VerdictKind.UNREACHABLE),
        ((302, b""), VerdictKind.UNREACHABLE),
        ((404, b"{}"), VerdictKind.UNPROVED),
        ((200, b"<html>log in to the network</html>"), VerdictKind.UNREACHABLE),
        ((200, b'{"models": []}'), VerdictKind.UNREACHABLE),
    ],
)
def test_every_other_answer_has_its_verdict(its, vendor, answer, kind):
    vendor.answer = answer
    assert its.verify(Secret.of(vendor.make()), OPENAI, ctx()).kind is kind


def test_members_of_an_answer_count_where_the_vendor_says_so():
    cohere, xai = catalog.read("cohere").probe, catalog.read("xai").probe
    assert judge(cohere, "Cohere", 200, b'{"valid": true}')[0] is VerdictKind.WORKS
    assert judge(cohere, "Cohere", 200, b'{"valid": false}')[0] is VerdictKind.DEAD
    assert judge(xai, "xAI", 200, b'{"api_key_id": "1", "api_key_blocked": true}')[0] is VerdictKind.BLOCKED
    assert judge(xai, "xAI", 200, b'{"api_key_id": "1", "api_key_blocked": false}')[0] is VerdictKind.WORKS


def test_a_redirect_is_not_followed_with_the_key_in_hand(vendor):
    caught = []

    class Redirect(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("location", vendor.environ["OPENAI_BASE_URL"] + "/models")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            caught.append(1)

    with http.server.HTTPServer(("127.0.0.1", 0), Redirect) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        its = shape(around({"OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1"}))
        verdict = its.verify(Secret.of(vendor.make()), OPENAI, ctx())
        server.shutdown()
        thread.join()
    assert caught
    assert verdict.kind is VerdictKind.UNREACHABLE
    assert vendor.log == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.openai.com/v1",
        "http://127.0.0.1.example.com/v1",
        "https://evil.example/v1",
        "https://api.openai.com.evil.example/v1",
        "https://api.openai.com@evil.example/v1",
        "https://user:pass@api.openai.com/v1",
        "ftp://api.openai.com",
        "not an address",
        "https://api.openai.com/v1?x=1",
    ],
)
def test_a_key_goes_nowhere_that_may_not_be_trusted_with_it(url, vendor):
    its = shape(around({"OPENAI_BASE_URL": url}))
    verdict = its.verify(Secret.of(vendor.make()), OPENAI, ctx())
    assert verdict.kind is VerdictKind.UNPROVED
    assert "not asked" in verdict.evidence
    assert "OPENAI_BASE_URL" in verdict.evidence
    assert "pass" not in verdict.evidence.replace("passes", "")
    (ready,) = its.preflight(Want("openai"), ctx())
    assert (ready.ready, bool(ready.fix)) == (Ready.UNKNOWN, True)


def test_a_host_that_the_user_allows_is_asked_and_said():
    its = shape(around({"OPENAI_BASE_URL": "https://gateway.example/v1"}, ("gateway.example",)))
    (ready,) = its.preflight(Want("openai"), ctx())
    assert ready.ready is Ready.YES
    assert "https://gateway.example/v1 (OPENAI_BASE_URL)" in ready.why


def test_a_proxy_does_not_see_what_stays_on_this_machine(its, vendor, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert its.verify(Secret.of(vendor.make()), OPENAI, ctx()).kind is VerdictKind.WORKS


@pytest.mark.parametrize("kind", ["openai-admin", "aws-secret-key", "anthropic-oauth", "private-key", "aws-bedrock"])
def test_what_no_harmless_call_proves_is_unproved_and_says_why(its, vendor, kind):
    import random

    value = Secret(BY_KIND[kind].sample(random.Random(3)))
    verdict = its.verify(value, CredentialRef("shape", kind, ("0123456789abcdef",)), ctx())
    assert verdict.kind is VerdictKind.UNPROVED
    assert verdict.evidence
    assert vendor.log == []


def test_invideo_has_no_call_so_its_keys_are_unproved_before_anything_is_done():
    its = declared(around({}))
    (ready,) = its.preflight(Want("invideo"), ctx())
    assert ready.ready is Ready.UNKNOWN
    assert "no API" in ready.why
    assert its.verify(Secret.of("anything-that-is-long-enough"), INVIDEO, ctx()).kind is VerdictKind.UNPROVED


def test_a_declared_key_is_tried_like_its_issuer_says(vendor):
    its = declared(around(vendor.environ))
    ref = CredentialRef("declared", "openai.gateway", ("0123456789abcdef",))
    vendor.live.add("a-key-without-any-shape-0815")
    assert its.verify(Secret.of("a-key-without-any-shape-0815"), ref, ctx()).kind is VerdictKind.WORKS


def test_a_vendor_that_does_not_answer_is_unreachable_and_the_key_is_in_no_word(vendor):
    key = vendor.make()
    its = shape(around({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}))
    verdict = its.verify(Secret.of(key), OPENAI, ctx())
    assert verdict.kind is VerdictKind.UNREACHABLE
    assert key[:12] not in verdict.evidence
