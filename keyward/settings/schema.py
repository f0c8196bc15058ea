"""What can be set: the sections and lists of tables of `keyward.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from keyward.settings.sections import (
    Checklists,
    Data,
    Display,
    EndpointSettings,
    Fingerprint,
    Google,
    Impersonation,
    Keyring,
    LedgerSettings,
    Local,
    Notify,
    Plugins,
    Production,
    Rotation,
    Scan,
    Targets,
)

if TYPE_CHECKING:
    from keyward.settings.lists import (
        Attest,
        Consumer,
        EnvFolder,
        Environment,
        ExceptionTable,
        Gap,
        IdentityRule,
        OwnStatement,
        PolicyTable,
        RotationRule,
    )


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """Keys that the user gives to one action of the app: its full id, the keys as written, and where that stands."""

    action: str
    keys: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, with its defaults."""

    scan: Scan = field(default_factory=Scan)
    env: "tuple[EnvFolder, ...]" = ()
    keyring: Keyring = field(default_factory=Keyring)
    local: Local = field(default_factory=Local)
    rotation: Rotation = field(default_factory=Rotation)
    targets: Targets = field(default_factory=Targets)
    production: Production = field(default_factory=Production)
    checklists: Checklists = field(default_factory=Checklists)
    display: Display = field(default_factory=Display)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    endpoints: EndpointSettings = field(default_factory=EndpointSettings)
    plugins: Plugins = field(default_factory=Plugins)
    google: Google = field(default_factory=Google)
    google_read: Impersonation = field(default_factory=Impersonation)
    google_write: Impersonation = field(default_factory=Impersonation)
    identities: "tuple[IdentityRule, ...]" = ()
    notify: Notify = field(default_factory=Notify)
    rules: "tuple[RotationRule, ...]" = ()
    consumers: "tuple[Consumer, ...]" = ()
    gaps: "tuple[Gap, ...]" = ()
    data: Data = field(default_factory=Data)
    attestations: "tuple[Attest, ...]" = ()
    statements: "tuple[OwnStatement, ...]" = ()
    policies: "tuple[PolicyTable, ...]" = ()
    exceptions: "tuple[ExceptionTable, ...]" = ()
    environments: "tuple[Environment, ...]" = ()
    keys: tuple[KeyChoice, ...] = ()


LISTS: Mapping[str, tuple[str, str]] = {
    "env": ("env", "EnvFolder"),
    "rotation.rule": ("rules", "RotationRule"),
    "consumer": ("consumers", "Consumer"),
    "google.identity": ("identities", "IdentityRule"),
    "gap": ("gaps", "Gap"),
    "data.attest": ("attestations", "Attest"),
    "data.statement": ("statements", "OwnStatement"),
    "policy": ("policies", "PolicyTable"),
    "exception": ("exceptions", "ExceptionTable"),
    "environment": ("environments", "Environment"),
}
"""Lists of tables: the name in the file, the field of `Settings`, the name of the dataclass of one table in `keyward.settings.lists`."""


KEYS = "keys"
"""The table whose names are ids of the app's actions. It only displays, so a working folder may have one; the app checks ids and keys."""


def kind(name: str) -> type[Any]:
    """The dataclass of one table of a list; the name as in the file."""
    from keyward.settings import lists  # most files have few lists, and many a command starts without a file

    found: type[Any] = getattr(lists, LISTS[name][1])
    return found


def group(section: str) -> str:
    """The field of `Settings` that holds a section, which in the file may stand inside of another one: `google.read`."""
    return section.replace(".", "_")


def sections() -> dict[str, dict[str, Any]]:
    """Every section by its name in the file, with its fields by name, from the defaults; lists of tables are not among them."""
    default = Settings()
    lists = {*(name for name, _ in LISTS.values()), KEYS}
    found: dict[str, dict[str, Any]] = {}
    for section in fields(Settings):
        if section.name not in lists:
            found[section.name.replace("_", ".")] = {item.name: item for item in fields(getattr(default, section.name))}
    return found
