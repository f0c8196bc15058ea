"""A machine with an emulated cloud, a folder of env files and a ledger, to scan; and the smallest honest provider and store."""

import json
from dataclasses import replace
from datetime import timedelta

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.faults import Fault
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.planting import plant_secret, plant_version
from keyward.emulator.secretmanager.resources import Parent
from keyward.inventory.cache import CacheReader
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.listing import inventory
from keyward.inventory.scan import ProviderSource, ScanRequest, StoreSource, scan
from keyward.ledger.opening import open_ledger
from keyward.model.capability import Can, CrashClass
from keyward.model.credential import Credential, Kind, State
from keyward.model.errors import Gone
from keyward.model.fingerprint import FingerprintKey
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo, Version
from keyward.providers.google_api_keys import provider
from keyward.stores.env_files import store as env_files
from keyward.stores.gsm import store as secret_manager
from keyward.stores.interface import NOTHING_KNOWN
from tests.parts.cloud import emulator_ctx, surroundings

PROJECT = "acme"
KEY = FingerprintKey("test-key", Secret(bytes(range(32))))


class Machine:
    """One user's machine with one emulated cloud."""

    def __init__(self, emulator, folder):
        self.emulator = emulator
        self.world = emulator.world
        self.work = folder / "work"
        self.work.mkdir()
        self.cache_file = folder / "cache" / "inventory.db"
        self.around = surroundings(emulator.environment(), folder)
        self.provider, self.gsm, self.env = provider(self.around), secret_manager(self.around), env_files(self.around)
        self.events = []
        self.ctx = replace(emulator_ctx(emulator), report=self.events.append)
        self.project = emulator.world.project(PROJECT)
        self.ledger = open_ledger(
            folder / "state" / "ledger.db", world="test", create=True, chain_key=Secret(b"c" * 32)
        )
        self.warnings = []

    def close(self):
        self.ledger.close()
        self.around.close()

    def plant_key(self, name="a key", days=100, project=PROJECT, **more):
        born = self.world.clock.now() - timedelta(days=days)
        place = self.world.project(project)
        return self.world.state(ApiKeys).plant(place, display_name=name, create_time=born, **more)

    def plant_secret(self, name, *payloads, project=PROJECT, states=(), **fields):
        book, then = self.world.state(Book), self.world.clock.now() - timedelta(days=50)
        secret = plant_secret(book, Parent(str(self.world.project(project).number)), name, then, **fields)
        for number, payload in enumerate(payloads):
            data = payload if isinstance(payload, bytes) else payload.encode()
            plant_version(book, secret, data, then, states[number] if states else "ENABLED")
        return secret

    def file(self, name, text):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def request(self, *, values=True, projects=(PROJECT,), **more):
        providers = tuple(ProviderSource(self.provider, one, values) for one in projects)
        clouds = tuple(StoreSource(self.gsm, one, values) for one in projects)
        return ScanRequest(
            providers, (*clouds, StoreSource(self.env, str(self.work), values=True)), host="here", **more
        )

    def scan(self, request=None, *, ctx=None, ledger=True, **more):
        cache = CacheWriter(self.cache_file, "test", self.warnings.append)
        try:
            ours = self.ledger if ledger else None
            return scan(request or self.request(**more), cache, ctx or self.ctx, fingerprints=KEY, ledger=ours)
        finally:
            cache.close()

    def reader(self):
        return CacheReader(self.cache_file, "test", self.warnings.append)

    def document(self, **more):
        return document(self.cache_file, self.ctx.now, **more)

    def placed(self):
        """(key, secret, version, part, role) of every placement."""
        return {
            (str(one.credential), str(one.at.secret), one.at.version, one.at.part, one.role.value)
            for one in self.reader().placements()
        }

    def calls(self, *rpcs, since=0):
        log = self.world.log.since(0)[since:]
        return [one for one in log if not rpcs or one["rpc"].endswith(rpcs)]

    def fault(self, rpc, **how):
        self.world.faults.add(Fault(rpc=f"{rpc}$", **how))

    @staticmethod
    def id(key, project=PROJECT):
        return f"google-api-keys:{project}/{key.uid}"


def document(path, now, **more):
    """The JSON document, parsed."""
    return json.loads("".join(inventory(CacheReader(path), now, **more)))


def made_up(number, **fields):
    """A made-up credential of the provider `fake`."""
    ref = CredentialRef("fake", "place", (f"key-{number}",))
    return Credential(**{"ref": ref, "kind": Kind.TOKEN, "state": State.ACTIVE, "uid": f"key-{number}", **fields})


class FakeProvider:
    """Lists what it is given; an exception in the list is raised when its turn comes."""

    name, crash = "fake", CrashClass.PERSON

    def __init__(self, *rows, can=frozenset({Can.LIST})):
        self.rows, self.can = rows, can

    def list(self, scope, ctx):
        for row in self.rows:
            ctx.check()
            if isinstance(row, Exception):
                raise row
            yield row() if callable(row) else row


class FakeStore:
    """Secrets with one lasting version each, from a mapping of names to payloads; an exception as payload is raised on reading."""

    name, can = "fakestore", frozenset({Can.LIST, Can.READ})

    def __init__(self, payloads):
        self.payloads = payloads
        self.read_names = []

    def list(self, scope, ctx, *, known=NOTHING_KNOWN):
        for name in self.payloads:
            ctx.check()
            yield self.get(SecretRef(self.name, (scope, name), scope), ctx)

    def get(self, ref, ctx, *, versions=True):
        return SecretInfo(ref, current="1", versions=(Version("1"),), immutable_versions=True)

    def read(self, ref, ctx, version=None):
        self.read_names.append(ref.name)
        data = self.payloads.get(ref.name)
        if data is None:
            raise Gone(f"no {ref}")
        if isinstance(data, Exception):
            raise data
        return Payload(Secret(data), "1", "1")
