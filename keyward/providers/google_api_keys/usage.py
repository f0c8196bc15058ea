"""When keys were used, from Cloud Monitoring: one question for a whole project.

The metric is `serviceruntime.googleapis.com/api/request_count` on `consumed_api`; the key is the resource label `credential_id`,
`apikey:<uid>`. Google shows it up to half an hour late and keeps it for six weeks. Failed calls count too.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.refusals import Asked
from keyward.google.times import moment, stamp
from keyward.model.text import clean
from keyward.model.usage import UsageReport, UseBucket, UseStatus

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

WINDOW = timedelta(days=42)
LAG = timedelta(minutes=30)
SOURCE = "Cloud Monitoring"

_API = "monitoring"
_PREFIX = "apikey:"
_FILTER = (
    'metric.type="serviceruntime.googleapis.com/api/request_count" AND resource.type="consumed_api"'
    ' AND resource.labels.credential_id=starts_with("apikey:")'
)
_GROUP = ["resource.labels.credential_id", "resource.labels.service", "metric.labels.response_code_class"]
_PAGE = 100_000
_FINE_UP_TO = timedelta(days=10)
_FINE, _COARSE = timedelta(hours=1), timedelta(days=1)


def usage(parts: "GoogleParts", scope: str, since: datetime, ctx: "Ctx") -> UsageReport:
    """Use of all keys of the project since then, at most six weeks; in hours for the last ten days, in days beyond."""
    until = ctx.now
    start = min(max(since, until - WINDOW), until - timedelta(minutes=1))
    precision = _FINE if until - start <= _FINE_UP_TO else _COARSE
    found: dict[str, list[UseBucket]] = defaultdict(list)
    gaps: list[str] = []
    question = _question(scope, start, until, precision)
    token: str | None = None
    try:
        while True:
            request = parts.services.api(_API, "projects", "timeSeries").list(**question, pageToken=token)
            answer = parts.services.execute(request, ctx, Call(_API, scope))
            for series in answer.get("timeSeries", ()):
                _take(series, found)
            gaps += [clean(str(error.get("message", error))) for error in answer.get("executionErrors", ())]
            gaps += [f"unreachable: {clean(str(place))}" for place in answer.get("unreachable", ())]
            token = answer.get("nextPageToken")
            if not token:
                break
    except GoogleFailure as failure:
        status, detail = _failed(failure.error, scope, parts)
        return UsageReport(status, start, until, {}, SOURCE, precision, LAG, complete=False, detail=detail)
    by_key = {uid: tuple(sorted(buckets, key=lambda one: one.end, reverse=True)) for uid, buckets in found.items()}
    return UsageReport(
        UseStatus.USED, start, until, by_key, SOURCE, precision, LAG, complete=not gaps, detail="; ".join(gaps)
    )


def _question(scope: str, start: datetime, until: datetime, period: timedelta) -> dict[str, Any]:
    return {
        "name": f"projects/{scope}",
        "filter": _FILTER,
        "interval_startTime": stamp(start),
        "interval_endTime": stamp(until),
        "aggregation_alignmentPeriod": f"{int(period.total_seconds())}s",
        "aggregation_perSeriesAligner": "ALIGN_SUM",
        "aggregation_crossSeriesReducer": "REDUCE_SUM",
        "aggregation_groupByFields": _GROUP,
        "view": "FULL",
        "pageSize": _PAGE,
    }


def _take(series: dict[str, Any], found: dict[str, list[UseBucket]]) -> None:
    labels = series.get("resource", {}).get("labels", {})
    identity = str(labels.get("credential_id", ""))
    if not identity.startswith(_PREFIX):
        return
    service = clean(str(labels.get("service", "")))
    response = clean(str(series.get("metric", {}).get("labels", {}).get("response_code_class", "")))
    for point in series.get("points", ()):
        interval = point.get("interval", {})
        end = moment(interval.get("endTime"))
        count = _count(point.get("value", {}))
        if end is not None and count:
            begin = moment(interval.get("startTime")) or end
            found[identity.removeprefix(_PREFIX)].append(UseBucket(begin, end, count, service, response))


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
