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

    @pytest.fixture(params=["rest", "grpc", "rest of a region", "grpc of a region"])
    def case(self, request, make_emulator, tmp_path):
        transport, _, of_region = request.param.partition(" ")
        region = "europe-west3" if of_region else ""
        where = ("acme-dev", *filter(None, [region]))
        scope = "@".join(where)
        emulator = make_emulator(grpc=transport == "grpc")
        outsider = Outsider(emulator, "acme-dev", region)
        held = b"KEY=" + CANARY
        outsider.create("web")
        outsider.add("web", held)
        around = surroundings(emulator.environment(), tmp_path)
        ref = SecretRef("gsm", (*where, "web"), scope)
        absent = SecretRef("gsm", (*where, "nothing"), scope)
        yield StoreCase(
            store(around),
            scope,
            ref,
            held,
            absent,
            lambda data: outsider.add("web", data),
            lambda: outsider.read("web"),
            SecretRef("gsm", (*where, "keyward-pending-01jtest"), scope),
        )
        around.close()
