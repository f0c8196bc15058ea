"""Looks into one payload and keeps fingerprints and ids of what is in it, nothing else."""

from keyward.inventory.link import Found
from keyward.model.detectors import BY_KIND
from keyward.model.fingerprint import FingerprintKey, worth
from keyward.model.parts import Part, all_values
from keyward.model.secretinfo import Payload
from keyward.model.text import clean


def look_into(payload: Payload, key: FingerprintKey) -> tuple[Found, ...]:
    """Every part with a key's shape, and every scalar that is too random to be guessed.

    An empty answer is an answer too: this payload has been looked at.
    """
    parts = all_values(payload.data.reveal(), payload.hint)
    holders = [part for part in parts if _secret(part)]
    found = []
    for part in parts:
        kept = _kept(part, key)
        if kept is not None:
            found.append(Found(clean(part.name, 500), part.kind, *kept, _inside(part, holders)))
    return tuple(found)


def _kept(part: Part, key: FingerprintKey) -> tuple[str, str] | None:
    """(fingerprint, id) of a part; None when nothing may be kept of it."""
    if part.kind and not BY_KIND[part.kind].is_secret:
        return "", clean(part.value.reveal_text())
    if part.kind or worth(part.value.reveal(), part.name):
        return key.fingerprint(part.value), ""
    return None


def _secret(part: Part) -> bool:
    return bool(part.kind) and BY_KIND[part.kind].is_secret


def _inside(part: Part, holders: list[Part]) -> str | None:
    """The outermost key-shaped part around this one."""
    size = part.end - part.start
    bigger = [one for one in holders if one.start <= part.start and part.end <= one.end and one.end - one.start > size]
    return clean(min(bigger, key=lambda one: (one.start, -one.end)).name, 500) if bigger else None
