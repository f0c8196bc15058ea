"""Checklists: which there are, runs of them, and what people state. A run asks nobody: it rests on the last scan and on this machine."""

from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from keyward.checklists.item import Kind, Subject, SubjectKind
from keyward.checklists.statements import VERSION, State, stated
from keyward.ledger.records import AttestationRow, Statement
from keyward.model.errors import UsageError
from keyward.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from keyward.checklists.ground import Ground, Issued, Machine
    from keyward.checklists.item import Checklist, Item
    from keyward.checklists.library import Library
    from keyward.checklists.result import Answer, Run
    from keyward.desk.checklist_places import Place
    from keyward.desk.desk import Desk
    from keyward.hygiene.estate import Estate

_SKIP = timedelta(days=30)
"""How long a skipped item is not asked for again."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person says of an item.

    `scope` is a subject such as `project:acme-prod`, or a pattern of several. `until` is its last day (UTC); None: as long as the item
    allows. `fields` are the answers that the item asks for, `evidence` where it can be seen.
    """

    item: str
    scope: str
    kind: Statement = Statement.ATTESTED
    text: str = ""
    evidence: str = ""
    until: date | None = None
    fields: "Mapping[str, str]" = field(default_factory=dict)
    checklist: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A statement that ended or ends soon; `left` is negative when it is over."""

    row: AttestationRow
    title: str
    left: timedelta


class Checklists:
    """The lists, and what is known of them.

    Args:
        desk: whose settings, cache and ledger.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    @cached_property
    def library(self) -> "Library":
        """Every list: keyward's own and those of the settings.

        Raises:
            SettingsError: a user's list cannot be used; says where and why.
        """
        from keyward.checklists.library import library
        from keyward.checklists.load import drafts
        from keyward.paths import expanded

        return library(drafts([expanded(one) for one in self._desk.parts.settings.checklists.files]))

    def subjects(self, checklist: "Checklist", named: "Sequence[str]") -> tuple[Subject, ...]:
        """What the list is to be run for.

        Args:
            checklist: the list.
            named: such as `project:acme-*` (patterns stand for projects of the last scan), `provider:openai`, `key:ID`, `person:MAIL`,
                `machine:`; none: what the list itself says, or this machine.

        Raises:
            UsageError: it is nothing that the list can be run for.
        """
        kinds = ", ".join(one.value for one in checklist.about)
        given = list(named) or ([checklist.subject] if checklist.subject else [])
        if not given and SubjectKind.MACHINE in checklist.about:
            given = [f"machine:{self._desk.parts.host}"]
        if not given:
            raise UsageError(
                f"Say what {checklist.id} is for: {kinds}.", hint=f"Such as {_example(checklist.about[0])}."
            )
        found = [subject for one in given for subject in self._meant(one)]
        wrong = next((one for one in found if one.kind not in checklist.about), None)
        if wrong is not None:
            raise UsageError(f"{checklist.id} is not for a {wrong.kind.value}.", hint=f"It is for {kinds}.")
        return tuple(dict.fromkeys(found))

    def _meant(self, text: str) -> "Iterator[Subject]":
        word, colon, name = clean(text).partition(":")
        if not colon or word not in set(SubjectKind):
            raise UsageError(
                f"{clean(text)!r} is no subject.", hint=f"It is KIND:NAME; kinds are {', '.join(SubjectKind)}."
            )
        kind = SubjectKind(word)
        if kind is SubjectKind.MACHINE:
            yield Subject(kind, name or self._desk.parts.host)
        elif not name:
            raise UsageError(f"{word}: names nothing.", hint=f"Such as {_example(kind)}.")
        elif kind is SubjectKind.KEY:
            yield Subject(kind, self._desk.keys.resolve(name))
        elif kind is SubjectKind.PROVIDER:
            from keyward.providers import catalog

            yield Subject(kind, catalog.named(name).id)
        elif kind is SubjectKind.PROJECT and "*" in name:
            yield from self._projects(name)
        else:
            yield Subject(kind, name)

    def _projects(self, pattern: str) -> "Iterator[Subject]":
        from fnmatch import fnmatchcase

        from keyward.desk.checking import projects

        with closing(self._desk.cache()) as cache:
            every = projects(self._desk, [one.id for one in cache.sources()])
        found = [one for one in every if fnmatchcase(one, pattern)]
        if not found:
            raise UsageError(
                f"No project of the last scan is called {pattern!r}.", hint="`keyward scan` looks for projects."
            )
        yield from (Subject(SubjectKind.PROJECT, one) for one in found)

    def places(self) -> "Sequence[Place]":
        """Every list with what it was begun for, how much people stated, and when that ends; see `keyward.desk.checklist_places.places`."""
        from keyward.desk.checklist_places import places

        return places(self._desk)

    def names(self, checklist: "Checklist") -> "Sequence[str]":
        """Subjects that are known and that the list can be run for, such as `project:acme-prod`."""
        from keyward.desk.checklist_places import names

        return names(self._desk, checklist)

    def who(self) -> str:
        """Whose words they are that this program writes down."""
        return self._desk.parts.actor

    def run(
        self,
        checklist: "Checklist",
        subjects: "Sequence[Subject]",
        heard: "Callable[[Answer], None] | None" = None,
        *,
        probe: bool = False,
    ) -> "Run":
        """Judge every item at every subject; `heard` gets each answer as soon as it is known. Nothing is changed.

        With `probe` servers that keys are sent to are greeted (nothing is sent), and tools may look libraries up in the network; without it
        items that need that are unknown.
        """
        from keyward.checklists.result import Run
        from keyward.checklists.run import answers

        ground = self._ground(checklist, probe=probe)
        found = answers(checklist, subjects, ground, self.rows(), heard or (lambda _: None))
        sources = list(ground.estate.sources.values())
        seen = sum(one.covered and not one.stale_since for one in sources)
        coverage = (
            "Nothing was scanned yet."
            if ground.scanned_at is None
            else f"{seen:,} of {len(sources):,} sources seen, scanned {ground.scanned_at:%Y-%m-%d %H:%M} UTC."
        )
        world = self._desk.parts.world
        return Run(checklist, tuple(subjects), found, ground.estate.now, ground.scanned_at, world, coverage)

    def _ground(self, checklist: "Checklist", *, probe: bool) -> "Ground":
        from keyward.checklists.ground import Ground
        from keyward.desk.checking import known
        from keyward.hygiene.judging import Rows

        found = known(self._desk)
        machine = self._machine(found.estate, probe=probe)
        rows = Rows(found.estate)
        return Ground(
            found.estate, found.policy, found.scanned_at, machine, checklist.rules, self._issued(checklist), rows
        )

    def _machine(self, estate: "Estate", *, probe: bool) -> "Machine":
        from keyward.checklists.ground import Machine
        from keyward.desk.servers import servers
        from keyward.settings.sections import LOCAL

        parts, books = self._desk.parts, self._desk.books
        own = [
            ("settings", parts.paths.config_file),
            ("scan cache", parts.paths.inventory),
            ("snapshots", parts.paths.snapshots),
        ]
        own += [] if parts.settings.ledger.url else [("ledger", parts.paths.ledger)]
        own += [("fingerprint key", books.key_file)] if books.key_file else []
        folders = dict.fromkeys([*(one.path for one in parts.settings.env), *books.folders()])
        return Machine(
            parts.host,
            tuple(folders),
            tuple(own),
            frozenset({"env", "keyring", *LOCAL}),
            parts.environ,
            servers(parts.endpoints, parts.settings.endpoints.allow, parts.environ, estate.keys.values()),
            probe,
        )

    def _issued(self, checklist: "Checklist") -> "Mapping[str, Issued]":
        from keyward.checklists.ground import Issued
        from keyward.providers import catalog

        if SubjectKind.PROVIDER not in checklist.about:
            return {}
        every = (catalog.read(one) for one in catalog.ids())
        return {one.id: Issued(frozenset({one.id, *one.issuers}), frozenset(one.kinds)) for one in every}

    # What people state

    def rows(self) -> tuple[AttestationRow, ...]:
        """Everything that people stated, oldest first."""
        ledger = self._desk.books.reading()
        if ledger is None:
            return ()
        with ledger:
            return tuple(ledger.attestations())

    def state(self, saying: Saying) -> AttestationRow:
        """Keep what a person says, in the ledger and its audit trail.

        Raises:
            UsageError: there is no such item, a person cannot state it, something is missing, or it would hold longer than the item allows.
        """
        parts, now = self._desk.parts, self._desk.parts.clock.now()
        item = self.library.item(saying.item)
        made = AttestationRow(
            saying.checklist,
            item.id,
            _scope(saying.scope),
            parts.actor,
            clean(saying.text),
            now,
            _until(item, saying, now),
            saying.kind,
            clean(saying.evidence),
            {**{name: clean(value) for name, value in saying.fields.items()}, VERSION: item.version},
        )
        _sayable(item, made, self.rows(), now)
        ledger, _ = self._desk.books.writing()
        ledger.attest(made)
        return made

    def due(self, within: timedelta) -> tuple[Due, ...]:
        """Statements that ended, or end within that time, the first to end first."""
        from keyward.ledger.statements import standing

        now, found = self._desk.parts.clock.now(), list[Due]()
        for row in standing(self.rows()):
            if row.expires - now <= within:
                found.append(Due(row, self._title(row.item), row.expires - now))
        return tuple(sorted(found, key=lambda one: one.row.expires))

    def _title(self, item: str) -> str:
        try:
            return self.library.item(item).title
        except UsageError:  # the list is gone, what was said stays
            return ""


