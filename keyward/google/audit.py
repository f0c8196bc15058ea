"""Who made a key, from the admin activity log that Google keeps of every project (Cloud Audit Logs; it cannot be switched off).

keyward names the rotation in its user agent, which Google writes down with the caller's address. A key that Google made bears no mark
itself, so this is the only proof whose it is.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.http import USER_AGENT
from keyward.google.refusals import Asked, reading
from keyward.google.times import stamp

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

LAG = timedelta(minutes=3)
"""How long an entry may take to be found: usually seconds; not promised anywhere."""

PERMISSION = "logging.logEntries.list"
_API = "logging"
_PAGE = 200
_SKEW = timedelta(minutes=5)
_PRODUCT = USER_AGENT.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Creates:
    """How creates of one kind of key are logged: the method's name, and where an entry's payload has the id of the new key."""

    method: str
    id_of: Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Told:
    """What the log says: ids of keys that this rotation made, and that somebody else did. `readable` is False when it cannot be read."""

    ids: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    readable: bool = True


def agent(rotation: str) -> str:
    """What is added to keyward's user agent in a create."""
    return f"rotation/{rotation}"


@dataclass(frozen=True, slots=True)
class Log:
    """The admin activity log of one project, as far as it tells of new keys of one kind."""

    parts: "GoogleParts"
    project: str
    creates: Creates

    def made_by(self, rotation: str, since: datetime | None, ctx: "Ctx") -> Told:
        """Which keys were created since then, and by whom; nothing without a time.

        Raises:
            SourceError: the log cannot be reached just now. Where it may not be read at all nothing is known, which is an answer.
        """
        if since is None:
            return Told()
        mine = self.parts.caller(self.project, ctx).partition(" ")[0]
        ours: set[str] = set()
        others: set[str] = set()
        token: str | None = None
        while True:
            try:
                answer = self._page(since, token, ctx)
            except GoogleFailure as failure:
                if failure.error.code in {400, 401, 403, 404}:
                    return Told(readable=False)
                asked = Asked("Reading the audit log", f"{_API}.googleapis.com", self.project, permission=PERMISSION)
                raise reading(failure.error, asked) from None
            for entry in answer.get("entries", ()):
                payload = entry.get("protoPayload") or {}
                key = "" if (payload.get("status") or {}).get("code") else self.creates.id_of(payload)
                if key:
                    (ours if _is_ours(payload, rotation, mine) else others).add(key)
            token = answer.get("nextPageToken")
            if not token:
                return Told(frozenset(ours), frozenset(others - ours))

    def _page(self, since: datetime, token: str | None, ctx: "Ctx") -> dict[str, Any]:
        body = {
            "resourceNames": [f"projects/{self.project}"],
            "filter": (
                f'log_id("cloudaudit.googleapis.com/activity") AND protoPayload.methodName="{self.creates.method}"'
                f' AND timestamp>="{stamp(since - _SKEW)}"'
            ),
            "orderBy": "timestamp asc",
            "pageSize": _PAGE,
            **({"pageToken": token} if token else {}),
        }
        services = self.parts.services
        return services.execute(services.api(_API, "entries").list(body=body), ctx, Call(_API, self.project))


def _is_ours(payload: Mapping[str, Any], rotation: str, mine: str) -> bool:
    said = str((payload.get("requestMetadata") or {}).get("callerSuppliedUserAgent", ""))
    if not (said.startswith(f"{_PRODUCT}/") and agent(rotation) in re.split(r"[\s,]+", said)):
        return False
    caller = str((payload.get("authenticationInfo") or {}).get("principalEmail", ""))
    # Some credentials do not tell an address; the rotation's id is as hard to guess as a key.
    return "@" not in mine or "@" not in caller or caller == mine
