"""Every field of a rotation's row, replaced by what does not belong there: read, or refused in words; never a crash."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keyward.ledger.records import EventRow, RotationRow
from keyward.ledger.rows import record
from keyward.model.errors import KeywardError, LedgerBroken
from keyward.providers.interface import Want
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts, Rotation, Target, from_row, to_row

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLD = KeyFacts("google-api-keys:acme/u", "u", "projects/1/keys/u", None, "api-key", "e", "f", NOW)
ROW = to_row(Rotation("01", OLD, Want("acme", None), Policy(), (Target("env:/a#B"),)), NOW)
ODD = (None, 7, -1, 1e308, "x", "\x1b]0;x\x07", [], {}, [None], {"a": 1}, True, "9" * 50, [[]])


def _fields(data, above=()):
    for name, value in data.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from _fields(value, (*above, name))


@pytest.mark.parametrize("field", list(_fields(ROW.data)), ids=".".join)
def test_a_field_that_holds_something_else(field):
    for odd in ODD:
        data = json.loads(json.dumps(ROW.data))
        inner = data
        for name in field[:-1]:
            inner = inner[name]
        inner[field[-1]] = odd
        with suppress(KeywardError):
            assert isinstance(from_row(replace(ROW, data=data)), Rotation)


@pytest.mark.parametrize("text", ["null", "[]", "7", '"x"', "{", "", "[" * 100_000])
def test_data_that_is_no_object(text):
    columns = {**dict.fromkeys(RotationRow.__slots__, ""), "state": "planned", "schema": 1, "data": text}
    columns |= dict.fromkeys(("due", "created", "updated"))
    with pytest.raises(LedgerBroken):
        record(RotationRow, columns)
    line = {**dict.fromkeys(EventRow.__slots__, ""), "at": None, "seq": 1, "detail": text}
    with pytest.raises(LedgerBroken):
        record(EventRow, line)
