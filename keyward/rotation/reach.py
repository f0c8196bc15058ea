"""What the engine can reach: providers, stores, the ledger, a fresh look at the places, and who is acting."""

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from keyward.ledger.interface import Ledger
from keyward.model.capability import Can
from keyward.model.context import Ctx
from keyward.model.credential import Credential
from keyward.model.errors import NotConfigured
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.placement import Placement
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo
from keyward.model.source import SourceReport
from keyward.providers.interface import Provider
from keyward.rotation.consumers.consumer import Consumers
from keyward.rotation.foreign_terraform import NO_STATE, TerraformState
from keyward.rotation.sightings import Sightings
from keyward.stores.interface import Store

_numbers = itertools.count(1)


class Fingerprints(Protocol):
    """Makes the keyed hash of a value: the only thing that is kept of it."""

    def fingerprint(self, value: Secret) -> str:
        """The fingerprint of that value."""
        ...

    def seal(self, document: bytes) -> str:
        """What shows later that a holder of the same key wrote the document."""
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


def _not_listed(_: SecretRef) -> SecretInfo | None:
    return None


@dataclass(frozen=True, slots=True)
class Coverage:
    """A fresh look for one key: the placements found, and what was and was not looked at.

    Only sources whose values may be read are looked at: local ones and scopes with consent. `info` tells a secret as the look listed it.
    """

    placements: tuple[Placement, ...] = ()
    sources: tuple[SourceReport, ...] = ()
    info: Callable[[SecretRef], SecretInfo | None] = _not_listed


def _see_nothing(_: Credential) -> Coverage:
    return Coverage()


def _never_closed(_: datetime) -> datetime | None:
    return None


@dataclass(frozen=True, slots=True)
class Reach:
    """The parts of the world that one run acts on.

    `look` searches the places that may be read for a key, now; it changes nothing. `owner` identifies this process in leases, `host` this
    machine in placements, `actor` the person or job in the audit trail; `identity` is whom the cloud sees, `world` and `endpoints` what
    it is. `lease_seconds` outlives the longest single call, by `steady`, a clock in seconds that nobody sets (None: by `ctx`).
    `unattended` says that a failed try is put off for longer each time.
    `closed_until` gives the end of the blackout that a time lies in, None when it lies in none. `consumers` are this host's
    commands, `allow` the patterns of places that its settings accept now. `terraform` is what Terraform was said to manage. `sightings`
    are what this process saw in secrets of a cloud a moment ago.
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
    steady: Callable[[], float] | None = None
    unattended: bool = False
    closed_until: Callable[[datetime], datetime | None] = _never_closed
    consumers: Consumers = field(default_factory=Consumers)
    values: Values = field(default_factory=Values)
    sightings: Sightings = field(default_factory=Sightings)
    terraform: TerraformState = NO_STATE
    allow: tuple[str, ...] = ()

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

    def read(self, secret: SecretRef) -> Payload:
        """The current payload of that secret, as its store has it now.

        Raises:
            Gone: there is no such secret.
            Refused: it cannot be read.
            SourceError: it could not be read.
        """
        store = self.store(secret)
        if Can.LOCAL in store.can:
            return store.read(secret, self.ctx)
        return self.sightings.watch(secret, lambda: store.read(secret, self.ctx))

    def read_or_seen(self, secret: SecretRef) -> Payload:
        """The same, or what this process saw there a few seconds ago, if it is in a cloud.

        Raises:
            Gone: there is no such secret.
            Refused: it cannot be read.
            SourceError: it could not be read.
        """
        return self.sightings.just_now(secret) or self.read(secret)
