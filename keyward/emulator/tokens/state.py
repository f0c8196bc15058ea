"""Bearer tokens that were handed out: whose they are, from which key, until when. The tokens themselves are not kept."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.behaviour import DAY
from keyward.emulator.clock import micros, parse
from keyward.emulator.iam import ServiceAccounts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from keyward.emulator.world import World


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for."""

    email: str
    key_id: str
    scope: str
    expires: datetime


class Tokens:
    """The grants by the SHA-256 of their token. Callers hold the world's lock."""

    slot: ClassVar[str] = "tokens"

    def __init__(self, world: World) -> None:
        self._world = world
        self._grants: dict[str, Grant] = {}

    def issue(self, email: str, key_id: str, scope: str, most: float = DAY) -> tuple[str, float]:
        """Give a new token and how many seconds it lives, `most` at most; the key's end does not end it."""
        now, lives = self._world.clock.now(), min(most, self._world.behaviour.token_seconds)
        self._grants = {name: one for name, one in self._grants.items() if one.expires > now}
        token = "ya" + "29.c." + urlsafe_b64encode(os.urandom(90)).decode()
        self._grants[_name(token)] = Grant(email, key_id, scope, now + timedelta(seconds=lives))
        return token, lives

    def holder(self, token: str) -> Grant | None:
        """Give what a token stands for, or None where it is not ours, has expired or its account is disabled."""
        grant = self._grants.get(_name(token)) if token else None
        if grant is None or grant.expires <= self._world.clock.now():
            return None
        account = self._world.state(ServiceAccounts).by_email(grant.email)
        return None if account is None or account.disabled else grant

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values, no token among them."""
        grants = {
            name: {**dataclasses.asdict(one), "expires": micros(one.expires)} for name, one in self._grants.items()
        }
        return {"grants": grants}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        for name, one in data["grants"].items():
            self._grants[name] = Grant(**{**one, "expires": parse(one["expires"])})


def _name(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
