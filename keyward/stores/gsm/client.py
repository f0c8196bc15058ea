"""The connection to Secret Manager: gRPC as Google means it, plaintext gRPC or REST for an emulator on this machine.

Secrets of a region are at a host of their own, `secretmanager.REGION.rep.googleapis.com`; where an override names another place, they are
asked there like all others.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from keyward.google.calls import Call
from keyward.google.http import QUOTA_HEADER, USER_AGENT
from keyward.google.reader import read
from keyward.stores.gsm import wire

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.google.told import Timed
    from keyward.model.context import Ctx

T = TypeVar("T")

API = "secretmanager"
TIMEOUT = 30.0
"""Seconds for one try of one call."""

_CONNECTIONS = 64
_NAMES = ("name", "parent", "resource")


class Connection:
    """One client for each host, shared by all threads, made at first use.

    Args:
        parts: the Google parts.
    """

    def __init__(self, parts: "GoogleParts") -> None:
        self.parts = parts
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    @cached_property
    def messages(self) -> Any:
        """The library's message types."""
        from google.cloud import secretmanager_v1  # half a second: only when Secret Manager is asked

        return secretmanager_v1

    def client(self, region: str = "") -> Any:
        """The library's client for the secrets of that region, or for global ones.

        Raises:
            NotAllowed: there are no credentials, and it is not on this machine.
        """
        host = self._host(region)
        with self._lock:
            if host not in self._clients:
                self._clients[host] = self.messages.SecretManagerServiceClient(transport=self._transport(host))
            return self._clients[host]

    def _host(self, region: str) -> str:
        """The region's own host; empty where the usual place is asked."""
        moved = self.parts.endpoints.grpc or API in self.parts.endpoints.overrides
        return f"{API}.{region}.rep.googleapis.com" if region and not moved else ""

    def _transport(self, host: str) -> Any:
        from google.api_core.gapic_v1.client_info import ClientInfo

        endpoints = self.parts.endpoints
        self.parts.identity.check(API, endpoints)
        kind = self.messages.SecretManagerServiceClient.get_transport_class
        info = ClientInfo(user_agent=USER_AGENT)  # type: ignore[no-untyped-call]  # the library has no types there
        if endpoints.grpc:
            import grpc

            # A proxy must not see what is meant to stay on this machine.
            channel = grpc.insecure_channel(
                endpoints.grpc, options=[("grpc.enable_http_proxy", 0), ("grpc.primary_user_agent", USER_AGENT)]
            )
            return kind("grpc")(channel=channel, client_info=info)
        place = urlsplit(endpoints.url(API))
        if place.scheme == "https":
            # Each call brings the token of whoever makes it.
            return kind("grpc")(host=host or place.netloc, credentials=_nobody(), client_info=info)
        return self._rest(kind("rest"), place.netloc, info)

    def _rest(self, kind: Any, host: str, info: Any) -> Any:
        from requests.adapters import HTTPAdapter

        transport = kind(host=host, url_scheme="http", credentials=_nobody(), client_info=info)
        session = transport._session  # noqa: SLF001  # the library offers no other way to keep it off a proxy
        session.trust_env = False
        session.max_redirects = 0  # a payload goes where it was addressed to, or nowhere
        session.headers["user-agent"] = USER_AGENT
        # Enough for all workers, and no second attempts: a lost answer is for keyward to judge.
        session.mount("http://", HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=0))
        return transport

    def run(self, method: str, request: Any, ctx: "Ctx", call: Call, *, take: Callable[[Any], T]) -> T:
        """Send a request and take what is wanted from its answer.

        Args:
            method: the client's method.
            request: its message, or a dict.
            ctx: how to ask.
            call: what it counts as.
            take: from the answer.

        Raises:
            GoogleFailure: it failed, with what came back.
            Interrupted: cancelled.
        """
        region = wire.region_of(_name(request))
        bound = getattr(self.client(region), method)
        identity = self.parts.identities.of(call.project, changes=ctx.changes)
        host = self._host(region)
        http, place = self.parts.http.speaking(identity), f"https://{host}/" if host else self.parts.endpoints.url(API)

        def timed() -> "Timed":
            from keyward.google.told import RPC, Timed  # only where somebody looks

            procedure = "".join(word.capitalize() for word in method.split("_"))
            return Timed(ctx, RPC, f"{procedure} {_name(request)}", urlsplit(place).hostname or "")

        def once(charged: str, token: dict[str, str]) -> T:
            metadata = [*token.items(), *([(QUOTA_HEADER, charged)] if charged else [])]
            if not ctx.calls:
                return take(bound(request=request, retry=None, timeout=TIMEOUT, metadata=metadata))
            return _told(lambda: take(bound(request=request, retry=None, timeout=TIMEOUT, metadata=metadata)), timed())

        def send(charged: str) -> T:
            token = http.authorisation(place)
            try:
                return once(charged, token)
            except Exception as exception:
                error = read(exception)
                if not token or error is None or error.status != "UNAUTHENTICATED":
                    raise
            # The token was refused, so that nothing was done: once more with a fresh one.
            return once(charged, http.authorisation(place, refused=token["authorization"]))

        return self.parts.calls.run(send, ctx, replace(call, caller=identity.description))

    def close(self) -> None:
        """Close the channel; what is asked for afterwards opens another."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.transport.close()


def _told(ask: Callable[[], T], timed: "Timed") -> T:
    """Ask, and tell how that ended."""
    try:
        answer = ask()
    except Exception as exception:
        error = read(exception)
        timed.ended(*((error.status or error.code,) if error is not None and (error.status or error.code) else ()))
        raise
    timed.ended("OK")
    return answer


def _nobody() -> Any:
    from google.auth.credentials import AnonymousCredentials

    return AnonymousCredentials()  # type: ignore[no-untyped-call]  # the library has no types there


def _name(request: Any) -> str:
    """The resource that a request is about."""
    if not isinstance(request, dict):
        return str(request.parent)  # lists
    return str(next((request[name] for name in _NAMES if name in request), None) or request["secret"]["name"])
