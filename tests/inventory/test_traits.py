"""What is seen at values while they are read: noted once, kept with the version, told without a value."""

import json
import random

import pytest

from keyward.inventory.reading import look_into
from keyward.inventory.traits import noted, of_place
from keyward.inventory.twins import twins
from keyward.model.detectors import BY_KIND
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from keyward.model.trait import Trait
from tests.parts.scanning import KEY


def made(kind, seed=11):
    return BY_KIND[kind].sample(random.Random(seed)).decode()


GOOGLE, OPENAI, GITHUB, FILE, PASSWORD = (made(kind) for kind in ("google-api-key", "openai", "github", "google-sa-json", "url-password"))  # fmt: skip
UNFIT = GITHUB[:-1] + ("a" if GITHUB[-1] != "a" else "b")


def seen(text, hint=""):
    """The traits of every part that has any, by name."""
    found = look_into(Payload(Secret.of(text), "1", "1", hint), KEY)
    return {one.name: one.traits for one in found if one.traits}


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {}", "{}\t", "\ufeff{} "])
def test_white_space_around_a_whole_payload(around):
    assert seen(around.format(GOOGLE)) == {"": "blanks"}


@pytest.mark.parametrize(
    "text", [GOOGLE, f"\ufeff{GOOGLE}", f"KEY={GOOGLE}\n", f'{{"key": "{GOOGLE}"}}\n', f"{FILE}\n", f'{{"key": " {GOOGLE}"}}', "two words\n"]
)  # fmt: skip
def test_white_space_that_readers_do_not_get_is_none(text):
    assert seen(text) == {}


def test_a_checksum_that_does_not_fit_is_seen_wherever_the_value_stands():
    assert seen(f"TOKEN={UNFIT}\nOTHER={GITHUB}\n", "dotenv") == {"TOKEN": "unfit"}
    assert seen(json.dumps({"a": {"token": UNFIT}})) == {"/a/token": "unfit"}
    assert seen(f"{UNFIT}\n") == {"": "blanks unfit"}
    assert seen(GITHUB) == seen(OPENAI) == seen(GOOGLE) == {}


@pytest.mark.parametrize("value", ["changeme", "sk-" + "proj-" + "x" * 48])
def test_what_stands_for_a_key_is_kept_without_a_fingerprint(value):
    (one,) = look_into(Payload(Secret.of(f"OPENAI_API_KEY={value}\nMODE=changeme\n"), "1", "1", "dotenv"), KEY)
    assert (one.name, one.kind, one.fingerprint, one.traits) == ("OPENAI_API_KEY", "", "", "made_up")
    assert seen(value) == {"": "made_up"}


def test_a_key_in_the_query_of_an_address():
    address = f"https://maps.example/js?v=3&key={GOOGLE}"
    assert seen(f"URL={address}\nKEY={GOOGLE}\n", "dotenv") == {"URL~@1": "in_query"}
    assert seen(json.dumps({"url": address})) == {"/url~@1": "in_query"}
    assert seen(address) == {"~@1": "in_query"}
    assert seen("https://maps.example/js?v=3") == {}


def test_another_value_in_the_same_place_keeps_what_is_of_the_place():
    assert of_place("blanks unfit in_query made_up") == "blanks in_query"
    assert of_place("") == ""


def test_a_scan_keeps_what_it_saw_and_a_second_one_reads_no_value_for_it(machine):
    key = machine.plant_key()
    machine.plant_secret("web", f"{key.key_string}\n".encode())
    machine.plant_secret("fine", key.key_string.encode())
    for _ in range(2):
        result = machine.scan()
        ((secret, (one,)),) = noted(machine.reader()).items()
        assert (secret, one.at.version, one.at.part) == ("gsm:acme/web", "1", "")
        assert (one.kind, one.traits) == ("google-api-key", {Trait.BLANKS})
    assert result.reads == 0
    machine.plant_secret("web", f"{key.key_string}\n".encode(), key.key_string.encode(), project="acme-two")
    machine.scan(machine.request(projects=("acme", "acme-two")))
    versions = {one.at.version for one in noted(machine.reader())["gsm:acme-two/web"]}
    assert versions == {"1"}, "each version has its own"


def test_equal_values_are_told_by_where_they_stand(machine):
    key, word = machine.plant_key(), "q7Zp2LxV9sKd4TnR8bYw1MfC"
    machine.plant_secret(
        "both", f"A={key.key_string}\nB={key.key_string}\nURL=https://x.example/?key={key.key_string}\n".encode()
    )
    machine.plant_secret("one", f"SESSION={word}\nPORT=8080\n".encode())
    machine.plant_secret("two", f"OTHER={word}\nPORT=8080\n".encode())
    machine.plant_secret("past", word.encode(), b"new")
    for name in ("line", "copy"):
        machine.plant_secret(name, f"KEY={made('groq')}\n".encode())
    machine.scan()
    found = twins(machine.reader())
    told = {
        secret: [([str(place) for place in one.places], one.known) for one in these] for secret, these in found.items()
    }
    same = (["gsm:acme/one@1#SESSION", "gsm:acme/two@1#OTHER"], False)
    assert told == {
        "gsm:acme/both": [(["gsm:acme/both@1#A", "gsm:acme/both@1#B"], True)],
        "gsm:acme/one": [same],
        "gsm:acme/two": [same],
        "gsm:acme/copy": [(["gsm:acme/copy@1#KEY", "gsm:acme/line@1#KEY"], True)],
        "gsm:acme/line": [(["gsm:acme/copy@1#KEY", "gsm:acme/line@1#KEY"], True)],
    }


def test_the_key_inside_of_a_key_file_is_no_value_of_its_own(machine):
    machine.plant_secret("one", FILE.encode())
    machine.plant_secret("two", FILE.encode())
    machine.scan()
    assert [[str(place) for place in one.places] for one in twins(machine.reader())["gsm:acme/one"]] == [
        ["gsm:acme/one@1", "gsm:acme/two@1"]
    ]
