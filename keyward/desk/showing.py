"""One key or secret with all that is known of it, from the cache and the ledger, and what is around it when that is asked for."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from keyward.desk.around import of_key, of_secret, told, told_of_secret
from keyward.desk.data_handling import of as data_of
from keyward.inventory.listing import secret as listed
from keyward.model.errors import UnknownKey

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.ledger.records import RotationRow
    from keyward.model.context import Ctx


def show(desk: "Desk", key: str) -> Mapping[str, Any]:
    """The document `keyward.key/1` of a key (a full id).

    Raises:
        UnknownKey: there is none of that id.
    """
    document = json.loads("".join(desk.inventory([key], secrets=False)))
    if not document["keys"]:
        raise UnknownKey(f"There is no key {key!r} in the last scan.", hint="`keyward scan` looks again.")
    (found,) = document["keys"]
    asked = {
        f"{found['provider']}:{found['scope']}",
        *(f"{one['store']}:{one['scope']}" for one in found["placements"]),
    }
    rotations = [
        {"id": row.id, "state": row.state.value, "waiting_on": row.waiting_on.value or None, "why": row.why or None}
        for row in desk.record.rotations()
        if key in (row.credential, _successor(row))
    ]
    with closing(desk.cache()) as cache:
        around = told(desk, cache, found)
        credential = cache.credential(key)
        handled = None if credential is None else data_of(desk, cache, credential)
    return {
        "schema": "keyward.key/1",
        "world": document["world"],
        "scanned_at": document["scanned_at"],
        "judged": document["judged"],
        "key": found,
        "sources": [one for one in document["sources"] if one["id"] in asked],
        "rotations": rotations,
        **around,
        "data_handling": handled,
    }


def show_secret(desk: "Desk", secret: str) -> Mapping[str, Any] | None:
    """The document `keyward.secret/1` of a secret; None when that is the id of none."""
    with closing(desk.cache()) as cache:
        found = listed(cache, secret, desk.parts.clock.now())
        if found is None:
            return None
        info = cache.secret(secret)
        scanned = cache.scanned_at
        return {
            "schema": "keyward.secret/1",
            "world": cache.world,
            "scanned_at": None if scanned is None else scanned.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "secret": found,
            "labels": dict(info.labels) if info is not None else {},
            **told_of_secret(desk, cache, found),
        }


def ask_around(desk: "Desk", of: str, ctx: "Ctx") -> Sequence[str]:
    """Ask what is around a key or secret (a full id); gives the ids of the keys of whose data handling something else is known now.

    Raises:
        UnknownKey: there is none of that id.
        Interrupted: cancelled; what was asked until then is kept.
    """
    with closing(desk.cache()) as cache:
        info = cache.secret(of)
    return of_secret(desk, info.ref, ctx) if info is not None else of_key(desk, of, ctx)


def _successor(row: "RotationRow") -> str:
    new = row.data.get("new")
    return str(new.get("id", "")) if isinstance(new, dict) else ""
