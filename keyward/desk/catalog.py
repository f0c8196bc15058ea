"""The catalog of providers as documents: all in short, one in full with the user's own statements."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from keyward.desk.data_handling import Document, handling, statement
from keyward.model.handling import Evidence
from keyward.providers import catalog

if TYPE_CHECKING:
    from keyward.desk.desk import Desk


def provider(desk: "Desk", name: str) -> Mapping[str, Any]:
    """The document `keyward.provider/1` of the provider that a person means.

    Raises:
        UsageError: there is none, or there are several.
    """
    entry = catalog.named(name)
    found = handling(desk.parts, entry.id)
    today = desk.parts.clock.now().date()
    statements = [statement(one, stale=one.stale(today)) for one in found.statements]
    return {
        "schema": "keyward.provider/1",
        "id": entry.id,
        "label": entry.label,
        "aliases": list(entry.aliases),
        "issuers": list(entry.issuers) or [entry.id],
        "kinds": list(entry.kinds),
        "variables": list(entry.variables),
        "service": entry.service or None,
        "lifecycle": entry.lifecycle.value,
        "automation": entry.automation.value,
        "rotation": entry.rotation.value,
        "limits": entry.limits or None,
        "pages": {
            "create": entry.pages.create,
            "revoke": entry.pages.revoke,
            "usage": entry.pages.usage or None,
            "how": entry.pages.how or None,
        },
        "revoked": entry.revocation.note or None,
        "seen": entry.seen or None,
        "checked": entry.checked.isoformat(),
        "tiers": [{**asdict(one), "when": one.when.value} for one in found.tiers],
        "statements": statements,
        "sources": [
            {"url": one.url, "evidence": one.evidence.value, "as_of": one.as_of.isoformat() if one.as_of else None}
            for one in entry.sources
        ],
    }


def providers(desk: "Desk") -> Mapping[str, Any]:
    """The document `keyward.providers/1`: every provider of the catalog, in short."""
    today = desk.parts.clock.now().date()
    return {"schema": "keyward.providers/1", "providers": [_short(desk, one, today) for one in catalog.ids()]}


def _short(desk: "Desk", name: str, today: date) -> Document:
    entry, found = catalog.read(name), handling(desk.parts, name).statements
    return {
        "id": entry.id,
        "label": entry.label,
        "aliases": list(entry.aliases),
        "lifecycle": entry.lifecycle.value,
        "rotation": entry.rotation.value,
        "statements": len(found),
        "stale": sum(one.stale(today) for one in found),
        "unverified": sum(one.evidence is Evidence.PRIOR for one in found),
        "checked": min((one.checked for one in found), default=entry.checked).isoformat(),
    }
