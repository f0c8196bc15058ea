"""The document `keyward.leaks/1`: what a search for leaked keys found. There is no value in it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from keyward.desk.leaking import Leaked, Told
from keyward.inventory.times import stamp
from keyward.model.detectors import BY_KIND
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.hygiene.leaks.found import Place
    from keyward.model.credential import Credential

SCHEMA = "keyward.leaks/1"


def to_json(found: Leaked, status: int) -> Mapping[str, Any]:
    """The document, with the exit status of the command."""
    looked, known = found.looked, found.known
    return {
        "schema": SCHEMA,
        "exit_code": status,
        "searched": {
            "what": found.wish.what.value,
            "texts": looked.read,
            "bytes": looked.size,
            "left_out": {why.value: count for why, count in sorted(looked.left.items())},
            "not_read": [
                {"path": path, "why": why.value, "detail": clean(detail)} for path, why, detail in looked.gaps
            ],
            "notes": list(looked.notes),
        },
        "ids": found.naming.value,
        "inventory": {"there": found.inventory, "scanned_at": _moment(found.scanned)},
        "baseline": None
        if known is None
        else {"entries": known.entries, "unused": list(known.unused), "written": known.written},
        "leaks": [_leak(one) for one in found.leaks],
    }


def _leak(one: Told) -> dict[str, Any]:
    mark, detector = one.mark, BY_KIND.get(one.mark.kind)
    return {
        "id": mark.id,
        "kind": mark.kind or None,
        "label": label(one),
        "issuer": (detector.issuer if detector else "") or None,
        "confidence": mark.confidence,
        "secret": detector is None or detector.is_secret,
        "shown": mark.masked,
        "account": mark.account or None,
        "expires_at": stamp(mark.expires) if mark.expires is not None else None,
        "counts": one.counts,
        "baseline": one.accepted,
        "dead": one.dead,
        "keys": [_key(key) for key in one.keys],
        "unread": one.unread,
        "places": [_place(place) for place in one.leak.places],
        "advice": {
            "text": one.advice.text,
            "command": one.advice.command or None,
            "page": one.advice.page or None,
        },
    }


def label(one: Told) -> str:
    """What people call it."""
    detector = BY_KIND.get(one.mark.kind)
    return detector.label if detector is not None else "value of a key in the inventory"


def _key(key: "Credential") -> dict[str, Any]:
    return {"id": key.id, "state": key.state.value, "restorable_until": _moment(key.restorable_until)}


def _place(place: "Place") -> dict[str, Any]:
    return {
        "path": place.path or None,
        "line": place.line or None,
        "commit": place.commit or None,
        "at": stamp(place.at) if place.at is not None else None,
        "in_head": place.in_head,
        "in_query": place.in_query,
    }


def _moment(at: datetime | None) -> str | None:
    return stamp(at.astimezone(UTC).timestamp()) if at is not None else None
