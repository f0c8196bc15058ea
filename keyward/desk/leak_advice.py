"""What to do about a key that lies where it does not belong."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyward.desk.leak_keys import UNLISTED
from keyward.model.credential import Credential, State
from keyward.model.detector import Confidence
from keyward.model.detectors import BY_KIND

if TYPE_CHECKING:
    from keyward.hygiene.leaks.found import Mark
    from keyward.model.detector import Detector

DEAD = frozenset({State.DELETED, State.RESTORABLE, State.EXPIRED})
"""States in which a key opens nothing."""
_UNFIT = "Its own checksum or structure does not fit, so it looks fabricated"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do: a sentence, the command that does it, the page where a person does it; the last two may be empty."""

    text: str
    command: str = ""
    page: str = ""


def advice(mark: "Mark", keys: Sequence[Credential], *, expired: bool) -> Advice:
    """What to do about it.

    Args:
        mark: what was found.
        keys: the inventory's keys with that value, listed ones first.
        expired: whether the value says itself that it has ended.
    """
    detector = BY_KIND.get(mark.kind)
    if mark.confidence == Confidence.DOUBTFUL.value:
        why = "It reads like what manuals write in place of a password" if detector and detector.chosen else _UNFIT
        return Advice(f"{why}: no alarm.")
    if expired:
        return Advice("It has ended, by its own word: nothing to do but to take it out.")
    if keys:
        return _of_ours(keys[0])
    if detector is not None and not detector.is_secret:
        return Advice("An id, which opens nothing alone: look for the secret that belongs to it.")
    if detector is not None and detector.chosen:
        return Advice("Change the password, and keep the new one elsewhere.")
    return _of_a_vendor(detector)


def _of_ours(key: Credential) -> Advice:
    if key.state in DEAD:
        until = f"; it can be restored until {key.restorable_until:%Y-%m-%d}" if key.restorable_until else ""
        return Advice(f"It is {key.state.value} and opens nothing{until}.")
    if key.ref.provider in UNLISTED:
        return Advice(
            "Replace it, and delete the old one on the vendor's page.", shlex.join(("keyward", "swap", key.id))
        )
    argv = ("keyward", "rotate", key.id, "--emergency", "--reason", "leaked")
    return Advice("Replace it at once.", shlex.join(argv))


def _of_a_vendor(detector: "Detector | None") -> Advice:
    from keyward.providers.catalog import of_kind  # its files are read where something was found

    entry = of_kind(detector.kind) if detector is not None else None
    issuer = detector.issuer if detector is not None and detector.issuer else "its issuer"
    return Advice(f"Revoke it at {issuer}, and keep the new one elsewhere.", page=entry.pages.revoke if entry else "")
