"""Two sizes in quick succession: the last one holds, however the signals that tell of them meet."""

import pytest

from tests.parts.terminal import terminal

pytestmark = pytest.mark.pty
PROGRAM = """
import fcntl, struct, termios
from keyward.tui.driver import Terminal
from textual.app import App
from textual.widgets import Static

armed = False

class Interrupted(Terminal):
    def _get_terminal_size(self):
        global armed
        size = super()._get_terminal_size()
        if armed:  # the window changes again right after its size was read
            armed = False
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 70, 0, 0))
        return size

class Sizes(App):
    def compose(self):
        yield Static("ready")

    def on_key(self):
        global armed
        armed = True
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.set_timer(0.5, lambda: self.query_one(Static).update(f"{self.size.width}x{self.size.height}"))

Sizes(driver_class=Interrupted).run()
"""


def test_a_change_of_size_while_another_one_is_told_is_the_one_that_holds(tmp_path):
    program = tmp_path / "sizes.py"
    program.write_text(PROGRAM)
    with terminal([str(program)], tmp_path / "home") as term:
        term.wait("ready")
        term.send("x")
        term.wait("70x20")
