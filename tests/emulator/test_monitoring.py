"""Time series of key use, read with Google's own client."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from keyward.emulator.clock import parse, seconds
from keyward.emulator.usage import Usage
from tests.parts.emulator import START, discovery, good, make_key, refused

FILTER = (
    'metric.type="serviceruntime.googleapis.com/api/request_count" AND resource.type="consumed_api" '
    'AND resource.labels.credential_id=starts_with("apikey:")'
)
GROUPS = ["resource.labels.credential_id", "resource.labels.service", "metric.labels.response_code_class"]
GEMINI = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}


@pytest.fixture
def used(make_emulator):
    """A standing clock and a key that was used 2 hours, 3 days and 50 days ago, and refused 3 days ago."""
    emulator = make_emulator(rate=0)
    key = make_key(emulator, restrictions=GEMINI)
    usage, number = emulator.world.state(Usage), emulator.world.project("p1").number
    for ago, code, count in ((2 / 24, 200, 3), (3, 200, 5), (3, 403, 7), (50, 200, 11)):
        service, when = "generativelanguage.googleapis.com", START - timedelta(days=ago)
        usage.record(number, key["uid"], service, code=code, count=count, when=when)
    return emulator, key


def series(emulator, period="86400s", days=42, **more):
    now = emulator.world.clock.now()
    with discovery(emulator, "monitoring", "v3") as service:
        return (
            service.projects()
            .timeSeries()
            .list(
                name="projects/p1",
                filter=more.pop("filter", FILTER),
                interval_startTime=seconds(now - timedelta(days=days)),
                interval_endTime=seconds(now),
                aggregation_alignmentPeriod=period,
                aggregation_perSeriesAligner="ALIGN_SUM",
                aggregation_crossSeriesReducer="REDUCE_SUM",
                aggregation_groupByFields=more.pop("groups", GROUPS),
                view=more.pop("view", "FULL"),
                **more,
            )
            .execute()
        )


def test_sums_by_key_service_and_outcome_newest_first(used):
    emulator, key = used
    by_class = {one["metric"]["labels"]["response_code_class"]: one for one in series(emulator)["timeSeries"]}
    good_ones = by_class["2xx"]
    assert good_ones["resource"]["labels"]["credential_id"] == f"apikey:{key['uid']}"
    assert [point["value"] for point in good_ones["points"]] == [{"int64Value": "3"}, {"int64Value": "5"}]
    ends = [parse(point["interval"]["endTime"]) for point in good_ones["points"]]
    # A use exactly three days ago falls into the bucket that ended three days ago or the one after, by its minute.
    assert ends == [START, START - timedelta(days=2)]
    assert [point["value"]["int64Value"] for point in by_class["4xx"]["points"]] == ["7"]


def test_hours_tell_the_last_use_more_exactly(used):
    emulator, _ = used
    newest = series(emulator, "3600s", groups=GROUPS[:1])["timeSeries"][0]["points"][0]
    start, end = (parse(newest["interval"][name]) for name in ("startTime", "endTime"))
    assert end - start == timedelta(hours=1)
    assert start <= START - timedelta(hours=2) < end


def test_what_is_older_than_the_retention_is_gone(used):
    emulator, _ = used
    assert series(emulator, days=100) == series(emulator, days=42)
    emulator.world.clock.advance(60 * 86400)
    assert series(emulator, days=100) == {}


def test_new_use_shows_after_its_delay(make_emulator):
    emulator = make_emulator(rate=0)
    key = make_key(emulator)
    good(emulator, "POST", "/emulator/v1/use", {"uid": key["uid"], "count": 4, "service": "translate.googleapis.com"})
    assert series(emulator) == {}
    emulator.world.clock.advance(31 * 60)
    (one,) = series(emulator)["timeSeries"]
    assert one["points"][0]["value"] == {"int64Value": "4"}
    assert one["resource"]["labels"]["service"] == "translate.googleapis.com"


def test_pages_are_counted_in_points(used):
    emulator, _ = used
    whole = [
        (tuple(one["metric"]["labels"].items()), point["value"]["int64Value"])
        for one in series(emulator)["timeSeries"]
        for point in one["points"]
    ]
    seen, token = [], None
    while True:
        answer = series(emulator, pageSize=1, pageToken=token)
        seen += [
            (tuple(one["metric"]["labels"].items()), point["value"]["int64Value"])
            for one in answer["timeSeries"]
            for point in one["points"]
        ]
        token = answer.get("nextPageToken")
        if not token:
            break
    assert seen == whole
    assert len(seen) == 3


def test_headers_only(used):
    emulator, _ = used
    assert all("points" not in one for one in series(emulator, view="HEADERS")["timeSeries"])


def test_incomplete_answers_say_so(used):
    emulator, _ = used
    emulator.world.behaviour.metric_errors = ["a zone did not answer"]
    assert series(emulator)["executionErrors"][0]["message"] == "a zone did not answer"


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (' AND resource.labels.service="translate.googleapis.com"', 0),
        (' AND resource.label.service="generativelanguage.googleapis.com"', 2),
        (' AND metric.labels.response_code_class!="4xx"', 1),
        (' AND metric.labels.response_code_class=one_of("4xx","5xx")', 1),
        (' resource.labels.credential_id=has_substring("apikey")', 2),
    ],
)
def test_filters(used, more, found):
    assert len(series(used[0], filter=FILTER + more).get("timeSeries", [])) == found


@pytest.mark.parametrize(
    "query",
    [
        "filter=resource.type%3D%22consumed_api%22&interval.endTime=2026-11-20T12:00:00Z",
        "filter=((&interval.endTime=2026-11-20T12:00:00Z",
        f"filter={quote(FILTER)}",
        f"filter={quote(FILTER)}&interval.startTime=2026-11-21T12:00:00Z&interval.endTime=2026-11-20T12:00:00Z",
        f"filter={quote(FILTER)}&interval.endTime=2026-11-20T12:00:00Z&aggregation.perSeriesAligner=ALIGN_SUM",
        f"filter={quote(FILTER)}&interval.endTime=2026-11-20T12:00:00Z&aggregation.crossSeriesReducer=REDUCE_SUM",
    ],
)
def test_bad_questions_are_refused(emulator, query):
    assert refused(emulator, "GET", f"/v3/projects/p1/timeSeries?{query}")[:2] == (400, "INVALID_ARGUMENT")


def test_raw_points_are_minutes(used):
    emulator, _ = used
    query = f"filter={quote(FILTER)}&interval.startTime=2026-11-01T00:00:00Z&interval.endTime=2026-11-20T12:00:00Z"
    raw = good(emulator, "GET", f"/v3/projects/p1/timeSeries?{query}")["timeSeries"]
    point = raw[0]["points"][0]
    assert parse(point["interval"]["endTime"]) - parse(point["interval"]["startTime"]) == timedelta(minutes=1)
    assert set(raw[0]["resource"]["labels"]) == {
        "project_id",
        "service",
        "method",
        "version",
        "location",
        "credential_id",
    }
    assert datetime.fromtimestamp(0, UTC) < parse(point["interval"]["startTime"])
