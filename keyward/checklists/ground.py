"""What evaluators look at: what the last scan knew, judged by the rules of hygiene as `check` does, and this machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from keyward.checklists.item import Subject, SubjectKind
from keyward.hygiene.estate import Estate
from keyward.hygiene.judging import Judged, Rows, judge
from keyward.hygiene.policy import Policy
from keyward.hygiene.rules import BY_ID
from keyward.model.ids import DECLARED, SHAPE
from keyward.model.query_rows import QueryRow
from keyward.model.source import SourceReport, SourceStatus

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that keys are sent to: its address, and the providers of the catalog whose keys those are.

    `google` says that it answers for projects, `used` that keys of the last scan go there or that the settings allow it, `loopback` that it
    is this machine. `proxy` names the variable through which it is reached, empty for none.
    """

    url: str
    providers: frozenset[str] = frozenset()
    google: bool = False
    used: bool = False
    loopback: bool = False
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine: its name, the folders whose files are read, keyward's own files by what they are, and the stores that are here.

    `environ` are the user's variables, for programs that are run; `endpoints` the servers that keys are sent to. Without `probe` nothing
    goes over the network.
    """

    host: str
    folders: tuple[Path, ...] = ()
    own: tuple[tuple[str, Path], ...] = ()
    stores: frozenset[str] = frozenset()
    environ: Mapping[str, str] = field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = ()
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """Which keys are a provider's: names of keyward's providers that list them, and kinds by which they are recognised."""

    issuers: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything known at one moment.

    `scanned_at` is None when nothing was scanned yet. `rules` are those that will be asked, judged together once a subject, over `rows` where there are many subjects. `issued` are
    by provider.
    """

    estate: Estate
    policy: Policy
    scanned_at: datetime | None
    machine: Machine
    rules: tuple[str, ...] = ()
    issued: Mapping[str, Issued] = field(default_factory=dict)
    rows: Rows | None = None
    _judged: dict[Subject, Judged] = field(default_factory=dict)
    _once: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, look: Callable[[], T]) -> T:
        """What looking gave the first time: this machine and its code are the same for every subject of a run."""
        if name not in self._once:
            self._once[name] = look()
        found: T = self._once[name]
        return found

    def judged(self, subject: Subject) -> Judged:
        """What the rules say of everything that belongs to the subject."""
        if subject not in self._judged:
            rules = [BY_ID[one] for one in self.rules]
            self._judged[subject] = judge(rules, self.estate, self.policy, self._belongs(subject), self.rows)
        return self._judged[subject]

    def unread(self, subject: Subject, needs: Sequence[str]) -> tuple[str, ...]:
        """Why what was seen of the subject is not all there is, in words: sources that were not asked, or not read to their end.

        Of a project these are the `needs`; of everything else the stores of this machine, and who lists the provider's keys.
        """
        if subject.kind is not SubjectKind.PROJECT:
            local = self.machine.stores | self.issued.get(subject.name, Issued()).issuers
            every = [one for one in self.estate.sources.values() if one.id.partition(":")[0] in local]
            if not every:
                return ("no file and no keyring of this machine was read",)
            return tuple(_why(one) for one in every if _doubtful(one))
        if subject.name not in self.estate.projects:
            return (f"{subject.name} was not scanned",)
        said: list[str] = []
        for name in needs:
            found = [one for one in self.estate.sources.values() if _concerns(one, name, subject.name)]
            if not found:
                said.append(f"{name} of {subject.name} was not asked")
            said += [_why(one) for one in found if _doubtful(one)]
        return tuple(said)

    def _belongs(self, subject: Subject) -> Callable[[QueryRow], bool]:
        name, kind = subject.name, subject.kind
        if kind is SubjectKind.PROJECT:
            return lambda row: row.scope.partition("@")[0] == name
        if kind is SubjectKind.KEY:
            return lambda row: row.id == name
        if kind is SubjectKind.MACHINE:
            return lambda row: not self.machine.stores.isdisjoint(row.stores)
        issued = self.issued.get(name, Issued())
        return lambda row: (
            row.provider in issued.issuers
            or (row.provider == SHAPE and row.scope in issued.kinds)
            or (row.provider == DECLARED and row.scope.partition(".")[0] == name)
        )


def _concerns(source: SourceReport, name: str, project: str) -> bool:
    found, _, scope = source.id.partition(":")
    return found == name and scope.partition("@")[0] == project


def _doubtful(source: SourceReport) -> bool:
    return source.status is not SourceStatus.OK or source.stale_since is not None


def _why(source: SourceReport) -> str:
    missing = f" (it needs {source.permission})" if source.permission else ""
    if source.status is not SourceStatus.OK:
        return f"{source.id} is {source.status.value}{missing}"
    return f"{source.id} is known from an earlier scan only"
