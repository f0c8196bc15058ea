"""What can be wrong around rotations: data, so that a plan can be shown before anything is mended."""

from dataclasses import dataclass
from enum import StrEnum

from keyward.rotation.state import Rotation


class Wrong(StrEnum):
    """What is wrong."""

    ORPHAN = "orphan"
    """A live key that a closed rotation made and that is nobody's successor."""
    SUSPECT = "suspect"
    """A live key that appeared while a rotation was making one; nothing proves whose it is."""
    STRANGER = "stranger"
    """A live key with the mark of a rotation that this ledger does not know."""
    PENDING = "pending"
    """A pending secret of a closed rotation."""
    TEMPORARY = "temporary"
    """A temporary file of an interrupted write."""
    STUCK = "stuck"
    """A rotation that stands still and waits for a person, or that nobody drives any more."""
    DRIFT = "drift"
    """A target that went back to a key that is gone or going."""
    LEASE = "lease"
    """A lease whose holder is gone."""
    CHAIN = "chain"
    """The audit trail does not fit together."""
    LOST = "lost"
    """A rotation that only the marks on keys and pending secrets tell of."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong.

    `subject` is the id of the key, place, rotation or lease. `what` says it in words, `mending` what `--fix` would do (empty: only a
    person can), `todo` what that person does. `rotation` is the one concerned; `version` the exact version looked at; `lost` what
    would be put into the ledger.
    """

    wrong: Wrong
    subject: str
    what: str
    mending: str = ""
    todo: str = ""
    rotation: str = ""
    version: str = ""
    lost: Rotation | None = None
