"""The method `timeSeries.list` over HTTP."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import parse
from keyward.emulator.errors import refuse
from keyward.emulator.monitoring import alerting, scopes
from keyward.emulator.monitoring.filters import compile_filter
from keyward.emulator.monitoring.scopes import MetricsScopes
from keyward.emulator.monitoring.series import align, collect, reduce
from keyward.emulator.paging import make_token, read_token
from keyward.emulator.routing import Route, Service

if TYPE_CHECKING:
    from keyward.emulator.monitoring.series import TimeSeries
    from keyward.emulator.routing import Request

SERVICE = Service("monitoring.googleapis.com", "Cloud Monitoring API", "monitoring.v3")

_MOST = 100_000
_SUMS = {"ALIGN_SUM", "ALIGN_DELTA"}


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc = "monitoring.projects.timeSeries.list"
    listing = Route(SERVICE, "GET", "/v3/projects/{project}/timeSeries", _list, rpc, "monitoring.timeSeries.list")
    return [listing, *scopes.routes(), *alerting.routes(SERVICE)]


def _list(request: Request) -> dict[str, Any]:
    wanted = compile_filter(request.arg("filter"))
    end = _time(request, "interval.endTime")
    start = _time(request, "interval.startTime") if request.arg("interval.startTime") else end
    if start > end:
        raise refuse("INVALID_ARGUMENT", "Field interval.start_time had an invalid value: it is after the end time.")
    world = request.world
    # A scoping project answers for everything that it monitors.
    raw = [
        one for each in world.state(MetricsScopes).of(request.owner) for one in collect(world, each, wanted, start, end)
    ]
    found = _aggregate(request, raw, end)
    out = _pages(request, found)
    errors = request.world.behaviour.metric_errors
    if errors:
        out["executionErrors"] = [{"code": 14, "message": message} for message in errors]
    return out


def _time(request: Request, name: str) -> float:
    try:
        return parse(request.arg(name)).timestamp()
    except ValueError:
        message = f'Field {name} had an invalid value of "{request.arg(name)}": it must be an RFC 3339 time.'
        raise refuse("INVALID_ARGUMENT", message) from None


def _aggregate(request: Request, found: list[TimeSeries], end: float) -> list[TimeSeries]:
    aligner = request.arg("aggregation.perSeriesAligner", "ALIGN_NONE")
    reducer = request.arg("aggregation.crossSeriesReducer", "REDUCE_NONE")
    group_by = [
        name.replace(".label.", ".labels.")
        for field in request.args("aggregation.groupByFields")
        for name in field.split(",")
    ]
    if aligner in _SUMS:
        period = re.fullmatch(r"(\d+(?:\.\d+)?)s", request.arg("aggregation.alignmentPeriod"))
        if period is None or float(period[1]) < 60:
            message = "Field aggregation.alignmentPeriod had an invalid value: it must be at least 60 seconds."
            raise refuse("INVALID_ARGUMENT", message)
        found = [align(series, float(period[1]), end) for series in found]
    elif aligner != "ALIGN_NONE":
        raise refuse("UNIMPLEMENTED", f"The emulator does not align by {aligner}.")
    if reducer == "REDUCE_NONE":
        return found
    if aligner == "ALIGN_NONE":
        message = "The crossSeriesReducer requires a perSeriesAligner other than ALIGN_NONE and an alignment period."
        raise refuse("INVALID_ARGUMENT", message)
    if reducer != "REDUCE_SUM":
        raise refuse("UNIMPLEMENTED", f"The emulator does not reduce by {reducer}.")
    return reduce(found, group_by)


def _pages(request: Request, found: list[TimeSeries]) -> dict[str, Any]:
    """Give one page; with the full view a page is counted in points, and a series may go on in the next one."""
    headers = request.arg("view") in {"HEADERS", "1"}
    size = min(request.number("pageSize") or _MOST, _MOST)
    skip = begin = read_token(request.arg("pageToken"), request.path)
    out: list[dict[str, Any]] = []
    room = size
    for series in found:
        weight = 1 if headers else len(series.points)
        if skip >= weight:
            skip -= weight
            continue
        part = [] if headers else series.points[skip : skip + room]
        out.append(series.resource(part))
        room -= 1 if headers else len(part)
        skip = 0
        if room <= 0:
            break
    total = sum(1 if headers else len(series.points) for series in found)
    result: dict[str, Any] = {"timeSeries": out, "unit": "1"} if out else {}
    if begin + size < total:
        result["nextPageToken"] = make_token(begin + size, request.path)
    return result
