"""A swap (class E) goes wrong once, in each way: the vendor's answer to a trial, the keyring, the pending secret, the env file.

The judge is the one of the kill tests: no place ever holds a key that is off. Afterwards the same commands, given again, finish; a key that was
handed in is the one that is everywhere. A few in each run, `-m slow` for all.
"""

import contextlib
import itertools
import json
import os
import shutil
import time

import pytest

from tests.crash.swap import Swap, SwapStage
from tests.crash.zygotes import Zygote
from tests.parts.laptop import Laptop
from tests.parts.need import missing
from tests.parts.secret_service import lock, running, unlock
from tests.parts.vendor import Wrong

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]

ANSWERS = {
    "429 with Retry-After": [Wrong(429, {"retry-after": "2"})],
    "503 burst": [Wrong(503)] * 6,
    "dropped": [Wrong(drop=True)] * 2,
    "truncated": [Wrong(cut=True)] * 2,
    "401 once": [Wrong(401)],
    "stalled": [Wrong(delay=30.0)] * 2,
}
TRIALS = {
    "handed in": (False, 0),
    "before a place is written": (False, 1),
    "read from a place": (True, 0),
    "the old one": (True, 1),
}
"""Which question to the vendor: in the run that swaps or in the one that is told of the deletion, and how many go before it there."""

FEW = [
    ("handed in", "401 once"),
    ("before a place is written", "401 once"),
    ("read from a place", "429 with Retry-After"),
    ("the old one", "dropped"),
]
_SOON = 120.0
WITHOUT_POWER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Root that is bound by the modes of files, as everybody else is."""


@pytest.fixture(scope="module")
def powerless():
    """A program that modes of files can keep out."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        missing("setpriv is not installed")
    with contextlib.closing(Zygote(*WITHOUT_POWER if os.geteuid() == 0 else ())) as one:
        yield one


@pytest.fixture(scope="module")
def keyring(tmp_path_factory):
    with running(tmp_path_factory.mktemp("swap-faults"), again=True) as service:
        yield service.environ


@contextlib.contextmanager
def _stage(folder, keyring, zygote):
    with Laptop(folder / "home", keyring) as laptop, contextlib.closing(SwapStage(laptop, zygote)) as one:
        yield one


@pytest.fixture(scope="module")
def stage(tmp_path_factory, keyring, zygote):
    with _stage(tmp_path_factory.mktemp("swap-faults"), keyring, zygote) as one:
        yield one


@pytest.fixture(scope="module")
def bound(tmp_path_factory, keyring, powerless):
    """The same, with a program that modes of files can keep out."""
    with _stage(tmp_path_factory.mktemp("bound-swap-faults"), keyring, powerless) as one:
        yield one


class Story(Swap):
    """A swap at some points of which something happens: `do` is called at the first one of that name, counted from 1."""

    at, count, do, shut = "", 0, None, False

    def judge(self, point):
        if not self.shut:
            super().judge(point)
        if self.do and point.endswith(self.at):
            self.count -= 1
            if self.count == 0:
                self.shut = True  # for those who would look, too
                self.do()

    def happens(self, at, count, do):
        self.at, self.count, self.do = at, count, do

    def told(self, run, *words):
        """It did not go through, and says so in words, without the value."""
        said = run.out + run.err
        assert "Traceback" not in said, said
        assert run.status in (0, 1, 4, 6), (run.status, said)
        assert self.new not in said
        assert self.stage.old not in said
        for word in words:
            assert word in said, (word, said)
        return said

    def states(self):
        rotations = json.loads(self.run("history", "-o", "json").out)["rotations"]
        return [one["state"] for one in rotations if one["key"] == self.stage.key]

    def to_the_end(self):
        """The same commands again, until each is content."""
        self.do, self.shut = None, False
        for step in (self.swapped, self.deleted):
            if step == self.deleted:
                assert set(self.stage.places()) == {self.new}
                self.stage.laptop.vendor.delete(self.stage.old)
            for _ in range(4):
                run = step()
                said = self.told(run)
                if run.status == 0:
                    break
            else:
                pytest.fail(f"it does not get on: {said}")
        until = time.monotonic() + _SOON
        while True:  # a trial in the gate that failed is made again soon, by a clock that is the real one
            assert self.resumed().status == 0
            (state,) = self.states()
            if state != "overlap" or time.monotonic() > until:
                break
            time.sleep(5)
        self.check_end()
        assert not self.stage.laptop.pending() or self.states() != ["done"], "it is still staged"


