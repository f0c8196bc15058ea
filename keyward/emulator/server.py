"""A running emulator: a world, its HTTP server and its gRPC server."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from keyward.emulator import billing, budgets, gemini, iam, orgpolicy, roles, serviceusage
from keyward.emulator.accountkeys import routes as accountkeys
from keyward.emulator.accountkeys.credentials import NOWHERE
from keyward.emulator.accountkeys.holes import Holes
from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.apikeys import routes as apikeys
from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.auditlog import routes as auditlog
from keyward.emulator.auditlog.state import AuditLog
from keyward.emulator.authentications import Authentications
from keyward.emulator.budgets import Budgets
from keyward.emulator.cloudasset import routes as cloudasset
from keyward.emulator.control import Control
from keyward.emulator.environment import environment
from keyward.emulator.frontdoor import FrontDoor
from keyward.emulator.httpserver import HttpServer
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.monitoring import routes as monitoring
from keyward.emulator.monitoring.alerting import Alerting
from keyward.emulator.monitoring.scopes import MetricsScopes
from keyward.emulator.policyanalyzer import routes as policyanalyzer
from keyward.emulator.resourcemanager import routes as resourcemanager
from keyward.emulator.resourcemanager.tree import Tree
from keyward.emulator.roles import CustomRoles
from keyward.emulator.routing import Router
from keyward.emulator.schema import Schemas
from keyward.emulator.secretmanager import rest as secretmanager
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.storage import routes as storage
from keyward.emulator.storage.state import HmacKeys
from keyward.emulator.tokens import impersonation
from keyward.emulator.tokens import routes as tokens
from keyward.emulator.tokens.state import Tokens
from keyward.emulator.usage import Usage
from keyward.emulator.world import World

if TYPE_CHECKING:
    from keyward.emulator.secretmanager.grpcserver import GrpcServer

VALIDATE = "KEYWARD_EMULATOR_VALIDATE"
"""Set to 1 to check every answer against Google's discovery documents."""

_SAVE_SECONDS = 0.25
_SERVICES = (
    apikeys,
    secretmanager,
    gemini,
    monitoring,
    resourcemanager,
    orgpolicy,
    iam,
    roles,
    accountkeys,
    policyanalyzer,
    tokens,
    impersonation,
    storage,
    auditlog,
    serviceusage,
    cloudasset,
    billing,
    budgets,
)
_STATES = (
    AccountKeys,
    Alerting,
    ApiKeys,
    AuditLog,
    Authentications,
    Book,
    Budgets,
    CustomRoles,
    HmacKeys,
    Holes,
    MetricsScopes,
    ServiceAccounts,
    Tokens,
    Tree,
    Usage,
)


class Emulator:
    """An emulated Google Cloud on loopback; use it as a context manager or call `start` and `stop`.

    Args:
        world: the state; None makes an empty one.
        port: HTTP port; 0 picks a free one.
        grpc_port: gRPC port of Secret Manager; 0 picks a free one, None serves no gRPC (and saves its import).
        validate: check every answer against Google's documents; None asks the variable `KEYWARD_EMULATOR_VALIDATE`.
        project: the default project that `environment` names.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        port: int = 0,
        grpc_port: int | None = 0,
        validate: bool | None = None,
        project: str = "demo-project",
    ) -> None:
        self.world = world or World()
        for kind in _STATES:
            # Made now, so that a dump shows every service, also the untouched ones.
            self.world.state(kind)
        self.project = project
        self._ports = (port, grpc_port)
        self._done = threading.Event()
        self._saver = threading.Thread(target=self._keep_saving, name="emulator-snapshot", daemon=True)
        self._http: HttpServer | None = None
        self._grpc: GrpcServer | None = None
        router = Router()
        for service in _SERVICES:
            router.add(*service.routes())
        check = os.environ.get(VALIDATE) == "1" if validate is None else validate
        control = Control(self.world, lambda: self.violations)
        self._door = FrontDoor(self.world, router, control.answer, Schemas(), validate=check)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Base URL of all HTTP services, with a trailing slash.

        Raises:
            RuntimeError: not started.
        """
        if self._http is None:
            raise RuntimeError("the emulator is not running")
        return f"http://127.0.0.1:{self._http.port}/"

    @property
    def grpc_target(self) -> str:
        """`host:port` of Secret Manager over gRPC; empty where it is not served."""
        return f"127.0.0.1:{self._grpc.port}" if self._grpc else ""

    @property
    def violations(self) -> list[dict[str, Any]]:
        """Answers that broke Google's schema, and bugs met in handlers, with `rpc` and `problem`."""
        return self._door.violations

    def environment(self) -> dict[str, str]:
        """Give the variables that send gcloud, the Python clients and keyward here."""
        return environment(self.url, self.grpc_target, self.project)

    def start(self) -> None:
        """Open the ports and begin to answer.

        Raises:
            OSError: a port is taken.
        """
        port, grpc_port = self._ports
        self._http = self._listen(port)
        self._move(self.url)
        if grpc_port is not None:
            from keyward.emulator.secretmanager.grpcserver import GrpcServer  # half a second of import

            try:
                self._grpc = GrpcServer(self.world, grpc_port)
            except RuntimeError as error:
                self._http.stop()
                raise OSError(f"cannot serve gRPC on port {grpc_port}: {error}") from error
            self._grpc.start()
        self._http.start()
        if self.world.file:
            self._saver.start()

    def _listen(self, port: int) -> HttpServer:
        """Take the port; where none is asked for, the one that a continued world had, if it is free."""
        before = urlsplit(self.world.url).port if self.world.url else None
        if not port and before:
            with contextlib.suppress(OSError):
                return HttpServer(self._door.answer, before)
        return HttpServer(self._door.answer, port)

    def _move(self, url: str) -> None:
        """Let the files of service account keys in secrets name this address: Google's own never changes either."""
        world, old = self.world, f"{self.world.url or NOWHERE}token".encode()
        with world.lock:
            if world.url != url:
                world.state(Book).rewrite(lambda payload: payload.replace(old, f"{url}token".encode()))
                world.url, world.dirty = url, True

    def stop(self) -> None:
        """Close the ports, end all connections and write the snapshot."""
        self._done.set()
        self.world.faults.let_go()
        if self._http:
            self._http.stop()
        if self._grpc:
            self._grpc.stop()
        if self._saver.is_alive():
            self._saver.join()
        self.world.save()

    def _keep_saving(self) -> None:
        while not self._done.wait(_SAVE_SECONDS):
            if self.world.dirty:
                self.world.save()
