"""All secrets of the emulated cloud: finding, creating and removing them, and what time does to them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import google_crc32c

from keyward.emulator.clock import micros, parse
from keyward.emulator.secretmanager import record, refusals
from keyward.emulator.secretmanager.resources import State
from keyward.emulator.secretmanager.wire import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from keyward.emulator.secretmanager.resources import Parent, Ref, Secret, Version
    from keyward.emulator.world import World


class Book:
    """The state behind both transports; callers hold the world's lock."""

    slot: ClassVar[str] = "secretmanager"

    def __init__(self, world: World) -> None:
        self.clock = world.clock
        self._secrets: dict[Parent, dict[str, Secret]] = {}
        self._orders = 0
        self._last_etag = 0
        self.before_access: Callable[[], None] = lambda: None
        """Called before a payload is read: the sample organisation makes some of its payloads only then."""

    def etag(self, moment: datetime) -> str:
        """A new etag in Google's form: a quoted hexadecimal number of 14 digits, made from the time, never twice."""
        self._last_etag = max(self._last_etag + 1, int(moment.timestamp() * 1_000_000))
        return f'"1{self._last_etag:013x}"'

    def order(self) -> int:
        """A number that rises with every creation."""
        self._orders += 1
        return self._orders

    def put(self, secret: Secret) -> None:
        """Keeps a new secret.

        Raises:
            ApiError: ALREADY_EXISTS.
        """
        shelf = self._secrets.setdefault(secret.parent, {})
        known = shelf.get(secret.secret_id)
        if known is not None and not self._age(known):
            raise refusals.secret_exists(known.name)
        shelf.pop(secret.secret_id, None)
        shelf[secret.secret_id] = secret

    def find(self, ref: Ref) -> Secret | None:
        """The secret as it is at this moment, or None."""
        secret = self._secrets.get(ref.parent, {}).get(ref.secret)
        if secret is None:
            return None
        if self._age(secret):
            self.remove(secret)
            return None
        return secret

    def get(self, ref: Ref) -> Secret:
        """The secret as it is at this moment.

        Raises:
            ApiError: NOT_FOUND.
        """
        secret = self.find(ref)
        if secret is None:
            raise refusals.no_secret(ref.secret_name)
        return secret

    def remove(self, secret: Secret) -> None:
        """Forgets a secret with all its versions."""
        del self._secrets[secret.parent][secret.secret_id]

    def newest_first(self, parent: Parent) -> Iterator[Secret]:
        """The secrets of a parent as they are at this moment."""
        for secret in reversed(list(self._secrets.get(parent, {}).values())):
            if self._age(secret):
                self.remove(secret)
            else:
                yield secret

    def dump(self) -> dict[str, Any]:
        """Everything as JSON values, payloads included."""
        secrets = [record.dump(secret) for shelf in self._secrets.values() for secret in shelf.values()]
        return {"orders": self._orders, "last_etag": self._last_etag, "secrets": secrets}

    def load(self, data: Mapping[str, Any]) -> None:
        """Takes back what `dump` gave."""
        self._orders, self._last_etag = data["orders"], data["last_etag"]
        for saved in data["secrets"]:
            secret = record.load(saved)
            self._secrets.setdefault(secret.parent, {})[secret.secret_id] = secret

    def rewrite(self, change: Callable[[bytes], bytes]) -> None:
        """Replaces payloads where `change` gives another one; for the emulator itself, a version never changes."""
        for secret in (one for shelf in self._secrets.values() for one in shelf.values()):
            for version in secret.versions:
                changed = version.payload and change(version.payload)
                if changed and changed != version.payload:
                    version.payload, version.checksum = changed, int(google_crc32c.value(changed))

    def destroy(self, version: Version, moment: datetime) -> None:
        """Erases the payload for good."""
        version.state = State.DESTROYED
        version.payload = None
        version.destroy_at = None
        version.destroyed = moment
        version.etag = self.etag(moment)
        version.destroyed_nanos = 1 + self._last_etag % 999

    def _age(self, secret: Secret) -> bool:
        """Lets due things happen: delayed destruction, the next rotation notice. True when the secret has expired."""
        now = self.clock.now()
        for version in secret.versions:
            if version.destroy_at is not None and version.destroy_at <= now:
                self.destroy(version, version.destroy_at)
        period = secret.rotation.get("rotationPeriod")
        following = secret.rotation.get("nextRotationTime")
        if following and parse(following) <= now:
            if period:
                step = timedelta(seconds=parse_duration(period))
                missed = (now - parse(following)) // step + 1
                secret.rotation["nextRotationTime"] = micros(parse(following) + missed * step)
            else:
                secret.rotation.pop("nextRotationTime")
        return secret.expires is not None and secret.expires <= now