def _answered_wrongly(stage, trial, answers):
    swap, (later, before) = stage.begin(Story), TRIALS[trial]
    if later:
        assert swap.swapped().status == 0
        stage.laptop.vendor.delete(swap.stage.old)
    stage.laptop.vendor.wrong, struck = [None] * before + list(ANSWERS[answers]), stage.laptop.vendor.struck
    run = swap.deleted() if later else swap.swapped()
    said = swap.told(run)
    assert stage.laptop.vendor.struck > struck, "that question was never put"
    if answers == "401 once" and trial != "the old one":
        assert "401" in said, "a key that was refused is not taken for one that works"
        assert run.status or later
    stage.laptop.vendor.wrong = []
    swap.to_the_end()


@pytest.mark.parametrize(("trial", "answers"), FEW)
def test_a_trial_is_answered_wrongly(stage, trial, answers):
    _answered_wrongly(stage, trial, answers)


@pytest.mark.slow
@pytest.mark.parametrize(("trial", "answers"), [one for one in itertools.product(TRIALS, ANSWERS) if one not in FEW])
def test_every_trial_is_answered_wrongly_in_every_way(stage, trial, answers):
    _answered_wrongly(stage, trial, answers)


@pytest.mark.parametrize(
    ("at", "count"),
    [
        pytest.param("before keyring create", 1, id="the slot", marks=pytest.mark.slow),
        pytest.param("before keyring set", 1, id="the slot's value", marks=pytest.mark.slow),
        pytest.param("before keyring set", 2, id="the slot with both values", marks=pytest.mark.slow),
        pytest.param("before keyring set", 3, id="a place"),
    ],
)
def test_the_keyring_takes_nothing(stage, at, count):
    """It is locked just before it would be written: the pending secret, or one of the places."""
    swap = stage.begin(Story)
    swap.happens(at, count, lambda: lock(stage.laptop.keyring))
    run = swap.swapped()
    assert swap.count == 0, "the keyring was never written"
    try:
        swap.told(run, "locked")
        assert run.status, "a value that could not be kept is not taken for kept"
        assert swap.stage.in_file() in (swap.stage.old, swap.new)
        swap.told(swap.run("resume"))
    finally:
        unlock(stage.laptop.keyring)
    swap.to_the_end()


def test_the_env_file_cannot_be_read_back(bound):
    """It was written, and then may not be read: the old key is not asked to be deleted before that is so."""
    swap = bound.begin(Story)
    swap.happens("after renaming the temporary file", 1, lambda: swap.stage.file.chmod(0))
    run = swap.swapped()
    assert swap.count == 0
    said = swap.told(run, str(swap.stage.file))
    assert "read" in said
    bound.laptop.vendor.delete(bound.old)
    swap.told(swap.deleted(), str(swap.stage.file))
    assert swap.states() != ["done"]
    swap.stage.file.chmod(0o600)
    swap.to_the_end()


def test_the_env_file_cannot_be_written(bound):
    """Its folder is closed just before: nothing is lost, and the keyring is not left behind."""
    swap = bound.begin(Story)
    swap.happens("before making the temporary file", 1, lambda: swap.stage.file.parent.chmod(0o500))
    run = swap.swapped()
    assert swap.count == 0
    assert run.status, run.out + run.err
    swap.told(run, str(swap.stage.file))
    assert swap.stage.in_file() == swap.stage.old
    swap.stage.file.parent.chmod(0o700)
    swap.to_the_end()
