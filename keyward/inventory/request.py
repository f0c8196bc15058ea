"""What a scan is asked for, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from keyward.model.ids import SecretRef
from keyward.model.secretinfo import SecretInfo
from keyward.model.source import SourceReport
from keyward.model.text import escaped
from keyward.providers.interface import Provider
from keyward.stores.interface import Store


@dataclass(frozen=True, slots=True)
class ProviderSource:
    """A provider in one scope. `values` is the consent to read key strings there, so that secrets can be searched for them."""

    provider: Provider
    scope: str
    values: bool = False

    @property
    def id(self) -> str:
        """The id of the source."""
        return f"{self.provider.name}:{escaped(self.scope)}"


@dataclass(frozen=True, slots=True)
class StoreSource:
    """A store in one scope. `values` is the consent to read what its secrets hold.

    `known` are secrets whose versions need not be asked for, with what is known of them.
    """

    store: Store
    scope: str
    values: bool = False
    known: Mapping[SecretRef, SecretInfo] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the source."""
        return f"{self.store.name}:{escaped(self.scope)}"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What to ask.

    Args:
        providers: providers with scopes.
        stores: stores with scopes.
        usage: whether to ask when keys were used.
        workers: calls under way at once.
        host: this machine's name, for what only it can see.
        roots: what an index is asked about instead of each scope, where a provider or store has one; empty asks no index.
    """

    providers: tuple[ProviderSource, ...] = ()
    stores: tuple[StoreSource, ...] = ()
    usage: bool = True
    workers: int = 32
    host: str = ""
    roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanResult:
    """How a scan ended. `at` is UTC; `reads` counts values read from a cloud, each of which its audit log may show."""

    at: datetime
    sources: tuple[SourceReport, ...]
    reads: int = 0
    cancelled: bool = False
