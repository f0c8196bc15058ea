"""Whether a key is quiet: what counts as use, from when, and what is not known."""

from datetime import UTC, datetime, timedelta

import pytest

from keyward.ledger.records import ProbeRow
from keyward.model.usage import UsageReport, UseBucket, UseStatus
from keyward.rotation.quiet import assess, counted_from

CUTOVER = datetime(2026, 3, 1, 10, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUIET = timedelta(days=7)


def report(*buckets, status=UseStatus.USED, complete=True):
    used = tuple(UseBucket(start, start + HOUR, count, response=response) for start, count, response in buckets)
    return UsageReport(
        status, CUTOVER - QUIET, CUTOVER + 2 * QUIET, {"u": used}, "test", HOUR, timedelta(minutes=30), complete
    )


def judged(found, probes=(), after=QUIET + 3 * HOUR):
    return assess(
        found, "u", probes, cutover=CUTOVER, reader_delay=timedelta(minutes=5), quiet=QUIET, now=CUTOVER + after
    )


def test_counting_begins_with_the_first_whole_bucket():
    # 10:07 + 5 min + 30 min lag = 10:42, so the bucket of 11:00 is the first that lies after it as a whole.
    assert counted_from(CUTOVER, timedelta(minutes=5), report()) == datetime(2026, 3, 1, 11, tzinfo=UTC)


def test_use_before_counting_began_is_no_use():
    early = report((CUTOVER.replace(minute=0), 50, "2xx"))
    assert judged(early).quiet is True


def test_use_afterwards_starts_it_again():
    at = (CUTOVER + timedelta(days=3)).replace(minute=0)
    known = judged(report((at, 1, "2xx")))
    assert known.quiet is False
    assert known.until == at + HOUR + QUIET + timedelta(minutes=30)


def test_it_is_said_how_many_calls_of_others_there_were():
    at = (CUTOVER + timedelta(days=3)).replace(minute=0)
    probe = ProbeRow("k", at + timedelta(minutes=5), "works", "")
    found = report((at, 13, "2xx"), (at + HOUR, 2, "4xx"))
    assert "14 calls by others since" in judged(found, [probe]).evidence, "keyward's own probe is none of them"
    assert "last used by others at" in judged(found).evidence
    assert "1 call by others" in judged(report((at, 1, "2xx"))).evidence
    assert "no use by others since" in judged(report()).evidence


def test_refused_calls_are_use_too():
    at = (CUTOVER + timedelta(days=3)).replace(minute=0)
    assert judged(report((at, 1, "4xx"))).quiet is False


@pytest.mark.parametrize(("calls", "quiet"), [(2, True), (3, False)])
def test_own_probes_are_no_use(calls, quiet):
    at = (CUTOVER + timedelta(days=3)).replace(minute=0)
    probes = [
        ProbeRow("k", at + timedelta(minutes=5), "works", ""),
        ProbeRow("k", at + timedelta(minutes=9), "works", ""),
    ]
    # The record splits a bucket by service and response: together they are the calls of that hour.
    found = report((at, 1, "2xx"), (at, calls - 1, "4xx"))
    assert judged(found, probes).quiet is quiet


@pytest.mark.parametrize(
    ("early", "calls", "quiet"),
    [(timedelta(seconds=2), 1, True), (timedelta(seconds=2), 2, False), (timedelta(minutes=5), 1, False)],
)
def test_a_probe_sent_just_before_a_bucket_may_be_counted_in_it(early, calls, quiet):
    at = (CUTOVER + timedelta(days=3)).replace(minute=0)
    assert judged(report((at, calls, "2xx")), [ProbeRow("k", at - early, "works", "")]).quiet is quiet


def test_a_probe_that_was_counted_before_hides_nobodys_call_afterwards():
    """Counting begins with the bucket of 11:00; the one before it counted the probe."""
    at = CUTOVER.replace(hour=11, minute=0)
    found = report((at - HOUR, 1, "2xx"), (at, 1, "2xx"))
    known = judged(found, [ProbeRow("k", at - timedelta(seconds=2), "works", "")])
    assert known.until == at + HOUR + QUIET + timedelta(minutes=30)


def test_not_yet_is_not_quiet():
    assert judged(report(), after=QUIET).quiet is False


@pytest.mark.parametrize("status", [UseStatus.DENIED, UseStatus.UNSUPPORTED, UseStatus.FAILED, UseStatus.NOT_SCANNED])
def test_no_record_is_not_quiet_but_unknown(status):
    assert judged(report(status=status)).quiet is None


def test_an_incomplete_record_is_unknown():
    assert judged(report(complete=False)).quiet is None
