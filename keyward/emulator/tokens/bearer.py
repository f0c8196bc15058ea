"""Who a caller is, by the bearer token: one that was handed out here, or an assertion signed for one service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyward.emulator.authentications import Authentications
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.tokens.assertion import check_times, read, signer
from keyward.emulator.tokens.refusals import OAuthError
from keyward.emulator.tokens.state import Tokens

if TYPE_CHECKING:
    from keyward.emulator.world import World


def caller(world: World, token: str) -> str | None:
    """Give the e-mail of the account that a token stands for: None for one that is dead, empty for one of others.

    A self-signed assertion (which Google's client libraries send instead of a token where they may) counts as a use of
    its key, as an exchange does. Its audience or scope is not looked at.
    """
    if token.startswith("ya" + "29.c."):
        grant = world.state(Tokens).holder(token)
        return grant.email if grant else None
    if token.count(".") != 2 or not token.startswith("ey"):
        return ""
    try:
        assertion = read(token)
        account = world.state(ServiceAccounts).by_email(assertion.text("iss"))
        if account is None or account.disabled:
            return None
        key = signer(world, assertion, account.email)
        check_times(world, assertion)
    except OAuthError:
        return None
    world.state(Authentications).record(world.project(account.project_id).number, account.unique_id, key.key_id)
    return account.email
