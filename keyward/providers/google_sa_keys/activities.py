"""When keys last authenticated, from Policy Analyzer: to the day, a day or two late, and further back than Monitoring remembers.

One question for a whole project (`activities.query`), or for the organisation or folder around many of them. A day of its is 07:00 to 07:00
UTC. Failed authentications count too, and it does not see Google APIs outside Google Cloud, such as those of Workspace; so it proves use,
and of itself never that there was none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked
from keyward.google.times import moment
from keyward.model.errors import Gone, SourceError
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
_KIND = "locations/global/activityTypes/serviceAccountKeyLastAuthentication"


@dataclass(slots=True)
class _Told:
    """What was told of the keys of one project."""

    by_key: dict[str, tuple[UseBucket, ...]] = field(default_factory=dict)
    periods: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def take(self, item: dict[str, Any], now: datetime) -> None:
        # Whether the name holds the account's address or its number, and the project's, is not documented; the end is the key.
        key = clean(str(item.get("fullResourceName", "")).rpartition("/keys/")[2])
        period = item.get("observationPeriod") or {}
        begin, end = moment(period.get("startTime")), moment(period.get("endTime"))
        if not key or begin is None or end is None:
            return
        self.periods[key] = (begin, end)
        day = moment((item.get("activity") or {}).get("lastAuthenticatedTime"))
        if day is not None:
            self.by_key[key] = (UseBucket(day, min(day + _DAY, max(day, now)), 1),)

    def report(self, now: datetime) -> UsageReport:
        since = min((begin for begin, _ in self.periods.values()), default=now)
        return UsageReport(UseStatus.USED, since, now, self.by_key, SOURCE, _DAY, detail=_BLIND, periods=self.periods)


def activities(parts: "GoogleParts", scope: str, ctx: "Ctx") -> UsageReport:
    """Use of all keys of the project, each in its own observation period; every page is read or the report says that it failed.

    Where the context names roots, each of them is asked once for all projects below it. A project of which none tells anything is asked by
    itself: it may lie elsewhere, or the root may not be read.
    """
    now = ctx.now
    number = _number(parts, scope, ctx) if ctx.roots else ""
    for root in ctx.roots if number else ():
        told = ctx.once((API, root), lambda root=root: _below(parts, root, ctx)).get(number)  # type: ignore[misc]  # mypy loses the lambda's default
        if told is not None:
            return told.report(now)
    told = _Told()
    try:
        for item in _items(parts, f"projects/{scope}", ctx):
            told.take(item, now)
    except GoogleFailure as failure:
        return _unread(failure, parts, scope, now)
    return told.report(now)


def _number(parts: "GoogleParts", scope: str, ctx: "Ctx") -> str:
    try:
        return parts.projects.get(scope, ctx).number
    except (Gone, SourceError):
        return ""


def _below(parts: "GoogleParts", root: str, ctx: "Ctx") -> dict[str, _Told]:
    """What is told of each project below the root, by project number; nothing at all where the root may not be read to its end."""
    found: dict[str, _Told] = {}
    now = ctx.now
    try:
        for item in _items(parts, root, ctx):
            of = (item.get("activity") or {}).get("serviceAccountKey") or {}
            found.setdefault(str(of.get("projectNumber", "")), _Told()).take(item, now)
    except GoogleFailure:
        return {}
    return found


def _items(parts: "GoogleParts", root: str, ctx: "Ctx") -> Iterator[dict[str, Any]]:
    kind, _, name = root.partition("/")
    collection = parts.services.api(API, kind, "locations", "activityTypes", "activities")
    token: str | None = None
    while True:
        request = collection.query(parent=f"{root}/{_KIND}", pageSize=_PAGE, pageToken=token)
        answer = parts.services.execute(request, ctx, Call(API, name if kind == "projects" else ""))
        yield from (one for one in answer.get("activities", ()) if isinstance(one, dict))
        token = answer.get("nextPageToken")
        if not token:
            return


def _unread(failure: GoogleFailure, parts: "GoogleParts", scope: str, now: datetime) -> UsageReport:
    error = failure.error
    asked = Asked("Reading last use", f"{API}.googleapis.com", scope, parts.identity.description, PERMISSION)
    advice = asked.advice(error)
    denied = error.code in {401, 403} and not error.disabled
    status = UseStatus.DENIED if denied else UseStatus.UNSUPPORTED if error.disabled else UseStatus.FAILED
    detail = f"{error}{f' Run: {advice}' if advice else ''}"
    return UsageReport(status, now, now, {}, SOURCE, _DAY, complete=False, detail=detail)
