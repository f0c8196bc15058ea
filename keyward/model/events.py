"""What happens, told to whoever listens: the only thing that the command line and the app hear from the engines."""

from dataclasses import dataclass
from datetime import datetime

from keyward.model.source import SourceReport


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. `at` is UTC, set by the one who tells when it matters."""


@dataclass(frozen=True, slots=True)
class ScanStarted(Event):
    """A scan of these sources began."""

    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceProgress(Event):
    """A source answered: its entries so far, `answers` that came since the last word of it, `open` questions without one.

    `listed` says that it was listed to its end, so that `open` is all that there is still to ask.
    """

    source: str
    items: int
    answers: int
    open: int
    listed: bool


@dataclass(frozen=True, slots=True)
class SourceDone(Event):
    """One source ended."""

    report: SourceReport


@dataclass(frozen=True, slots=True)
class RowsChanged(Event):
    """These keys (ids) are new or different in the cache."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuotaWait(Event):
    """The quota of an API is used up for now; the next call goes out at `until` (UTC). `project` is the one that is charged, where named."""

    api: str
    until: datetime
    project: str = ""


@dataclass(frozen=True, slots=True)
class CallMade(Event):
    """One request was answered, or was not; told only where `Ctx.calls` asks for it.

    `at` (UTC) is when the answer came. `method` is HTTP's, or `RPC`; `path` has no value: of a query only the names are kept. `host` was
    asked; `status` is the answer's, or `no answer`.
    """

    at: datetime
    method: str
    host: str
    path: str
    status: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """A step of a rotation began; `step` is its machine name, `what` a sentence for people."""

    rotation: str
    step: str
    what: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class StepDone(Event):
    """A step of a rotation ended; `ok` whether it did what it should, `detail` the evidence."""

    rotation: str
    step: str
    ok: bool
    detail: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """A rotation stands still: on time, use, provider, person, conflict, blocked or refused."""

    rotation: str
    waiting_on: str
    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """A scan, or a rotation (its id), came to the end of what it could do now; `state` is where it stands."""

    what: str
    state: str
    detail: str = ""
