"""The provider of service account keys against the emulator, through the discovery client and real HTTP."""

from dataclasses import replace

import pytest

from keyward.providers.google_sa_keys import provider
from keyward.providers.interface import Marker, Want
from tests.contract.providers import Bench, ProviderContract
from tests.parts.accounts import make_account
from tests.parts.cloud import emulator_ctx, surroundings


class SaBench(Bench):
    def want(self, **more):
        return Want(self.scope, bound_identity=f"runner@{self.scope}.iam.gserviceaccount.com", **more)

    def create(self, rotation="r1", attempt=1):
        want = self.want()
        material = self.provider.material(want, self.ctx)
        return self.provider.create(want, Marker(rotation, attempt), self.ctx, material=material)


@pytest.fixture
def bench(make_emulator, tmp_path):
    emulator = make_emulator(grpc=False)
    make_account(emulator.world, project="acme-dev")
    emulator.world.new_project("acme-closed", denied={"iam.*", "monitoring.*"})
    around = surroundings(emulator.environment(), tmp_path)
    found = SaBench(provider(around), emulator_ctx(emulator), "acme-dev", "acme-closed", plain=True)
    yield replace(found, nobody=("runner@acme-dev.iam.gserviceaccount.com", "0" * 40))
    around.close()


class TestGoogleServiceAccountKeys(ProviderContract):
    pass
