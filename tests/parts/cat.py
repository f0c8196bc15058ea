"""A cat on the keyboard: keys, clicks, wheels and bytes that are no character, in bursts, the same for the same seed."""

import random

_CONTROL = [chr(code) for code in range(1, 27) if chr(code) not in "\t\r\x11\x1a"]
"""All but those that end the app or put it aside."""
_KEYS = [
    *"abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPRSTUVXYZ0123456789/:?*<>.,-_='\" ",  # q ends the app, W changes its mode
    *_CONTROL,
    *("\r", "\t", "\x1b", "\x7f", "\x1b[Z", "\x1b[3~"),
    *(f"\x1b[{key}" for key in ("A", "B", "C", "D", "H", "F", "5~", "6~", "15~", "1;2A", "1;5C")),
    *("é", "日", "\N{KEY}", "\x1bx", "\x1b[I", "\x1b[O"),
]
_OFTEN = ["\r", "\r", "\x1b", "\t", " ", "r", "a", "*", "U", "R", "m", "x", "Y", "e", "4", "5", "\x1b[B"]
_BROKEN = [
    b"\xff\xfe",
    b"\xc3",
    b"\x80\x9b",
    b"\x1b[999999999u",
    b"\x1b[:u",
    b"\x1b[<0;0;0M",
    b"\x1b[200~",
    b"\x1b[201~",
]
"""Bytes that no keyboard sends."""


class Cat:
    """Walks over a keyboard and a mouse.

    Args:
        seed: which walk.
        columns, lines: the size of the screen that is clicked on; not on its last line, where a click on "q Quit" ends the app.
    """

    def __init__(self, seed, columns, lines):
        self._random = random.Random(seed)
        self._size = columns, lines - 1

    def bursts(self, count):
        """At least so many keys as bursts of bytes."""
        while count > 0:
            burst = [self._key() for _ in range(self._random.randint(1, 12))]
            count -= len(burst)
            yield b"".join(burst)

    def _key(self):
        kind = self._random.random()
        if kind < 0.07:
            return self._mouse()
        if kind < 0.1:
            return self._random.choice(_BROKEN)
        return self._random.choice(_OFTEN if kind < 0.3 else _KEYS).encode()

    def _mouse(self):
        button = self._random.choice((0, 0, 0, 2, 35, 64, 65))
        at = ";".join(str(self._random.randint(1, most)) for most in self._size)
        return f"\x1b[<{button};{at}M\x1b[<{button};{at}m".encode()
