"""What can somebody do who writes the ledger's database, or the home store, but has no fingerprint key? Have keyward stop, nothing else.

Rows are edited behind its back: to have a value written elsewhere, another key revoked, a pending secret made or removed somewhere else.
"""

import json
import sqlite3

import pytest

from keyward.emulator.faults import Fault
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.planting import plant_version
from keyward.emulator.secretmanager.resources import Parent
from keyward.providers.google_sa_keys import material
from tests.cli.conftest import changes_in
from tests.parts.accounts import key_ref, keys_of, make_account, plant_key
from tests.parts.scene import PROJECT, Scene

LOOT = "gsm:acme-evil/loot"
ACCEPTED = (
    "INSERT INTO target (target, actor, at, how) VALUES (?, 'somebody', '2026-01-01T00:00:00.000000Z', 'enrolled')"
)


class Attacked:
    """A rotation that waits between its cut-over and the end of the overlap, and an attacker's own project with an empty secret."""

    def __init__(self, scene):
        self.scene = scene
        self.key, self.other = scene.key("app"), scene.key("other")
        self.file = scene.env(".env", f"KEY={self.key.key_string}\n")
        scene.secret("loot", project="acme-evil")
        assert scene.keyward("scan", scene.work).status == 0
        done = scene.keyward("rotate", scene.key_id(self.key), "--accept-targets", "--yes", "--reason", "trial")
        assert done.status == 0, done.err
        self.before = self.file.read_text()

    def edit(self, change, *statements):
        """Edit the row's data, as one who can write the database."""
        with sqlite3.connect(self.scene.home / "state" / "ledger.db") as ledger:
            ((rotation, text),) = ledger.execute("SELECT id, data FROM rotation").fetchall()
            data = json.loads(text)
            change(data)
            ledger.execute("UPDATE rotation SET data = ?, due = NULL", (json.dumps(data),))
            for statement, *values in statements:
                ledger.execute(statement, values)
        ledger.close()
        return rotation

    def stopped(self, *said):
        """Neither a resume nor an unattended run nor an undo does anything."""
        self.scene.world.clock.advance(10 * 86400)
        live, seen = self.scene.live(), len(self.scene.log())
        for words in (("resume",), ("rotate", "--due", "--yes", "--verbose"), ("undo", self.rotation, "--yes")):
            done = self.scene.keyward(*words)
            told = done.out + done.err
            assert done.status != 0, (words, told)
            assert "Traceback" not in told
            assert "unexpected error" not in told
            for one in said:
                assert one in told, (words, told)
        assert changes_in(self.scene.log()[seen:]) == []
        assert "acme-evil" not in json.dumps(self.scene.log()[seen:])
        assert self.scene.live() == live
        assert self.file.read_text() == self.before
        assert self.scene.versions("loot", "acme-evil") == []


@pytest.fixture
def attacked(tmp_path):
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        yield Attacked(scene)


def test_a_target_that_points_elsewhere_is_not_written(attacked):
    def change(data):
        data["targets"] = [
            {**data["targets"][0], "at": LOOT, "scope": "acme-evil", "host": "", "status": "todo", "fresh": True}
        ]
        data["cutover"] = data["overlap_until"] = None

    distributing = ("UPDATE rotation SET state = 'distributing'",)
    attacked.rotation = attacked.edit(change, distributing, (ACCEPTED, LOOT))  # accepted in the table, not in the trail
    attacked.stopped("nobody accepted", LOOT, "audit verify")


def test_another_key_is_not_revoked(attacked):
    def change(data):
        data["old"] = {**data["old"], "id": attacked.scene.key_id(attacked.other), "uid": attacked.other.uid}
        data["policy"] = {**data["policy"], "retire": "now"}

    attacked.rotation = attacked.edit(change)
    attacked.stopped("is not the one that was begun")


@pytest.mark.parametrize(
    "where", ["gsm:acme-evil/keyward-pending-{}", "gsm:acme-prod/keyward-pending-other", "gsm:acme-prod/app", "x"]
)
def test_a_pending_secret_elsewhere_is_not_used(attacked, where):
    attacked.rotation = attacked.edit(lambda _: None)
    attacked.edit(lambda data: data.update(slot=where.format(attacked.rotation)))
    attacked.stopped("is not its pending secret")


def test_a_rotation_that_was_never_begun_is_not_gone_on_with(attacked):
    made_up = "01zzzzzzzzzzzzzzzzzzzzzzzz"
    attacked.rotation = attacked.edit(lambda _: None, ("UPDATE rotation SET id = ?", made_up))
    attacked.rotation = made_up
    attacked.stopped("the audit trail does not know it")


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"old": {"id": 7}}', "{", '"\\u001b]0;owned"'])
def test_a_row_that_cannot_be_read_is_told_plainly(attacked, text):
    with sqlite3.connect(attacked.scene.home / "state" / "ledger.db") as ledger:
        ledger.execute("UPDATE rotation SET data = ?", (text,))
    ledger.close()
    for words in (("resume",), ("history",), ("status",), ("rotate", "--due", "--yes"), ("due",), ("doctor",)):
        done = attacked.scene.keyward(*words)
        told = done.out + done.err
        assert "Traceback" not in told, (words, told)
        assert "unexpected error" not in told, (words, told)
        assert "\x1b" not in told
    assert attacked.file.read_text() == attacked.before


def _pending(scene):
    """The pending secret in the cloud, as the emulator keeps it."""
    book, number = scene.world.state(Book), scene.world.known(PROJECT).number
    (found,) = [
        one for one in book._secrets[Parent(str(number))].values() if one.secret_id.startswith("keyward-pending-")
    ]
    return book, found


def _forged(rotation, replaces):
    return {"keyward": 1, "rotation": rotation, "replaces": replaces, "material": material.make().reveal_text()}


@pytest.mark.parametrize("attack", ["forged", "replayed", "garbage", "nested"])
def test_material_that_somebody_planted_is_never_uploaded(tmp_path, attack):
    """He can add versions in the home project, sees the rotation's id in the name, and wants a key of the account whose half he has."""
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        account = make_account(scene.world, "robot")
        key, text = plant_key(scene.world, account)
        scene.secret("robot", text)
        assert scene.keyward("scan", "--values", "all").status == 0
        scene.world.faults.add(Fault(path="keys:upload", times=-1, status="UNAVAILABLE"))
        scene.world.clock.set_rate(60)  # it is tried several times, with pauses
        scene.keyward("rotate", key_ref(key), "--accept-targets", "--yes", "--reason", "trial", timeout=300)
        scene.world.clock.set_rate(1)
        book, pending = _pending(scene)
        rotation = pending.secret_id.removeprefix("keyward-pending-")
        genuine = json.loads(pending.versions[-1].payload)
        assert genuine["material"]
        forged = _forged(rotation, key_ref(key))
        payload = {
            "forged": json.dumps(forged),
            "replayed": json.dumps({**genuine, "material": forged["material"]}),
            "garbage": "\x00" * 100,
            "nested": "[" * 60_000,
        }[attack]
        plant_version(book, pending, payload.encode(), scene.world.clock.now())
        scene.world.faults.clear()
        scene.world.clock.advance(600)
        before, seen = len(keys_of(scene.world, account)), len(scene.log())
        done = scene.keyward("resume")
        assert done.status == 6, done.out + done.err
        assert "holds something that this rotation did not write" in done.out + done.err
        assert not any("keys:upload" in entry["path"] for entry in scene.log()[seen:])
        assert len(keys_of(scene.world, account)) == before
        assert json.loads(scene.current("robot"))["private_key_id"] == key.key_id
