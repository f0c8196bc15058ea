"""Secret Manager alone on loopback, and the official Python client on both transports."""

import contextlib
from datetime import UTC, datetime

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
    SecretManagerServiceRestTransport,
)

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.errors import refuse
from keyward.emulator.frontdoor import FrontDoor
from keyward.emulator.httpserver import HttpServer
from keyward.emulator.routing import Router
from keyward.emulator.schema import Schemas
from keyward.emulator.secretmanager.grpcserver import GrpcServer
from keyward.emulator.secretmanager.rest import routes
from keyward.emulator.world import World

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Serving:
    """A world with a standing clock, its two servers and the addresses of them."""

    def __init__(self, stack, **behaviour):
        self.world = World(seed=7, clock=Clock(START, rate=0), behaviour=quick(**behaviour))
        router = Router()
        router.add(*routes())
        self.door = FrontDoor(self.world, router, _no_control, Schemas(), validate=True)
        http, grpc_server = HttpServer(self.door.answer), GrpcServer(self.world)
        for server in (http, grpc_server):
            server.start()
            stack.callback(server.stop)
        self.url = f"http://127.0.0.1:{http.port}"
        self.http, self.grpc = f"127.0.0.1:{http.port}", f"127.0.0.1:{grpc_server.port}"
        self._stack = stack

    def client(self, transport):
        if transport == "grpc":
            channel = self._stack.enter_context(grpc.insecure_channel(self.grpc))
            carrier = SecretManagerServiceGrpcTransport(channel=channel)
        else:
            carrier = SecretManagerServiceRestTransport(
                host=self.http, credentials=AnonymousCredentials(), url_scheme="http"
            )
            self._stack.callback(carrier.close)
        return secretmanager_v1.SecretManagerServiceClient(transport=carrier)


def _no_control(request):
    raise refuse("NOT_FOUND", request.path)


@contextlib.contextmanager
def serving(**behaviour):
    """The servers for as long as the block runs; no answer may break Google's schema."""
    with contextlib.ExitStack() as stack:
        running = Serving(stack, **behaviour)
        yield running
        assert running.door.violations == []
