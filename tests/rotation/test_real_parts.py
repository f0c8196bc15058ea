"""The engine on real parts: the emulated Google over sockets, Secret Manager, env files, a keyring, a SQLite ledger."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.faults import Fault
from keyward.ledger.opening import open_with_key
from keyward.ledger.owner import this_process
from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.capability import Can
from keyward.model.credential import State
from keyward.model.errors import Exit, NeedsPerson
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.parts import all_values
from keyward.model.placement import Placement, Role
from keyward.providers.google_api_keys import provider
from keyward.rotation.engine import Engine
from keyward.rotation.history import history
from keyward.rotation.outcome import Until
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.reach import Coverage, Reach
from keyward.settings.lists import EnvFolder
from keyward.stores import env_files, gsm, os_keyring
from tests.parts.cloud import surroundings
from tests.parts.emulator import emulator, make_emulator
from tests.parts.secrets import Outsider
from tests.parts.small_keyring import NAME, Keyring

__all__ = ["emulator", "make_emulator"]

PROJECT = "acme-dev"
GEMINI = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}
MAPS = {"apiTargets": [{"service": "maps-backend.googleapis.com"}]}


class Real:
    """A user's machine and an emulated cloud whose time only waiting moves."""

    def __init__(self, emulator, tmp_path, monkeypatch):
        self.emulator, self.tmp_path = emulator, tmp_path
        self.clock = emulator.world.clock
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", NAME)
        monkeypatch.setattr(Keyring, "entries", {})
        self.folder = tmp_path / "work"
        self.folder.mkdir()
        variables = {**emulator.environment(), "PYTHON_KEYRING_BACKEND": NAME}
        self.around = surroundings(
            variables, tmp_path, **{"env": [EnvFolder(self.folder, 3)], "keyring.services": ["*"]}
        )
        self.google = provider(self.around)
        stores = (gsm.store(self.around), env_files.store(self.around), os_keyring.store(self.around))
        self.stores = {store.name: store for store in stores}
        self.outsider = Outsider(emulator, PROJECT)
        self.project = emulator.world.new_project(PROJECT)
        self.state = tmp_path / "ledger"
        self.state.mkdir(mode=0o700)
        self.ledger, self.fingerprints = open_with_key(self.state / "ledger.db", world="emulator:test", create=True)
        self.known: list[SecretRef] = []

    def plant(self, name="app", restrictions=GEMINI):
        born = self.clock.now() - timedelta(days=200)
        place = self.emulator.world.state(ApiKeys)
        key = place.plant(self.project, display_name=name, create_time=born, restrictions=restrictions)
        return key, CredentialRef("google-api-keys", PROJECT, (key.uid,))

    def env(self, name, text):
        file = self.folder / name
        file.write_text(text)
        file.chmod(0o600)
        self.known.append(SecretRef("env", (str(file),), str(self.folder)))
        return file

    def secret(self, name, payload, **settings):
        self.outsider.create(name, **settings)
        self.outsider.add(name, payload.encode())
        self.known.append(SecretRef("gsm", (PROJECT, name), PROJECT))

    def ring(self, service, user, value):
        Keyring.entries[service, user] = value
        self.known.append(SecretRef("keyring", (service, user), service))

    def ctx(self):
        from keyward.model.context import Ctx

        def wait(seconds):
            self.clock.advance(seconds)
            return True

        return Ctx(clock=self.clock.now, wait=wait)

    def look(self, credential):
        """What a scan of these secrets finds."""
        found = []
        for ref in self.known:
            store = self.stores[ref.store]
            payload = store.read(ref, self.ctx())
            host = "testhost" if Can.LOCAL in store.can else ""
            found += [
                Placement(ref.at(payload.version, part.name), credential.ref, Role.CURRENT, host=host)
                for part in all_values(payload.data.reveal(), payload.hint)
                if self.fingerprints.fingerprint(part.value) == credential.fingerprint
            ]
        return Coverage(tuple(found))

    def engine(self):
        reach = Reach(
            providers={"google-api-keys": self.google},
            stores=self.stores,
            ledger=self.ledger,
            fingerprints=self.fingerprints,
            ctx=self.ctx(),
            owner=this_process("testhost"),
            host="testhost",
            actor="tester",
            look=self.look,
        )
        return Engine(reach)

    def live(self):
        keys = self.emulator.world.state(ApiKeys).keys(self.project.number).values()
        return {key.key_string for key in keys if not key.delete_time}

    def close(self):
        self.ledger.close()
        self.around.close()


