"""Keys that come faster than screens open, pastes, and a cat: nothing is changed, nothing falls over.

What is judged is the cloud's own record of requests, not the screen.
"""

import json
import os
import random
import socket
import time
import urllib.request

import pytest

from tests.cli.conftest import changes_in
from tests.parts.cat import Cat
from tests.parts.terminal import ESCAPE, Terminal
from tests.pty.conftest import ARMED, into_read_only, into_write_mode, top

pytestmark = pytest.mark.pty
ENTER, TAB, DOWN, SPACE = "\r", "\t", "\x1b[B", " "
PHRASE = "rotate 1 in production acme-prod"


def test_bursts_on_keys_and_on_a_plan_change_nothing(judged):
    with judged.app("--write") as term:
        term.wait("WRITE", "3 keys", "alpha")
        for burst in (f"r{ENTER}", f"{TAB}{DOWN}{SPACE}", f"ra{ENTER}"):
            term.send(burst)
            term.settle(0.2)
            term.press(ESCAPE, "1")
            term.wait("LAST USE")
        term.send("ur")
        term.wait("not accepted")
        term.send("*")
        term.wait("✓ ready")
        for burst in (f"aa{ENTER}", f"a{TAB}{DOWN}{SPACE}", f"a{PHRASE}{ENTER}{ENTER}"):
            term.send(burst)
            time.sleep(ARMED)
            term.settle()
            if "Apply this plan" in term.text:
                term.press(ESCAPE)
                assert "Apply this plan" not in term.text, "a second dialog lay below the first"
            term.wait("a plan: nothing has been changed")
        assert judged.changes() == []
        term.send("q")
        assert term.end() == 0
        assert term.astray() == set()


def test_a_second_enter_closes_no_other_screen(judged):
    """Of a dialog, of the palette, and of the palette's themes: each is left once, however often it is told so."""
    with judged.app() as term:
        term.wait("READ-ONLY", "alpha")
        for opening, words, typed in (
            ("W", "Type  write", ""),
            ("?", "Keys:", ""),
            (":", "Search for commands", "zzzz"),
            (":", "Search for commands", "theme"),
        ):
            term.send("4")
            term.wait("Nothing was rotated yet.")
            term.send(opening)
            term.wait(words)
            term.send(typed)
            time.sleep(ARMED)
            term.send(ENTER * 5)
            term.settle(0.2)
            term.send(ESCAPE * 4)  # to the inventory, and no further
            term.wait("LAST USE", "alpha")
        term.send("q")
        assert term.end() == 0


def _into_the_filter(judged, type_it, size):
    text = "".join(random.Random(4).choices("abcdefghijkl mnopqrWRUa0123:>'\"[]*", k=size))
    with judged.app("--write") as term:
        term.wait("WRITE", "alpha")
        term.send("/")
        began = time.monotonic()
        type_it(term, text)
        term.send("end")
        term.wait(f"{text}end"[-15:])
        took = time.monotonic() - began
        term.press(ESCAPE)
        term.wait("filter: project:", "alpha", "beta", "gamma")
        term.send("gam")
        term.wait("1 of 3", "gamma")
        term.press(ESCAPE, ESCAPE, "q")
        assert term.end() == 0
        assert judged.changes() == []
    return took


def test_ten_thousand_characters_are_pasted_into_the_filter(judged):
    assert _into_the_filter(judged, Terminal.paste, 10_000) < 10


def test_many_characters_are_typed_into_the_filter_in_one_burst(judged):
    """As from a terminal that does not tell pastes from keys."""
    assert _into_the_filter(judged, Terminal.send, 1_000) < 10


@pytest.mark.parametrize("key", ["beta", "gamma"])
def test_what_is_typed_right_behind_a_query_is_for_a_key_that_it_leaves(judged, key):
    """The cursor stood on alpha when it was typed."""
    with judged.app("--write") as term:
        term.wait("WRITE", ">  alpha")
        term.send(f"/{key}{ENTER}{ENTER}")
        term.wait("Overview")
        assert f"{key}-key" in term.settle()
        term.press(ESCAPE, ESCAPE)
        term.wait(">  alpha")
        term.send(f"/{key}{ENTER}r")
        assert f"acme-prod: {key} " in term.wait("a plan: nothing has been changed")
        term.send("q")
        assert term.end() == 0
        assert judged.changes() == []


def test_what_is_typed_right_behind_a_query_that_cannot_be_read_is_for_no_key(judged):
    with judged.app("--write") as term:
        term.wait("WRITE", ">  alpha")
        for query, wrong in (("age>", "age> needs a value."), ("state:", "state: needs a value.")):
            term.send(f"/{query}{ENTER}")
            term.wait(wrong)
            term.send(f"{ENTER}r")
            term.wait(f"{query}r")  # which cannot be read either, so the rows stay
            assert ">  alpha" in term.settle()
            term.press(ESCAPE, ESCAPE)
            term.wait("filter: project:")
        term.send("q")
        assert term.end() == 0
        assert judged.changes() == []


