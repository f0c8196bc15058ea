"""Google's REST APIs through the discovery client: built once, offline, and executed the keyward way."""

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.http import QUOTA_HEADER, USER_AGENT, Http

if TYPE_CHECKING:
    from keyward.google.calls import Calls
    from keyward.google.endpoints import Endpoints
    from keyward.google.identities import Identities
    from keyward.model.context import Ctx

VERSIONS = {
    "apikeys": "v2",
    "billingbudgets": "v1",
    "cloudasset": "v1",
    "cloudbilling": "v1",
    "cloudresourcemanager": "v3",
    "iam": "v1",
    "logging": "v2",
    "monitoring": "v3",
    "orgpolicy": "v2",
    "policyanalyzer": "v1",
    "serviceusage": "v1",
    "storage": "v1",
}
"""The version of each API that keyward speaks where none is named; their descriptions ship with the client."""


class Services:
    """Builds API clients at first use and executes their requests.

    Args:
        endpoints: where each API is.
        identities: as whom.
        calls: quota, patience, fallback.
        http: one for all APIs.
    """

    def __init__(self, endpoints: "Endpoints", identities: "Identities", calls: "Calls", http: Http) -> None:
        self._endpoints = endpoints
        self._identities = identities
        self._calls = calls
        self._http = http
        self._lock = threading.Lock()
        self._built: dict[str, Any] = {}

    def api(self, name: str, *path: str) -> Any:
        """The API's client, or a collection in it: `api("apikeys", "projects", "locations", "keys")`. Kept; safe to share.

        Another version than the usual one is named behind a colon: `monitoring:v1`.

        Raises:
            NotAllowed: it is not on this machine, and there are no credentials.
        """
        key = ".".join((name, *path))
        found = self._built.get(key)
        if found is None:
            with self._lock:
                found = self._built.get(key) or self._build(name, path)
                self._built[key] = found
        return found

    def _build(self, name: str, path: tuple[str, ...]) -> Any:
        from googleapiclient.discovery import build  # a quarter of a second: only when Google is asked

        name, _, version = name.partition(":")
        self._identities.own.check(name, self._endpoints)
        found = build(
            name,
            version or VERSIONS[name],
            http=self._http,
            client_options={"api_endpoint": self._endpoints.url(name)},
            static_discovery=True,
            cache_discovery=False,
            num_retries=0,
        )
        for part in path:
            found = getattr(found, part)()
        return found

    def execute(self, request: Any, ctx: "Ctx", call: Call, *, agent: str = "") -> dict[str, Any]:
        """Execute a request of a client and return its answer.

        Args:
            request: of a client.
            ctx: how to ask.
            call: what it is.
            agent: added to keyward's user agent, which Google's audit logs keep.

        Raises:
            GoogleFailure: it failed, with what came back.
            Interrupted: cancelled.
        """
        identity = self._identities.of(call.project, changes=ctx.changes)
        http = self._http.speaking(identity).telling(ctx)

        def send(charged: str) -> dict[str, Any]:
            request.headers.pop(QUOTA_HEADER, None)
            if agent:
                request.headers["user-agent"] = f"{USER_AGENT} {agent}"
            if charged:
                request.headers[QUOTA_HEADER] = charged
            answer = request.execute(http=http, num_retries=0)
            # An empty answer is an empty object; anything else than an object did not come from the API.
            if answer in ("", b""):
                return {}
            if not isinstance(answer, dict):
                raise ConnectionError("an answer that is not an object")
            return answer

        return self._calls.run(send, ctx, replace(call, caller=identity.description))
