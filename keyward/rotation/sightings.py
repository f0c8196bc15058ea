"""What this process itself saw of secrets and keys in a cloud a moment ago, so that one and the same moment is not asked about twice.

It stands in for a question only for seconds, by a clock that goes on while the machine sleeps: what lies between a look and what rests
on it is never longer than the way of a slow request. Files and keyrings are read again every time, which costs nothing.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from keyward.clock import steady
from keyward.model.credential import Credential
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.secretinfo import Payload

T = TypeVar("T")

JUST_NOW = 10.0
"""Seconds for which a payload counts as read now."""
RECENT = 30.0
"""Seconds for which a version counts as the newest one where copies of a key are looked for, and for which a key counts as read now: its
provider refuses by the etag what rests on an older state of it."""


@dataclass(frozen=True, slots=True)
class _Seen(Generic[T]):
    what: T
    at: float


class Sightings:
    """Remembers for half a minute; values in memory only. It may be used from several threads.

    Args:
        moment: seconds, by a clock that nobody sets.
    """

    def __init__(self, moment: Callable[[], float] = steady) -> None:
        self._moment = moment
        self._lock = threading.Lock()
        self._seen: dict[SecretRef, _Seen[Payload]] = {}
        self._keys: dict[CredentialRef, _Seen[Credential]] = {}

    def watch(self, secret: SecretRef, read: Callable[[], Payload]) -> Payload:
        """Read the current payload, and remember it as of the moment at which it was asked for."""
        begun = self._moment()
        self.forget(secret)
        payload = read()
        with self._lock:
            self._seen = {name: one for name, one in self._seen.items() if begun - one.at <= RECENT}
            self._seen[secret] = _Seen(payload, begun)
        return payload

    def forget(self, secret: SecretRef) -> None:
        """Let go of what is about to change."""
        with self._lock:
            self._seen.pop(secret, None)

    def just_now(self, secret: SecretRef) -> Payload | None:
        """What it held a few seconds ago; None when that is longer ago."""
        with self._lock:
            found = self._seen.get(secret)
        return found.what if found is not None and self._moment() - found.at <= JUST_NOW else None

    def recent(self) -> Mapping[SecretRef, Payload]:
        """What was seen in the last half minute."""
        now = self._moment()
        with self._lock:
            return {name: one.what for name, one in self._seen.items() if now - one.at <= RECENT}

    def key(self, ref: CredentialRef, get: Callable[[], Credential]) -> Credential:
        """Ask its provider for a key, and remember it as of that moment."""
        begun = self._moment()
        found = get()
        with self._lock:
            self._keys = {name: one for name, one in self._keys.items() if begun - one.at <= RECENT}
            self._keys[ref] = _Seen(found, begun)
        return found

    def key_just_now(self, ref: CredentialRef) -> Credential | None:
        """The key as it was a moment ago, once; only one whose etag has its provider refuse what rests on an older state."""
        with self._lock:
            found = self._keys.pop(ref, None)
        fresh = found is not None and self._moment() - found.at <= RECENT
        return found.what if found is not None and fresh and found.what.etag else None