def test_what_is_typed_right_behind_words_is_for_a_line_that_they_leave(judged):
    with judged.app() as term:
        term.wait("READ-ONLY", "alpha")
        for screen, column, words, opened in (
            ("6", "TRUST", "display.motion", "[display]"),
            ("3", "ZERO", "anthropic", "Data handling"),
            ("7", "STATED", "departing", "for which person"),
        ):
            term.send(screen)
            term.wait(column)
            term.send(f"/{words}{ENTER}{ENTER}")
            term.wait(opened)
            term.press(ESCAPE, ESCAPE, ESCAPE)
            term.wait("LAST USE")
        term.send("q")
        assert term.end() == 0


@pytest.mark.slow
def test_ten_thousand_characters_are_typed_into_the_filter_in_one_burst(judged):
    assert _into_the_filter(judged, Terminal.send, 10_000) < 60


def test_a_paste_is_text_wherever_it_goes_and_whatever_is_in_it(judged):
    with judged.app("--write") as term:
        term.wait("WRITE", "alpha")
        before = len(term.raw)
        term.paste(f"\x1bq\x1b\x1b[A r* Wq{ENTER}\x11\x1a\x1b[201q:{ENTER}")
        term.settle(0.3)
        assert "LAST USE" in term.text, "what is pasted on the table goes nowhere"
        term.send("/")
        term.paste("one\x1b]52;c;eA==\x07two\x1bq\x9b31m\u202ethree\nq\n")
        term.wait("one\N{REPLACEMENT CHARACTER}]52;c;eA==\N{REPLACEMENT CHARACTER}two", "three")
        written = term.raw[before:]
        assert b"\x1b]52" not in written
        assert "\u202e".encode() not in written
        term.press(ESCAPE, ESCAPE, "q")
        assert term.end() == 0
        assert judged.changes() == []


def test_bytes_that_no_keyboard_sends_are_passed_over(judged):
    with judged.app() as term:
        term.wait("READ-ONLY", "alpha")
        for odd in (b"\xff", b"\xc3\x28\x80", b"\x1b[999999999u\x1b[:u\x1b[1:;;9u", b"\x1b[<1;1;1M" * 9 + b"\x00" * 99):
            term.send(odd)
            term.settle(0.2)
            term.send("/gam")
            term.wait("1 of 3")
            term.press(ESCAPE, ESCAPE)
        term.send("q")
        assert term.end() == 0


def _emulator(port, what):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/emulator/v1/{what}") as answer:  # loopback
        return json.load(answer)


def _walk(term, seed, keys):
    """Let the cat walk, and the app come to rest now and then."""
    pauses = random.Random(seed)
    for number, burst in enumerate(Cat(seed, 140, 40).bursts(keys)):
        term.send(burst)
        term.settle(pauses.choice((0.01, 0.03, 0.1)), patience=1)
        pid, status = os.waitpid(term.pid, os.WNOHANG)
        assert not pid, (
            f"seed {seed}: it ended ({status}) after burst {number}:\n{term.raw[-4000:].decode(errors='replace')}"
        )
    term.send(b"\x1b[201~")  # a paste that was begun ends
    for _ in range(8):
        term.press(ESCAPE)


STRETCH = 60
"""Keys that the cat presses before somebody looks which mode the app is in."""


def _cat(demo, seed, keys):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    term = demo("--port", str(port))
    before, seen = _emulator(port, "dump")["slots"], len(_emulator(port, "log")["entries"])
    for mode in (into_read_only, into_write_mode):
        left = 0
        for leg in range(keys // STRETCH):
            mode(term)
            said = top(term).split()[2]
            _walk(term, seed + leg, STRETCH)
            term.wait("/ filter: project:")  # the inventory, whatever columns were chosen
            left += said not in top(term)
        # By the list of commands it may find back to READ-ONLY, never out of it; where that is the rule, this shows nothing.
        assert left == 0 or (mode is into_write_mode and left * 4 < keys // STRETCH)
    assert changes_in(_emulator(port, "log")["entries"][seen:]) == [], f"seed {seed}"
    assert _emulator(port, "dump")["slots"] == before, f"seed {seed}"
    term.send("\x11")
    assert term.end() == 0
    assert term.astray() == set()


def test_a_cat_on_the_keyboard(demo):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    _cat(demo, seed, STRETCH)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_cat_that_stays(demo):
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    _cat(demo, seed, 3_000)
