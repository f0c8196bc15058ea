"""The official Secret Manager client on a running emulator, over both transports."""

import contextlib

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import secretmanager_v1
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
    SecretManagerServiceRestTransport,
)

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.server import Emulator
from keyward.emulator.world import World
from tests.parts.emulator import START


class Serving:
    """A running emulator and clients that end with it."""

    def __init__(self, emulator, stack):
        self.emulator, self.world = emulator, emulator.world
        self._stack = stack

    def client(self, transport):
        if transport == "grpc":
            channel = self._stack.enter_context(grpc.insecure_channel(self.emulator.grpc_target))
            carrier = SecretManagerServiceGrpcTransport(channel=channel)
        else:
            host = self.emulator.url.removeprefix("http://").rstrip("/")
            carrier = SecretManagerServiceRestTransport(
                host=host, credentials=AnonymousCredentials(), url_scheme="http"
            )
            self._stack.callback(carrier.close)
        return secretmanager_v1.SecretManagerServiceClient(transport=carrier)


@contextlib.contextmanager
def serving(**behaviour):
    """An emulator with a standing clock for as long as the block runs; no answer may break Google's schema."""
    world = World(seed=7, clock=Clock(START, rate=0), behaviour=quick(**behaviour))
    with contextlib.ExitStack() as stack:
        emulator = stack.enter_context(Emulator(world, validate=True))
        yield Serving(emulator, stack)
        assert emulator.violations == []
