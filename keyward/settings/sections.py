"""Sections of a settings file, such as `[scan]`: one dataclass a section. Each field carries its reader, whether a working folder may set it, and its meaning."""

# ruff: noqa: RUF009  # `setting` makes a dataclass field; the rule cannot see that

from dataclasses import dataclass
from datetime import timedelta

from keyward.settings.readers import blackout, regions, secret_url, secret_urls, service_account, some_of, time_of_day
from keyward.settings.setting import setting
from keyward.settings.values import duration, duration_or, number, one_of, text, texts, yes_or_no


@dataclass(frozen=True, slots=True)
class Scan:
    """What `keyward scan` asks."""

    projects: tuple[str, ...] = setting(
        texts, (), "Google Cloud projects, patterns allowed; empty: every project that can be seen", anyone=True
    )
    exclude: tuple[str, ...] = setting(texts, (), "projects to leave out, patterns allowed", anyone=True)
    organizations: tuple[str, ...] = setting(
        texts, (), "only projects below these organisations, by number", anyone=True
    )
    folders: tuple[str, ...] = setting(
        texts, (), "only projects below these Google Cloud folders, by number", anyone=True
    )
    index: str = setting(
        one_of("auto", "off"),
        "auto",
        "auto: ask Cloud Asset Inventory about whole organisations and folders where it answers; off: ask each project",
        anyone=True,
    )
    read_values: tuple[str, ...] = setting(texts, (), "scopes whose secret values may be read, such as project:acme-*")
    regions: tuple[str, ...] = setting(
        regions, (), "regions whose secrets are looked for beside the global ones, such as europe-west3", anyone=True
    )
    workers: int = setting(number, 32, "calls under way at once", anyone=True)
    context: bool = setting(
        yes_or_no,
        False,
        "whether every scan asks for billing, APIs, labels and readers too; several requests a project, one a secret",
    )
    owner_labels: tuple[str, ...] = setting(
        texts,
        ("owner", "team"),
        "labels of projects and secrets, and annotations of keys, that name an owner",
        anyone=True,
    )
    every: timedelta = setting(
        duration, timedelta(hours=24), "an unattended run scans again when the last scan is older; 0s: never by itself"
    )


@dataclass(frozen=True, slots=True)
class Keyring:
    """Which items of the OS keyring are read."""

    services: tuple[str, ...] = setting(texts, (), "service names, patterns allowed; empty: the keyring is not read")


LOCAL = ("adc", "agents", "aws-files", "ci", "shell")
"""Stores of other programs' files, which are read once they are named here."""


@dataclass(frozen=True, slots=True)
class Local:
    """Which files of other programs are read, at their exact paths; none is ever written."""

    read: tuple[str, ...] = setting(
        some_of(*LOCAL), (), f"of {', '.join(LOCAL)}; empty: none, until `keyward init` asked you"
    )


@dataclass(frozen=True, slots=True)
class Rotation:
    """How rotations go."""

    grace: timedelta = setting(duration, timedelta(hours=24), "how long both keys work after cut-over")
    soak: timedelta = setting(
        duration, timedelta(hours=72), "how long a disabled key stays restorable before it is deleted"
    )
    quiet: timedelta | None = setting(
        duration_or("auto"),
        None,
        "how long the old key must be unused before it is retired; auto: as its provider needs",
    )
    retire_by: timedelta = setting(
        duration, timedelta(days=30), "when to ask a person although use is unknown or goes on"
    )
    home: str = setting(text, "", "secret store for pending values, such as gsm:ops/*")
    on_failure: str = setting(one_of("stay", "rollback"), "stay", "what a failed unattended rotation does")
    max_per_run: int = setting(number, 5, "new rotations a run", anyone=True)
    max_per_project: int = setting(number, 1, "new rotations a run in one project", anyone=True)
    stop_after_failures: int = setting(number, 2, "after so many failures in a run nothing new starts", anyone=True)
    blackout: tuple[str, ...] = setting(
        blackout, (), "when nothing new starts and nothing is retired, such as Fri 16:00/Mon 07:00 Europe/Berlin"
    )
    jitter: timedelta = setting(
        duration, timedelta(hours=6), "by how much a key may be due before its age, so that not all are at once"
    )


@dataclass(frozen=True, slots=True)
class Targets:
    """Places that need no asking."""

    allow: tuple[str, ...] = setting(texts, (), "patterns of place ids accepted as targets, such as gsm:acme-*/*")


@dataclass(frozen=True, slots=True)
class Production:
    """What is production."""

    match: str = setting(text, "project:*-prod", "a query; its keys are coloured, named and need a typed phrase")


@dataclass(frozen=True, slots=True)
class Checklists:
    """Checklists of your own."""

    files: tuple[str, ...] = setting(
        texts, (), "files, and folders with *.toml files, that define lists, such as ~/keyward/lists"
    )


@dataclass(frozen=True, slots=True)
class Display:
    """How the app shows things."""

    motion: bool = setting(
        yes_or_no, True, "false: nothing in the app moves or flashes; so does TEXTUAL_ANIMATIONS=none", anyone=True
    )


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger is."""

    url: str = setting(
        text, "", "empty: a SQLite file in the state folder; postgresql://user@host/database, no password: a shared one"
    )


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Where the fingerprint key is."""

    key_file: str = setting(text, "", "a file of mode 0600; empty: the OS keyring, or a file in the state folder")


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Hosts that may receive values and tokens."""

    allow: tuple[str, ...] = setting(texts, (), "https hosts besides *.googleapis.com")


@dataclass(frozen=True, slots=True)
class Plugins:
    """Third-party providers and stores."""

    allow: tuple[str, ...] = setting(texts, (), "distributions whose providers and stores may load")


@dataclass(frozen=True, slots=True)
class Google:
    """How Google is asked."""

    quota_project: str = setting(text, "", "project that quota is charged to where the scanned one refuses")
    metrics_scopes: tuple[str, ...] = setting(
        texts,
        (),
        "projects whose metrics scopes tell the last use of keys in all that they monitor; empty: each is asked",
    )


@dataclass(frozen=True, slots=True)
class Impersonation:
    """As whom Google is asked, for reading or for writing, where no `[[google.identity]]` says otherwise."""

    impersonate: str = setting(
        service_account, "", "e-mail of a service account to act as; empty: as whoever runs keyward"
    )


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told about unattended runs."""

    urls: tuple[str, ...] = setting(
        secret_urls,
        (),
        "Apprise addresses; they hold tokens, so the file that names them must be yours alone",
        secret=True,
    )
    urls_file: str = setting(text, "", "a file of mode 0600 with one Apprise address a line")
    urls_env: str = setting(text, "", "the name of an environment variable that holds Apprise addresses")
    on: tuple[str, ...] = setting(
        some_of("started", "finished", "needs-person", "failed"),
        ("needs-person", "failed", "finished"),
        "what is told: started, finished, needs-person, failed",
    )
    daily_at: str = setting(
        time_of_day, "09:00", "when a summary is sent each day that something is open; empty: never"
    )
    heartbeat: str = setting(
        secret_url, "", "an address that is called after every unattended run that went well", secret=True
    )
    heartbeat_fail: str = setting(
        text, "/fail", "what is put behind it when a run failed; empty: it is not called then"
    )


@dataclass(frozen=True, slots=True)
class Data:
    """What the terms of providers depend on and no API tells."""

    region: str = setting(
        one_of("", "eea"),
        "",
        "eea: you, who uses the providers, are established in the European Economic Area, Switzerland or the United Kingdom",
    )
