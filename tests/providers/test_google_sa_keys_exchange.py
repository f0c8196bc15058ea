"""What a key file is worth, by a real token exchange; and where its assertion never goes."""

import json
from datetime import timedelta

import pytest

from keyward.emulator.tokens.state import Tokens
from keyward.google.endpoints import Endpoints
from keyward.google.http import Http
from keyward.model.capability import Act
from keyward.model.secret import Secret
from keyward.model.verdict import VerdictKind
from keyward.providers.google_sa_keys.exchange import Exchange
from tests.parts.cloud import RawServer
from tests.providers.service_accounts import Accounts


@pytest.fixture
def cloud(make_emulator, tmp_path):
    found = Accounts(make_emulator(grpc=False), tmp_path)
    yield found
    found.around.close()


def verify(cloud, text, ref=None):
    return cloud.provider.verify(Secret.of(text), ref, cloud.ctx)


def changed(text, **fields):
    return json.dumps({**json.loads(text), **fields})


def test_a_live_key_works_and_its_token_is_kept_nowhere(cloud):
    ref, text = cloud.plant()
    verdict = verify(cloud, text, ref)
    assert (verdict.kind, verdict.at) == (VerdictKind.WORKS, verdict.at)
    assert "POST /token: 200" in verdict.evidence
    assert len(cloud.world.state(Tokens).dump()["grants"]) == 1
    assert "ya29" not in repr(verdict)


def test_a_key_that_is_off_is_dead_seconds_later(cloud):
    cloud.world.behaviour.change({"account_key_switch_seconds": 5.0})
    for act in (Act.DISABLE, Act.REVOKE):
        ref, text = cloud.plant()
        cloud.provider.act(act, ref, cloud.ctx)
        assert verify(cloud, text).kind is VerdictKind.WORKS
        cloud.world.clock.advance(6)
        assert verify(cloud, text).kind is VerdictKind.DEAD
        assert verify(cloud, text, ref).kind is VerdictKind.DEAD


def test_a_new_key_is_not_dead_but_not_known_yet(cloud):
    cloud.world.behaviour.change({"account_key_fresh_seconds": (50.0, 60.0)})
    staged, made = cloud.upload()
    value = cloud.provider.compose(made.credential, staged, cloud.ctx)
    assert cloud.provider.verify(value, made.credential.ref, cloud.ctx).kind is VerdictKind.NOT_YET
    assert cloud.provider.verify(value, None, cloud.ctx).kind is VerdictKind.DEAD
    cloud.world.clock.advance(61)
    assert cloud.provider.verify(value, made.credential.ref, cloud.ctx).kind is VerdictKind.WORKS


def test_a_wrong_private_half_is_dead_whatever_its_id_says(cloud):
    ref, text = cloud.plant()
    _, other = cloud.plant()
    mixed = changed(text, private_key=json.loads(other)["private_key"])
    assert verify(cloud, mixed, ref).kind is VerdictKind.DEAD


def test_a_disabled_account_blocks_and_a_deleted_key_of_a_gone_account_is_dead(cloud):
    ref, text = cloud.plant()
    cloud.account.disabled = True
    assert verify(cloud, text, ref).kind is VerdictKind.BLOCKED
    assert verify(cloud, text).kind is VerdictKind.BLOCKED
    cloud.provider.act(Act.REVOKE, ref, cloud.ctx)
    assert verify(cloud, text, ref).kind is VerdictKind.DEAD
    assert verify(cloud, text).kind is VerdictKind.DEAD


@pytest.mark.parametrize(
    "text",
    ["", "no file", "{}", '{"type": "service_account", "private_key": "x"}'],
)
def test_what_is_no_key_file_is_dead_and_not_asked(cloud, text):
    assert verify(cloud, text).kind is VerdictKind.DEAD
    assert cloud.requests("oauth2.token") == []


def test_a_private_key_that_is_none_is_dead_and_not_asked(cloud):
    _, text = cloud.plant()
    assert verify(cloud, changed(text, private_key="-----BEGIN NOTHING-----")).kind is VerdictKind.DEAD
    assert cloud.requests("oauth2.token") == []


@pytest.mark.parametrize(
    "uri",
    [
        "https://oauth2.googleapis.com/token",
        "https://accounts.google.com/o/oauth2/token",
        "https://thief.example/token",
        "http://192.0.2.1/token",
        "",
    ],
)
def test_in_an_emulated_world_nothing_leaves_this_machine(cloud, uri):
    ref, text = cloud.plant()
    assert verify(cloud, changed(text, token_uri=uri), ref).kind is VerdictKind.WORKS
    assert len(cloud.requests("oauth2.token")) == 1


