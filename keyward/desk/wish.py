"""What a person asks the desk for, and what a scan answers. Standard library and model only: these load with every face."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from keyward.model.errors import Exit
from keyward.model.gap import Gap
from keyward.model.source import SourceReport, SourceStatus


@dataclass(frozen=True, slots=True)
class ScanWish:
    """What to scan.

    `projects` are Google Cloud project ids, patterns allowed; empty means those of the settings, else all that can be seen. `folders`
    are read for env files beside those of the settings and those scanned before. `values` are scopes whose secret values may be read in
    this run beside those of the settings: `project:ID`, a folder, or `all`. `local` leaves the cloud out. `strict` counts an API that is
    off as missing. `roots` are Google Cloud organisations and folders (`organizations/1`, `folders/2`) below which projects are taken;
    empty means those of the settings. `exclude` are projects to leave out beside those of the settings, patterns allowed.
    `context` asks for billing, APIs, labels and readers too, which the settings can ask for always.
    """

    projects: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    values: tuple[str, ...] = ()
    local: bool = False
    strict: bool = False
    roots: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    context: bool = False


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """How a scan ended.

    `at` is UTC; `keys`, `secrets` and `placements` count what is known now; `reads` are audited cloud reads. `blind` says what no
    source stands for, so that it is in no count; `gaps` are the accepted ones that hold now, by source.
    """

    at: datetime
    sources: tuple[SourceReport, ...]
    keys: int = 0
    secrets: int = 0
    placements: int = 0
    reads: int = 0
    warnings: tuple[str, ...] = ()
    strict: bool = False
    cancelled: bool = False
    blind: tuple[str, ...] = ()
    gaps: Mapping[str, Gap] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[SourceReport, ...]:
        """Sources that were not seen as a whole; an API that is off counts only when that was asked for, an accepted gap never."""
        return tuple(
            one
            for one in self.sources
            if (not one.covered or (self.strict and one.status is SourceStatus.DISABLED)) and one.id not in self.gaps
        )

    @property
    def looked(self) -> int:
        """How many payloads were searched for keys."""
        return sum(one.looked for one in self.sources)

    @property
    def not_looked(self) -> int:
        """How many payloads were not searched, for want of consent or permission."""
        return sum(one.not_looked for one in self.sources)

    @property
    def exit_code(self) -> Exit:
        """Partial when a source is missing."""
        if self.cancelled:
            return Exit.INTERRUPTED
        return Exit.PARTIAL if self.missing else Exit.OK


@dataclass(frozen=True, slots=True)
class Changes:
    """How this rotation differs from the settings; None keeps what they say. Words are those of `keyward.rotation.policy.Policy`.

    `as_kind`, `account`, `to_scope` and `restrict_to` make it a migration. `emergency` gives up the overlap: the old key goes at once.
    `tfstate` are Terraform state files in which the owner of a key or secret is looked for. `to` are places that get the new key too
    although they never held the old one.
    """

    grace: timedelta | None = None
    retire: str | None = None
    accept_targets: bool = False
    accept_target: tuple[str, ...] = ()
    waive: tuple[str, ...] = ()
    accept_unproved: bool = False
    by_hand: bool = False
    old_gone: bool = False
    accept_unread: bool = False
    even_if_foreign: bool = False
    even_if_broken: bool = False
    emergency: bool = False
    as_kind: str = ""
    account: str = ""
    to_scope: str = ""
    restrict_to: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()
    disowned: tuple[str, ...] = ()
    tfstate: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    allow_less_guarded: bool = False
    reason: str = ""
    yes: bool = False
    interactive: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `doctor`: what was looked at, whether it is fine, what was found, the exact command or setting that fixes it.

    `ready` is yes, no or unknown; `area` groups the lines (`google`, `keyring`, `env`, `ledger`, `cache`, `settings`).
    """

    area: str
    what: str
    ready: str
    found: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One open rotation.

    `until` (UTC) is when an unattended run on this host goes on with it; None when it does not. `failures` counts its failed tries in a
    row; `person` says that only a person can move it. `awaits` are the other hosts that only can go on with it, since `awaited_since`
    (UTC); `overdue` says that they have had a day.
    """

    rotation: str
    key: str
    state: str
    waiting_on: str
    why: str
    until: datetime | None
    failures: int = 0
    person: bool = False
    awaits: tuple[str, ...] = ()
    awaited_since: datetime | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last unattended run on this host: when (UTC), how it ended, its exit status, what could not be told to whom."""

    at: datetime
    result: str
    exit_code: int
    untold: str = ""


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of one trouble: what was done, or (not ok) why nothing was."""

    subject: str
    said: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Status:
    """Where things stand.

    `open` counts rotations by state, `due` the keys that are due now; `next_due` is (key, when) of the one that is due next. `pauses` are
    in words, `closed_until` is the end of the blackout that is on.
    """

    world: str
    scanned_at: datetime | None
    keys: int
    missing: tuple[SourceReport, ...] = ()
    open: Mapping[str, int] = field(default_factory=dict)
    waiting: tuple[Waiting, ...] = ()
    due: int = 0
    next_due: tuple[str, datetime] | None = None
    pauses: tuple[str, ...] = ()
    closed_until: datetime | None = None
    last_run: LastRun | None = None
