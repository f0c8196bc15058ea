"""When keys last authenticated, from Policy Analyzer: to the day, a day or two late, and further back than Monitoring remembers.

One question for a whole project (`activities.query`). A day of its is 07:00 to 07:00 UTC. Failed authentications count too, and it does
not see Google APIs outside Google Cloud, such as those of Workspace; so it proves use, and of itself never that there was none.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked
from keyward.google.times import moment
from keyward.model.text import clean
from keyward.model.usage import UsageReport, UseBucket, UseStatus

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

API = "policyanalyzer"
SOURCE = "Policy Analyzer"
PERMISSION = "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query"

_BLIND = "which does not see APIs outside Google Cloud"
_DAY = timedelta(days=1)
_PAGE = 1000


def activities(parts: "GoogleParts", scope: str, ctx: "Ctx") -> UsageReport:
    """Use of all keys of the project, each in its own observation period; every page is read or the report says that it failed."""
    now = ctx.now
    parent = f"projects/{scope}/locations/global/activityTypes/serviceAccountKeyLastAuthentication"
    by_key: dict[str, tuple[UseBucket, ...]] = {}
    periods: dict[str, tuple[datetime, datetime]] = {}
    token: str | None = None
    try:
        collection = parts.services.api(API, "projects", "locations", "activityTypes", "activities")
        while True:
            request = collection.query(parent=parent, pageSize=_PAGE, pageToken=token)
            answer = parts.services.execute(request, ctx, Call(API, scope))
            for item in answer.get("activities", ()):
                _take(item, now, by_key, periods)
            token = answer.get("nextPageToken")
            if not token:
                break
    except GoogleFailure as failure:
        return _unread(failure, parts, scope, now)
    since = min((begin for begin, _ in periods.values()), default=now)
    return UsageReport(UseStatus.USED, since, now, by_key, SOURCE, _DAY, detail=_BLIND, periods=periods)


def _take(
    item: dict[str, Any],
    now: datetime,
    by_key: dict[str, tuple[UseBucket, ...]],
    periods: dict[str, tuple[datetime, datetime]],
) -> None:
    # Whether the name holds the account's address or its number, and the project's, is not documented; the end is the key.
    key = clean(str(item.get("fullResourceName", "")).rpartition("/keys/")[2])
    period = item.get("observationPeriod") or {}
    begin, end = moment(period.get("startTime")), moment(period.get("endTime"))
    if not key or begin is None or end is None:
        return
    periods[key] = (begin, end)
    day = moment((item.get("activity") or {}).get("lastAuthenticatedTime"))
    if day is not None:
        by_key[key] = (UseBucket(day, min(day + _DAY, max(day, now)), 1),)


def _unread(failure: GoogleFailure, parts: "GoogleParts", scope: str, now: datetime) -> UsageReport:
    error = failure.error
    asked = Asked("Reading last use", f"{API}.googleapis.com", scope, parts.identity.description, PERMISSION)
    advice = asked.advice(error)
    denied = error.code in {401, 403} and not error.disabled
    status = UseStatus.DENIED if denied else UseStatus.UNSUPPORTED if error.disabled else UseStatus.FAILED
    detail = f"{error}{f' Run: {advice}' if advice else ''}"
    return UsageReport(status, now, now, {}, SOURCE, _DAY, complete=False, detail=detail)
