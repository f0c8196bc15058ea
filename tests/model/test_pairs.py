"""Which secret belongs to which id: told by where they stand and what they are called, or not at all."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.pairs import id_beside, pairs
from keyward.model.parts import all_values, splice
from keyward.model.secret import Secret
from tests.model.shapes import sample

HMAC, AWS = "google-hmac-id", "aws-access-key-id"


def id_of(number, kind=HMAC):
    return sample(kind, number).decode()


def secret_of(number):
    return sample("aws-secret-key", number).decode()


def told(text, hint=""):
    """{part of the secret: part of its id}"""
    return {pair.secret.name: pair.id.name for pair in pairs(all_values(text.encode(), hint))}


I1, I2, S1, S2 = id_of(1), id_of(2), secret_of(1), secret_of(2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"GS_ACCESS_KEY_ID={I1}\nGS_SECRET_ACCESS_KEY={S1}\n", {"GS_SECRET_ACCESS_KEY": "GS_ACCESS_KEY_ID"}),
        (f"# both\nexport HMAC_SECRET='{S1}'\n\nexport HMAC_ID=\"{I1}\"\n", {"HMAC_SECRET": "HMAC_ID"}),
        (f"[Credentials]\ngs_access_key_id = {I1}\ngs_secret_access_key = {S1}\n",
         {"Credentials/gs_secret_access_key": "Credentials/gs_access_key_id"}),
        (f"[a]\naws_access_key_id={I1}\naws_secret_access_key={S1}\n[b]\naws_access_key_id={I2}\naws_secret_access_key={S2}\n",
         {"a/aws_secret_access_key": "a/aws_access_key_id", "b/aws_secret_access_key": "b/aws_access_key_id"}),
        (json.dumps({"accessId": I1, "secret": S1}), {"/secret": "/accessId"}),
        (json.dumps({"metadata": {"accessId": I1, "state": "ACTIVE"}, "secret": S1}), {"/secret": "/metadata/accessId"}),
        (json.dumps({"keys": [{"id": I1, "secret": S1}, {"id": I2, "secret": S2}]}),
         {"/keys/0/secret": "/keys/0/id", "/keys/1/secret": "/keys/1/id"}),
        (json.dumps([I1, S1], indent=1), {"/1": "/0"}),
        (f"storage:\n  accessKey: {I1}\n  secretKey: '{S1}'\n", {"/storage/secretKey": "/storage/accessKey"}),
        # Two pairs in one file, and values that only look like a secret: names tell.
        (f"S3_KEY={id_of(3, AWS)}\nS3_SECRET={S2}\nGCS_KEY={I1}\nGCS_SECRET={S1}\n", {"S3_SECRET": "S3_KEY", "GCS_SECRET": "GCS_KEY"}),
        (f"GCS_ACCESS_ID={I1}\nGCS_SECRET={S1}\nDEPLOY_TOKEN={S2}\n", {"GCS_SECRET": "GCS_ACCESS_ID"}),
        (f"ACCESS_ID={I1}\nGCS_SECRET={S1}\nGIT_COMMIT={'0123456789abcdef0123' * 2}\n", {"GCS_SECRET": "ACCESS_ID"}),
    ],
)  # fmt: skip  # a line is a case
def test_told_by_place_and_name(text, expected):
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"GCS_ACCESS_ID={I1}\n",
        f"GCS_SECRET={S1}\n",
        f"GCS_ACCESS_ID={I1}\nDEPLOY_TOKEN={S1}\n",
        f"ACCESS_ID={I1}\nDEPLOY_TOKEN={S1}\n",
        f"ACCESS_ID={I1}\nGCS_SECRET={S1}\nFTP_PASSWORD={S2}\n",
        f"GCS_ACCESS_ID={I1}\nGCS_SECRET={S1}\nGCS_ACCESS_ID={I2}\n",
        f"GCS_ACCESS_ID={I1}\nGCS_SECRET={S1}\nGCS_SECRET_KEY={S2}\n",
        f"GCS_ID={I1}\nGCS_ACCESS_ID={I2}\nGCS_SECRET={S1}\n",
        f"[a]\nid = {I1}\n[b]\nsecret = {S1}\n",
        json.dumps({"a": {"id": I1}, "b": {"secret": S1}}),
        json.dumps({"id": I1, "secrets": [{"value": S1}, {"value": S2}]}),
        f"{I1}:{S1}",
        f"CREDENTIALS={I1}:{S1}\n",
        S1,
        I1,
        "",
    ],
)
def test_what_is_not_plain_is_no_pair(text):
    assert told(text) == {}


def test_the_id_of_a_part_is_told_whatever_the_part_holds_by_now():
    parts = all_values(f"GCS_ACCESS_ID={I1}\nGCS_SECRET=gone\nDEPLOY_TOKEN={S2}\n".encode())
    assert id_beside(parts, "GCS_SECRET").name == "GCS_ACCESS_ID"
    assert id_beside(parts, "DEPLOY_TOKEN") is None
    assert id_beside(parts, "GCS_ACCESS_ID") is None
    assert id_beside(parts, "NOWHERE") is None


names = st.lists(st.sampled_from(["gcs", "s3", "prod", "stage", "eu1"]), unique=True, max_size=2)
forms = st.sampled_from(["env", "json", "ini", "nested"])
halves = st.sampled_from([("access_id", "secret"), ("access_key_id", "secret_access_key"), ("hmac_id", "hmac_secret")])


def written(form, entries):
    """The entries (name, value) in that form, with other things around them."""
    if form == "env":
        return "# kept\nPORT=8080\n" + "".join(f"{name.upper()}={value}\n" for name, value in entries)
    if form == "ini":
        return "[other]\nport = 1\n[storage]\n" + "".join(f"{name} = {value}\n" for name, value in entries)
    inner = dict(entries)
    return json.dumps({"storage": inner, "port": 1} if form == "nested" else {"port": 1, **inner}, indent=2)


@given(forms, st.lists(st.tuples(names, halves), min_size=1, max_size=3), st.randoms(use_true_random=False), st.data())
def test_pairs_with_names_of_their_own_are_all_found_and_stay_found_when_both_halves_change(form, wanted, rng, data):
    owners = {frozenset(owner): (owner, words) for owner, words in wanted}
    entries, expected = [], {}
    for number, (owner, (id_word, secret_word)) in enumerate(owners.values()):
        id_name, secret_name = ("_".join([*owner, word]) for word in (id_word, secret_word))
        entries += [(id_name, id_of(number)), (secret_name, secret_of(number))]
        expected[secret_name] = id_name
    rng.shuffle(entries)
    text = written(form, entries)
    found = told(text)
    assert {last(one): last(other) for one, other in found.items()} == expected
    secret, id_name = data.draw(st.sampled_from(sorted(found.items())))
    values = {part.name: part.value for part in all_values(text.encode())}
    new_id, new_secret = Secret.of(id_of(9)), Secret.of(secret_of(9))
    changed = splice(text.encode(), secret, values[secret], new_secret)
    changed = splice(changed, id_name, values[id_name], new_id)
    assert told(changed.decode()) == found
    after = all_values(changed)
    assert id_beside(after, secret).value == new_id
    kept = {part.name: part.value for part in after if part.name not in ("", secret, id_name)}
    assert kept == {name: value for name, value in values.items() if name in kept}
    assert len(after) == len(values)


def last(name):
    return name.rpartition("/")[2].lower()


@given(st.binary(max_size=200), st.integers(0, 5))
def test_any_payload_is_borne(noise, seed):
    rng = random.Random(seed)
    pieces = [noise, I1.encode(), b"\nSECRET=", S1.encode(), b'{"id": "', b"\n[x]\n", noise[::-1]]
    rng.shuffle(pieces)
    parts = all_values(b"".join(pieces))
    for pair in pairs(parts):
        assert id_beside(parts, pair.secret.name) == pair.id
