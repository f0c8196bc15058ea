"""Turns the counted use of keys into time series: raw points, aligned sums, sums over groups."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import seconds
from keyward.emulator.monitoring.metrics import measured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyward.emulator.projects import Project
    from keyward.emulator.world import World


@dataclass(slots=True)
class TimeSeries:
    """One series: its labels by full name and its points as (start, end, count), newest first."""

    metric: str
    resource_type: str
    labels: dict[str, str]
    points: list[tuple[float, float, int]] = field(default_factory=list)

    def resource(self, points: list[tuple[float, float, int]]) -> dict[str, Any]:
        """Give the JSON form with some of the points."""
        metric: dict[str, Any] = {"type": self.metric}
        resource: dict[str, Any] = {"type": self.resource_type}
        for name, out in (("metric", metric), ("resource", resource)):
            labels = {
                key.rpartition(".")[2]: value for key, value in self.labels.items() if key.startswith(f"{name}.l")
            }
            if labels:
                out["labels"] = labels
        out = {"metric": metric, "resource": resource, "metricKind": "DELTA", "valueType": "INT64"}
        return {**out, "points": [_point(*point) for point in points]} if points else out


def collect(
    world: World, project: Project, wanted: Callable[[Mapping[str, str]], bool], start: float, end: float
) -> list[TimeSeries]:
    """Give the raw series of a project in a time window, without what is too new or too old."""
    now = world.clock.now()
    oldest = (now - timedelta(seconds=world.behaviour.metric_retention_seconds)).timestamp()
    found = []
    for one in measured(world, project):
        names = {"metric.type": one.metric, "resource.type": one.resource, **one.labels}
        if not wanted(names):
            continue
        low, high = max(start, oldest), min(end, now.timestamp() - one.delay)
        sums: dict[int, int] = defaultdict(int)
        for minute, count in one.minutes.items():
            sums[minute * 60 // one.step] += count
        kept = sorted((n for n in sums if low < (n + 1) * one.step <= high), reverse=True)
        if kept:
            points = [(float(n * one.step), float((n + 1) * one.step), sums[n]) for n in kept]
            found.append(TimeSeries(one.metric, one.resource, one.labels, points))
    return found


def align(series: TimeSeries, period: float, end: float) -> TimeSeries:
    """Give the series with one sum a period; periods end at `end`, empty ones are missing."""
    sums: dict[int, int] = defaultdict(int)
    for _, until, count in series.points:
        sums[int((end - until) // period)] += count
    points = [(end - (n + 1) * period, end - n * period, sums[n]) for n in sorted(sums)]
    return TimeSeries(series.metric, series.resource_type, series.labels, points)


def reduce(many: list[TimeSeries], group_by: list[str]) -> list[TimeSeries]:
    """Give one series a group of labels, with the sums of the points that end together."""
    groups: dict[tuple[str, str, tuple[tuple[str, str], ...]], dict[tuple[float, float], int]] = {}
    for series in many:
        kept = {"resource.labels.project_id", *group_by}
        labels = tuple((name, value) for name, value in series.labels.items() if name in kept)
        sums = groups.setdefault((series.metric, series.resource_type, labels), defaultdict(int))
        for start, end, count in series.points:
            sums[start, end] += count
    return [
        TimeSeries(metric, resource, dict(labels), [(*span, sums[span]) for span in sorted(sums, reverse=True)])
        for (metric, resource, labels), sums in groups.items()
    ]


def _point(start: float, end: float, count: int) -> dict[str, Any]:
    interval = {"startTime": _time(start), "endTime": _time(end)}
    return {"interval": interval, "value": {"int64Value": str(count)}}


def _time(stamp: float) -> str:
    return seconds(datetime.fromtimestamp(stamp, UTC))
