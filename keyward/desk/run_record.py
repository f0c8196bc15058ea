"""What an unattended run did and what stands: data for the text, the document and the notifications."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from keyward.desk.memory import Said
from keyward.model.errors import Exit

if TYPE_CHECKING:
    from keyward.model.errors import KeywardError
    from keyward.rotation.limits import Later
    from keyward.rotation.pause import Pause

REMINDER = timedelta(hours=24)
"""How often what needs a person is said again."""


class Stands(StrEnum):
    """How something stands at the end of a run."""

    FINISHED = "finished"
    WAITING = "waiting"
    NEEDS_PERSON = "needs-person"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One rotation, or one key whose start failed.

    `did` is `started` or `continued` when this run worked on it. `until` (UTC) is when a run goes on. `exit_code` is what it means for
    a run that says it. `awaits` are the other hosts that only can go on with it, `awaited_since` (UTC) since when. `new` says that it stands differently than when it was last said; `again` that it is said again although not.
    """

    stands: Stands
    key: str
    rotation: str = ""
    successor: str = ""
    state: str = ""
    waiting_on: str = ""
    why: str = ""
    until: datetime | None = None
    failures: int = 0
    did: str = ""
    exit_code: Exit = Exit.OK
    new: bool = False
    again: bool = False
    awaits: tuple[str, ...] = ()
    awaited_since: datetime | None = None

    @property
    def subject(self) -> str:
        """What it is about, for remembering what was said."""
        return self.rotation or f"key:{self.key}"

    @property
    def how(self) -> str:
        """How it stands, without what changes by itself."""
        return f"{self.stands}/{self.state}/{self.waiting_on}"

    @property
    def told(self) -> bool:
        """Whether this run says it."""
        return self.new or self.again


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. Times are UTC.

    `missing` are sources that the last scan by an unattended run could not see as a whole. `overlapped` says that another run was under
    way, so this one did nothing. `error` ended the run; `error_told` says whether it is new, or a day old.
    """

    at: datetime
    host: str
    world: str
    lines: tuple[Line, ...] = ()
    later: tuple["Later", ...] = ()
    pauses: tuple["Pause", ...] = ()
    closed_until: datetime | None = None
    scanned: bool = False
    missing: tuple[str, ...] = ()
    new_missing: bool = False
    overlapped: bool = False
    error: "KeywardError | None" = None
    error_told: bool = True

    def of(self, stands: Stands) -> tuple[Line, ...]:
        """The lines that stand so."""
        return tuple(line for line in self.lines if line.stands is stands)

    def did(self, what: str) -> tuple[Line, ...]:
        """What was `started` or `continued`."""
        return tuple(line for line in self.lines if line.did == what)

    @property
    def told(self) -> tuple[Line, ...]:
        """What this run says: what is new, and daily what needs a person."""
        return tuple(line for line in self.lines if line.told)

    @property
    def exit_code(self) -> Exit:
        """The worst of what this run says; what stands as it stood is not failed again every quarter of an hour."""
        if self.error is not None:
            return self.error.exit_code
        return _worst([*(line.exit_code for line in self.told), Exit.PARTIAL if self.new_missing else Exit.OK])

    @property
    def standing_exit_code(self) -> Exit:
        """The worst of everything that stands, said or not."""
        if self.error is not None:
            return self.error.exit_code
        return _worst([*(line.exit_code for line in self.lines), Exit.PARTIAL if self.missing else Exit.OK])


def compared(lines: Iterable[Line], said: dict[str, Said], now: datetime) -> tuple[Line, ...]:
    """The lines with what is new among them, and what is to be said again. `said` is brought up to date."""
    found = []
    for line in lines:
        before = said.get(line.subject)
        new = before is None or before.how != line.how
        urgent = line.stands in (Stands.NEEDS_PERSON, Stands.FAILED)
        again = not new and urgent and before is not None and now - before.at >= REMINDER
        if line.stands is Stands.HELD:  # it says nothing about the rotation
            new = again = False
        elif new or again:
            said[line.subject] = Said(line.how, now)
        found.append(replace(line, new=new, again=again))
    subjects = {line.subject for line in found}
    for gone in [subject for subject in said if subject not in subjects]:
        del said[gone]
    return tuple(found)


def _worst(codes: Iterable[Exit]) -> Exit:
    found = [code for code in codes if code is not Exit.OK]
    if not found:
        return Exit.OK
    from keyward.rotation.outcome import worst  # a run that says nothing needs no engine

    return worst(found)
