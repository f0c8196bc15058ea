"""By how much a try that failed is put off: 1 h, doubling to 32 h, then it is a person's turn. Pure, and light."""

from datetime import timedelta

STEPS = tuple(timedelta(hours=2**step) for step in range(6))
"""How long each next try is put off: 1, 2, 4, 8, 16 and 32 hours."""

DAILY = timedelta(days=1)
"""How often it is looked whether what waits on a person has changed."""


def put_off(failures: int) -> timedelta | None:
    """How long to wait after that many failures in a row; None when it is a person's turn."""
    return STEPS[failures - 1] if 1 <= failures <= len(STEPS) else None


def given_up(failures: int) -> bool:
    """Whether unattended runs have stopped trying."""
    return failures > len(STEPS)
