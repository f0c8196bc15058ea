"""What rules look at: everything that is known at one moment, from cache and ledger. Nothing is asked, and there is no value in it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from keyward.hygiene.daily import Days
from keyward.hygiene.exempt import Exempt
from keyward.hygiene.searched import Searched
from keyward.ledger.records import AttestationRow, ProbeRow, RotationRow
from keyward.model.about import About, Known, What
from keyward.model.credential import Credential
from keyward.model.placement import Placement, Role
from keyward.model.secretinfo import SecretInfo, VersionState
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.trait import Noted, Twins


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is known of one scope."""

    keys: list[Credential] = field(default_factory=list)
    secrets: list[SecretInfo] = field(default_factory=list)
    sources: list[SourceReport] = field(default_factory=list)


@dataclass(frozen=True)  # without slots: what is asked of the whole for each of many keys is made once
class Estate:
    """All keys and secrets with what is around them.

    `now` is UTC. `placements` are by key id, `held` the same by secret id; `about` by subject and what it says. `production` are ids of
    keys that the settings call production; `data` what queries know of the data handling of keys; `environments` name the environment of a
    scope (`prod`), where that is known. `unread` are ids of secrets that have a readable version now whose value was not read, `elsewhere`
    ids of keys that another host has a place of. `noted` is what was seen at values when they were read, `twins` are values that stand in
    several places, both by secret id; `searched` are the files and histories that were searched for keys. `days` are the calls of keys by day, where they are counted; `answers` what providers said last of
    keys that keyward tried; `projects` are ids of the
    cloud projects that were asked; `rotations` are the open ones, `exceptions` all that the settings have and `attestations` what people
    stated about items of checklists, ended ones too, and
    `owner_labels` the names of labels that say who owns something.
    """

    now: datetime
    keys: Mapping[str, Credential] = field(default_factory=dict)
    secrets: Mapping[str, SecretInfo] = field(default_factory=dict)
    placements: Mapping[str, Sequence[Placement]] = field(default_factory=dict)
    held: Mapping[str, Sequence[Placement]] = field(default_factory=dict)
    about: Mapping[tuple[str, What], About] = field(default_factory=dict)
    sources: Mapping[str, SourceReport] = field(default_factory=dict)
    production: frozenset[str] = frozenset()
    data: Mapping[str, Sequence[str]] = field(default_factory=dict)
    environments: Mapping[str, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    noted: Mapping[str, Sequence[Noted]] = field(default_factory=dict)
    twins: Mapping[str, Sequence[Twins]] = field(default_factory=dict)
    searched: Sequence[Searched] = ()
    days: Mapping[str, Days] = field(default_factory=dict)
    answers: Mapping[str, ProbeRow] = field(default_factory=dict)
    projects: Sequence[str] = ()
    rotations: Sequence[RotationRow] = ()
    exceptions: Sequence[Exempt] = ()
    attestations: Sequence[AttestationRow] = ()
    owner_labels: Sequence[str] = ("owner", "team")
    _by_scope: dict[str, _Scope] = field(default_factory=dict, init=False, repr=False, compare=False)

    def keys_of(self, scope: str) -> Sequence[Credential]:
        """The keys of a scope."""
        return self._of(scope).keys

    def secrets_of(self, project: str) -> Sequence[SecretInfo]:
        """The secrets of a project, those in its regions included."""
        return self._of(project).secrets

    def _of(self, scope: str) -> _Scope:
        """Sorted once, for rules on each of a thousand projects."""
        if not self._by_scope:
            made = defaultdict[str, _Scope](_Scope)
            for key in self.keys.values():
                made[key.ref.scope].keys.append(key)
            for info in self.secrets.values():
                made[info.ref.scope.partition("@")[0]].secrets.append(info)
            for one in self.sources.values():
                made[one.id.partition(":")[2]].sources.append(one)
            self._by_scope.update(made)
        return self._by_scope.get(scope, _Scope())

    def places(self, key: Credential, *roles: Role) -> tuple[Placement, ...]:
        """Where that key stands: readable versions in these roles (all roles where none is named)."""
        return tuple(
            place
            for place in self.placements.get(key.id, ())
            if place.version_state is VersionState.ENABLED and (not roles or place.role in roles)
        )

    def read(self, info: SecretInfo) -> frozenset[str]:
        """The versions of a secret that programs get: the current one and those that aliases name, where they can be read."""
        named = {one for one in (info.current, *info.aliases.values()) if one is not None}
        on = (one for one in named if (known := info.version(one)) is None or known.state is VersionState.ENABLED)
        return frozenset(on)

    def blind(self, scope: str) -> tuple[SourceReport, ...]:
        """The sources of a scope that were not read to their end, an API that is off included: what they hold is not known."""
        return tuple(one for one in self._of(scope).sources if one.status is not SourceStatus.OK or one.stale_since)

    @cached_property
    def unseen(self) -> Sequence[str]:
        """Ids of the sources that were not seen."""
        return [one.id for one in self.sources.values() if not one.covered]

    @cached_property
    def first_unread(self) -> str:
        """One of the secrets that were not read, always the same; empty for none."""
        return min(self.unread, default="")

    def fact(self, subject: str, what: What) -> About | None:
        """What is known around a project (`project:ID`) or secret; None when nobody asked."""
        return self.about.get((subject, what))

    def known(self, subject: str, what: What) -> tuple[str, ...] | None:
        """The values of such a fact; None when it is not known, for whatever reason."""
        found = self.fact(subject, what)
        return found.values if found is not None and found.status is Known.KNOWN else None

    def why_unknown(self, subject: str, what: What) -> str:
        """Why such a fact is not known, in words."""
        found = self.fact(subject, what)
        if found is None:
            return f"{what.value} of {subject.removeprefix('project:')}: not asked for"
        return (
            f"{what.value} of {subject.removeprefix('project:')}: {found.status.value} ({found.detail or 'no detail'})"
        )
