"""What the control plane does to service account keys: past use, and what Google itself does to exposed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.authentications import Authentications
from keyward.emulator.clock import parse
from keyward.emulator.errors import refuse
from keyward.emulator.iam import ServiceAccounts

if TYPE_CHECKING:
    from keyward.emulator.world import World


def change(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Change the key whose id is `key`.

    `expose` (`EXPOSED` or `COMPROMISE_DETECTED`, with a `text`) disables it as Google does; `uses` counts
    authentications, at the time `when` where that is given.

    Raises:
        ApiError: 404, there is no such key.
        KeyError: a field is missing.
    """
    with world.lock:
        key = world.state(AccountKeys).by_id(body["key"])
        if key is None:
            raise refuse("NOT_FOUND", "The emulator knows no such service account key.")
        if "expose" in body:
            world.state(AccountKeys).expose(key, body["expose"], str(body.get("text", "")))
        if "uses" in body:
            account = world.state(ServiceAccounts).by_email(key.email)
            owner = world.known(account.project_id) if account else None
            if account and owner:
                when = parse(body["when"]) if "when" in body else None
                world.state(Authentications).record(
                    owner.number, account.unique_id, key.key_id, count=int(body["uses"]), when=when
                )
    return {"key": key.key_id}