@pytest.mark.parametrize(
    ("uri", "asked"),
    [
        ("https://oauth2.googleapis.com/token", "https://oauth2.googleapis.com/token"),
        ("https://www.googleapis.com/oauth2/v4/token", "https://www.googleapis.com/oauth2/v4/token"),
        ("https://accounts.google.com/o/oauth2/token", "https://oauth2.googleapis.com/token"),
        ("", "https://oauth2.googleapis.com/token"),
        ("http://oauth2.googleapis.com/token", None),
        ("https://oauth2.googleapis.com.thief.example/token", None),
        ("https://thief.example/token", None),
        ("https://user@oauth2.googleapis.com/token", None),
        ("https://oauth2.googleapis.com:8443/token", None),
        ("http://127.0.0.1:9/token", None),
        ("file:///etc/passwd", None),
        ("https://[", None),
    ],
)
def test_in_the_real_world_assertions_go_to_google_alone(cloud, uri, asked):
    _, text = cloud.plant()
    sent = []

    class Recorder:
        """Stands for the network: says where it was asked, and that nobody is there."""

        def request(self, address, *_):
            sent.append(address)
            raise ConnectionRefusedError

    exchange = Exchange(Recorder(), Endpoints())
    verdict = exchange.verify(Secret.of(changed(text, token_uri=uri)), cloud.ctx.now, lambda: None)
    assert set(sent) == ({asked} if asked else set())
    assert verdict.kind is (VerdictKind.UNREACHABLE if asked else VerdictKind.UNPROVED)


def answer(code, body):
    payload = json.dumps(body).encode() if isinstance(body, dict) else body
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (code, len(payload), payload)


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (200, {"access_token": "t", "expires_in": 3599}, VerdictKind.WORKS),
        (200, b"<html>log in to this network</html>", VerdictKind.UNREACHABLE),
        (302, b"", VerdictKind.UNREACHABLE),
        (429, {"error": "rate_limit_exceeded"}, VerdictKind.UNREACHABLE),
        (503, b"no", VerdictKind.UNREACHABLE),
        (401, {"error": "unauthorized_client", "error_description": "x"}, VerdictKind.RECOGNISED),
        (400, {"error": "invalid_scope"}, VerdictKind.RECOGNISED),
        (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, VerdictKind.DEAD),
        (400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}, VerdictKind.BLOCKED),
        (
            400,
            {"error": "invalid_grant", "error_description": "Invalid JWT: Token must be in a reasonable timeframe."},
            VerdictKind.UNREACHABLE,
        ),
        (400, {"error": "something_new"}, VerdictKind.UNPROVED),
        (403, b"<html>a proxy</html>", VerdictKind.UNPROVED),
    ],
)
def test_what_an_answer_means(cloud, code, body, kind):
    _, text = cloud.plant()
    server = RawServer(answer(code, body), answer(code, body))
    try:
        here = changed(text, token_uri=f"{server.url}token")
        verdict = Exchange(Http(None), cloud.around_endpoints).verify(Secret.of(here), cloud.ctx.now, lambda: None)
    finally:
        server.close()
    assert verdict.kind is kind, verdict
    assert verdict.evidence
    pieces = json.loads(text)["private_key"].splitlines()[1:-1]
    assert not any(piece in verdict.evidence for piece in pieces)


def test_nobody_there_is_no_verdict_on_the_key(cloud):
    ref, text = cloud.plant()
    cloud.fault("oauth2.token", kill=True, times=-1)
    verdict = verify(cloud, text, ref)
    assert verdict.kind is VerdictKind.UNREACHABLE
    assert "no answer" in verdict.evidence


def test_an_assertion_is_short_lived_and_names_its_key(cloud):
    from google.auth import jwt

    ref, text = cloud.plant()
    seen = []

    class Recorder:
        def request(self, _, __, body, ___):
            seen.append(body)
            raise ConnectionRefusedError

    Exchange(Recorder(), Endpoints()).verify(Secret.of(changed(text, token_uri="")), cloud.ctx.now, lambda: None)
    from urllib.parse import parse_qs

    token = parse_qs(seen[0])["assertion"][0]
    claims = jwt.decode(token, verify=False)
    assert jwt.decode_header(token) == {"alg": "RS256", "typ": "JWT", "kid": ref.local[1]}
    assert claims["exp"] - claims["iat"] <= timedelta(minutes=10).total_seconds()
    assert claims["aud"] == "https://oauth2.googleapis.com/token"
