"""The same story inside a real tmux: what a terminal in a terminal keeps, passes on and gives back."""

import contextlib
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.parts.need import require
from tests.parts.scene import encoded
from tests.parts.terminal import Terminal, environment

pytestmark = [pytest.mark.pty, pytest.mark.slow]
ESC = "\x1b"


AT_THE_PROMPT = {"alternate_on": "0", "mouse_any_flag": "0", "cursor_flag": "1"}


class Pane:
    """A tmux of its own with a shell in one window, seen from a real terminal outside."""

    def __init__(self, judged, folder, *, columns=120, lines=36):
        judged.forget()
        conf = folder / "tmux.conf"
        conf.write_text(
            "set -g default-shell /bin/sh\nset -g status off\nset -sg escape-time 10\nset -s set-clipboard on\nset -g mouse on\n"
        )
        own = judged.environ(TMUX_TMPDIR=str(folder), SHELL="/bin/sh", ENV="", PS1="shell> ")
        self._environ = {**environment(judged.home), **own}
        self._tmux = ["tmux", "-L", "story", "-f", str(conf)]
        shell = "bash --norc --noprofile -i"
        self.outside = Terminal(
            [*self._tmux, "new-session", "-s", "s", shell], self._environ, columns=columns, lines=lines
        )
        self.outside.wait("shell>")

    def close(self):
        with contextlib.suppress(subprocess.SubprocessError):
            self.tmux("kill-server")
        self.outside.close()

    def tmux(self, *words):
        """Tell or ask tmux something; what it prints."""
        done = subprocess.run(
            [*self._tmux, *words], env=self._environ, capture_output=True, text=True, timeout=20, check=False
        )
        return done.stdout

    def shown(self):
        """What tmux has on the pane, which is what its own screen is painted from."""
        return self.tmux("capture-pane", "-p", "-t", "s")

    def wait(self, *needles, patience=30):
        until = time.monotonic() + patience
        while not all(one in (screen := self.shown()) for one in needles):
            assert time.monotonic() < until, f"{needles} did not appear:\n{screen}"
            self.outside.settle(0.05)
        return screen

    def flags(self):
        """What the program in the pane has switched on, as tmux tells it."""
        said = self.tmux("display", "-p", "-t", "s", " ".join(f"#{{{name}}}" for name in AT_THE_PROMPT))
        return dict(zip(AT_THE_PROMPT, said.split(), strict=True))

    @property
    def shell(self):
        """The process id of the shell."""
        return self.tmux("display", "-p", "-t", "s", "#{pane_pid}").strip()


@pytest.fixture
def pane(judged, tmp_path):
    require("tmux")
    one = Pane(judged, tmp_path)
    yield one
    one.close()


def test_the_whole_story_inside_tmux(judged, pane):
    term = pane.outside
    term.send(f"{shlex.join([sys.executable, '-m', 'keyward'])}\r")
    term.wait("READ-ONLY", "EMULATOR", "alpha", "gamma")
    assert pane.flags() == {"alternate_on": "1", "mouse_any_flag": "1", "cursor_flag": "0"}

    term.press("/", "gam")
    term.wait("1 of 3")
    term.press(ESC, ESC)
    term.wait("alpha", "beta")
    term.wait_gone("Tab completes")  # the rows move up then

    row = next(number for number, line in enumerate(term.text.splitlines(), 1) if " gamma " in line)
    for event in "Mm":
        term.send(f"\x1b[<0;6;{row}{event}")
        term.settle()  # tmux gives a press to a command first, and what follows at once would overtake it
    term.wait(">  gamma")
    term.press("\r")
    term.wait("Overview", "Restrictions", "gamma-key")

    term.press("y")
    term.wait("Copy of gamma", "keyward rotate")
    term.press("\r")
    term.wait("through tmux")
    assert pane.tmux("show-buffer") == judged.key_id(judged.keys[2])
    term.press(ESC, ESC)
    term.wait("LAST USE")

    for columns, lines in ((60, 16), (200, 50)):
        term.resize(columns, lines)
        term.wait("EMULATOR", "NAME", ">  gamma")
        assert ("EXPIRES" in term.settle()) is (columns > 60)
        assert pane.shown().splitlines()[0].strip() == term.text.splitlines()[0].strip()
    pane.tmux("resize-window", "-t", "s", "-x", "80", "-y", "24")
    pane.wait("EMULATOR", ">  gamma")
    assert max(map(len, pane.shown().splitlines())) <= 80
    pane.tmux("set", "-t", "s", "window-size", "latest")
    pane.tmux("resize-window", "-t", "s", "-A")
    term.wait("restricted")

    term.send("\x1a")
    term.wait("Stopped", "shell>")
    assert pane.flags() == AT_THE_PROMPT
    term.send("fg\r")
    term.wait("READ-ONLY", ">  gamma")
    term.press("4")
    term.wait("Nothing was rotated yet.")
    term.send("q")
    pane.wait("shell>")
    assert pane.flags() == AT_THE_PROMPT
    assert "keyward" in pane.shown(), "what stood there before is there again"
    assert "EMULATOR" not in pane.shown()
    values = [form for key in judged.keys for form in encoded(key.key_string)]
    assert not [form for form in values if form.encode() in term.raw]


def test_a_pane_that_is_killed_takes_the_app_along(pane):
    pane.outside.send(f"{shlex.join([sys.executable, '-m', 'keyward'])}\r")
    pane.outside.wait("READ-ONLY", "alpha")
    (app,) = Path(f"/proc/{pane.shell}/task/{pane.shell}/children").read_text().split()
    pane.tmux("kill-pane", "-t", "s")
    until = time.monotonic() + 15
    while Path(f"/proc/{app}").exists() and Path(f"/proc/{app}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until, "it goes on without a terminal"
        time.sleep(0.05)


def test_without_a_shell_to_go_back_to_it_does_not_rest(judged, pane):
    """Stopped in a window of its own, nobody could have it go on."""
    pane.tmux("respawn-pane", "-k", "-t", "s", shlex.join([sys.executable, "-m", "keyward"]))
    pane.outside.wait("READ-ONLY", "alpha")
    pane.outside.send("\x1a")
    pane.outside.wait("no shell started it")
    pane.outside.send("4")
    pane.outside.wait("Nothing was rotated yet.")
    pane.outside.send("1q")
    assert pane.outside.end() == 0, "its window was the last"
