"""The alert policies of a project, and whether anybody hears of them: two questions, one where no policy names a channel."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keyward.google.questions import pages
from keyward.model.redact import label
from keyward.model.text import clean
from keyward.model.watch import Alert

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

ELSEWHERE = "alert policies of projects that monitor this one were not asked for"

_PAGE = 200
_METRIC = re.compile(r"[a-z][a-z0-9.-]*\.googleapis\.com/[\w/.-]+")
_PROMETHEUS = re.compile(r"\b([a-z][a-z0-9]*)_googleapis_com:(\w+)")
"""PromQL writes `serviceruntime_googleapis_com:api_request_count`."""


def alerts(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterator[str]:
    """Each policy as `watch.Alert` writes it."""
    policies = list(_all(parts, project, "alertPolicies", "Listing alert policies", ctx))
    named = any(one.get("notificationChannels") for one in policies)
    channels = _all(parts, project, "notificationChannels", "Listing notification channels", ctx) if named else ()
    working = {_id(one.get("name")) for one in channels if _works(one)}
    for one in policies:
        heard = {_id(name) for name in one.get("notificationChannels") or ()} & working
        name = label(str(one.get("displayName") or _id(one.get("name"))))
        yield str(Alert(one.get("enabled") is True, len(heard), tuple(_metrics(one)), name))


def _all(parts: "GoogleParts", project: str, kind: str, what: str, ctx: "Ctx") -> Iterator[dict[str, Any]]:
    api = parts.services.api("monitoring", "projects", kind)

    def page(token: str | None) -> Any:
        return api.list(name=f"projects/{project}", pageSize=_PAGE, pageToken=token)

    return pages(parts, page, (project, what, f"monitoring.{kind}.list"), ctx, api="monitoring", items=kind)


def _works(channel: dict[str, Any]) -> bool:
    """Google says: a channel that is not verified though its kind asks for it does not function."""
    return channel.get("enabled") is not False and channel.get("verificationStatus") != "UNVERIFIED"


def _metrics(policy: dict[str, Any]) -> list[str]:
    texts = [
        str(text)
        for condition in policy.get("conditions") or ()
        for of in condition.values()
        if isinstance(of, dict)
        for name, text in of.items()
        if name in ("filter", "denominatorFilter", "query")
    ]
    found = {metric for text in texts for metric in _METRIC.findall(text)}
    found |= {f"{api}.googleapis.com/{name}" for text in texts for api, name in _PROMETHEUS.findall(text)}
    return sorted(map(clean, found))


def _id(name: object) -> str:
    """The last part of a resource name: the first says the project by id or by number."""
    return str(name or "").rpartition("/")[2]