NOW = Policy(
    grace=timedelta(0), retire=Retire.NOW, reason="trial", accept_targets=True, yes=True, refresh=timedelta(minutes=1)
)


@pytest.fixture
def real(make_emulator, tmp_path, monkeypatch):
    one = Real(make_emulator(rate=0, fresh_seconds=(20.0, 60.0), ghost_standard=(480.0, 1380.0)), tmp_path, monkeypatch)
    yield one
    one.close()


@pytest.fixture
def placed(real):
    """One key in three kinds of store."""
    key, ref = real.plant()
    real.secret("web", json.dumps({"gemini": key.key_string, "port": 8080}, indent=1) + "\n")
    file = real.env(".env", f"# the app\nexport GEMINI_API_KEY='{key.key_string}' # here\nPORT=1\r\n")
    real.ring("app", "me", key.key_string)
    return real, key, ref, file


def test_all_three_kinds_of_store_in_the_shape_found(placed):
    real, key, ref, file = placed
    engine = real.engine()
    plan = engine.plan([ref], NOW)
    assert plan.ready, plan.keys[0].blockers
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.DONE, outcome
    (value,) = real.live()
    assert value != key.key_string
    assert file.read_bytes() == f"# the app\nexport GEMINI_API_KEY='{value}' # here\nPORT=1\r\n".encode()
    assert real.outsider.read("web").decode() == json.dumps({"gemini": value, "port": 8080}, indent=1) + "\n"
    assert real.outsider.state("web", "1") == "DISABLED"
    assert Keyring.entries["app", "me"] == value
    assert sorted(path.name for path in real.folder.iterdir()) == [".env"]
    new = real.google.get(CredentialRef.parse(outcome.successor), real.ctx())
    assert new.restrictions == real.google.get(ref, real.ctx()).restrictions
    row = real.ledger.rotation(outcome.rotation)
    found = history(real.ledger, row)
    assert found.rotation.confirmed.startswith("dead: ")
    assert found.undo_until is not None
    assert real.ledger.verify_chain()[1] is None
    raw = (real.state / "ledger.db").read_bytes() + (real.state / "ledger.db-wal").read_bytes()
    assert value.encode() not in raw
    assert key.key_string.encode() not in raw


def test_a_copy_made_afterwards_is_new(placed):
    real, _, ref, _ = placed
    engine = real.engine()
    (outcome,) = engine.run(engine.plan([ref], NOW), until=Until.DEAD)
    (value,) = real.live()
    real.env("copy.env", f"COPY={value}\n")
    real.clock.advance(60)
    engine = real.engine()
    plan = engine.plan([CredentialRef.parse(outcome.successor)], NOW)
    assert plan.exit_code is Exit.NEEDS_PERSON
    assert [place.at.rpartition("/")[2] for place in plan.keys[0].places if place.new] == ["copy.env#COPY"]
    with pytest.raises(NeedsPerson):
        engine.run(plan)
    assert len(real.live()) == 1


