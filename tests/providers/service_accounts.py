"""A cloud with one service account, and the provider of its keys."""

from keyward.emulator.faults import Fault
from keyward.model.ids import CredentialRef
from keyward.providers.google_sa_keys import provider
from keyward.providers.interface import Clues, Marker, Want
from tests.parts.accounts import key_ref, keys_of, make_account, plant_key
from tests.parts.cloud import emulator_ctx, surroundings

PROJECT = "acme-prod"
KEYS = "iam.projects.serviceAccounts.keys"


class Accounts:
    """One account in one project."""

    def __init__(self, emulator, tmp_path):
        self.emulator, self.world = emulator, emulator.world
        self.around = surroundings(emulator.environment(), tmp_path)
        self.provider = provider(self.around)
        self.ctx = emulator_ctx(emulator)
        self.account = make_account(self.world, project=PROJECT)
        self.want = Want(PROJECT, bound_identity=self.account.email)

    @property
    def project(self):
        return self.world.project(PROJECT)

    @property
    def around_endpoints(self):
        from keyward.google.parts import of

        return of(self.around).endpoints

    def policy(self, *constraints, **values):
        self.project.policies |= {name: {"rules": [{"enforce": True}]} for name in constraints}
        self.project.policies |= values

    def plant(self, **more):
        key, text = plant_key(self.world, self.account, **more)
        return CredentialRef.parse(key_ref(key)), text

    def upload(self, rotation="r1", material=None):
        staged = material or self.provider.material(self.want, self.ctx)
        return staged, self.provider.create(self.want, Marker(rotation), self.ctx, material=staged)

    def create(self, rotation="r1"):
        return self.provider.create(self.want, Marker(rotation), self.ctx)

    def own(self, rotation="r1", **clues):
        return [one.uid for one in self.provider.own(self.want, Marker(rotation), self.ctx, Clues(**clues))]

    def suspects(self, rotation="r1", **clues):
        return [one.uid for one in self.provider.suspects(self.want, Marker(rotation), self.ctx, Clues(**clues))]

    def live(self):
        return [key.key_id for key in keys_of(self.world, self.account)]

    def fault(self, rpc, **how):
        self.world.faults.add(Fault(rpc=f"{rpc}$", **how))

    def requests(self, rpc):
        return [one for one in self.world.log.since(0) if one["rpc"].endswith(rpc)]

    def ready(self):
        return {one.what: one for one in self.provider.preflight(self.want, self.ctx)}
