"""Reading without a database library tells the same, and changes nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keyward.ledger.reading import ReadOnlyLedger
from keyward.ledger.records import ProbeRow, RotationState, TargetRow
from keyward.model.errors import AmbiguousKey
from tests.ledger.conftest import NOW, event, later, placement, rotation


@pytest.fixture
def filled(ledger):
    rows = [
        rotation(11, "a", group="g", due=later(hours=1)),
        rotation(12, "b", RotationState.DONE, group="g"),
        rotation(20, "c", RotationState.OVERLAP, due=later(hours=5)),
    ]
    for row in rows:
        ledger.open_rotation(row, [event("state", row.id)], lease_seconds=60, owner="one")
    ledger.append([event(detail={"n": number}) for number in range(700)])
    ledger.accept([TargetRow("env:/x#y", "me", NOW, "asked")])
    ledger.see("gsm:acme", "", [placement(), placement("gsm:acme/x", "a")], NOW, complete=True)
    ledger.see("gsm:acme", "", [placement()], later(days=1), complete=True)
    return ledger


def test_both_tell_the_same(filled, backend):
    with backend.reading(world="emulator:test") as found:
        for ask in (
            lambda it: it.rotations(),
            lambda it: it.rotations(open_only=True),
            lambda it: it.rotations(group="g"),
            lambda it: it.rotations(credential="c", open_only=True),
            lambda it: it.rotation("0" * 24 + "2"),
            lambda it: it.rotation("nothing"),
            lambda it: it.rotation(""),
            lambda it: list(it.events()),
            lambda it: list(it.events(rotation="0" * 24 + "12")),
            lambda it: list(it.events(after=600)),
            lambda it: it.targets(),
            lambda it: it.placements(),
            lambda it: it.placements(include_gone=True),
            lambda it: it.placements(credential="a", include_gone=True),
            lambda it: it.meta("world"),
            lambda it: it.metas("s"),
            lambda it: it.meta("nothing"),
        ):
            assert ask(found) == ask(filled)
        with pytest.raises(AmbiguousKey):
            found.rotation("0" * 24 + "1")
        assert found.current


def test_the_last_answer_of_each_key_counts_and_a_try_without_one_does_not(filled, backend):
    rows = [
        ProbeRow("a", later(hours=2), "works", "200"),
        ProbeRow("a", later(hours=1), "blocked", "403, as leaked"),
        ProbeRow("b", NOW, "works", "200"),
        ProbeRow("b", NOW, "blocked", "403"),
        ProbeRow("b", later(hours=3), "unreachable", "nobody there"),
        ProbeRow("c", NOW, "unproved", "401"),
    ]
    for row in rows:
        filled.probe(row)
    with backend.reading(world="emulator:test") as found:
        assert found.answers() == {"a": rows[0], "b": rows[3]}, "of two at one moment that which was told last"


@pytest.mark.parametrize("module", ["reading", "opening_to_read", "accepted", "postgres_reading"])
def test_nothing_heavy_is_loaded(module):
    program = (
        f"import sys, keyward.ledger.{module}\n"
        "heavy = {'sqlalchemy', 'alembic', 'keyring', 'secretstorage', 'textual', 'google'}\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


ROOT = Path(__file__).parents[2]
ENVIRON = os.environ | {"PYTHONPATH": str(ROOT)}
KILLED = """
import os, signal, sys
from keyward.ledger.opening import open_ledger
from tests.ledger.conftest import CHAIN_KEY, WORLD, event
ledger = open_ledger(sys.argv[1], world=WORLD, chain_key=CHAIN_KEY, create=True)
ledger.append([event()])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_reading_after_a_kill_sees_everything_and_leaves_the_file_as_it_was(place):
    subprocess.run([sys.executable, "-c", KILLED, str(place)], check=False, cwd=ROOT, env=ENVIRON)
    place.with_name("ledger.db-shm").unlink()  # as after a crash of the machine
    before = {name: (place.with_name(name)).read_bytes() for name in ("ledger.db", "ledger.db-wal")}
    assert len(before["ledger.db-wal"]) > 0
    with ReadOnlyLedger(place) as found:
        assert [line.seq for line in found.events()] == [1]
    assert {name: (place.with_name(name)).read_bytes() for name in before} == before
