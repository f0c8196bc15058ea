"""A value is on the wire between the reveal and the blank, and never before or after; the audit trail tells that it was read."""

import base64
import json
import sys
import time

import pytest

from tests.parts.scene import Scene, encoded
from tests.parts.terminal import ESCAPE, Terminal

pytestmark = [pytest.mark.pty, pytest.mark.timeout(240)]
ENTER, TAB = "\r", "\t"
FOCUS_OUT, FOCUS_IN = "\x1b[O", "\x1b[I"
ARMED = 0.5
"""Seconds after which a dialog listens."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with Scene(tmp_path_factory.mktemp("reveal") / "home") as scene:
        scene.settings('[scan]\nread_values = ["all"]\n')
        scene.known = scene.key("gemini")
        scene.env(".env", f"GEMINI_API_KEY={scene.known.key_string}\n")
        assert scene.keyward("scan", scene.work).status == 0
        yield scene


@pytest.fixture
def term(scene):
    environ = scene.environ(TERM="xterm-256color", COLORTERM="truecolor")
    one = Terminal([sys.executable, "-m", "keyward"], environ, columns=120, lines=36)
    try:
        one.wait("1 key", "READ-ONLY", "gemini")
        one.press(ENTER)
        one.wait("Overview", "Places", "GEMINI_API_KEY")
        yield one
    finally:
        one.close()


def show(term):
    """Ask for the value and wait until it stands there; gives how many bytes were written before."""
    term.press("x")
    term.wait("Show the value of this key", "google-api-keys:acme-prod")
    time.sleep(ARMED)
    term.settle()
    before = len(term.raw)
    term.press(TAB, ENTER)
    term.wait("any key hides it")
    return before


def seen(written, value):
    return [form for form in encoded(value) if form.encode() in written]


def trail(scene, step):
    done = scene.keyward("audit", "export")
    return [line for line in map(json.loads, done.out.splitlines()) if line["step"] == step]


def test_the_value_is_written_between_reveal_and_blank_only_and_the_read_is_on_record(scene, term):
    value, reads = scene.known.key_string, len(trail(scene, "reveal"))
    before = show(term)
    assert value in term.text
    assert seen(term.raw[:before], value) == []
    term.press("j")
    term.wait_gone("any key hides it")
    term.settle()
    after = len(term.raw)
    term.press("u", "t", "o")
    term.resize(100, 30)
    term.settle()
    term.press("y")
    term.wait("Copy of gemini", "keyward rotate", "gcloud")
    term.press(ESCAPE, ESCAPE)
    term.wait("NAME")
    term.press("q")
    assert term.end() == 0
    assert seen(term.raw[after:], value) == [], "nothing paints it again"
    told = trail(scene, "reveal")[reads:]
    assert [line["kind"] for line in told] == ["intent", "outcome"]
    full = scene.key_id(scene.known)
    for line in told:
        assert line["target"] == full
        assert line["actor"]
        assert line["host"]
        assert line["detail"]["source"] == "google-api-keys:acme-prod"
    history = scene.keyward("history", full)
    assert "reveal" in history.out
    assert "read from google-api-keys:acme-prod" in history.out
    assert scene.keyward("audit", "verify").status == 0
    for file in (scene.home / "state").rglob("*"):
        if file.is_file():
            assert value.encode() not in file.read_bytes(), file


def test_enter_typed_ahead_shows_nothing(scene, term):
    reads = len(trail(scene, "reveal"))
    term.send(f"x{ENTER}{ENTER}")
    term.settle()
    time.sleep(ARMED)
    term.press(ENTER)
    assert seen(term.raw, scene.known.key_string) == []
    assert len(trail(scene, "reveal")) == reads


def test_looking_elsewhere_hides_it(scene, term):
    show(term)
    term.send(FOCUS_OUT)
    term.wait_gone("any key hides it")
    term.send(FOCUS_IN)
    term.settle()
    assert scene.known.key_string not in term.text


def test_a_copied_value_leaves_the_clipboard_when_the_app_ends(scene, term):
    value = scene.known.key_string
    show(term)
    term.send("Y")
    term.wait("Value sent to the terminal")
    copied = b"\x1b]52;c;" + base64.b64encode(value.encode()) + b"\x07"
    assert term.raw.count(copied) == 1
    assert [line["kind"] for line in trail(scene, "copy-value")] == ["outcome"]
    term.press("j", "q")
    assert term.end() == 0
    cleared = b"\x1b]52;c;" + base64.b64encode(b" ") + b"\x07"
    assert term.raw.rindex(cleared) > term.raw.index(copied)
