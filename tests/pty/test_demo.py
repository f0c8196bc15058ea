"""What a person sees who runs `keyward demo`: a real terminal, a real emulator, real clients."""

import os
import re
import signal
import sys
import termios
import time

import pytest

from tests.parts.terminal import ESCAPE, terminal, terminal_of

pytestmark = pytest.mark.pty
TAB, ENTER, SPACE = "\t", "\r", " "
RESTORED = b"\x1b[?1049l"


def test_demo_shows_the_sample_organisation_with_ages_last_use_and_the_word_emulator(demo):
    term = demo(columns=140, lines=100)
    screen = term.wait("EMULATOR", "READ-ONLY", "scanned just now")
    keys = int(re.search(r"(\d[\d,]*) keys", screen)[1].replace(",", ""))
    assert keys >= 60
    for heading in ("NAME", "KIND", "PROJECT/SCOPE", "AGE", "LAST USE", "PLACES", "STATE"):
        assert heading in screen
    row = re.compile(r" (api|auth)-key +(PROD )?acme-[a-z-]+…? +\d+[dhms] +(<1d|\d+d|never|denied|not in \d+d)")
    listed = [found for line in screen.splitlines() if (found := row.search(line))]
    assert len(listed) >= 60
    assert {bool(found[2]) for found in listed} == {True, False}, "production has its word, the rest has not"
    uses = {found[3] for found in listed}
    assert {"<1d", "denied", "not in 42d"} <= uses
    assert any(use.endswith("d") and use[0].isdigit() for use in uses)
    assert "4 sources denied" in screen


def test_q_ends_with_status_0_and_gives_the_terminal_back(demo):
    term = demo()
    during = termios.tcgetattr(term._fd)[3]
    assert during != term.modes[3], "the app did not use raw mode, so this test shows nothing"
    term.send("q")
    while RESTORED not in term.raw:
        term.settle()
    time.sleep(0.2)
    assert termios.tcgetattr(term._fd)[3] == term.modes[3]
    assert term.end() == 0
    assert term.raw.rindex(b"\x1b[?25h") > term.raw.rindex(RESTORED) - 2_000, "the cursor is shown again"
    left = re.sub(rb"\x1b\[[0-9;?<>=$]*[a-zA-Z]", b"", term.raw.split(RESTORED)[-1])
    assert left.strip() == b"", "nothing is left behind, no log of any library"


def test_filter_echoes_and_narrows_in_a_burst(demo):
    term = demo()
    term.send("/project:acme-prod used:used")
    term.wait("project:acme-prod used:used", " of 122")
    screen = term.settle()
    rows = [line for line in screen.splitlines() if re.search(r" (api|auth)-key ", line)]
    assert rows
    assert all("acme-prod" in row for row in rows)
    term.press(ESCAPE)
    term.wait_gone("project:acme-prod used:used")


def test_a_bad_query_names_the_column_and_keeps_the_rows(demo):
    term = demo()
    term.send("/kind:nonsense")
    screen = term.wait("column 6", "kind is never 'nonsense'")
    assert re.search(r" (api|auth)-key ", screen), "the rows of the last good query stay"


def test_resizing_keeps_everything_readable(demo):
    term = demo(columns=200, lines=50)
    assert "EXPIRES" in term.wait("LAST USE")
    term.resize(60, 16)
    term.wait("EMULATOR", "NAME", "AGE")
    small = term.settle()
    assert "EXPIRES" not in small
    assert max(map(len, small.splitlines())) <= 60
    term.resize(200, 50)
    term.wait("EXPIRES", "PLACES", "EMULATOR")
    again = term.settle()
    assert "restricted" in again, "the pane is back"


def test_too_small_a_terminal_says_so_and_recovers(demo):
    term = demo()
    term.resize(36, 8)
    term.wait("40x10")
    term.resize(60, 16)
    term.wait("NAME")


def test_without_colour_marks_and_states_are_still_there(demo):
    term = demo("--write", NO_COLOR="1")
    assert " WRITE " in term.text.splitlines()[0]
    term.press(SPACE)
    screen = term.wait("1 marked")
    assert any("✓" in line for line in screen.splitlines()[2:5])
    sent = {code for found in re.findall(rb"\x1b\[([0-9;]*)m", term.raw) for code in found.split(b";")}
    assert {b"1", b"7"} <= sent, "bold and reverse"
    coloured = {str(code).encode() for code in (*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108))}
    assert not sent & coloured, "greys are colours too"


