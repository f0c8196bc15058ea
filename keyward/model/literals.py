"""One pattern for many literals: common beginnings are written once, so that a place where none begins costs one step, not one a literal."""

import re
from collections.abc import Iterable


def any_of(literals: Iterable[bytes]) -> bytes:
    """A regular expression that matches where one of the literals begins, whichever.

    Args:
        literals: not empty, none of them empty. Of two that begin alike the shorter decides: where it stands, the longer may follow.
    """
    by_first: dict[int, list[bytes]] = {}
    for literal in sorted(set(literals)):
        by_first.setdefault(literal[0], []).append(literal[1:])
    return b"(?:" + b"|".join(_branch(first, rest) for first, rest in by_first.items()) + b")"


def _branch(first: int, rest: list[bytes]) -> bytes:
    head = re.escape(bytes([first]))
    if b"" in rest:
        return head
    return head + (re.escape(rest[0]) if len(rest) == 1 else any_of(rest))
