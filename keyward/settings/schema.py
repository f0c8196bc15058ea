"""What can be set: one dataclass a section. Each field carries its reader, whether a working folder may set it, and its meaning."""

# ruff: noqa: RUF009  # `_setting` makes a dataclass field; the rule cannot see that

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from keyward.settings.values import duration, number, one_of, text, texts


def _setting(read: Callable[[object], Any] | Any, default: Any, doc: str, *, anyone: bool = False) -> Any:
    """A field. `anyone`: a `keyward.toml` in the working folder may set it, because it can only filter, limit or display; no guard is among them."""
    return field(default=default, metadata={"read": read, "doc": doc, "anyone": anyone})


@dataclass(frozen=True, slots=True)
class Scan:
    """What `keyward scan` asks."""

    projects: tuple[str, ...] = _setting(
        texts, (), "Google Cloud projects, patterns allowed; empty: every project that can be seen", anyone=True
    )
    exclude: tuple[str, ...] = _setting(texts, (), "projects to leave out, patterns allowed", anyone=True)
    read_values: tuple[str, ...] = _setting(texts, (), "scopes whose secret values may be read, such as project:acme-*")
    workers: int = _setting(number, 32, "calls under way at once", anyone=True)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Which items of the OS keyring are read."""

    services: tuple[str, ...] = _setting(texts, (), "service names, patterns allowed; empty: the keyring is not read")


@dataclass(frozen=True, slots=True)
class Rotation:
    """How rotations go."""

    grace: timedelta = _setting(duration, timedelta(hours=24), "how long both keys work after cut-over")
    soak: timedelta = _setting(
        duration, timedelta(hours=72), "how long a disabled key stays restorable before it is deleted"
    )
    quiet: timedelta = _setting(duration, timedelta(days=7), "how long the old key must be unused before it is retired")
    retire_by: timedelta = _setting(
        duration, timedelta(days=30), "when to ask a person although use is unknown or goes on"
    )
    home: str = _setting(text, "", "secret store for pending values, such as gsm:ops/*")
    on_failure: str = _setting(one_of("stay", "rollback"), "stay", "what a failed unattended rotation does")
    max_per_run: int = _setting(number, 5, "new rotations a run", anyone=True)


@dataclass(frozen=True, slots=True)
class Targets:
    """Places that need no asking."""

    allow: tuple[str, ...] = _setting(texts, (), "patterns of place ids accepted as targets, such as gsm:acme-*/*")


@dataclass(frozen=True, slots=True)
class Production:
    """What is production."""

    match: str = _setting(text, "project:*-prod", "a query; its keys are coloured, named and need a typed phrase")


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is."""

    url: str = _setting(text, "", "empty: a SQLite file in the state folder")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Where the fingerprint key is."""

    key_file: str = _setting(text, "", "a file of mode 0600; empty: the OS keyring, or a file in the state folder")


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Hosts that may receive values and tokens."""

    allow: tuple[str, ...] = _setting(texts, (), "https hosts besides *.googleapis.com")


@dataclass(frozen=True, slots=True)
class Plugins:
    """Third-party providers and stores."""

    allow: tuple[str, ...] = _setting(texts, (), "distributions whose providers and stores may load")


@dataclass(frozen=True, slots=True)
class Google:
    """How Google is asked."""

    quota_project: str = _setting(text, "", "project that quota is charged to where the scanned one refuses")


@dataclass(frozen=True, slots=True)
class EnvFolder:
    """One folder whose env files are read."""

    path: Path
    depth: int = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with its defaults."""

    scan: Scan = field(default_factory=Scan)
    env: tuple[EnvFolder, ...] = ()
    keyring: Keyring = field(default_factory=Keyring)
    rotation: Rotation = field(default_factory=Rotation)
    targets: Targets = field(default_factory=Targets)
    production: Production = field(default_factory=Production)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    endpoints: EndpointSettings = field(default_factory=EndpointSettings)
    plugins: Plugins = field(default_factory=Plugins)
    google: Google = field(default_factory=Google)


def sections() -> dict[str, dict[str, Any]]:
    """Every section with its fields by name, from the defaults; `env` (a list of tables) is not among them."""
    default = Settings()
    found: dict[str, dict[str, Any]] = {}
    for section in fields(Settings):
        if section.name != "env":
            found[section.name] = {item.name: item for item in fields(getattr(default, section.name))}
    return found
