"""What can be set: one dataclass a section. Each field carries its reader, whether a working folder may set it, and its meaning."""

# ruff: noqa: RUF009  # `_setting` makes a dataclass field; the rule cannot see that

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from keyward.settings.readers import (
    answer,
    argv,
    blackout,
    bound,
    day,
    day_count,
    folder,
    page,
    project_pattern,
    provider_id,
    regions,
    rule_ids,
    rule_query,
    secret_url,
    secret_urls,
    service_account,
    some_of,
    time_of_day,
    topic,
    variables,
)
from keyward.settings.values import duration, duration_or, number, one_of, text, texts, yes_or_no


def _setting(
    read: Callable[[object], Any] | Any,
    default: Any,
    doc: str,
    *,
    anyone: bool = False,
    secret: bool = False,
    required: bool = False,
) -> Any:
    """A field.

    `anyone`: a `keyward.toml` in the working folder may set it, because it can only filter, limit or display; no guard is among them.
    `secret`: it may hold a token, so it is never shown. `required`: a table of a list must have it.
    """
    about = {"read": read, "doc": doc, "anyone": anyone, "secret": secret, "required": required}
    return field(default=default, metadata=about)


@dataclass(frozen=True, slots=True)
class Scan:
    """What `keyward scan` asks."""

    projects: tuple[str, ...] = _setting(
        texts, (), "Google Cloud projects, patterns allowed; empty: every project that can be seen", anyone=True
    )
    exclude: tuple[str, ...] = _setting(texts, (), "projects to leave out, patterns allowed", anyone=True)
    organizations: tuple[str, ...] = _setting(
        texts, (), "only projects below these organisations, by number", anyone=True
    )
    folders: tuple[str, ...] = _setting(
        texts, (), "only projects below these Google Cloud folders, by number", anyone=True
    )
    index: str = _setting(
        one_of("auto", "off"),
        "auto",
        "auto: ask Cloud Asset Inventory about whole organisations and folders where it answers; off: ask each project",
        anyone=True,
    )
    read_values: tuple[str, ...] = _setting(texts, (), "scopes whose secret values may be read, such as project:acme-*")
    regions: tuple[str, ...] = _setting(
        regions, (), "regions whose secrets are looked for beside the global ones, such as europe-west3", anyone=True
    )
    workers: int = _setting(number, 32, "calls under way at once", anyone=True)
    context: bool = _setting(
        yes_or_no,
        False,
        "whether every scan asks for billing, APIs, labels and readers too; several requests a project, one a secret",
    )
    owner_labels: tuple[str, ...] = _setting(
        texts,
        ("owner", "team"),
        "labels of projects and secrets, and annotations of keys, that name an owner",
        anyone=True,
    )
    every: timedelta = _setting(
        duration, timedelta(hours=24), "an unattended run scans again when the last scan is older; 0s: never by itself"
    )


@dataclass(frozen=True, slots=True)
class Keyring:
    """Which items of the OS keyring are read."""

    services: tuple[str, ...] = _setting(texts, (), "service names, patterns allowed; empty: the keyring is not read")


LOCAL = ("adc", "agents", "aws-files", "ci", "shell")
"""Stores of other programs' files, which are read once they are named here."""


@dataclass(frozen=True, slots=True)
class Local:
    """Which files of other programs are read, at their exact paths; none is ever written."""

    read: tuple[str, ...] = _setting(
        some_of(*LOCAL), (), f"of {', '.join(LOCAL)}; empty: none, until `keyward init` asked you"
    )


