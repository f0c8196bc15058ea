"""What the engine can reach: providers, stores, the ledger, a fresh look at the places, and who is acting."""

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from keyward.ledger.interface import Ledger
from keyward.model.context import Ctx
from keyward.model.credential import Credential
from keyward.model.errors import NotConfigured
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.placement import Placement
from keyward.model.secret import Secret
from keyward.model.source import SourceReport
from keyward.providers.interface import Provider
from keyward.stores.interface import Store

_numbers = itertools.count(1)


class Fingerprints(Protocol):
    """Makes the keyed hash of a value: the only thing that is kept of it."""

    def fingerprint(self, value: Secret) -> str:
        """The fingerprint of that value."""
        ...


class Values:
    """Values of keys, in memory, for as long as this process works on their rotation. Never written anywhere."""

    def __init__(self) -> None:
        self._kept: dict[str, Secret] = {}
        self._lock = threading.Lock()

    def get(self, credential: str) -> Secret | None:
        """The value kept for that key, if any."""
        with self._lock:
            return self._kept.get(credential)

    def keep(self, credential: str, value: Secret) -> Secret:
        """Keep a value until `forget`."""
        with self._lock:
            self._kept[credential] = value
        return value

    def forget(self, credential: str) -> None:
        """Let go of it."""
        with self._lock:
            self._kept.pop(credential, None)


@dataclass(frozen=True, slots=True)
class Coverage:
    """A fresh look for one key: the placements found, and what was and was not looked at.

    Only sources whose values may be read are looked at: local ones and scopes with consent.
    """

    placements: tuple[Placement, ...] = ()
    sources: tuple[SourceReport, ...] = ()


def _see_nothing(_: Credential) -> Coverage:
    return Coverage()


@dataclass(frozen=True, slots=True)
class Reach:
    """The parts of the world that one run acts on.

    `look` searches the places that may be read for a key, now; it changes nothing. `owner` identifies this process in leases, `host` this
    machine in placements, `actor` the person or job in the audit trail; `identity` is whom the cloud sees, `world` and `endpoints` what
    it is. `lease_seconds` outlives the longest single call.
    """

    providers: Mapping[str, Provider]
    stores: Mapping[str, Store]
    ledger: Ledger
    fingerprints: Fingerprints
    ctx: Ctx
    owner: str
    host: str
    actor: str = ""
    identity: str = ""
    world: str = ""
    endpoints: tuple[str, ...] = ()
    look: Callable[[Credential], Coverage] = _see_nothing
    lease_seconds: float = 300.0
    values: Values = field(default_factory=Values)

    def worker(self) -> str:
        """A name in leases for one piece of work of this process: two pieces exclude each other like two processes."""
        return f"{self.owner}/{next(_numbers)}"

    def provider(self, ref: CredentialRef) -> Provider:
        """The provider of that credential.

        Raises:
            NotConfigured: it is not installed or not set up here.
        """
        if ref.provider not in self.providers:
            raise NotConfigured(
                f"{ref} needs the provider {ref.provider!r}, which is not available here.", hint="See `keyward doctor`."
            )
        return self.providers[ref.provider]

    def store(self, ref: SecretRef) -> Store:
        """The store of that secret.

        Raises:
            NotConfigured: it is not installed or not set up here.
        """
        if ref.store not in self.stores:
            raise NotConfigured(
                f"{ref} needs the store {ref.store!r}, which is not available here.", hint="See `keyward doctor`."
            )
        return self.stores[ref.store]
