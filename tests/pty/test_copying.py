"""What really reaches the outer terminal when the app copies: alone, and inside a real tmux."""

import base64
import os
import subprocess
import sys

import pytest

from tests.parts.need import require
from tests.parts.terminal import Terminal, environment

pytestmark = pytest.mark.pty

COPY = (
    "import os, sys; from keyward.tui.clipboard import Clipboard\n"
    "way = Clipboard(os.environ, lambda text: (sys.stdout.write(text), sys.stdout.flush())).copy('an id')\n"
    "print('WAY', way.name); sys.stdin.readline()"
)
SENT = base64.b64encode(b"an id")


@pytest.mark.parametrize(
    ("options", "way"),
    [
        ("set -s set-clipboard external", "TMUX"),
        ("set -s set-clipboard on", "THROUGH_TMUX"),
        ("set -s set-clipboard external\nset -g allow-passthrough on", "PASSED_ON"),
    ],
)
def test_tmux_lets_it_through_to_the_terminal(tmp_path, options, way):
    require("tmux")
    (tmp_path / "tmux.conf").write_text(f"{options}\n")
    (tmp_path / "program.py").write_text(COPY)
    environ = environment(tmp_path, TMUX_TMPDIR=str(tmp_path), SHELL="/bin/sh")
    program = f"{sys.executable} {tmp_path / 'program.py'}"
    tmux = ["tmux", "-L", "copy", "-f", str(tmp_path / "tmux.conf")]
    term = Terminal([*tmux, "new-session", program], environ, columns=80, lines=20)
    try:
        term.wait(f"WAY {way}")
        term.settle()
        written = term.raw
        assert SENT in written, written[-600:]
        assert written[: written.index(SENT)].rpartition(b"\x1b]52;")[1], "as OSC 52"
        left = subprocess.run([*tmux, "list-buffers"], env=environ, capture_output=True, text=True, check=False).stdout
        assert left == "" or way == "THROUGH_TMUX", "a tmux that was told to keep it keeps it; else nothing stays"
    finally:
        subprocess.run([*tmux, "kill-server"], env={**os.environ, **environ}, capture_output=True, check=False)
        term.close()