@dataclass(frozen=True, slots=True)
class Rotation:
    """How rotations go."""

    grace: timedelta = _setting(duration, timedelta(hours=24), "how long both keys work after cut-over")
    soak: timedelta = _setting(
        duration, timedelta(hours=72), "how long a disabled key stays restorable before it is deleted"
    )
    quiet: timedelta | None = _setting(
        duration_or("auto"),
        None,
        "how long the old key must be unused before it is retired; auto: as its provider needs",
    )
    retire_by: timedelta = _setting(
        duration, timedelta(days=30), "when to ask a person although use is unknown or goes on"
    )
    home: str = _setting(text, "", "secret store for pending values, such as gsm:ops/*")
    on_failure: str = _setting(one_of("stay", "rollback"), "stay", "what a failed unattended rotation does")
    max_per_run: int = _setting(number, 5, "new rotations a run", anyone=True)
    max_per_project: int = _setting(number, 1, "new rotations a run in one project", anyone=True)
    stop_after_failures: int = _setting(number, 2, "after so many failures in a run nothing new starts", anyone=True)
    blackout: tuple[str, ...] = _setting(
        blackout, (), "when nothing new starts and nothing is retired, such as Fri 16:00/Mon 07:00 Europe/Berlin"
    )
    jitter: timedelta = _setting(
        duration, timedelta(hours=6), "by how much a key may be due before its age, so that not all are at once"
    )


@dataclass(frozen=True, slots=True)
class Targets:
    """Places that need no asking."""

    allow: tuple[str, ...] = _setting(texts, (), "patterns of place ids accepted as targets, such as gsm:acme-*/*")


@dataclass(frozen=True, slots=True)
class Production:
    """What is production."""

    match: str = _setting(text, "project:*-prod", "a query; its keys are coloured, named and need a typed phrase")


@dataclass(frozen=True, slots=True)
class Display:
    """How the app shows things."""

    motion: bool = _setting(
        yes_or_no, True, "false: nothing in the app moves or flashes; so does TEXTUAL_ANIMATIONS=none", anyone=True
    )


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is."""

    url: str = _setting(
        text, "", "empty: a SQLite file in the state folder; postgresql://user@host/database, no password: a shared one"
    )


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
    metrics_scopes: tuple[str, ...] = _setting(
        texts,
        (),
        "projects whose metrics scopes tell the last use of keys in all that they monitor; empty: each is asked",
    )


@dataclass(frozen=True, slots=True)
class Impersonation:
    """As whom Google is asked, for reading or for writing, where no `[[google.identity]]` says otherwise."""

    impersonate: str = _setting(
        service_account, "", "e-mail of a service account to act as; empty: as whoever runs keyward"
    )


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """As whom Google is asked about some projects; the first that matches is taken, and what it leaves out is as for all others."""

    match: str = _setting(project_pattern, "", "projects, such as project:acme-*-prod", required=True)
    read: str = _setting(service_account, "", "service account to act as for reading")
    write: str = _setting(service_account, "", "service account to act as for whatever changes something")


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told about unattended runs."""

    urls: tuple[str, ...] = _setting(
        secret_urls,
        (),
        "Apprise addresses; they hold tokens, so the file that names them must be yours alone",
        secret=True,
    )
    urls_file: str = _setting(text, "", "a file of mode 0600 with one Apprise address a line")
    urls_env: str = _setting(text, "", "the name of an environment variable that holds Apprise addresses")
    on: tuple[str, ...] = _setting(
        some_of("started", "finished", "needs-person", "failed"),
        ("needs-person", "failed", "finished"),
        "what is told: started, finished, needs-person, failed",
    )
    daily_at: str = _setting(
        time_of_day, "09:00", "when a summary is sent each day that something is open; empty: never"
    )
    heartbeat: str = _setting(
        secret_url, "", "an address that is called after every unattended run that went well", secret=True
    )
    heartbeat_fail: str = _setting(
        text, "/fail", "what is put behind it when a run failed; empty: it is not called then"
    )


@dataclass(frozen=True, slots=True)
class EnvFolder:
    """One folder whose env files are read."""

    path: Path = _setting(folder, Path(), "the folder", required=True)
    depth: int = _setting(number, 4, "how deep below it files are looked for")
    ignore: tuple[str, ...] = _setting(
        texts,
        (),
        "files and folders to leave out: a name anywhere below (fixtures, *.test.env) or a path from it (old/vendor)",
    )


