"""Linking is a function of what is known: arrival order, repetition and neighbours change nothing."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.inventory.link import Found, Known, by_shape, link, role, shape_id
from keyward.inventory.reading import look_into
from keyward.model.detectors import BY_KIND, DETECTORS
from keyward.model.fingerprint import worth
from keyward.model.placement import Role
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from tests.parts.scanning import KEY

SECRETS = sorted(one.kind for one in DETECTORS if one.is_secret and one.kind != "google-sa-json")
FINGERPRINTS = [f"{number:064x}" for number in range(6)]

parts = st.lists(
    st.builds(
        Found,
        name=st.sampled_from(["", "A", "B", "/x", "/y"]),
        kind=st.sampled_from(["", "openai", "google-api-key"]),
        fingerprint=st.sampled_from(FINGERPRINTS),
    ),
    unique_by=lambda one: one.name,
)
keys = st.lists(
    st.tuples(
        st.sampled_from([f"fake:p/{n}" for n in range(6)]),
        st.just("fake"),
        st.just(""),
        st.sampled_from([*FINGERPRINTS, None]),
    )
)


@given(parts, keys, st.randoms(use_true_random=False))
def test_order_changes_nothing(found, known, rng):
    straight = set(link(found, Known(known)))
    shuffled_parts, shuffled_keys = rng.sample(found, len(found)), rng.sample(known, len(known))
    assert set(link(shuffled_parts, Known(shuffled_keys))) == straight


@given(parts, keys)
def test_every_part_is_linked_by_exactly_what_is_known_of_it(found, known):
    links = {(one.part, one.key) for one in link(found, Known(known))}
    for part in found:
        owners = {key for key, _, _, fingerprint in known if fingerprint == part.fingerprint}
        expected = owners or ({shape_id(part)} if part.kind else set())
        assert {key for name, key in links if name == part.name} == expected


@given(parts, keys)
def test_an_unknown_value_waits_while_its_provider_is_still_listed(found, known):
    waiting = link(found, Known(known), lambda provider: provider != "openai")
    assert not any(one.kind == "openai" for one in waiting)
    assert {one for one in waiting if not one.kind} == {one for one in link(found, Known(known)) if not one.kind}


@given(st.sampled_from(SECRETS), st.integers(), st.sampled_from(["json", "env", "plain"]))
def test_a_value_is_found_in_every_form_and_kept_as_a_fingerprint_only(kind, seed, form):
    value = BY_KIND[kind].sample(random.Random(seed))
    if b"\n" in value and form == "env":
        form = "plain"
    name = "aws_secret_access_key"
    text = {
        "json": json.dumps({name: value.decode()}).encode(),
        "env": name.encode() + b"=" + value + b"\n",
        "plain": value + b"\n",
    }[form]
    found = look_into(Payload(Secret(text), "1", "1", "dotenv" if form == "env" else ""), KEY)
    if kind != "aws-secret-key" or form != "plain":  # that one has no shape without its name
        assert KEY.fingerprint(Secret(value)) in {one.fingerprint for one in found}
    assert value.decode() not in repr(found)


@given(st.text(alphabet="abcdefgh 0123456789", max_size=60))
def test_what_could_be_guessed_has_no_fingerprint(text):
    for one in look_into(Payload(Secret.of(f"WORD={text}\nOTHER=true\n"), "1", "1", "dotenv"), KEY):
        assert one.kind or worth(text.encode(), one.name)


def test_a_payload_without_anything_is_an_answer():
    assert look_into(Payload(Secret(b"PORT=8080\nNAME=web\n"), "1", "1", "dotenv"), KEY) == ()


def service_account(seed=3):
    text = BY_KIND["google-sa-json"].sample(random.Random(seed))
    return text, json.loads(text)["private_key_id"]


def test_a_service_account_key_is_known_by_its_id_where_its_file_is():
    text, key_id = service_account()
    found = look_into(Payload(Secret(text), "1", "1"), KEY)
    known = Known([("google-sa-keys:p/a@b/x", "google-sa-keys", key_id, None)])
    [one] = link(found, known)
    assert (one.part, one.key, one.found_by, one.kind) == ("", "google-sa-keys:p/a@b/x", "id", "")


def test_a_service_account_key_that_nobody_lists_is_one_key_and_not_two():
    text, _ = service_account()
    [one] = link(look_into(Payload(Secret(text), "1", "1"), KEY), Known([]))
    assert one.kind == "google-sa-json"


def test_an_id_of_another_provider_is_no_link():
    text, key_id = service_account()
    found = look_into(Payload(Secret(text), "1", "1"), KEY)
    [one] = link(found, Known([("other:p/x", "other", key_id, None)]))
    assert one.key.startswith("shape:")


def access_key(kind, seed=5):
    rng = random.Random(seed)
    return [BY_KIND[one].sample(rng).decode() for one in (kind, BY_KIND[kind].pairs_with)]


PAIRS = pytest.mark.parametrize(
    ("kind", "provider"), [("aws-access-key-id", "aws-iam"), ("google-hmac-id", "google-hmac-keys")]
)


@PAIRS
def test_an_access_key_is_known_by_its_id_and_is_where_its_secret_is(kind, provider):
    key_id, secret = access_key(kind)
    text = f"S3_ACCESS_ID={key_id}\nOTHER=1\nS3_SECRET={secret}\n"
    found = look_into(Payload(Secret.of(text), "1", "1", "dotenv"), KEY)
    [one] = link(found, Known([(f"{provider}:1/x", provider, key_id, None)]))
    assert (one.part, one.key, one.found_by) == ("S3_SECRET", f"{provider}:1/x", "id")
    assert one.fingerprint == KEY.fingerprint(Secret.of(secret))
    assert secret not in repr(found)


@PAIRS
def test_an_access_key_that_nobody_lists_is_one_key_by_the_shape_that_its_id_tells(kind, provider):
    key_id, secret = access_key(kind)
    text = f"AWS_ACCESS_KEY_ID={key_id}\nAWS_SECRET_ACCESS_KEY={secret}\n"
    [one] = link(look_into(Payload(Secret.of(text), "1", "1", "dotenv"), KEY), Known([]))
    assert (one.part, one.kind) == ("AWS_SECRET_ACCESS_KEY", BY_KIND[kind].pairs_with)
    assert provider == BY_KIND[one.kind].provider


@PAIRS
def test_an_access_key_id_without_its_secret_is_known_where_it_stands(kind, provider):
    key_id, _ = access_key(kind)
    found = look_into(Payload(Secret.of(f"S3_ACCESS_ID={key_id}\n"), "1", "1", "dotenv"), KEY)
    [one] = link(found, Known([(f"{provider}:1/x", provider, key_id, None)]))
    assert (one.part, one.found_by, one.fingerprint) == ("S3_ACCESS_ID", "id", "")


def test_a_random_value_without_a_shape_is_linked_once_it_is_known_and_is_no_key_before():
    value = "q7Zp2LxV9sKd4TnR8bYw1MfC"
    found = look_into(Payload(Secret.of(f"TOKEN={value}\n"), "1", "1", "dotenv"), KEY)
    assert link(found, Known([])) == []
    [one] = link(found, Known([("declared:thing", "declared", "", KEY.fingerprint(Secret.of(value)))]))
    assert (one.part, one.key) == ("TOKEN", "declared:thing")


def test_the_role_of_a_version():
    assert role("3", "3", {"live": "3"}) == (Role.CURRENT, "live")
    assert role("2", "3", {"b": "2", "a": "2"}) == (Role.ALIAS, "a,b")
    assert role("1", "3", {"a": "2"}) == (Role.OLD, "")
    assert role("1", None, {}) == (Role.OLD, "")


def test_a_key_by_shape_says_who_issues_it_and_that_its_use_cannot_be_known():
    one = by_shape("openai", "ab" * 32)
    assert (one.id, one.issuer, one.state.value) == ("shape:openai/" + "ab" * 8, "OpenAI", "unknown")
    assert one.last_use.status.value == "unsupported"
