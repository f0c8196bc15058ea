"""What a person asks the desk for, and what a scan answers. Standard library and model only: these load with every face."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from keyward.model.errors import Exit
from keyward.model.source import SourceReport, SourceStatus


@dataclass(frozen=True, slots=True)
class ScanWish:
    """What to scan.

    `projects` are Google Cloud project ids, patterns allowed; empty means those of the settings, else all that can be seen. `folders`
    are read for env files beside those of the settings and those scanned before. `values` are scopes whose secret values may be read in
    this run beside those of the settings: `project:ID`, a folder, or `all`. `local` leaves the cloud out. `strict` counts an API that is
    off as missing.
    """

    projects: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    values: tuple[str, ...] = ()
    local: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """How a scan ended. `at` is UTC; `keys`, `secrets` and `placements` count what is known now; `reads` are audited cloud reads."""

    at: datetime
    sources: tuple[SourceReport, ...]
    keys: int = 0
    secrets: int = 0
    placements: int = 0
    reads: int = 0
    warnings: tuple[str, ...] = ()
    strict: bool = False
    cancelled: bool = False

    @property
    def missing(self) -> tuple[SourceReport, ...]:
        """Sources that were not seen as a whole; an API that is off counts only when that was asked for."""
        return tuple(
            one for one in self.sources if not one.covered or (self.strict and one.status is SourceStatus.DISABLED)
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
    """How this rotation differs from the settings; None keeps what they say. Words are those of `keyward.rotation.policy.Policy`."""

    grace: timedelta | None = None
    retire: str | None = None
    accept_targets: bool = False
    accept_target: tuple[str, ...] = ()
    waive: tuple[str, ...] = ()
    accept_unproved: bool = False
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
class Status:
    """Where things stand. `open` counts rotations by state, `waiting` gives (rotation, key, waiting on, why, due)."""

    world: str
    scanned_at: datetime | None
    keys: int
    missing: tuple[SourceReport, ...] = ()
    open: Mapping[str, int] = field(default_factory=dict)
    waiting: tuple[tuple[str, str, str, str, datetime | None], ...] = ()
