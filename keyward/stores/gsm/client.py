"""The connection to Secret Manager: gRPC as Google means it, plaintext gRPC or REST for an emulator on this machine."""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from keyward.google.calls import Call
from keyward.google.http import USER_AGENT
from keyward.google.services import QUOTA_HEADER

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

T = TypeVar("T")

API = "secretmanager"
TIMEOUT = 30.0
"""Seconds for one try of one call."""

_CONNECTIONS = 64


class Connection:
    """One client, shared by all threads, made at first use.

    Args:
        parts: the Google parts.
    """

    def __init__(self, parts: "GoogleParts") -> None:
        self.parts = parts
        self._lock = threading.Lock()
        self._client: Any = None

    @cached_property
    def messages(self) -> Any:
        """The library's message types."""
        from google.cloud import secretmanager_v1  # half a second: only when Secret Manager is asked

        return secretmanager_v1

    @property
    def client(self) -> Any:
        """The library's client.

        Raises:
            NotAllowed: there are no credentials, and it is not on this machine.
        """
        with self._lock:
            if self._client is None:
                self._client = self.messages.SecretManagerServiceClient(transport=self._transport())
            return self._client

    def _transport(self) -> Any:
        from google.api_core.gapic_v1.client_info import ClientInfo

        endpoints, identity = self.parts.endpoints, self.parts.identity
        identity.check(API, endpoints)
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
            return kind("grpc")(host=place.netloc, credentials=identity.credentials, client_info=info)
        return self._rest(kind("rest"), place.netloc, info)

    def _rest(self, kind: Any, host: str, info: Any) -> Any:
        from google.auth.credentials import AnonymousCredentials
        from requests.adapters import HTTPAdapter

        credentials = self.parts.identity.credentials or AnonymousCredentials()  # type: ignore[no-untyped-call]  # the library has no types there
        transport = kind(host=host, url_scheme="http", credentials=credentials, client_info=info)
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
        bound = getattr(self.client, method)

        def send(charged: str) -> T:
            metadata = [(QUOTA_HEADER, charged)] if charged else []
            return take(bound(request=request, retry=None, timeout=TIMEOUT, metadata=metadata))

        return self.parts.calls.run(send, ctx, call)

    def close(self) -> None:
        """Close the channel; what is asked for afterwards opens another."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.transport.close()
