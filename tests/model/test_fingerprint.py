"""Fingerprints are HMAC-SHA-256 as everybody computes it, and are refused for what could be guessed."""

import secrets
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.detectors import DETECTORS
from keyward.model.fingerprint import FingerprintKey, normalised, worth
from keyward.model.secret import Secret
from tests.model.shapes import NAMED, sample
from tests.parts.need import require

KEY = FingerprintKey("fpk-1", Secret(bytes(range(32))))


def test_known_answers():
    # Computed with `openssl dgst -sha256 -mac HMAC -macopt hexkey:000102...1f` over "keyward/fp/v1\0" and the value.
    assert KEY.fingerprint(Secret(b"what do ya want for nothing?")) == (
        "965219ecb87565919136ae84e231bb592f11c718fad235815f671b1e2175fbee"
    )
    assert KEY.check_value() == "32a5ac3e1641281d329e14e18988e7a2"


def test_openssl_agrees():
    require("openssl")
    value = b"a value from the test"
    answer = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:" + bytes(range(32)).hex()],
        input=b"keyward/fp/v1\0" + value,
        capture_output=True,
        check=True,
    )
    assert answer.stdout.decode().split()[-1] == KEY.fingerprint(Secret(value))


def test_another_key_gives_another_fingerprint():
    other = FingerprintKey("fpk-1", Secret(bytes(32)))
    assert other.fingerprint(Secret(b"x")) != KEY.fingerprint(Secret(b"x"))
    assert other.check_value() != KEY.check_value()


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        FingerprintKey("short", Secret(b"x" * 31))


def test_nothing_of_the_key_is_in_its_repr():
    assert "\\x01" not in repr(KEY)
    assert repr(KEY) == "FingerprintKey(id='fpk-1', key=[value hidden])"


@given(st.binary(min_size=1, max_size=60), st.text(" \t\r\n", max_size=4), st.text(" \t\r\n", max_size=4))
def test_white_space_around_a_value_does_not_matter(value, before, after):
    assert KEY.fingerprint(Secret(before.encode() + normalised(value) + after.encode())) == KEY.fingerprint(
        Secret(normalised(value))
    )


def test_a_byte_order_mark_does_not_matter():
    assert KEY.fingerprint(Secret(b"\xef\xbb\xbfvalue\n")) == KEY.fingerprint(Secret(b"value"))


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.kind)
def test_every_shape_is_worth_a_fingerprint(detector):
    value = sample(detector.kind, 5)
    assert worth(value, NAMED.get(detector.kind, ""))
    assert worth(b" " + value + b"\n", NAMED.get(detector.kind, ""))


@pytest.mark.parametrize(
    "value",
    [
        "", "true", "8080", "hunter2", "changeme", "password12345678", "correcthorsebatterystaple", "correct horse battery staple 12 AB cd",
        "a" * 64, "0" * 40, "12345678901234567890123", "abc123abc123abc123abc123abc123", "2026-11-20T23:34:48.123456+00:00",
        "postgres://user:Tr0ub4dor3xKq9Z@db.internal:5432/prod", "/usr/local/share/applications/keyward.conf",
        "projects/acme-prod/secrets/web-db-1/versions/3", "my-database-password-production1", "arn:aws:iam::123456789012:user/alice",
        "us-central1-docker.pkg.dev/acme-1/img2", "pässwört-pässwört-pässwört-1A2b3C",
    ],
)  # fmt: skip
def test_what_can_be_guessed_gets_none(value):
    assert not worth(value.encode())


def test_random_keys_of_unknown_shape_get_one():
    made = [secrets.token_urlsafe(32) for _ in range(200)] + [secrets.token_hex(32) for _ in range(200)]
    assert sum(worth(value.encode()) for value in made) >= 396
