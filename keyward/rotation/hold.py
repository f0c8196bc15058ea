"""The lease of a target, held from reading it until the write was read back."""

from collections.abc import Iterator
from contextlib import contextmanager

from keyward.model.ids import SecretRef
from keyward.rotation.work import Work


@contextmanager
def holding(work: Work, secret: SecretRef) -> Iterator[None]:
    """Be the only one that works on this secret.

    Raises:
        Held: another rotation or host is writing it just now.
    """
    ledger, reach = work.reach.ledger, work.reach
    lease = ledger.acquire(f"target:{secret}", reach.worker(), reach.lease_seconds)
    try:
        yield
    finally:
        ledger.release(lease)
