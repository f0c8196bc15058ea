"""A window that is dragged about while things happen: afterwards everything stands where it should, and nothing was lost on the way."""

import random
import time

import pytest

from tests.parts.terminal import ESCAPE
from tests.pty.conftest import Judged, top

pytestmark = [pytest.mark.pty, pytest.mark.slow]
ROWS = 60


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A small world with more keys than any screen has lines; each answer of its cloud takes its time."""
    with Judged(tmp_path_factory.mktemp("crowded") / "home") as scene:
        for number in range(ROWS - 3):
            scene.key(f"key-{number:02}", days=200 - number)
        scene.scanned()
        scene.world.behaviour.latency_ms = 300
        yield scene


def storm(term, count, seed=None, least=0.005):
    """Change the size so many times in quick succession, without looking."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    print(f"seed {seed}")
    sizes = random.Random(seed)
    term.watching = False
    for _ in range(count):
        term.resize(sizes.randint(20, 300), sizes.randint(5, 80))
        term.settle(least, patience=least)
    term.watching = True


def calm(term, columns, lines):
    """Leave it at that size; gives the screen."""
    term.resize(columns, lines)
    term.wait("EMULATOR")
    screen = term.settle()
    assert max(map(len, screen.splitlines())) <= columns
    return screen


def under(term):
    """The line under the cursor of the table."""
    (line,) = [one for one in term.text.splitlines() if one.startswith(">")]
    return line


def test_a_storm_of_sizes_while_a_scan_streams_loses_no_row_and_moves_no_cursor(crowded):
    with crowded.app(columns=120, lines=36) as term:
        term.wait("READ-ONLY", f"{ROWS} keys", "alpha")
        term.send("j" * 40)
        until = time.monotonic() + 20
        while "key-37" not in under(term):
            assert time.monotonic() < until, term.text
            term.settle()
        term.send("\x12")
        term.wait("scanning")
        storm(term, 100)
        for columns, lines in ((60, 16), (200, 50)):
            screen = calm(term, columns, lines)
            assert "key-37" in under(term)
            assert "READ-ONLY" in screen.splitlines()[0]
            assert "? Help" in screen.splitlines()[-1]
        term.wait_gone("scanning")
        assert f"{ROWS} keys" in top(term)
        assert "key-37" in under(term)
        assert "EXPIRES" in term.text
        assert "restricted" in term.text, "the pane is back"
        term.send("q")
        assert term.end() == 0
        assert term.astray() == set()


DIALOGS = {
    "W": ("Type  write  to go on", "Cancel", "Switch"),
    "o": ("Where should keyward look", "OS keyring"),
    "y": ("Copy of", "keyward rotate"),
}


@pytest.mark.parametrize("key", ["W", *(pytest.param(one, marks=pytest.mark.slow) for one in "oy")])
def test_a_storm_of_sizes_over_a_dialog_leaves_it_whole(crowded, key):
    with crowded.app(columns=120, lines=36) as term:
        term.wait("READ-ONLY", "alpha")
        term.send(key)
        term.wait(*DIALOGS[key])
        storm(term, 100)
        for columns, lines in ((60, 16), (200, 50)):
            calm(term, columns, lines)
            term.wait(*DIALOGS[key])
        term.send(ESCAPE)
        term.wait("LAST USE", "alpha", f"{ROWS} keys")
        term.send("q")
        assert term.end() == 0


SCREENS = {
    "": "LAST USE", "\r": "Restrictions", "r": "in the way", "4": "Nothing was rotated yet.", "5": "scan cache", "6": "scan.projects",
    "d": "beside", ":": "Type a query", "?": "Keys: inventory", "s": "Sort by", "C": "Columns",
}  # fmt: skip
"""By the key that opens it, what stands on a screen when it is complete."""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("key", SCREENS)
def test_long_storms_of_sizes_leave_every_screen_as_it_was(crowded, key):
    with crowded.app(columns=120, lines=36) as term:
        term.wait("READ-ONLY", "alpha")
        term.send(key)
        term.wait(SCREENS[key])
        term.wait_gone("still looking")
        before = term.settle(0.3).splitlines()[1:]
        storm(term, 500, least=0.02)
        calm(term, 120, 36)
        until = time.monotonic() + 15
        while [line.rstrip() for line in term.text.splitlines()[1:]] != before:
            assert time.monotonic() < until, "\n".join([*before, "became", term.text])
            term.settle(0.1, patience=1)
        term.send(ESCAPE)
        term.wait_gone("Search for commands")  # what is typed while the list of commands closes is its own
        term.send("q")
        assert term.end() == 0
