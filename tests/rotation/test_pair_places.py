"""Keys that are an id and a secret, in a place: compared three ways by both halves, and replaced with both or not at all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.errors import Refused
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from keyward.rotation.places import Holds, Swap, holds, spliced, swap_at
from keyward.rotation.state import KeyFacts
from keyward.rotation.torn import torn
from tests.model.shapes import sample
from tests.rotation.fake_world import Fingerprints

FINGERPRINTS = Fingerprints()
IDS = {name: sample("google-hmac-id", number).decode() for number, name in enumerate(("old", "new", "other"))}
SECRETS = {name: sample("google-hmac-secret", number).decode() for number, name in enumerate(("old", "new", "other"))}


def facts(name, **more):
    return KeyFacts(
        f"keys:acme/{name}",
        fingerprint=FINGERPRINTS.fingerprint(Secret.of(SECRETS[name])),
        **{"pair_id": IDS[name], **more},
    )


OLD, NEW = facts("old"), facts("new")


def payload(text, hint=""):
    return Payload(Secret.of(text), "1", "1", hint)


def env(access_id, secret):
    return payload(f"# ours\nS3_ACCESS_ID={access_id}\nPORT=1\nS3_SECRET={secret}\n", "dotenv")


@pytest.mark.parametrize(
    ("access_id", "secret", "expected"),
    [
        ("old", "old", Holds.OLD),
        ("new", "new", Holds.NEW),
        ("new", "old", Holds.HALF),
        ("old", "new", Holds.HALF),
        ("other", "old", Holds.HALF),
        ("other", "new", Holds.HALF),
        ("old", "other", Holds.HALF),
        ("new", "other", Holds.HALF),
        ("other", "other", Holds.OTHER),
    ],
)
def test_both_halves_are_compared(access_id, secret, expected):
    found = env(IDS[access_id], SECRETS[secret])
    assert holds(found, "S3_SECRET", FINGERPRINTS, old=OLD, new=NEW) is expected


@pytest.mark.parametrize(
    ("text", "part", "expected", "said"),
    [
        (f"S3_SECRET={SECRETS['old']}\n", "S3_SECRET", Holds.HALF, "no id that plainly belongs to it"),
        (f"S3_ACCESS_ID=\nS3_SECRET={SECRETS['old']}\n", "S3_SECRET", Holds.HALF, "no id that plainly belongs to it"),
        (f"S3_ACCESS_ID={IDS['old']}\n", "S3_ACCESS_ID", Holds.HALF, "its secret does not stand beside it"),
        (f"S3_ACCESS_ID={IDS['old']}\nDEPLOY_TOKEN={SECRETS['old']}\n", "S3_ACCESS_ID", Holds.HALF, "whether DEPLOY_TOKEN is"),
        (f"S3_ID={IDS['old']}\nS3_SECRET={SECRETS['old']}\n", "S3_ID", Holds.HALF, "part S3_SECRET holds its secret by now"),
        (f"S3_ID={IDS['old']}\nS3_SECRET={SECRETS['other']}\n", "S3_SECRET", Holds.HALF, "with another secret"),
        (f"S3_ID={IDS['other']}\nS3_SECRET={SECRETS['old']}\n", "S3_SECRET", Holds.HALF, "with another id (part S3_ID)"),
        (f"S3_ID={IDS['other']}\nS3_SECRET={SECRETS['other']}\n", "S3_SECRET", Holds.OTHER, ""),
        ("PORT=1\n", "S3_SECRET", Holds.NOTHING, ""),
    ],
)  # fmt: skip  # a line is a case
def test_what_is_not_whole_is_said_in_words(text, part, expected, said):
    found = payload(text, "dotenv")
    held = holds(found, part, FINGERPRINTS, old=OLD)
    assert held is expected
    reason = torn(found, part, OLD, held)
    assert said in reason[0] if said else reason is None


def test_a_key_of_one_value_is_compared_by_that_alone():
    old = facts("old", pair_id="")
    assert holds(env(IDS["other"], SECRETS["old"]), "S3_SECRET", FINGERPRINTS, old=old) is Holds.OLD
    assert swap_at(env(IDS["old"], SECRETS["old"]), "S3_SECRET", old, NEW, Secret.of(SECRETS["new"])).id is None


def test_a_secret_is_not_replaced_for_itself_while_an_id_stands_beside_it():
    found = env(IDS["old"], SECRETS["old"])
    reason = torn(found, "S3_SECRET", facts("old", pair_id=""), Holds.OLD)
    assert "is the secret of the id in part S3_ACCESS_ID, which would stay as it is" in reason[0]
    assert (
        torn(payload(f"S3_SECRET={SECRETS['old']}\n", "dotenv"), "S3_SECRET", facts("old", pair_id=""), Holds.OLD)
        is None
    )


def test_nothing_is_put_together_from_one_half():
    value = Secret.of(SECRETS["new"])
    assert swap_at(payload(f"S3_SECRET={SECRETS['old']}\n", "dotenv"), "S3_SECRET", OLD, NEW, value) is None
    assert swap_at(env(IDS["old"], SECRETS["old"]), "S3_SECRET", OLD, NEW, None) is None


@given(
    st.sampled_from(["env", "quoted", "json", "ini", "yaml"]),
    st.lists(st.sampled_from(["PORT=1", "# a line", "NAME=web"]), max_size=3),
    st.booleans(),
)
def test_both_halves_change_and_no_other_byte(form, around, id_first):
    def written(name):
        halves = [("S3_ACCESS_ID", IDS[name]), ("S3_SECRET", SECRETS[name])]
        halves = halves if id_first else halves[::-1]
        if form == "json":
            return json.dumps({"around": around, "s3": dict(halves)}, indent=2) + "\n"
        if form == "yaml":
            return "s3:\n" + "".join(f"  {name}: '{value}'\n" for name, value in halves) + "port: 1\n"
        quote, head = ("'", "") if form == "quoted" else ("", "[s3]\n" if form == "ini" else "")
        lines = [*around, *(f"{name}={quote}{value}{quote}" for name, value in halves), *around]
        return head + "\n".join(lines)

    part = {"env": "S3_SECRET", "quoted": "S3_SECRET", "ini": "s3/S3_SECRET"}.get(form, "/s3/S3_SECRET")
    before = payload(written("old"))
    swap = swap_at(before, part, OLD, NEW, Secret.of(SECRETS["new"]))
    assert spliced(before, [swap]).reveal_text() == written("new")
    assert holds(payload(written("new")), part, FINGERPRINTS, old=OLD, new=NEW) is Holds.NEW


def test_what_would_not_be_found_together_again_is_not_written():
    before = env(IDS["old"], SECRETS["old"])
    swap = swap_at(before, "S3_SECRET", OLD, facts("new", pair_id="an-id-of-another-shape"), Secret.of(SECRETS["new"]))
    with pytest.raises(Refused, match="nothing would show that they belong together"):
        spliced(before, [swap])


def test_two_keys_in_one_file_change_in_one_write():
    text = "".join(
        f"{name.upper()}_ID={IDS[name]}\n{name.upper()}_SECRET={SECRETS[name]}\n" for name in ("old", "other")
    )
    before = payload(text, "dotenv")
    first = swap_at(before, "OLD_SECRET", OLD, NEW, Secret.of(SECRETS["new"]))
    other = facts("other")
    second = swap_at(before, "OTHER_SECRET", other, OLD, Secret.of(SECRETS["old"]))
    after = spliced(before, [first, second]).reveal_text()
    assert (
        after
        == f"OLD_ID={IDS['new']}\nOLD_SECRET={SECRETS['new']}\nOTHER_ID={IDS['old']}\nOTHER_SECRET={SECRETS['old']}\n"
    )
    assert isinstance(first.id, Swap)