def _example(kind: SubjectKind) -> str:
    return {
        SubjectKind.PROJECT: "--project acme-prod",
        SubjectKind.PROVIDER: "--for provider:openai",
        SubjectKind.MACHINE: "--for machine:",
        SubjectKind.PERSON: "--for person:mary@acme.example",
        SubjectKind.KEY: "--for key:ID",
    }[kind]


def _scope(text: str) -> str:
    found = clean(text)
    kind, _, name = found.partition(":")
    if kind not in set(SubjectKind) or not name:
        raise UsageError(
            f"{found!r} does not say what the statement is about.", hint="Such as project:acme-prod, or project:acme-*."
        )
    return found


def _until(item: "Item", saying: Saying, now: datetime) -> datetime:
    if saying.kind is Statement.SKIPPED:
        return now + _SKIP
    longest = now + timedelta(days=item.attest_days)
    if saying.until is None:
        return longest
    until = datetime.combine(saying.until + timedelta(days=1), time(), now.tzinfo)
    if until <= now:
        raise UsageError(f"{saying.until.isoformat()} is over already.", hint="Name the last day on which it holds.")
    if until > longest + timedelta(days=1):
        raise UsageError(
            f"{item.id} is stated for {item.attest_days} days at most.", hint=f"Not after {longest:%Y-%m-%d}."
        )
    return until


