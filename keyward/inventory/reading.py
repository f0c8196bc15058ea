"""Looks into one payload and keeps fingerprints and ids of what is in it, nothing else."""

from keyward.inventory.link import Found
from keyward.inventory.traits import traits
from keyward.model.detectors import BY_KIND
from keyward.model.fingerprint import FingerprintKey, worth
from keyward.model.keyfile import key_id
from keyward.model.pairs import pairs
from keyward.model.parts import Part, all_values
from keyward.model.secretinfo import Payload
from keyward.model.text import clean
from keyward.model.trait import Trait


def look_into(payload: Payload, key: FingerprintKey) -> tuple[Found, ...]:
    """Every part with a key's shape, and every scalar that is too random to be guessed.

    So is what only stands for a key, without a fingerprint. Of a key that is an id and a secret in two parts, the secret's part is where the key is: it bears the id too, and holds the id's part.
    An empty answer is an answer too: this payload has been looked at.
    """
    data = payload.data.reveal()
    parts = all_values(data, payload.hint)
    holders = [part for part in parts if _secret(part)]
    alone = not any(part.name and not part.name.startswith("~") for part in parts)
    halves = pairs(parts)
    by_secret = {pair.secret.name: pair for pair in halves}
    secret_of = {pair.id.name: pair.secret.name for pair in halves}
    found = []
    for part in parts:
        pair = by_secret.get(part.name)
        kept = _kept(part, key) if pair is None else (key.fingerprint(part.value), _text(pair.id))
        told = traits(part, data, alone=alone)
        if kept is None and Trait.MADE_UP in told:
            kept = "", ""  # what only stands for a key is no secret
        if kept is not None:
            inside = secret_of.get(part.name) or _inside(part, holders)
            kind = part.kind if pair is None else pair.kind
            around = None if inside is None else _name(inside)
            found.append(Found(_name(part.name), kind, *kept, around, _expires(part), " ".join(told)))
    return tuple(found)


def _name(part: str) -> str:
    return clean(part, 500)


def _text(part: Part) -> str:
    """An id that is no secret."""
    return clean(part.value.reveal_text())


def _kept(part: Part, key: FingerprintKey) -> tuple[str, str] | None:
    """(fingerprint, id that is no secret) of a part; None when nothing may be kept of it."""
    if part.kind and not BY_KIND[part.kind].is_secret:
        return "", _text(part)
    told = bool(part.kind) and not BY_KIND[part.kind].chosen
    if told or worth(part.value.reveal(), part.name):
        return key.fingerprint(part.value), key_id(part.value.reveal())
    return None


def _expires(part: Part) -> float | None:
    """When the value says that it ends, seconds since 1970."""
    says = BY_KIND[part.kind].expires if part.kind else None
    return says(part.value.reveal().strip()) if says is not None else None


def _secret(part: Part) -> bool:
    return bool(part.kind) and BY_KIND[part.kind].is_secret


def _inside(part: Part, holders: list[Part]) -> str | None:
    """The outermost key-shaped part around this one."""
    size = part.end - part.start
    bigger = [one for one in holders if one.start <= part.start and part.end <= one.end and one.end - one.start > size]
    return min(bigger, key=lambda one: (one.start, -one.end)).name if bigger else None
