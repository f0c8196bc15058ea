"""Whether the old key is quiet: pure arithmetic on what its provider counted, minus keyward's own probes."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from keyward.ledger.records import ProbeRow
from keyward.model.usage import UsageReport, UseStatus

SLACK = timedelta(minutes=2)
"""By how much the time at which keyward sent a probe may differ from the one under which it was counted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Quiet:
    """What is known of the old key's use since cut-over.

    `quiet` is None when it is unknown. `until` (UTC) is when it will be quiet if nothing uses it meanwhile. `evidence` is a sentence.
    """

    quiet: bool | None
    until: datetime | None
    evidence: str


def counted_from(cutover: datetime, reader_delay: timedelta, report: UsageReport) -> datetime:
    """The start of the first whole bucket after cut-over, the readers' delay and the record's lag: uses before say nothing."""
    earliest = cutover + reader_delay + report.lag
    size = report.precision.total_seconds()
    if size <= 0:
        return earliest
    buckets = math.ceil((earliest - _EPOCH).total_seconds() / size)
    return _EPOCH + timedelta(seconds=buckets * size)


def foreign_use(
    report: UsageReport, uid: str, probes: Sequence[ProbeRow], since: datetime
) -> tuple[datetime | None, int]:
    """The end of the last bucket since then with more calls than keyward's own probes, whatever their responses; None without one.

    The second is how many calls of others there were since then.
    """
    counts: defaultdict[tuple[datetime, datetime], int] = defaultdict(int)
    for bucket in report.by_key.get(uid, ()):
        counts[bucket.start, bucket.end] += bucket.count
    # What was sent just before the edge of a bucket may be counted behind it, and the two clocks may differ.
    left = list(probes)
    for slack in (timedelta(0), SLACK):
        left = [probe for probe in left if not _taken(probe, counts, slack)]
    found = [(end, count) for (_, end), count in counts.items() if count > 0 and end > since]
    return max((end for end, _ in found), default=None), sum(count for _, count in found)


def _taken(probe: ProbeRow, counts: dict[tuple[datetime, datetime], int], slack: timedelta) -> bool:
    """Take a probe off the bucket that counted it; False when there is none with calls left."""
    for (start, end), count in counts.items():
        if count > 0 and start - slack <= probe.at < end + slack:
            counts[start, end] -= 1
            return True
    return False


def assess(
    report: UsageReport,
    uid: str,
    probes: Sequence[ProbeRow],
    *,
    cutover: datetime,
    reader_delay: timedelta,
    quiet: timedelta,
    now: datetime,
) -> Quiet:
    """Whether the key was unused for `quiet`, as far as the record shows; `now` and `cutover` are UTC."""
    if report.status is not UseStatus.USED or not report.complete:
        word = report.status.value if report.status is not UseStatus.USED else "incomplete"
        detail = f" ({report.detail})" if report.detail else ""
        return Quiet(None, None, f"use of the old key is unknown: {word}{detail}")
    start = counted_from(cutover, reader_delay, report)
    last, calls = foreign_use(report, uid, probes, start)
    until = max(start, last or start) + quiet + report.lag
    seen = f"no use by others since {_time(start)}"
    if last:
        often = "1 call" if calls == 1 else f"{calls:,} calls"
        seen = f"{often} by others since {_time(start)}, last used by others at {_time(last)}"
    window = f"record of {_days(report)} d from {report.source or 'the provider'}, lag {report.lag}"
    if now >= until:
        return Quiet(True, until, f"{seen} ({window})")
    return Quiet(False, until, f"{seen}; quiet at {_time(until)} if it stays so ({window})")


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


def _days(report: UsageReport) -> int:
    return round((report.until - report.since) / timedelta(days=1))
