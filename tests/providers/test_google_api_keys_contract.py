"""The provider of Google API keys against the emulator, through the discovery client and real HTTP."""

import pytest

from keyward.model.credential import Restrictions
from keyward.providers.google_api_keys import provider
from tests.contract.providers import Bench, ProviderContract
from tests.parts.cloud import emulator_ctx, surroundings

RAW = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}


@pytest.fixture
def bench(make_emulator, tmp_path):
    emulator = make_emulator(grpc=False)
    emulator.world.new_project("acme-dev")
    emulator.world.new_project("acme-closed", denied={"apikeys.*", "monitoring.*"})
    around = surroundings(emulator.environment(), tmp_path)
    yield Bench(
        provider(around),
        emulator_ctx(emulator),
        "acme-dev",
        "acme-closed",
        Restrictions(("generativelanguage.googleapis.com",), raw=RAW),
    )
    around.close()


class TestGoogleApiKeys(ProviderContract):
    pass
