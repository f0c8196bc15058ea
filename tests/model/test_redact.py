"""No text that went through the redactor holds twelve characters of a key in a row, however it was written."""

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.detectors import DETECTORS
from keyward.model.redact import HIDDEN, mask, redact
from keyward.model.secret import Secret
from tests.model.shapes import ONE_LINE, pieces, sample

SECRETS = [detector.kind for detector in DETECTORS if detector.is_secret and detector in ONE_LINE]
FORMS = {
    "as it is": lambda text: text,
    "in JSON": lambda text: json.dumps({"a": text}),
    "in JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "slashes escaped": lambda text: text.replace("/", "\\/"),
    "in a query": lambda text: f"https://host/path?a=b&key={text}&c=d",
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded twice": lambda text: quote(quote(text, safe="").replace("A", "%41"), safe=""),
    "every byte percent-encoded": lambda text: "".join(f"%{ord(character):02x}" for character in text),
    "every character as \\u": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "every character as &#": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, shifted by one": lambda text: base64.b64encode(b"a" + text.encode() + b"xy").decode(),
    "base64, shifted by two": lambda text: base64.urlsafe_b64encode(b"a " + text.encode() + b"xyz").decode(),
    "base64, cut at the front": lambda text: base64.b64encode(b"xyz:" + text.encode()).decode()[2:],
    "base64, cut by one": lambda text: base64.b64encode(b"xyz: " + text.encode()).decode()[1:],
    "cut off": lambda text: text[: len(text) * 2 // 3],
    "glued to other text": lambda text: f"zz{text}zz",
    "in the repr of bytes": lambda text: repr({"a": text.encode()}),
}


def assert_gone(value, kind, text, form="as it is"):
    for piece in pieces(value, kind):
        assert piece not in text
    if form in ("hex", "HEX"):
        assert value.hex()[-24:] not in text.lower()
    if form.startswith("base64"):
        assert not pieces(base64.b64encode(value), kind) & pieces(text.encode(), kind)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", SECRETS)
def test_no_piece_of_a_key_stays(kind, form):
    for seed in range(4):
        value = sample(kind, seed)
        written = FORMS[form](value.decode())
        text = redact(f"ä error: {written} (see above)")
        assert written not in text
        assert_gone(value, kind, text, form)
        assert redact(text) == text, "redacting twice changes nothing more"
        assert text.startswith("ä error: ")


def test_what_the_issuer_publishes_may_stay():
    assert redact("bad key " + sample("google-api-key", 1).decode()) == f"bad key AIza…{HIDDEN}"


@pytest.mark.parametrize("kind", ["private-key", "google-sa-json"])
def test_private_keys_go_whole_or_cut_in_half(kind):
    value = sample(kind, 1).decode()
    body = value[value.index("MII") :][:200]
    for text in (value, value[: len(value) // 2 + 100], json.dumps({"key": value}), repr(value)):
        hidden = redact(text)
        assert not pieces(body.encode(), "private-key") & pieces(hidden.encode(), "private-key")


def test_aws_secret_goes_where_its_name_stands():
    value = sample("aws-secret-key", 3).decode()
    for text in (
        f"aws_secret_access_key = {value}",
        f'{{"SecretAccessKey": "{value}"}}',
        f"AWS_SECRET_ACCESS_KEY={value}",
    ):
        assert value[:12] not in redact(text)
        assert value[-12:] not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /v2/keys:lookupKey?keyString=odd-value&alt=json",
        "GET /v1beta/models?key=odd-value",
        "GET /x?key%3Dodd-value%26a=b",
        "Authorization: Bearer odd-value",
        "authorization: bearer odd-value",
        "x-goog-api-key: odd-value",
        "{'x-goog-api-key': 'odd-value'}",
        "('X-Goog-Api-Key', 'odd-value')",
        '{"keyString": "odd-value", "name": "n"}',
        '{\\"keyString\\": \\"odd-value\\"}',
        "client_secret=odd-value&grant_type=x",
    ],
)
def test_places_where_keys_are_sent_are_hidden_whatever_they_hold(text):
    hidden = redact(text)
    assert "odd-value" not in hidden
    assert HIDDEN in hidden
    assert redact(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "Permission 'apikeys.keys.list' denied on resource '//cloudresourcemanager.googleapis.com/projects/acme' (or it may not exist).",
        "task-management-service-for-everyone and ask-the-operator-about-it",
        "projects/123/locations/global/keys/aaaabbbb-1111-2222-3333-ccccdddd0000",
        "key 'web front' (google-api-keys:acme-prod/6a1e2f00-0000-4000-8000-000000000000) is due",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "",
    ],
)
def test_ordinary_words_stay(text):
    assert redact(text) == text


@given(st.binary(min_size=12, max_size=60), st.sampled_from(list(FORMS)), st.text(max_size=20))
def test_a_known_value_goes_whatever_its_shape(value, form, around):
    text = value.hex()  # odd strings without a shape
    written = FORMS[form](text)
    hidden = redact(f"{around}|{written}|", [Secret.of(text)])
    assert not {text[at : at + 12] for at in range(len(text) - 11)} & {
        hidden[at : at + 12] for at in range(len(hidden) - 11)
    }
    assert written not in hidden


def test_a_piece_of_twelve_characters_of_a_known_value_goes():
    value = "odd value, no shape: Q7w9x"
    for at in range(len(value) - 11):
        assert value[at : at + 12] not in redact(f"<{value[at : at + 12]}>", [Secret.of(value)])
        assert redact(f"<{value[at : at + 11]}>", [Secret.of(value)]) == f"<{value[at : at + 11]}>"


def test_a_known_value_with_special_characters_goes_in_every_writing():
    value = 'p"ä/ss\\w+rd with\nall & sorts'
    for text in (value, json.dumps(value), repr(value), quote(value), quote(value, safe=""), value.encode().hex()):
        assert HIDDEN in redact(f"<{text}>", [Secret.of(value)])
        assert "sorts" not in redact(f"<{text}>", [Secret.of(value)])


@given(st.text(max_size=300))
def test_no_text_breaks_it_and_twice_is_once(text):
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "unit",
    ["A", "%41", "sk-", "-----BEGIN " + "PRIVATE KEY-----", "ab ", "key=", "\\u0041", "'key' ", "bearer ", "[hidden]"],
)
def test_hostile_text_costs_linear_time(unit):
    def seconds(size):
        text = unit * (size // len(unit))
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    small = min(seconds(20_000) for _ in range(3))
    bound = 8 * 4 * small + 0.1  # quadratic would be 64 times
    assert any(seconds(160_000) <= bound for _ in range(5)), "one slow try is the machine's"


def test_masks_show_both_ends_of_long_values_only():
    value = sample("google-api-key", 1)
    assert mask(value) == f"AIza…{value[-4:].decode()}"
    assert mask(Secret(value), last=False) == "AIza…"
    assert mask(b"hunter2-hunter2") == "…"
    assert mask(b"") == "…"
    assert mask(b"\x1b[31m" * 10) == "…"
    assert mask(sample("private-key", 1)) == "…"


@pytest.mark.parametrize(
    "text", ["/mnt/disk_backup_2024_11_28/ledger.db", "task_01HZXABCDEFGHIJKLMNOP1", "/srv/desk_2/a/b/c/state.db"]
)
def test_words_that_end_like_a_prefix_stay(text):
    """A path is what an error is about."""
    assert redact(text) == text
