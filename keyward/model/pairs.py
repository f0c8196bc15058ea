"""Keys that are two values: an id, which is no secret, and the secret that belongs to it, as two parts of one payload.

Which secret belongs to which id is told by where they stand and what they are called, never by a guess: in the same object, section or
file, or one of them in what surrounds the other; the only two there that fit, or the only two whose names differ in nothing but words
such as `id`, `access` and `secret`. What cannot be told so is no pair. What is told so is still only what the names say: whether the
two work together, their provider knows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from keyward.model.detectors import BY_KIND
from keyward.model.parts import Part

_HEX = re.compile(rb"[0-9a-f]+")
_AGAIN = re.compile(r"~\.\d+\Z")
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
_SECRET_WORDS = frozenset(
    ["secret", "secretkey", "secretaccesskey", "accesskeysecret", "key", "password", "passwd", "pass", "pwd", "private"]
)
_ROLE_WORDS = _SECRET_WORDS | frozenset(
    [
        "access",
        "id",
        "accesskey",
        "accesskeyid",
        "accessid",
        "keyid",
        "user",
        "username",
        "login",
        "public",
        "name",
        "hmac",
    ]
)
"""Words that say which half a name is for, and nothing about whose."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two parts of one key."""

    id: Part
    secret: Part

    @property
    def kind(self) -> str:
        """What the secret is, by the id that it belongs to."""
        return BY_KIND[self.id.kind].pairs_with


def pairs(parts: Sequence[Part]) -> tuple[Pair, ...]:
    """Every pair among the parts of one payload (`parts.all_values`)."""
    ids = _ids(parts)
    found = ((secret, id_beside(parts, secret.name)) for secret in parts if any(_fits(secret, one) for one in ids))
    return tuple(Pair(one, secret) for secret, one in found if one is not None)


def id_beside(parts: Sequence[Part], name: str) -> Part | None:
    """The id that belongs to the secret in the part of that name, whatever that part holds by now; None when none does for sure."""
    secret = next((part for part in parts if part.name == name), None)
    ids = _ids(parts)
    if secret is None or _is_id(secret) or not _placed(secret):
        return None
    found = _choose(secret, ids)
    if found is None or _choose(found, secrets_near(parts, found, also=secret)) is not secret:
        return None
    return found


def secrets_near(parts: Sequence[Part], of: Part, also: Part | None = None) -> list[Part]:
    """The parts that could hold the secret that belongs to this id: as near to it as any that could."""
    fitting = [part for part in parts if part is also or _fits(part, of)]
    reach = {part.name: _distance(of.name, part.name) for part in fitting}
    near = min((distance for distance in reach.values() if distance is not None), default=None)
    return [part for part in fitting if near is not None and reach[part.name] == near]


def _ids(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if _is_id(part) and _placed(part)]


def _is_id(part: Part) -> bool:
    return bool(part.kind) and bool(BY_KIND[part.kind].pairs_with)


def _placed(part: Part) -> bool:
    """Whether it is a value of its own with a name: neither a piece of one nor the payload as a whole."""
    return bool(part.name) and "~@" not in part.name


def _fits(part: Part, of: Part) -> bool:
    """Whether the value could be the secret of that id by its form: not a hash, and not what is plainly something else."""
    known = BY_KIND[part.kind] if part.kind else None
    if not _placed(part) or (known is not None and (known.names is None or not known.is_secret)):
        return False
    value = part.value.reveal()
    return _HEX.fullmatch(value) is None and BY_KIND[BY_KIND[of.kind].pairs_with].bare(value)


def _choose(one: Part, others: Sequence[Part]) -> Part | None:
    """The one of the others that belongs to this part; None when there is none, or more than one."""
    reach = {other.name: _distance(one.name, other.name) for other in others}
    near = min((distance for distance in reach.values() if distance is not None), default=None)
    beside = [other for other in others if near is not None and reach[other.name] == near]
    same = [other for other in beside if _stem(other.name) == _stem(one.name)]
    alike = same or [other for other in beside if _alike(one, other)]
    return alike[0] if len(alike) == 1 else None


def _alike(one: Part, other: Part) -> bool:
    """Whether one name could be short for both: the other says whose it is, and the secret's is called like a secret."""
    secret = other if _is_id(one) else one
    words = _words(secret.name)
    named = not words or bool(words & _SECRET_WORDS)
    stems = _stem(one.name), _stem(other.name)
    return named and (stems[0] <= stems[1] or stems[1] <= stems[0])


def _distance(one: str, other: str) -> int | None:
    """How many levels apart two parts stand; None when neither stands in what surrounds the other."""
    within, around = sorted((_around(one), _around(other)), key=len, reverse=True)
    return len(within) - len(around) if within[: len(around)] == around else None


def _around(name: str) -> list[str]:
    return name.split("/")[:-1]


def _stem(name: str) -> frozenset[str]:
    """What a name says of whose key it is."""
    return _words(name) - _ROLE_WORDS


def _words(name: str) -> frozenset[str]:
    last = _AGAIN.sub("", name.rpartition("/")[2])
    return frozenset(word.lower() for word in _WORD.findall(last) if not word.isdecimal())
