"""Targets that never held the key (`rotate --to`): a secret is made for them, and nothing counts as what a write expects there."""

from typing import TYPE_CHECKING

from keyward.model.errors import Gone
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.model.ids import SecretRef
    from keyward.rotation.state import Target
    from keyward.rotation.work import Work

STEP = "make"
NOTHING = Payload(Secret(b""), "", "")
"""What a secret without a version holds."""


def read_or_make(secret: "SecretRef", todo: "Sequence[tuple[Work, Target]]") -> Payload:
    """The secret as it is now; one that only fresh targets want is made where it is missing.

    Raises:
        Gone: it is not there, and should be.
        Refused: it could not be read or made.
        SourceError: it could not be read.
        Ambiguous: perhaps it was made; the next tick looks.
    """
    work = todo[0][0]
    store = work.reach.store(secret)
    try:
        return work.reach.read(secret)
    except Gone:
        if not all(target.fresh for _, target in todo):
            raise
    try:
        store.get(secret, work.ctx, versions=False)
    except Gone:
        at = todo[0][1].at
        work.intend(STEP, f"create {secret}, empty", target=at)
        store.create(secret, _like(work, secret), work.ctx)
        work.note("outcome", STEP, target=at, ok=True, evidence=f"{secret} is there")
    return NOTHING


def _like(work: "Work", secret: "SecretRef") -> "SecretRef | None":
    """A target beside it, whose replication and encryption it gets."""
    beside = (target.secret for target in work.rotation.targets if not target.fresh)
    where = (secret.store, secret.locator[:-1])
    return next((one for one in beside if (one.store, one.locator[:-1]) == where), None)


def read_or_nothing(work: "Work", secret: "SecretRef", targets: "Sequence[Target]") -> Payload:
    """The secret as it is now; nothing where a fresh target was never written.

    Raises:
        Gone: it is not there, and should be.
        Refused: it cannot be read.
        SourceError: it could not be read.
    """
    try:
        return work.reach.store(secret).read(secret, work.ctx)
    except Gone:
        if not all(target.fresh for target in targets):
            raise
        return NOTHING
