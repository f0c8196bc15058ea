import random
import re
from datetime import UTC, datetime, timedelta

from keyward.ledger.ids import new_rotation_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_id_fits_into_a_key_id_of_google():
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{26}", new_rotation_id(NOW))


def test_ids_sort_by_time_and_differ_within_a_millisecond():
    times = [NOW + timedelta(milliseconds=number) for number in range(50)]
    ids = [new_rotation_id(at) for at in times]
    assert ids == sorted(ids)
    assert len({new_rotation_id(NOW) for _ in range(1000)}) == 1000


def test_the_known_answer():
    # 1469918176385 ms is the time of the example in the ULID specification; it encodes as 01ARYZ6S41.
    at = datetime.fromtimestamp(1469918176.385, tz=UTC)
    assert new_rotation_id(at, lambda bits: 0) == "01aryz6s41" + "0" * 16
    assert new_rotation_id(at, lambda bits: 2**bits - 1) == "01aryz6s41" + "z" * 16
    assert new_rotation_id(at, random.Random(1).getrandbits) == new_rotation_id(at, random.Random(1).getrandbits)
