"""Secret Manager does what every store must do: over REST and over gRPC, with Google's own client library, against the emulator."""

from typing import ClassVar

import pytest

from keyward.model.ids import SecretRef
from keyward.stores.gsm import store
from tests.contract.stores import CANARY, StoreCase, StoreContract
from tests.parts.cloud import surroundings
from tests.parts.secrets import Outsider


class TestSecretManager(StoreContract):
    refused: ClassVar = {"too large": b"x" * 65_537}

    @pytest.fixture(params=["rest", "grpc"])
    def case(self, request, make_emulator, tmp_path):
        emulator = make_emulator(grpc=request.param == "grpc")
        outsider = Outsider(emulator, "acme-dev")
        held = b"KEY=" + CANARY
        outsider.create("web")
        outsider.add("web", held)
        around = surroundings(emulator.environment(), tmp_path)
        ref = SecretRef("gsm", ("acme-dev", "web"), "acme-dev")
        absent = SecretRef("gsm", ("acme-dev", "nothing"), "acme-dev")
        yield StoreCase(
            store(around),
            "acme-dev",
            ref,
            held,
            absent,
            lambda data: outsider.add("web", data),
            lambda: outsider.read("web"),
        )
        around.close()
