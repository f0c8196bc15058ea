"""The document `keyward.inventory/1`: it fits its schema, says what the cache says, and is safe to print."""

import json
from datetime import timedelta
from importlib import resources

import jsonschema
import pytest

from keyward.inventory.cache import CacheReader
from keyward.inventory.cache_write import CacheWriter
from keyward.model.usage import UseStatus
from tests.inventory.test_cache import NOW, full, write
from tests.parts.scanning import document, made_up

SCHEMA = json.loads(resources.files("keyward.inventory").joinpath("schema/inventory.schema.json").read_text("utf-8"))


def valid(data):
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return data


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "inventory.db"


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_nothing_scanned_is_a_document_too(path):
    data = valid(document(path, NOW))
    assert (data["world"], data["scanned_at"], data["keys"]) == (None, None, [])


def test_a_scanned_world_fits_the_schema(machine):
    one, two = machine.plant_key("one"), machine.plant_key(days=0, name="")
    machine.plant_secret("web", one.key_string, two.key_string, aliases={"live": 1})
    machine.plant_secret("empty")
    machine.file(".env", f"A={one.key_string}\n")
    machine.project.denied.add("monitoring.timeSeries.list")
    machine.scan(projects=("acme", "other"))
    data = valid(machine.document())
    assert {one["status"] for one in data["sources"]} == {"ok"}
    assert {key["name"] for key in data["keys"]} == {"one", None}
    assert [secret["keys"] for secret in data["secrets"] if secret["secret"] == "gsm:acme/web"] == [
        sorted((machine.id(one), machine.id(two)))
    ]
    assert [secret["current_version"] for secret in data["secrets"] if secret["secret"] == "gsm:acme/empty"] == [None]


def test_ages_are_counted_when_it_is_printed(path):
    write(path, full(1), made_up(2))
    [by_name, other] = valid(document(path, NOW + timedelta(days=2)))["keys"]
    assert (by_name["age_days"], by_name["age_is"]) == (12, "exact")
    assert (other["age_days"], other["age_is"]) == (2, "at_least")
    assert document(path, NOW - timedelta(days=900))["keys"][0]["age_days"] == 0


def test_every_field_of_a_key_is_there(path):
    write(path, full(1))
    [key] = valid(document(path, NOW))["keys"]
    assert key["last_used"] == {"status": "used", "at": "2026-11-20T07:00:00Z", "window_days": 42, "source": "here"}
    assert key["restrictions"] == {"apis": ["a.googleapis.com", "b.googleapis.com"], "client": "ip"}
    assert (key["state"], key["kind"], key["bound_identity"]) == ("deleted-restorable", "api-key", "robot@acme")
    assert (key["created_at"], key["expires_at"]) == ("2026-11-10T11:00:00Z", "2026-11-25T12:00:00Z")


def test_every_word_of_last_use_fits(path):
    rows = [
        made_up(number, last_use=full(1).last_use if one is UseStatus.USED else type(full(1).last_use)(one))
        for number, one in enumerate(UseStatus)
    ]
    write(path, *rows)
    assert {key["last_used"]["status"] for key in valid(document(path, NOW))["keys"]} == {
        one.value for one in UseStatus
    }


def test_accepted_targets_are_put_in(machine):
    key = machine.plant_key()
    machine.plant_secret("web", key.key_string)
    machine.file(".env", f"A={key.key_string}\nB={key.key_string}\n")
    machine.scan()
    target = f"env:{machine.work}/.env#B"
    data = valid(machine.document(accepted={target, "gsm:acme/none"}))
    [entry] = data["keys"]
    assert [one["part"] for one in entry["placements"] if one["accepted"]] == ["B"]
    assert len(entry["placements"]) == 3
    assert [str(one.target) for one in machine.reader().placements(accepted=frozenset({target})) if one.accepted] == [
        target
    ]


def test_findings_are_rules_none_or_not_judged(path):
    write(path, *map(made_up, range(4)))
    cache = CacheWriter(path, "w", print)
    with cache.batch():
        for row in (("KW-101\nKW-302", 2, "key-0"), ("", 0, "key-1"), ("", 1, "key-2")):
            cache.connection.execute("UPDATE key SET findings = ?, doubts = ? WHERE uid = ?", row)
    cache.close()
    data = valid(document(path, NOW, judged=(NOW.timestamp(), "day")))
    assert data["judged"] == {"at": "2026-11-20T12:00:00Z", "stale": "day"}
    assert [(one["findings"], one["rules_unknown"]) for one in data["keys"]] == [
        (["KW-101", "KW-302"], 2), ([], 0), ([], 1), (None, None),
    ]  # fmt: skip
    assert CacheReader(path).columns().findings == [("KW-101", "KW-302", "unknown"), (), ("unknown",), ("unjudged",)]


def test_chosen_keys_come_in_the_order_that_was_asked_for(path):
    write(path, made_up(1), made_up(2), made_up(3))
    found = valid(document(path, NOW, keys=["fake:place/key-3", "fake:place/none", "fake:place/key-1"], secrets=False))
    assert [key["uid"] for key in found["keys"]] == ["key-3", "key-1"]


def test_hostile_names_stay_what_they_are_and_break_nothing(path):
    names = ['"}], "keys": [', "a\\", "'; DROP TABLE key; --", "=cmd()", "[red]x", "{name}", "%s"]
    write(path, *(made_up(number, name=name) for number, name in enumerate(names)))
    assert sorted(key["name"] for key in valid(document(path, NOW))["keys"]) == sorted(names)


def test_it_is_one_line(path):
    from keyward.inventory.listing import inventory

    write(path, full(1))
    assert "\n" not in "".join(inventory(CacheReader(path), NOW))


def test_a_stale_source_says_since_when(path):
    write(path, made_up(1))
    cache = CacheWriter(path, "w", print)
    from keyward.model.source import SourceReport, SourceStatus

    report = SourceReport("fake:place", SourceStatus.DENIED, "no", "keys.list", "keys.example", at=NOW)
    with cache.batch():
        cache.end(report, "provider", set(), NOW + timedelta(hours=1), listed=False)
    cache.close()
    [source] = valid(document(path, NOW))["sources"]
    assert source == {
        "id": "fake:place",
        "status": "denied",
        "detail": "no",
        "permission": "keys.list",
        "api": "keys.example",
        "stale_since": "2026-11-20T12:00:00Z",
    }
