"""Last use is told in the most honest word: `never` only where the record covers the key's whole life."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.usage import LastUse, UsageReport, UseBucket, UseStatus

UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=42)


def report(buckets=(), status=UseStatus.USED, **more):
    return UsageReport(status, SINCE, UNTIL, {"uid": tuple(buckets)} if buckets else {}, "monitoring", **more)


def bucket(days_ago, count):
    end = UNTIL - timedelta(days=days_ago)
    return UseBucket(end - timedelta(hours=1), end, count)


def test_used_is_the_end_of_the_newest_bucket_with_calls():
    found = report([bucket(9, 1), bucket(3, 2), bucket(1, 0)]).last_use("uid", None)
    assert (found.status, found.at, found.source) == (UseStatus.USED, UNTIL - timedelta(days=3), "monitoring")


@pytest.mark.parametrize(
    ("created", "status"),
    [
        (None, UseStatus.NOT_SEEN),
        (SINCE - timedelta(seconds=1), UseStatus.NOT_SEEN),
        (SINCE, UseStatus.NEVER),
        (UNTIL - timedelta(days=1), UseStatus.NEVER),
        (UNTIL, UseStatus.NEVER),
        (UNTIL + timedelta(seconds=1), UseStatus.NOT_SEEN),
    ],
)
def test_never_needs_a_record_of_the_whole_life(created, status):
    assert report().last_use("uid", created).status is status
    assert report([bucket(1, 0)]).last_use("uid", created).status is status


@pytest.mark.parametrize("status", [UseStatus.DENIED, UseStatus.UNSUPPORTED, UseStatus.FAILED, UseStatus.NOT_SCANNED])
def test_a_record_that_could_not_be_read_says_nothing_of_any_key(status):
    found = report(status=status, detail="why").last_use("uid", UNTIL)
    assert (found.status, found.at, found.window_days, found.detail) == (status, None, None, "why")


def test_an_incomplete_record_proves_use_and_never_the_lack_of_it():
    assert report(complete=False).last_use("uid", UNTIL).status is UseStatus.FAILED
    assert report([bucket(1, 1)], complete=False).last_use("uid", UNTIL).status is UseStatus.USED


def test_a_window_is_never_rounded_up():
    short = UsageReport(UseStatus.USED, UNTIL - timedelta(days=6, hours=23), UNTIL, {})
    assert short.last_use("uid", None).window_days == 6


@given(st.sampled_from(UseStatus), st.none() | st.just(UNTIL))
def test_a_moment_belongs_to_used_and_only_to_used(status, at):
    if (status is UseStatus.USED) == (at is not None):
        assert LastUse(status, at).at == at
    else:
        with pytest.raises(ValueError, match="only to USED"):
            LastUse(status, at)


COUNTS = st.lists(st.tuples(st.integers(0, 41), st.integers(0, 3)), max_size=6)


@given(COUNTS, st.none() | st.integers(-5, 90).map(lambda days: UNTIL - timedelta(days=days)), st.booleans())
def test_the_word_follows_from_the_record(counts, created, complete):
    found = report([bucket(*each) for each in counts], complete=complete).last_use("uid", created)
    seen = [days for days, count in counts if count]
    if seen:
        assert found.at == UNTIL - timedelta(days=min(seen))
    else:
        assert found.status is not UseStatus.USED
        assert found.status is not UseStatus.NEVER or (complete and created is not None and SINCE <= created <= UNTIL)


def test_a_record_without_keys_that_are_off_says_nothing_of_one():
    record = report(leaves_out_off=True)
    assert record.last_use("uid", None, off=True).status is UseStatus.UNSUPPORTED
    assert record.last_use("uid", None).status is UseStatus.NOT_SEEN
    assert report([bucket(3, 1)], leaves_out_off=True).last_use("uid", None, off=True).status is UseStatus.USED
