"""The keys of all service accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.accountkeys.key import AccountKey
from keyward.emulator.accountkeys.material import certify, make_pair
from keyward.emulator.clock import parse, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyward.emulator.iam import ServiceAccount
    from keyward.emulator.world import World

_PERIOD = timedelta(days=14)
"""How long Google signs with one system-managed key; about two weeks, unverified."""


class AccountKeys:
    """What IAM knows of keys. Callers hold the world's lock."""

    slot: ClassVar[str] = "accountkeys"

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_account: dict[str, dict[str, AccountKey]] = {}
        self.before_certificate: Callable[[], None] = lambda: None
        """Called before material is made for a key: a payload of the sample organisation may need the private half."""

    def plant(
        self,
        account: ServiceAccount,
        *,
        key_id: str = "",
        made: datetime | None = None,
        valid_after: datetime | None = None,
        valid_before: datetime | None = None,
        certificate: str = "",
        fresh_seconds: float = 0.0,
        **fields: Any,
    ) -> AccountKey:
        """Put a key into an account without any check; further arguments set fields of `AccountKey`.

        Without a certificate the key has no known private half: nobody can sign with it.
        """
        made = made or self._world.clock.now()
        key = AccountKey(
            email=account.email,
            key_id=key_id or self._world.ids.hexadecimal(40),
            made=made,
            valid_after=valid_after or made,
            works_from=made + timedelta(seconds=fresh_seconds),
            valid_before=valid_before,
            certificate=certificate,
            **fields,
        )
        self._by_account.setdefault(account.email, {})[key.key_id] = key
        self._world.dirty = True
        return key

    def of(self, email: str) -> list[AccountKey]:
        """Give the keys of an account, oldest first, deleted ones too."""
        return list(self._by_account.get(email, {}).values())

    def get(self, email: str, key_id: str) -> AccountKey | None:
        """Give a key, deleted or not, or None."""
        return self._by_account.get(email, {}).get(key_id)

    def by_id(self, key_id: str) -> AccountKey | None:
        """Give a key of whatever account by its id, deleted or not, or None."""
        return next((keys[key_id] for keys in self._by_account.values() if key_id in keys), None)

    def listed(self, email: str) -> list[AccountKey]:
        """Give the keys that a list shows now: a change of the last seconds is not in it yet."""
        then = self._world.clock.now() - timedelta(seconds=self._world.behaviour.account_key_list_lag_seconds)
        return [key for key in self.of(email) if key.made <= then and (key.deleted is None or key.deleted > then)]

    def slots(self, email: str) -> int:
        """Give how many keys count towards the limit of an account."""
        freed = self._world.clock.now() - timedelta(seconds=self._world.behaviour.account_key_slot_seconds)
        return sum(1 for key in self.of(email) if key.deleted is None or key.deleted > freed)

    def switch(self, key: AccountKey, reason: str) -> None:
        """Disable a key for a reason (`USER_INITIATED` ...), or enable it with an empty one; it works so later."""
        self._change(key)
        key.disabled, key.disable_reason = bool(reason), reason

    def expose(self, key: AccountKey, reason: str, text: str) -> None:
        """Do what Google does to a key that it found in public (`EXPOSED`) or misused (`COMPROMISE_DETECTED`)."""
        key.extended[reason] = text
        self.switch(key, reason)

    def delete(self, key: AccountKey) -> None:
        """Delete a key for good; it works for some seconds more."""
        self._change(key)
        key.deleted = self._world.clock.now()

    def certificate(self, key: AccountKey) -> str:
        """Give the certificate of a key; one that was planted without gets it now, and nobody its private half."""
        if not key.certificate:
            self.before_certificate()
        if not key.certificate:
            key.certificate = certify(make_pair(), key.email, key.valid_after, key.valid_before)
            self._world.dirty = True
        return key.certificate

    def system_managed(self, account: ServiceAccount) -> list[dict[str, Any]]:
        """Give Google's own keys of an account: this period's, and the one before while its validity lasts."""
        now = self._world.clock.now()
        number = int(now.timestamp() // _PERIOD.total_seconds())
        found = [self._system_key(account, one) for one in (number, number - 1)]
        return [one for one in found if parse(one["validBeforeTime"]) > now]

    def _system_key(self, account: ServiceAccount, number: int) -> dict[str, Any]:
        draw = self._world.ids.fixed("system", account.unique_id, str(number))
        begin = datetime.fromtimestamp(number * _PERIOD.total_seconds() + draw.uniform(0, 3600), UTC)
        return {
            "name": f"projects/{account.project_id}/serviceAccounts/{account.email}/keys/{draw.getrandbits(160):040x}",
            "validAfterTime": seconds(begin),
            "validBeforeTime": seconds(begin + _PERIOD + timedelta(days=2)),
            "keyAlgorithm": "KEY_ALG_RSA_2048",
            "keyOrigin": "GOOGLE_PROVIDED",
            "keyType": "SYSTEM_MANAGED",
        }

    def _change(self, key: AccountKey) -> None:
        now = self._world.clock.now()
        key.change(now, now + timedelta(seconds=self._world.behaviour.account_key_switch_seconds))
        self._world.dirty = True

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values; there are no private halves to give."""
        return {"keys": [key.dump() for keys in self._by_account.values() for key in keys.values()]}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        for item in data["keys"]:
            key = AccountKey.load(item)
            self._by_account.setdefault(key.email, {})[key.key_id] = key
