"""Ids are stable, typable, and read back as what they were made of."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from keyward.model.errors import UsageError
from keyward.model.ids import CredentialRef, PlacementRef, SecretRef

TEXT = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("@#/:%.~- äß")), min_size=1, max_size=12)
NAME = st.text("abcz0-", min_size=1, max_size=8)
TYPABLE = re.compile(r"[A-Za-z0-9._~@/%#:-]*")


def plain(*texts):
    """Whole surrogates stand for bytes of a path; others are no text."""
    return all(not any("\ud800" <= each <= "\udc7f" or "\udd00" <= each <= "\udfff" for each in text) for text in texts)


@given(NAME, TEXT, st.lists(TEXT, max_size=3).map(tuple))
def test_keys_go_both_ways(provider, scope, local):
    assume(plain(scope, *local))
    ref = CredentialRef(provider, scope, local)
    assert CredentialRef.parse(str(ref)) == ref
    assert TYPABLE.fullmatch(str(ref))


@given(NAME, st.lists(TEXT, min_size=1, max_size=3).map(tuple), st.none() | TEXT, st.just("") | TEXT)
def test_places_go_both_ways(store, locator, version, part):
    assume(plain(*locator, version or "", part))
    ref = PlacementRef(SecretRef(store, locator), version, part)
    assert PlacementRef.parse(str(ref)) == ref
    assert TYPABLE.fullmatch(str(ref))
    if version is None and not part:
        assert SecretRef.parse(str(ref)) == ref.secret
    else:
        with pytest.raises(UsageError):
            SecretRef.parse(str(ref))


@given(st.binary(min_size=1, max_size=12))
def test_paths_that_are_not_utf_8_go_both_ways(name):
    path = "/home/me/" + name.replace(b"\x00", b"").decode("utf-8", "surrogateescape")
    ref = SecretRef("env", (path,)).at(part="VAR")
    assert PlacementRef.parse(str(ref)) == ref


@given(TEXT, TEXT)
def test_different_things_have_different_ids(left, right):
    assume(plain(left, right) and left != right)
    assert str(CredentialRef("p", left)) != str(CredentialRef("p", right))
    assert str(CredentialRef("p", "s", (left, right))) != str(CredentialRef("p", "s", (f"{left}/{right}",)))
    assert str(SecretRef("s", (left,))) != str(SecretRef("s", (right,)))


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        (CredentialRef("google-api-keys", "acme-prod", ("6a1e", )), "google-api-keys:acme-prod/6a1e"),
        (CredentialRef("google-sa-keys", "acme", ("a@acme.iam.gserviceaccount.com", "k1")), "google-sa-keys:acme/a@acme.iam.gserviceaccount.com/k1"),
        (CredentialRef("shape", "openai", ("0" * 16,)), "shape:openai/0000000000000000"),
        (CredentialRef("declared", "my key"), "declared:my%20key"),
        (SecretRef("gsm", ("acme", "web")).at("3", "/a/b"), "gsm:acme/web@3#/a/b"),
        (SecretRef("keyring", ("svc/x", "me@host")).at(), "keyring:svc%2Fx/me%40host"),
        (SecretRef("env", ("/home/me/my app/.env",)).at(part="KEY"), "env:/home/me/my%20app/.env#KEY"),
        (SecretRef("env", ("/a@b/c#d",)).at(part="URL~@1"), "env:/a%40b/c%23d#URL~@1"),
    ],
)  # fmt: skip
def test_ids_look_as_documented(ref, text):
    assert str(ref) == text
    assert type(ref).parse(text) == ref


@pytest.mark.parametrize("text", ["", "noscheme", ":x", "p:", "p:a//b", "p:/"])
def test_what_is_no_id_of_a_key_is_refused(text):
    with pytest.raises(UsageError) as caught:
        CredentialRef.parse(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "gsm", "gsm:", ":a", "gsm:a@", "gsm:#p", "gsm:@1"])
def test_what_is_no_id_of_a_place_is_refused(text):
    with pytest.raises(UsageError) as caught:
        PlacementRef.parse(text)
    assert caught.value.hint


def test_a_place_knows_what_a_write_would_change():
    place = SecretRef("gsm", ("acme", "web"), "acme").at("3", "/key")
    assert str(place.current) == "gsm:acme/web#/key"
    assert place.secret.source == "gsm:acme"
    assert place.secret.name == "web"


def test_the_scope_of_a_secret_is_no_part_of_its_identity():
    assert SecretRef("env", ("/a",), "/") == SecretRef("env", ("/a",), "/home")
    assert hash(SecretRef("env", ("/a",), "/")) == hash(SecretRef("env", ("/a",), "/home"))
