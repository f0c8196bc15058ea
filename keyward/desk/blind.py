"""What no scan sees, whatever its sources say: words of the providers and stores themselves, for wherever coverage is told."""

from collections.abc import Iterable, Sequence
from typing import Protocol, cast


class Blind(Protocol):
    """A provider or store that knows of something in its reach that it never lists."""

    def blind(self) -> Sequence[str]:
        """What, and why or what would change that; a sentence each."""
        ...


def blind(plugins: Iterable[object]) -> tuple[str, ...]:
    """What these providers and stores leave out, each told once; nothing is asked."""
    return tuple(line for one in dict.fromkeys(plugins) if hasattr(one, "blind") for line in cast("Blind", one).blind())
