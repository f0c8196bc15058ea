"""What the tests of the engine share: a stage, a ledger, an engine in one process."""

import itertools

import pytest

from keyward.rotation.engine import Engine
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.reach import Reach
from keyward.rotation.sightings import Sightings
from tests.rotation.fake_world import Fingerprints, Stage
from tests.rotation.memory_ledger import MemoryLedger

_lives = itertools.count()


class Play:
    """One stage with its ledger; `life()` is a new process that works on it."""

    def __init__(self, ledger=None, stage=None, hosts=("here",)):
        self.stage = stage or Stage()
        self.hosts = itertools.cycle(hosts)
        self.world = self.stage.world
        self.ledger = ledger or MemoryLedger(self.world)
        self.owner = ""
        self.ids = itertools.count(1)

    def __getstate__(self):
        """Without the process that may be at work."""
        return {**self.__dict__, "owner": ""}

    def life(self):
        """A new process, on the machine whose turn it is: the one before is dead."""
        self.ledger.dead.add(self.owner)
        self.world.crashed = False
        self.owner = f"process-{next(_lives)}"
        stage, host = self.stage, next(self.hosts)
        reach = Reach(
            providers={"fake-keys": stage.keys, "declared": stage.keys},  # what a person made is a declared key
            stores=stage.stores_of(host),
            ledger=self.ledger,
            fingerprints=Fingerprints(),
            ctx=self.world.ctx(),
            owner=self.owner,
            host=host,
            actor="tester",
            identity="tester@example.com",
            world="test",
            look=stage.look_on(host),
            sightings=Sightings(self._seconds),
        )
        return Engine(reach, new_id=lambda _: f"01r{next(self.ids):023d}")

    def _seconds(self):
        return self.world.now.timestamp()

    def plan(self, *names, **policy):
        engine = self.life()
        return engine, engine.plan([self.world.keys[name].ref for name in names or ("old",)], now_policy(**policy))

    def tidy_problems(self):
        """What is wrong at the end: violations, leftovers, values in the ledger."""
        found = list(self.world.violations)
        materials = [key.material for key in self.world.keys.values()]
        text = self.ledger.text()
        found += [f"a value in the ledger: {material[:6]}" for material in materials if material in text]
        found += [f"left behind: {left}" for store in (self.stage.files, self.stage.ring) for left in store.left]
        return found


def now_policy(**changes):
    from datetime import timedelta

    return Policy(
        **{
            "grace": timedelta(minutes=5),
            "refresh": timedelta(minutes=2),
            "retire": Retire.NOW,
            "reason": "trial",
            "accept_targets": True,
            "yes": True,
            **changes,
        }
    )


@pytest.fixture
def play():
    return Play()