def test_with_sixteen_colours_only_those_are_sent_and_the_doctor_says_so(demo):
    term = demo(TERM="xterm", COLORTERM="")
    term.press("5")
    term.wait("16 (TERM xterm), theme ansi-dark")
    assert not re.search(rb"\x1b\[[0-9;]*[34]8;[25];", term.raw)
    assert re.search(rb"\x1b\[(?:[0-9]+;)*3[1-7][;m]", term.raw), "and those are"


def test_it_rests_and_comes_back_as_it_was(tmp_path):
    """A shell with jobs in between, as everywhere: ctrl+z gives the terminal back, `fg` paints the app again."""
    command = f"{sys.executable} -m keyward demo"
    with terminal_of(["bash", "--norc", "--noprofile", "-i"], tmp_path, PS1="shell> ") as term:
        term.wait("shell>")
        at_the_prompt = termios.tcgetattr(term._fd)[3]
        term.send(f"{command}\r")
        term.wait("EMULATOR", "keys", patience=60)
        term.wait_gone("scanning")
        term.press("5")
        term.wait("Doctor")
        term.send("\x1a")
        term.wait("Stopped", "shell>")
        assert term.raw.rindex(RESTORED) > term.raw.rindex(b"\x1b[?1049h")
        assert termios.tcgetattr(term._fd)[3] == at_the_prompt
        term.send("echo it $((40 + 2)) works\r")
        term.wait("it 42 works")
        term.send("fg\r")
        term.wait("EMULATOR", "Doctor", "settings file")
        term.press(ESCAPE)
        term.wait("LAST USE")
        term.send("q")
        term.wait("shell>")
        term.send("exit\r")
        assert term.end() == 0


def test_hostile_names_reach_the_terminal_as_plain_text(demo):
    term = demo(columns=160, lines=60)
    before = len(term.raw)
    term.send("/project:acme-dev")
    term.wait("project:acme-dev", " of 122")
    names = term.settle()
    assert "�" in names, "the sample's names with control characters are there, made harmless"
    for _ in range(30):
        term.press("\x1b[B" if _ else ENTER)
    shown = term.raw[before:]
    assert b"\x1b]52" not in shown
    assert b"\x1b]0;" not in shown
    assert b"\x07" not in shown
    assert "\N{RIGHT-TO-LEFT OVERRIDE}".encode() not in shown


def test_bursts_rotate_nothing_in_write_mode(tmp_path):
    with terminal(["-m", "keyward", "--write", "demo"], tmp_path, columns=140, lines=40) as term:
        term.wait("EMULATOR", " WRITE ", "scanned just now")
        term.send("r\r\r")
        term.settle(1.0)
        assert "Rotation" not in term.text.splitlines()[0]
        term.press(ESCAPE, ESCAPE, ESCAPE)
        term.send("/Web shop assistant project:acme-prod state:active\r")
        term.wait("Web shop assistant", "1 of 122")
        term.press("r")
        term.wait("not accepted")
        term.send("*")
        term.wait("✓ ready: a asks for the phrase")
        for burst in ("a\r\r", "a\t \x1b[B "):
            before = len(term.raw)
            term.send(burst)
            while b"Apply this plan" not in term.raw[before:]:
                term.settle(0.4)  # less than a cursor takes to blink
            if "Apply this plan" in term.text:  # else a key of the burst pressed Cancel
                term.press(ESCAPE)
            term.wait_gone("Apply this plan")
            term.wait("✓ ready")
        term.press("a")
        term.wait("Type  rotate 1 in production acme-prod")
        time.sleep(0.5)
        term.send("rotate 1 in production acme-prod")
        term.wait("▊  rotate 1 in production acme-prod ")
        term.send("\r")
        term.settle()
        assert "Apply this plan" in term.text, "Enter in the phrase moves on and confirms nothing"
        term.press(ESCAPE, ESCAPE, "4")
        term.wait("Nothing was rotated yet.")


def test_ctrl_c_does_not_kill_it_and_sigterm_ends_it(demo):
    term = demo()
    term.send("\x03")
    term.settle()
    assert "EMULATOR" in term.text
    during = termios.tcgetattr(term._fd)[3]
    os.kill(term.pid, signal.SIGTERM)
    while RESTORED not in term.raw:
        term.settle()
    assert termios.tcgetattr(term._fd)[3] == term.modes[3] != during
    assert term.end() == 128 + signal.SIGTERM
