"""Whose a value is, from what the scans know: no value and no fingerprint of it leaves this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyward.inventory.link import BY_FINGERPRINT, Found, shape_id
from keyward.model.credential import Kind
from keyward.model.detector import Confidence
from keyward.model.detectors import identify as shape_of
from keyward.model.fingerprint import FingerprintKey, normalised, worth
from keyward.model.ids import DECLARED, SHAPE
from keyward.model.keyfile import key_id
from keyward.model.placement import Placement
from keyward.model.secret import Secret

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader
    from keyward.model.detector import Detector

_UNLISTED = (f"{SHAPE}:", f"{DECLARED}:")
"""How the ids of keys begin that no provider lists."""

Lookup = Callable[[Secret], "str | None"]
"""Asks a provider whose a value is; gives the id of a key. The provider sees the value."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a value.

    `shape` is the detector's kind, `label` and `issuer` are for people, `confidence` is `proved`, `likely`, `doubtful` or empty. `keys` are
    ids of the keys with that value; a value with a secret's shape that nobody lists has an id by its shape. `listed` says that a
    provider lists one of them. `placements` is where the value was found. `not_looked` counts payloads that were not searched, and
    `unread` listed keys that could be this one, because nobody allowed to read their values: with either, "not found" is no proof.
    `by_lookup` says that a provider was asked, and answered. `expires` is when the value says that it ends, and `account` whose it says it
    is; None and empty where its shape says nothing.
    """

    shape: str = ""
    label: str = ""
    issuer: str = ""
    confidence: str = ""
    kind: Kind = Kind.BY_SHAPE
    fingerprint: str = ""
    keys: tuple[str, ...] = ()
    listed: bool = False
    placements: tuple[Placement, ...] = ()
    not_looked: int = 0
    unread: int = 0
    by_lookup: bool = False
    expires: datetime | None = None
    account: str = ""


def identify(
    value: Secret,
    cache: "CacheReader",
    key: FingerprintKey,
    *,
    lookup: Lookup | None = None,
    accepted: frozenset[str] = frozenset(),
) -> Identity:
    """Whose value this is.

    Args:
        value: the value, with or without white space around it.
        cache: what the scans found.
        key: the ledger's fingerprint key.
        lookup: asks a provider when nothing is known here; None asks nobody.
        accepted: targets of the ledger, as place ids without a version.
    """
    raw = normalised(value.reveal())
    detector = shape_of(raw)
    fingerprint = key.fingerprint(value) if worth(raw) else ""
    keys = cache.by_fingerprint(fingerprint) if fingerprint else []
    by_id = key_id(raw) or (raw.decode() if detector is not None and not detector.is_secret else "")
    if not keys and detector is not None and by_id:
        rows = cache.rows("SELECT id FROM key WHERE provider = ? AND uid = ?", (detector.provider, by_id))
        keys = [row[0] for row in rows]
    by_lookup = False
    if lookup is not None and not any(not one.startswith(_UNLISTED) for one in keys):
        answer = lookup(value)
        by_lookup = answer is not None
        keys = [answer] if answer is not None else keys
    placements = [place for one in keys for place in cache.placements(one, accepted=accepted)]
    listed = any(not one.startswith(_UNLISTED) for one in keys)
    if not keys and detector is not None and detector.is_secret:
        keys = [shape_id(Found("", detector.kind, fingerprint))]
    return Identity(
        shape=detector.kind if detector else "",
        label=detector.label if detector else "",
        issuer=detector.issuer if detector else "",
        confidence=Confidence(detector.confidence(raw)).value if detector else "",
        kind=detector.credential if detector else Kind.BY_SHAPE,
        fingerprint=fingerprint,
        keys=tuple(keys),
        listed=listed,
        placements=tuple(placements),
        not_looked=_not_looked(cache),
        unread=unread(cache, detector.provider if detector else ""),
        by_lookup=by_lookup,
        expires=_expires(detector, raw),
        account=(detector.account(raw) or "") if detector is not None and detector.account is not None else "",
    )


def _expires(detector: "Detector | None", raw: bytes) -> datetime | None:
    at = detector.expires(raw) if detector is not None and detector.expires is not None else None
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _not_looked(cache: "CacheReader") -> int:
    found = next(cache.rows("SELECT coalesce(sum(not_looked), 0) FROM source WHERE side = 'store'"), (0,))
    return int(found[0])


def unread(cache: "CacheReader", provider: str) -> int:
    """Live keys whose value nobody has read: of that provider, or of all when the shape says nothing.

    Service account keys do not count: their files say which key they are.
    """
    states = "state IN ('active', 'unknown') AND fingerprint IS NULL AND kind != 'sa-key'"
    found = next(cache.rows(f"SELECT count(*) FROM key WHERE {states} AND (? IN ('', provider))", (provider,)), (0,))  # noqa: S608  # names of our own, never outside text
    return int(found[0])


__all__ = ["BY_FINGERPRINT", "Identity", "Lookup", "identify", "unread"]
