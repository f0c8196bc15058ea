"""The app shows names, places, plans and histories of keys whose values are known to the test; none of them may reach the terminal."""

import json
import sys
import time

import pytest

from tests.parts.scene import Scene, encoded
from tests.parts.terminal import ESCAPE, Terminal

pytestmark = [pytest.mark.pty, pytest.mark.timeout(240)]
ENTER = "\r"


def test_no_value_reaches_the_terminal(tmp_path):
    with Scene(tmp_path / "home") as scene:
        other = scene.key("to be named")
        key = scene.key(f"gemini {other.key_string}", annotations={"note": f"was {other.key_string}"})
        scene.secret("app", json.dumps({"gemini": key.key_string}))
        scene.env(".env", f"GEMINI_API_KEY={key.key_string}\n")
        scene.settings('[scan]\nread_values = ["all"]\n')
        assert scene.keyward("scan", scene.work).status == 0
        environ = scene.environ(TERM="xterm-256color", COLORTERM="truecolor")
        term = Terminal([sys.executable, "-m", "keyward", "--write"], environ, columns=140, lines=40)
        try:
            term.wait("2 keys", "EMULATOR")
            term.press("/")
            term.send("places>0")
            term.wait("1 of 2")
            term.press(ENTER, ENTER)
            term.wait("Places", "GEMINI_API_KEY")
            term.press("r")
            term.wait("cannot be applied yet", "to accept")
            term.press("*")
            term.wait("✓ ready")
            term.press("a")
            term.wait("Type  rotate 1 in production acme-prod")
            time.sleep(0.5)  # a dialog is deaf at first
            term.send("rotate 1 in production acme-prod")
            term.wait("rotate 1 in production acme-prod ")
            term.press(ENTER, ENTER)
            term.wait("rests until", patience=60)
            term.press(ESCAPE)
            term.press("4")
            term.wait("overlap")
            term.press("q")
            assert term.end() == 0
        finally:
            term.close()
        values = [one["key_string"] for one in scene.all_keys()]
        assert len(values) == 3, "the rotation by keyboard made its successor"
        assert scene.current("app").decode().count(values[-1]) == 1
        seen = [form for value in values for form in encoded(value) if form.encode() in term.raw]
        assert seen == []
