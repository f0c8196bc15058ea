"""Explore from the command line: `python -m tests.rotation.explore [large]`. Prints each bound with its number of distinct states."""

import sys
import time

from tests.rotation.explore.bounds import LARGE, SMALL, explore


def main() -> int:
    """Explore them all; the number of bounds that broke a promise."""
    total = wrong = 0
    for bound in LARGE if "large" in sys.argv[1:] else SMALL:
        began = time.monotonic()
        found = explore(bound)
        total += found.states
        ok = not found.broken and not found.stuck
        wrong += not ok
        said = "ok" if ok else f"BROKEN: {found.broken or 'no way to an end'}"
        print(
            f"{found.states:>10,} states {found.steps:>10,} steps {time.monotonic() - began:6.1f} s  {bound}  {said}",
            flush=True,
        )
        if not ok:
            print("\n".join(f"    {step}" for step in found.way))
    print(f"{total:>10,} distinct states in all, {wrong} bounds broken")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