def test_undo_after_the_end(placed):
    real, key, ref, file = placed
    engine = real.engine()
    (outcome,) = engine.run(engine.plan([ref], NOW), until=Until.DEAD)
    (undone,) = real.engine().undo(outcome.rotation, "wrong key", wait=True)
    assert undone.state is RotationState.ABORTED, undone
    assert real.live() == {key.key_string}
    assert key.key_string in file.read_text()
    assert key.key_string in real.outsider.read("web").decode()
    assert Keyring.entries["app", "me"] == key.key_string
    assert real.google.get(ref, real.ctx()).state is State.ACTIVE


def test_a_key_that_is_only_recognised(real):
    key, ref = real.plant(restrictions=MAPS)
    file = real.env(".env", f"MAPS={key.key_string}\n")
    engine = real.engine()
    (outcome,) = engine.run(engine.plan([ref], NOW), until=Until.DEAD)
    assert outcome.state is RotationState.DONE, outcome
    (value,) = real.live()
    assert file.read_text() == f"MAPS={value}\n"


def test_a_pinned_version_stops_retirement(real):
    key, ref = real.plant()
    real.secret("pin", key.key_string)
    real.outsider.patch("pin", "versionAliases", versionAliases={"stable": "1"})
    real.outsider.add("pin", key.key_string.encode())
    engine = real.engine()
    (outcome,) = engine.run(engine.plan([ref], NOW), until=Until.DEAD)
    assert (outcome.waiting_on, outcome.exit_code) == (WaitingOn.PERSON, Exit.NEEDS_PERSON)
    assert key.key_string in real.live()
    real.outsider.patch("pin", "versionAliases", versionAliases={"stable": "3"})
    (outcome,) = real.engine().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.state is RotationState.DONE


def test_an_alias_of_the_current_version_moves_along(real):
    key, ref = real.plant()
    real.secret("app", key.key_string)
    real.outsider.patch("app", "versionAliases", versionAliases={"live": "1"})
    engine = real.engine()
    (outcome,) = engine.run(engine.plan([ref], NOW), until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    assert real.outsider.read("app", "live").decode() in real.live()


@pytest.mark.parametrize("rpc", ["keys.create", "keys.delete", "addVersion"])
def test_a_lost_answer(placed, rpc):
    real, _, ref, _ = placed
    real.emulator.world.faults.add(Fault(rpc=f"{rpc}$", after=True, times=1))
    engine = real.engine()
    (outcome,) = engine.run(engine.plan([ref], NOW), until=Until.DEAD)
    assert outcome.state is RotationState.DONE, outcome
    assert real.emulator.world.faults.strike("", "", "", rpc) is None
    (value,) = real.live()
    assert json.loads(real.outsider.read("web"))["gemini"] == value


def test_two_keys_in_one_secret(real):
    one, first = real.plant("one", GEMINI)
    two, second = real.plant("two", GEMINI)
    real.secret("both", json.dumps({"one": one.key_string, "two": two.key_string}))
    engine = real.engine()
    outcomes = engine.run(engine.plan([first, second], NOW), until=Until.DEAD)
    assert [outcome.state for outcome in outcomes] == [RotationState.DONE] * 2
    assert real.outsider.versions("both") == ["2", "1"]
    assert set(json.loads(real.outsider.read("both")).values()) == real.live()
    (undone,) = real.engine().undo(outcomes[0].rotation, "wrong", wait=True)
    held = json.loads(real.outsider.read("both"))
    assert undone.state is RotationState.ABORTED
    assert held["one"] == one.key_string
    assert set(held.values()) == real.live()


def test_a_plan_sends_no_change(placed):
    real, _, ref, file = placed
    before, text = len(real.emulator.world.log.since(0)), Path(file).read_bytes()
    real.engine().plan([ref], NOW)
    sent = real.emulator.world.log.since(0)[before:]
    assert sent
    writes = {"create", "delete", "patch", "undelete", "addVersion", "disable", "enable", "destroy"}
    assert {entry["rpc"].rpartition(".")[2] for entry in sent} & writes == set()
    assert Path(file).read_bytes() == text
    assert real.ledger.rotations() == []
    assert list(real.ledger.events()) == []