@dataclass(frozen=True, slots=True)
class RotationRule:
    """Which keys are rotated at which age; None leaves the rest to `[rotation]`."""

    match: str = _setting(
        rule_query, "", "a query without display names, such as project:acme-prod kind:api-key", required=True
    )
    max_age: timedelta = _setting(duration, timedelta(0), "at which age a key is due", required=True)
    grace: timedelta | None = _setting(duration, None, "how long both keys work after cut-over")
    soak: timedelta | None = _setting(duration, None, "how long a disabled key stays restorable")
    quiet: timedelta | None = _setting(duration, None, "how long the old key must be unused")
    retire_by: timedelta | None = _setting(duration, None, "when to ask a person although use is unknown or goes on")
    retire: str | None = _setting(one_of("auto", "never"), None, "whether the old key goes when it is quiet, or never")


@dataclass(frozen=True, slots=True)
class Consumer:
    """A command that is run when a target changed."""

    match: str = _setting(text, "", "a pattern of place or secret ids, such as gsm:acme-prod/web-*", required=True)
    run: tuple[str, ...] = _setting(
        argv, (), "program and arguments, such as ['kubectl', 'rollout', 'restart', 'deploy/web']", required=True
    )
    ready: tuple[str, ...] = _setting(argv, (), "program and arguments; run again and again until it succeeds")
    refresh: timedelta = _setting(duration, timedelta(0), "how long readers may keep the old value after that")
    timeout: timedelta = _setting(duration, timedelta(minutes=10), "how long run, and then ready, may take")
    stdin: str = _setting(one_of("none", "value"), "none", "value: the new value goes to the standard input of run")
    env: tuple[str, ...] = _setting(variables, (), "names of environment variables that are passed on")


@dataclass(frozen=True, slots=True)
class Gap:
    """A source that need not be seen until a date."""

    match: str = _setting(text, "", "a pattern of source ids, such as google-api-keys:acme-old*", required=True)
    owner: str = _setting(text, "", "who accepted it", required=True)
    until: date = _setting(
        day, date.min, "the last day (UTC) on which it does not count, such as 2027-01-31", required=True
    )
    why: str = _setting(text, "", "why")


@dataclass(frozen=True, slots=True)
class Data:
    """What the terms of providers depend on and no API tells."""

    region: str = _setting(
        one_of("", "eea"),
        "",
        "eea: you, who uses the providers, are established in the European Economic Area, Switzerland or the United Kingdom",
    )


@dataclass(frozen=True, slots=True)
class Attest:
    """What a person vouches for until a day: nothing is used, read or kept by that provider, as the topic has it."""

    provider: str = _setting(provider_id, "", "id of a provider, such as openai", required=True)
    topic: str = _setting(topic, "", "improvement, training, opt-out, people, zero-retention ...", required=True)
    by: str = _setting(text, "", "who says so", required=True)
    until: date = _setting(day, date.min, "the last day (UTC) on which it holds, such as 2027-01-31", required=True)
    match: str = _setting(
        text, "*", "a pattern of key ids, such as google-api-keys:acme-*; of projects as project:acme-*"
    )
    why: str = _setting(text, "", "what it rests on, such as a contract")


