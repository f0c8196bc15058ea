"""Every shape of the table is found, told apart, checked offline, and found in linear time."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model import checks
from keyward.model.credential import Kind
from keyward.model.detectors import BY_KIND, DETECTORS, Check, Confidence, find, identify, kind_of, may_hold
from tests.model.shapes import AROUND, NAMED, ONE_LINE, sample

KINDS = [detector.kind for detector in DETECTORS]


def found(data):
    return [(match.detector.kind, data[match.start : match.end]) for match in find(data)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_is_identified_and_found_where_it_stands(kind):
    for seed in range(50):
        value = sample(kind, seed)
        name = NAMED.get(kind, "")
        left, right = AROUND.get(kind, ("", ""))
        assert identify(value, name) is (None if left else BY_KIND[kind])
        before = f"first\n{name or 'x'}={left}".encode()
        spans = [
            (match.start, match.end, match.detector.kind) for match in find(before + value + f"{right}\nlast".encode())
        ]
        assert (len(before), len(before) + len(value), kind) in spans


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_passes_its_own_check(kind):
    detector = BY_KIND[kind]
    outcome = detector.check(sample(kind, 1))
    assert outcome is (Check.PASSES if detector.offline else Check.NONE)


@pytest.mark.parametrize("kind", sorted(NAMED))
def test_a_value_without_a_prefix_needs_the_name_of_its_holder(kind):
    assert identify(sample(kind, 1)) is None
    assert identify(sample(kind, 1), "COLOUR") is None


def test_a_failed_checksum_lowers_confidence_and_drops_nothing():
    value = sample("github", 1)
    wrong = value[:-1] + (b"a" if value[-1:] != b"a" else b"b")
    assert [match.confidence for match in find(value)] == [Confidence.PROVED]
    assert [match.confidence for match in find(wrong)] == [Confidence.DOUBTFUL]
    assert identify(wrong) is BY_KIND["github"]


def test_github_checksum_agrees_with_the_published_vector():
    # The example of GitHub's announcement of the format, in two pieces so that no scanner takes this file for a leak.
    assert checks.crc_token(b"ghp_" + b"zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + b"0mLq17") is Check.PASSES


def test_account_number_of_a_published_access_key_id():
    assert checks.aws_account(b"ASIA" + b"QNZGKIQY56JQ7WML") == "029608264753"
    assert checks.aws_account(b"AKIA" + b"0189") is None


@pytest.mark.parametrize("before", [b"", b" ", b'"', b"=", b":", b"\\n", b"%3D", b"\\u003d", b"/", b".", b"("])
@pytest.mark.parametrize("after", [b"", b" ", b'"', b"&", b"\\n", b"\r\n", b",", b")", b"."])
def test_a_key_ends_where_a_word_ends(before, after):
    value = sample("google-api-key", 2)
    assert (("google-api-key", value)) in found(before + value + after)


@pytest.mark.parametrize("neighbour", [b"a", b"Z", b"0", b"_", b"-"])
def test_a_key_inside_a_longer_word_is_no_key(neighbour):
    value = sample("google-api-key", 2)
    assert found(neighbour + value) == []
    assert found(value + neighbour) == []


def test_the_most_specific_shape_wins():
    assert found(sample("anthropic", 1)) == [("anthropic", sample("anthropic", 1))]
    assert found(sample("openai-admin", 1)) == [("openai-admin", sample("openai-admin", 1))]
    json_key = sample("google-sa-json", 1)
    assert [kind for kind, _ in found(json_key)] == ["google-sa-json", "google-sa-key-id"]


def test_where_two_shapes_overlap_the_longer_wins():
    token = sample("google-refresh-token", 3)
    text = b"aws_secret_access_key=" + b"c/" + token
    assert found(text) == [("google-refresh-token", token)]


def test_every_published_prefix_holds_a_literal_of_the_search():
    assert all(may_hold(shown) for detector in DETECTORS for shown in detector.shown)


@pytest.mark.parametrize("name", ["mistralApiKey", "MISTRAL_API_KEY", "mistral_api_key", "APP_MISTRAL_API_KEY"])
def test_a_shape_without_a_prefix_is_known_by_its_name_however_that_is_written(name):
    value = sample("mistral", 3)
    assert identify(value, name) is BY_KIND["mistral"]
    for text in (f'{name}="', f"{name}: ", f'"{name}": "'):
        assert (("mistral", value)) in found(text.encode() + value + b'"'), text
    assert found(b"checksum: " + value) == []


MADE_UP = {
    "openai": [b"sk-proj-" + b"x" * 48, b"sk-proj-" + b"your-openai-api-key" * 3],
    "google-api-key": [
        b"AIza" + b"SyYOUR_API_KEY" + b"_" * 21,
        b"AIza" + b"X" * 35,
        b"AIza" + b"Sy0123456789abcdefghijklmnopqrstu",
    ],
    "aws-access-key-id": [b"AKIA" + b"IOSFODNN7EXAMPLE"],
    "github": [b"ghp_" + b"x" * 36],
    "mistral": [b"x" * 32, b"0" * 32, b"abab" * 8],
    "sk-hex": [b"sk-" + b"0" * 32],
    "stripe": [b"sk_live_" + b"placeholderplaceholder"],
}


@pytest.mark.parametrize("kind", MADE_UP)
def test_what_is_plainly_made_up_is_no_key(kind):
    name = NAMED.get(kind, "")
    for value in MADE_UP[kind]:
        assert identify(value, name) is None
        assert [match.detector.kind for match in find(f"{name or 'x'}=".encode() + value)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_found_in_a_large_text_as_in_a_small_one(kind):
    text = f"\n{NAMED.get(kind, 'x')}=".encode() + sample(kind, 7) + b"\n"
    large = b"a few words, no key. " * 1_000 + text + b"x = y; " * 1_000
    assert found(large) == found(text)


def test_no_sample_is_called_made_up():
    for detector in DETECTORS:
        rng = random.Random(f"{detector.kind} real")
        assert not any(detector.made_up(detector.sample(rng)) for _ in range(500)), detector.kind


def test_npm_has_the_checksum_of_github():
    value = sample("npm", 1)
    assert checks.crc_token(value) is Check.PASSES
    assert BY_KIND["npm"].confidence(value[:-1] + (b"a" if value[-1:] != b"a" else b"b")) is Confidence.DOUBTFUL


def test_a_json_web_token_says_itself_when_it_ends():
    value = sample("jwt", 1)
    assert checks.jwt_expires(value) == 2_000_000_000
    assert checks.jwt_expires(b"eyJh.eyJi.x") is None
    head, _, end = value.split(b".")
    assert BY_KIND["jwt"].confidence(b".".join((head, b"eyJ" + b"bm90IGpzb24gYXQgYWxs", end))) is Confidence.DOUBTFUL


@pytest.mark.parametrize(
    ("address", "held"),
    [
        ("postgres://app:{}@db.internal:5432/shop", True),
        ("redis://:{}@[::1]:6379/0", True),
        ("https://bot%40acme:{}@git.internal/x.git", True),
        ("amqp://app:{}@", False),
        ("https://app@host/path:{}", False),
        ("https://host:8080/{}@v2", False),
        ("postgres://app:${{{}}}@db", False),
    ],
)
def test_a_password_in_an_address_is_found_there_and_nowhere_else(address, held):
    password = sample("url-password", 1)
    data = b"DATABASE_URL=" + address.format(password.decode()).encode() + b"\n"
    found = [data[one.start : one.end] for one in find(data) if one.detector.kind == "url-password"]
    assert found == [password] * held
    assert identify(password) is None, "by itself it says nothing"


def test_a_token_in_an_address_is_known_as_what_it_is():
    token = sample("github", 1)
    (match,) = find(b"https://x-access-token:" + token + b"@github.com/acme/x.git")
    assert match.detector.kind == "github"


def test_keys_that_look_the_same_name_no_vendor():
    value = sample("sk-hex", 1)
    for name in ("DEEPSEEK_API_KEY", "MOONSHOT_API_KEY", ""):
        assert identify(value, name).issuer == ""


def test_ids_are_no_secrets_and_point_to_a_kind_of_key():
    assert {kind for kind in KINDS if not BY_KIND[kind].is_secret} == {
        "google-sa-key-id",
        "google-hmac-id",
        "aws-access-key-id",
    }
    assert kind_of("google-auth-key") is Kind.AUTH_KEY
    assert kind_of("no such kind") is Kind.BY_SHAPE


def test_every_entry_is_complete():
    assert len(BY_KIND) == len(DETECTORS)
    for detector in DETECTORS:
        assert detector.label
        assert detector.prefixes
        assert all(shown == b"-----BEGIN " or sample(detector.kind, 0).isascii() for shown in detector.shown)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_search(data):
    for match in find(data):
        assert 0 <= match.start < match.end <= len(data)


@given(st.lists(st.sampled_from([detector.kind for detector in ONE_LINE]), max_size=6), st.integers(0, 10_000))
def test_every_key_of_a_text_is_found_once_and_in_order(kinds, seed):
    values = [(kind, sample(kind, seed + number)) for number, kind in enumerate(kinds)]
    assert found(b" ".join(value for _, value in values)) == values


@pytest.mark.parametrize(
    "unit",
    [
        b"{",
        b"sk-",
        b"-----BEGIN " + b"PRIVATE KEY-----",
        b"AIza",
        b"AQ.",
        b"1//",
        b"secret_access_key=",
        b"ya29.a",
        b'{"type":"service_account",',
        b'"service_account" {"type" "private_key"',
    ],
)
def test_hostile_text_costs_linear_time(unit):
    def seconds(size):
        data = unit * (size // len(unit))
        start = time.process_time()
        list(find(data))
        return time.process_time() - start

    small = min(seconds(100_000) for _ in range(3))
    large = min(seconds(800_000) for _ in range(2))
    assert large <= 8 * 4 * small + 0.05  # quadratic would be 64 times


def test_samples_differ():
    rng = random.Random(4)
    for detector in DETECTORS:
        assert len({detector.sample(rng) for _ in range(20)}) == 20


@pytest.mark.parametrize("kind", KINDS)
def test_the_quick_look_denies_no_sample(kind):
    value = sample(kind, 1)
    name = NAMED.get(kind, "")
    if kind in AROUND:
        value = value.join(one.encode() for one in AROUND[kind])
    assert identify(value, name) is not None or kind in AROUND
    assert may_hold(value, name)
    assert all(may_hold(context + value) for context in (b"x ", b"key=") if any(find(context + value)))


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_the_quick_look_denies_is_denied(data, name):
    if not may_hold(data, name):
        assert identify(data, name) is None
        assert not any(find(data))
