"""`keyward demo` in a real terminal, once for the tests that only look; and a small world that the app is opened on."""

import time

import pytest

from tests.cli.conftest import changes_in
from tests.parts.scene import Scene
from tests.parts.terminal import terminal

DEMO = ["-m", "keyward", "demo"]
ARMED = 0.5
"""Seconds after which a dialog listens."""


@pytest.fixture
def demo(tmp_path):
    """A function that opens the demo in a terminal of its own and waits until it was scanned."""
    opened = []

    def make(*arguments, columns=140, lines=40, **more):
        one = terminal([*DEMO, *arguments], tmp_path, columns=columns, lines=lines, **more)
        opened.append(one)
        term = one.__enter__()
        term.wait("EMULATOR", "keys")
        term.wait_gone("scanning")
        term.settle()
        return term

    yield make
    for one in opened:
        one.__exit__(None, None, None)


def top(term):
    """The first line, which says what a key press could cost."""
    return term.text.splitlines()[0]


def into_write_mode(term):
    """Allow changes, however the app was opened."""
    if "READ-ONLY" in top(term):
        term.send("W")
        term.wait("Type  write  to go on")
        time.sleep(ARMED)
        term.send("write\r")
        term.settle()
        term.send("\r")
    term.wait(" WRITE ")


def into_read_only(term):
    """Allow none, however the app was opened."""
    if "READ-ONLY" not in top(term):
        term.send("W")
    term.wait("READ-ONLY")


class Judged(Scene):
    """A world that was scanned, with three keys in secrets; it tells what the app changed at its cloud since then."""

    def __init__(self, home, **more):
        super().__init__(home, **more)
        self.settings(
            '[scan]\nprojects = ["acme-prod"]\nread_values = ["project:acme-prod"]\n[production]\nmatch = "project:*-prod"\n'
        )
        self.keys = [self.key(name, days=300 - number) for number, name in enumerate(("alpha", "beta", "gamma"))]
        for key in self.keys:
            self.secret(f"{key.display_name}-key", key.key_string)

    def scanned(self):
        """Scan; what happens from now on is judged."""
        assert self.keyward("scan").status == 0
        self._seen, self._live = len(self.log()), self.live()
        return self

    def changes(self):
        """Requests that changed something, and keys that came or went."""
        return [one["rpc"] for one in changes_in(self.log()[self._seen :])] + sorted(self.live() ^ self._live)

    def forget(self):
        """The app does not know how it was left the last time."""
        (self.home / "state" / "app.json").unlink(missing_ok=True)

    def app(self, *arguments, columns=140, lines=40, **more):
        """The app on it, in a terminal."""
        argv = ["-m", "keyward", *arguments]
        self.forget()
        return terminal(argv, self.home, columns=columns, lines=lines, **self.environ(**_TERMINAL, **more))


_TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """The small world, scanned; for tests that show that nothing of it is changed."""
    with Judged(tmp_path_factory.mktemp("judged") / "home") as scene:
        yield scene.scanned()