@dataclass(frozen=True, slots=True)
class OwnStatement:
    """A statement about a provider, in place of the catalog's of that id or beside the others."""

    provider: str = _setting(provider_id, "", "id of a provider, such as openai", required=True)
    id: str = _setting(text, "", "the statement's id at that provider", required=True)
    topic: str = _setting(topic, "", "what it is about, such as training or kept", required=True)
    answer: str = _setting(answer, "", "yes, no, limited or unknown", required=True)
    said: str = _setting(text, "", "the statement as a sentence", required=True)
    checked: date = _setting(day, date.min, "the day on which it was checked, such as 2026-11-20", required=True)
    tiers: tuple[str, ...] = _setting(texts, (), "tiers for which it holds, such as unpaid; empty: all")
    surface: str = _setting(text, "", "the part of the service that it is about")
    days: int | None = _setting(day_count, None, "how long something is kept")
    control: str = _setting(text, "", "what can be done about it")
    where: str = _setting(page, "", "the page on which that is done")
    proof: str = _setting(text, "", "attest, or the request whose answer shows it; empty: it holds for everybody")
    shows: str = _setting(text, "", "which answer shows it")
    source: str = _setting(page, "", "the page that it was taken from")


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """What holds for rules of hygiene at some subjects; each setting is taken from the first table that fits and has it."""

    rule: str = _setting(rule_ids, "", "a rule such as KW-101, or several such as KW-1*", required=True)
    match: str = _setting(rule_query, "project:*", "a query without display names, such as project:acme-prod")
    limit: timedelta | int | None = _setting(
        bound, None, "the rule's threshold: a length such as 30d or a number, as `keyward explain RULE` says"
    )
    severity: str | None = _setting(
        one_of("critical", "high", "medium", "low", "info"), None, "how bad it is that the rule is broken there"
    )
    off: bool | None = _setting(yes_or_no, None, "true: the rule does not hold there")


@dataclass(frozen=True, slots=True)
class ExceptionTable:
    """Findings that somebody accepts until a date."""

    rule: str = _setting(rule_ids, "", "a rule such as KW-401, or several such as KW-4*", required=True)
    match: str = _setting(
        rule_query, "", "a query without display names, such as id:google-api-keys:acme-old/*", required=True
    )
    owner: str = _setting(text, "", "who accepted it", required=True)
    until: date = _setting(day, date.min, "the last day (UTC) of it, such as 2027-01-31", required=True)
    why: str = _setting(text, "", "why", required=True)


@dataclass(frozen=True, slots=True)
class Environment:
    """Which environment a project belongs to, where its labels `env` and `environment` do not say it."""

    name: str = _setting(text, "", "such as prod", required=True)
    match: str = _setting(project_pattern, "", "projects, such as project:acme-*-prod", required=True)


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
    env: tuple[EnvFolder, ...] = ()
    keyring: Keyring = field(default_factory=Keyring)
    local: Local = field(default_factory=Local)
    rotation: Rotation = field(default_factory=Rotation)
    targets: Targets = field(default_factory=Targets)
    production: Production = field(default_factory=Production)
    display: Display = field(default_factory=Display)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    endpoints: EndpointSettings = field(default_factory=EndpointSettings)
    plugins: Plugins = field(default_factory=Plugins)
    google: Google = field(default_factory=Google)
    google_read: Impersonation = field(default_factory=Impersonation)
    google_write: Impersonation = field(default_factory=Impersonation)
    identities: tuple[IdentityRule, ...] = ()
    notify: Notify = field(default_factory=Notify)
    rules: tuple[RotationRule, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    gaps: tuple[Gap, ...] = ()
    data: Data = field(default_factory=Data)
    attestations: tuple[Attest, ...] = ()
    statements: tuple[OwnStatement, ...] = ()
    policies: tuple[PolicyTable, ...] = ()
    exceptions: tuple[ExceptionTable, ...] = ()
    environments: tuple[Environment, ...] = ()
    keys: tuple[KeyChoice, ...] = ()


LISTS: Mapping[str, tuple[str, type[Any]]] = {
    "env": ("env", EnvFolder),
    "rotation.rule": ("rules", RotationRule),
    "consumer": ("consumers", Consumer),
    "google.identity": ("identities", IdentityRule),
    "gap": ("gaps", Gap),
    "data.attest": ("attestations", Attest),
    "data.statement": ("statements", OwnStatement),
    "policy": ("policies", PolicyTable),
    "exception": ("exceptions", ExceptionTable),
    "environment": ("environments", Environment),
}
"""Lists of tables: the name in the file, the field of `Settings`, the dataclass of one table."""


KEYS = "keys"
"""The table whose names are ids of the app's actions. It only displays, so a working folder may have one; the app checks ids and keys."""


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