def _sayable(item: "Item", made: AttestationRow, rows: "Sequence[AttestationRow]", now: datetime) -> None:
    """Whether a person may say that now.

    Raises:
        UsageError: they may not; says why.
    """
    if item.kind is Kind.AUTO:
        raise UsageError(
            f"{item.id} is proved by keyward, so nobody can state it.",
            hint=f"`keyward checklist show {item.id}` says how.",
        )
    if not made.statement and made.kind is not Statement.AGREED:
        what = "why it is skipped" if made.kind is Statement.SKIPPED else "what holds, in a sentence"
        raise UsageError(f"{item.id}: say {what}.", hint="--says TEXT")
    if made.kind is Statement.ATTESTED:
        answered = {name: value for name, value in made.data.items() if name != VERSION}
        wrong = next((one for one in answered if one not in item.fields), None)
        if wrong is not None:
            raise UsageError(f"{item.id} has no field {wrong!r}.", hint=f"It has {', '.join(item.fields) or 'none'}.")
        missing = [name for name in item.fields if not answered.get(name)]
        if missing:
            raise UsageError(
                f"{item.id} asks for {', '.join(missing)}.", hint=" ".join(f"--field {name}=..." for name in missing)
            )
    if made.kind in (Statement.AGREED, Statement.WITHDRAWN):
        standing = stated(item, Subject(*_split(made.scope)), rows, now)
        over = made.kind is Statement.AGREED and standing.state in (State.EXPIRED, State.CHANGED)
        if standing.row is None or over:
            raise UsageError(f"Nobody's statement about {item.id} at {made.scope} holds now.", hint="State it anew.")
        if made.kind is Statement.AGREED and standing.row.actor == made.actor:
            raise UsageError(
                f"{made.actor} stated it, so somebody else has to agree.", hint="Another user of this ledger does."
            )


def _split(scope: str) -> tuple[SubjectKind, str]:
    kind, _, name = scope.partition(":")
    return SubjectKind(kind), name
