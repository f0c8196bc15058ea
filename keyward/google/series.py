"""Use of many credentials from Cloud Monitoring (`timeSeries.list`): one question for a whole project, or for all of a metrics scope.

Google keeps these records for about six weeks and shows them some time later; failed calls count too.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.refusals import Asked
from keyward.google.scopes import monitors
from keyward.google.times import moment, stamp
from keyward.model.text import clean
from keyward.model.usage import UsageReport, UseBucket, UseStatus

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

WINDOW = timedelta(days=42)
SOURCE = "Cloud Monitoring"

_API = "monitoring"
_PAGE = 100_000
_FINE_UP_TO = timedelta(days=10)
_FINE, _COARSE = timedelta(hours=1), timedelta(days=1)
_FRESH = 120.0
"""Seconds for which an answer for many projects counts as now: a long wait for a key to be quiet asks again."""
_PROJECT = "resource.labels.project_id"


@dataclass(frozen=True, slots=True)
class Question:
    """Which series, grouped by which labels; `key` is the label that names the credential, behind `prefix`; `lag` how late it is seen."""

    filter: str
    group: tuple[str, ...]
    key: str
    lag: timedelta
    prefix: str = ""


@dataclass(slots=True)
class _Read:
    """The series of one question: buckets by project id and credential, what is missing, and why nothing came."""

    start: datetime
    until: datetime
    precision: timedelta
    found: dict[str, dict[str, list[UseBucket]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    gaps: list[str] = field(default_factory=list)
    failure: GoogleError | None = None


def ask(parts: "GoogleParts", question: Question, scope: str, since: datetime, ctx: "Ctx") -> UsageReport:
    """Use in the project since then, at most six weeks; in hours for the last ten days, in days beyond.

    The whole window is taken from a metrics scope that the settings name, where one has the project and answers in full.
    """
    until = ctx.now
    start = min(max(since, until - WINDOW), until - timedelta(minutes=1))
    for home in parts.metrics_scopes if since <= until - WINDOW else ():
        read = _of_all(parts, question, (home, scope), ctx)
        if read is not None:
            return _report(read, read.found.get(scope, {}), question, home, parts)
    read = _read(parts, question, (scope, start, until), ctx)
    return _report(read, _whole(read.found), question, scope, parts)


def _of_all(parts: "GoogleParts", question: Question, of: tuple[str, str], ctx: "Ctx") -> _Read | None:
    """What a metrics scope says, asked once for all its projects; None where it cannot speak for this one: (scoping project, this one)."""
    home, scope = of
    if not monitors(parts, home, scope, ctx):
        return None
    until = ctx.now
    read = ctx.once(
        ("timeSeries", home, question.filter, until.timestamp() // _FRESH),
        lambda: _read(parts, question, (home, until - WINDOW, until), ctx, by_project=True),
    )
    # An answer with gaps may lack any of them: each is asked by itself then, so that one silent project costs no other its record.
    return None if read.failure is not None or read.gaps else read


def _whole(found: Mapping[str, Mapping[str, list[UseBucket]]]) -> dict[str, list[UseBucket]]:
    """All series of a project that was asked by itself, whatever they say of where they are from."""
    every: dict[str, list[UseBucket]] = defaultdict(list)
    for series in found.values():
        for credential, buckets in series.items():
            every[credential] += buckets
    return every


def _read(
    parts: "GoogleParts",
    question: Question,
    what: tuple[str, datetime, datetime],
    ctx: "Ctx",
    *,
    by_project: bool = False,
) -> _Read:
    """Every page of the series of (project, start, until)."""
    scope, start, until = what
    read = _Read(start, until, _FINE if until - start <= _FINE_UP_TO else _COARSE)
    sent = _sent(question, scope, start, until, read.precision)
    if by_project:
        sent["aggregation_groupByFields"] = [_PROJECT, *question.group]
    token: str | None = None
    try:
        while True:
            request = parts.services.api(_API, "projects", "timeSeries").list(**sent, pageToken=token)
            answer = parts.services.execute(request, ctx, Call(_API, scope))
            for series in answer.get("timeSeries", ()):
                _take(series, question, read.found)
            read.gaps += [clean(str(error.get("message", error))) for error in answer.get("executionErrors", ())]
            read.gaps += [f"unreachable: {clean(str(place))}" for place in answer.get("unreachable", ())]
            token = answer.get("nextPageToken")
            if not token:
                return read
    except GoogleFailure as failure:
        read.failure = failure.error
        return read


def _report(
    read: _Read, found: Mapping[str, list[UseBucket]], question: Question, scope: str, parts: "GoogleParts"
) -> UsageReport:
    told = (read.start, read.until)
    if read.failure is not None:
        status, detail = _failed(read.failure, scope, parts)
        return UsageReport(status, *told, {}, SOURCE, read.precision, question.lag, complete=False, detail=detail)
    by_key = {uid: tuple(sorted(buckets, key=lambda one: one.end, reverse=True)) for uid, buckets in found.items()}
    gaps, whole = "; ".join(read.gaps), not read.gaps
    return UsageReport(UseStatus.USED, *told, by_key, SOURCE, read.precision, question.lag, complete=whole, detail=gaps)


def _sent(question: Question, scope: str, start: datetime, until: datetime, period: timedelta) -> dict[str, Any]:
    return {
        "name": f"projects/{scope}",
        "filter": question.filter,
        "interval_startTime": stamp(start),
        "interval_endTime": stamp(until),
        "aggregation_alignmentPeriod": f"{int(period.total_seconds())}s",
        "aggregation_perSeriesAligner": "ALIGN_SUM",
        "aggregation_crossSeriesReducer": "REDUCE_SUM",
        "aggregation_groupByFields": list(question.group),
        "view": "FULL",
        "pageSize": _PAGE,
    }


def _take(series: dict[str, Any], question: Question, found: dict[str, dict[str, list[UseBucket]]]) -> None:
    labels = {**series.get("metric", {}).get("labels", {}), **series.get("resource", {}).get("labels", {})}
    identity = str(labels.get(question.key, ""))
    if not identity or not identity.startswith(question.prefix):
        return
    service, response = (clean(str(labels.get(name, ""))) for name in ("service", "response_code_class"))
    for point in series.get("points", ()):
        interval = point.get("interval", {})
        end = moment(interval.get("endTime"))
        count = _count(point.get("value", {}))
        if end is not None and count:
            begin = moment(interval.get("startTime")) or end
            one = found[str(labels.get("project_id", ""))][identity.removeprefix(question.prefix)]
            one.append(UseBucket(begin, end, count, service, response))


def _count(value: dict[str, Any]) -> int:
    try:
        return int(value.get("int64Value", 0))
    except (TypeError, ValueError):
        return 0


def _failed(error: GoogleError, scope: str, parts: "GoogleParts") -> tuple[UseStatus, str]:
    asked = Asked("Reading use", f"{_API}.googleapis.com", scope, parts.identity.description)
    advice = asked.advice(error)
    detail = f"{error}{f' Run: {advice}' if advice else ''}"
    return (UseStatus.DENIED if error.code in {401, 403} and not error.disabled else UseStatus.FAILED), detail
