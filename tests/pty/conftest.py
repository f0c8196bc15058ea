"""`keyward demo` in a real terminal, once for the tests that only look."""

import pytest

from tests.parts.terminal import terminal

DEMO = ["-m", "keyward", "demo"]


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
