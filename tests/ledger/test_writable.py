"""Nothing key-shaped reaches the disk."""

import random
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.ledger.records import ProbeRow, TargetRow
from keyward.ledger.writable import canonical, plain, stamp, text
from keyward.model.detectors import BY_KIND, DETECTORS
from keyward.model.secret import Secret
from tests.ledger.conftest import NOW, event, placement, rotation

SECRETS = [detector for detector in DETECTORS if detector.is_secret and not detector.within]
IDS = [detector for detector in DETECTORS if not detector.is_secret and not detector.within]


def sample(detector, seed=5):
    return detector.sample(random.Random(seed)).decode()


@pytest.mark.parametrize("detector", SECRETS, ids=lambda detector: detector.kind)
def test_a_key_shape_is_hidden_wherever_it_stands(detector):
    value = sample(detector)
    found = canonical({"why": f"sent {value} there", value: ["x", {"deep": value}]})
    assert value not in found
    assert found.count("[hidden]") == 3


def test_a_shape_known_only_by_its_field_is_hidden():
    [detector] = [detector for detector in DETECTORS if detector.kind == "aws-secret-key"]
    assert plain({"secret_access_key": sample(detector)}) == {"secret_access_key": "[hidden]"}


def test_a_password_in_an_address_is_hidden_and_the_address_stays():
    password = sample(BY_KIND["url-password"])
    found = canonical({"why": f"no answer from postgres://app:{password}@db:5432/shop"})
    assert password not in found
    assert "postgres://app:[hidden]@db:5432/shop" in found


@pytest.mark.parametrize("detector", IDS, ids=lambda detector: detector.kind)
def test_an_id_that_opens_nothing_stays(detector):
    assert text(f"aws-iam:1/{sample(detector)}") == f"aws-iam:1/{sample(detector)}"


@pytest.mark.parametrize(
    "value", [Secret(b"x"), b"x", bytearray(b"x"), object()], ids=lambda value: type(value).__name__
)
def test_a_value_as_such_is_a_mistake_of_the_caller(ledger, value):
    row = rotation()
    lease = ledger.open_rotation(row, [], lease_seconds=60, owner="one")
    with pytest.raises(TypeError):
        ledger.append([event(detail={"a": [value]})])
    with pytest.raises(TypeError):
        ledger.commit(lease, replace(row, data={"value": value}), [event()])
    with pytest.raises(TypeError):
        ledger.probe(ProbeRow("k", NOW, "works", value))
    assert list(ledger.events()) == []


def test_no_column_of_any_table_and_no_byte_of_the_files_holds_a_key(ledger, backend):
    value = sample(SECRETS[0])
    row = replace(rotation(why=value, reason=value, actor=value), data={value: value})
    lease = ledger.open_rotation(
        row, [event(value, row.id, step=value, detail={"x": value})], lease_seconds=60, owner="o"
    )
    ledger.commit(lease, row, placements=[placement(f"env:/{value}", part=value, alias=value)])
    ledger.see(f"env:/{value}", value, [placement(f"env:/{value}", part=value, host=value)], NOW, complete=True)
    ledger.accept([TargetRow(f"env:/x#{value}", value, NOW, value)])
    ledger.probe(ProbeRow("k", NOW, "works", value))
    ledger.set_meta("note", value)
    assert ledger.verify_chain() == (2, None)
    ledger.close()
    content = backend.content()
    assert b"[hidden]" in content
    assert value.encode() not in content


def test_times_without_a_zone_are_refused_and_times_sort_as_texts():
    with pytest.raises(ValueError, match="time zone"):
        stamp(datetime(2026, 1, 1))  # noqa: DTZ001  # this is what is refused
    assert stamp(NOW.replace(microsecond=0)) < stamp(NOW)


@given(st.text())
def test_any_text_fits_any_database(found):
    kept = text(found)
    assert "\x00" not in kept
    kept.encode("utf-8")
    assert text(kept) == kept
