"""All rules over everything that is known: findings, and how many subjects each rule was kept, broken and unknown at. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keyward.hygiene.estate import Estate
from keyward.hygiene.policy import Policy
from keyward.hygiene.rule import Judgement, Rule
from keyward.ledger.records import AttestationRow
from keyward.model.credential import Credential
from keyward.model.finding import Finding, Result, Subject
from keyward.model.handling import Word
from keyward.model.query_rows import QueryRow
from keyward.model.secretinfo import SecretInfo

_RESULTS = (Result.PASS, Result.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Judged:
    """`findings` are what is broken or unknown, worst first; `counts` how each rule ended, by its id and result.

    A rule that a policy switched off at a subject is not counted there. `looked_at` is how many subjects of each kind there were to judge.
    """

    findings: tuple[Finding, ...]
    counts: Mapping[str, Mapping[Result, int]]
    looked_at: Mapping[Subject, int] = field(default_factory=dict)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The findings that nobody accepted."""
        return tuple(one for one in self.findings if one.counts)

    @property
    def unknown(self) -> tuple[Finding, ...]:
        """What nobody can tell, and nobody accepted."""
        return tuple(one for one in self.findings if one.result is Result.UNKNOWN and one.accepted is None)


def judge(
    rules: Iterable[Rule],
    estate: Estate,
    policy: Policy,
    wanted: Callable[[QueryRow], bool] | None = None,
    rows: "Rows | None" = None,
) -> Judged:
    """Apply the rules.

    Args:
        rules: which.
        estate: everything known.
        policy: thresholds, severities, exceptions.
        wanted: only subjects for which it holds; None: all.
        rows: those of this estate, for who judges it again and again.
    """
    subjects = _Subjects(rows or Rows(estate), wanted)
    found: list[Finding] = []
    counts: dict[str, Counter[Result]] = {}
    for rule in rules:
        counts[rule.id] = Counter()
        found += _findings(rule, estate, policy, subjects.of(rule.of), counts[rule.id])
    found.sort(key=lambda one: (one.result is Result.UNKNOWN, one.severity.rank, one.rule, one.subject, one.about))
    return Judged(tuple(found), counts, {kind: len(subjects.of(kind)) for kind in Subject})


def _findings(
    rule: Rule, estate: Estate, policy: Policy, subjects: Sequence[tuple[QueryRow, Any]], counts: "Counter[Result]"
) -> Iterator[Finding]:
    own = policy.of(rule)
    for row, subject in subjects:
        terms = own.terms(row)
        if terms.off:
            continue
        judgements = tuple(rule.judge(subject, estate, terms.limit))
        counts[_worst(judgements)] += 1
        for one in judgements:
            if one.result not in _RESULTS:
                severity = (
                    terms.severity if one.severity is None or terms.severity is not rule.severity else one.severity
                )
                yield Finding(
                    rule.id, rule.of, row.id, row.scope, one.result, severity, one.evidence, one.fix, one.about,
                    own.accepted(row), _name(subject),
                )  # fmt: skip


def _name(subject: object) -> str:
    return (subject.name or "") if isinstance(subject, Credential) else ""


def _worst(judgements: Sequence[Judgement]) -> Result:
    results = {one.result for one in judgements}
    return next((one for one in (Result.FAIL, Result.UNKNOWN, Result.PASS) if one in results), Result.NOT_APPLICABLE)


class _Subjects:
    """Those subjects that are wanted."""

    def __init__(self, rows: "Rows", wanted: Callable[[QueryRow], bool] | None) -> None:
        self._rows, self._wanted = rows, wanted
        self._made: dict[Subject, list[tuple[QueryRow, Any]]] = {}

    def of(self, kind: Subject) -> list[tuple[QueryRow, Any]]:
        """Those of a kind."""
        if kind not in self._made:
            every = self._rows.of(kind)
            self._made[kind] = [one for one in every if self._wanted is None or self._wanted(one[0])]
        return self._made[kind]


class Rows:
    """What rules are asked about, each with the row that queries are asked of, made once.

    Args:
        estate: everything known.
    """

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._made: dict[Subject, list[tuple[QueryRow, Any]]] = {}

    def of(self, kind: Subject) -> list[tuple[QueryRow, Any]]:
        """All subjects of a kind."""
        if kind not in self._made:
            self._made[kind] = list(self._every(kind))
        return self._made[kind]

    def _every(self, kind: Subject) -> Iterator[tuple[QueryRow, Any]]:
        estate = self._estate
        if kind is Subject.KEY:
            yield from ((key_row(one, estate), one) for one in estate.keys.values())
        elif kind is Subject.SECRET:
            yield from ((secret_row(one), one) for one in estate.secrets.values())
        elif kind is Subject.PROJECT:
            yield from ((QueryRow(f"project:{one}", scope=one), one) for one in estate.projects)
        elif kind is Subject.EXCEPTION:
            yield from ((QueryRow(one.id), one) for one in estate.exceptions)
        elif kind is Subject.ATTESTATION:
            yield from ((_stated(one), one) for one in estate.attestations)
        else:
            yield from ((_key_of(one.credential, one.id, estate), one) for one in estate.rotations)


def found_again(kind: Subject, name: str, estate: Estate) -> tuple[QueryRow, Any] | None:
    """The subject that a finding names, with the row that queries are asked of; None when it is no more."""
    if kind is Subject.KEY:
        key = estate.keys.get(name)
        return None if key is None else (key_row(key, estate), key)
    if kind is Subject.SECRET:
        info = estate.secrets.get(name)
        return None if info is None else (secret_row(info), info)
    every = Rows(estate).of(kind)
    return next((one for one in every if one[0].id == name), None)


def _key_of(credential: str, rotation: str, estate: Estate) -> QueryRow:
    """The row of a rotation: as the key that it turns over, under its own id."""
    key = estate.keys.get(credential)
    scope = key.ref.scope if key is not None else credential.partition(":")[2].partition("/")[0]
    return QueryRow(rotation, scope=scope, provider=credential.partition(":")[0])


def _stated(one: AttestationRow) -> QueryRow:
    """The row of a statement, in the project that it is about."""
    kind, _, name = one.scope.partition(":")
    return QueryRow(f"attestation:{one.item}/{one.scope}", scope=name if kind == "project" else "")


def key_row(key: Credential, estate: Estate) -> QueryRow:
    """A key as queries see it, without its display name: nothing here may rest on what whoever edits the key controls."""
    places, use, limits = estate.placements.get(key.id, ()), key.last_use, key.restrictions
    return QueryRow(
        key.id,
        provider=key.ref.provider,
        scope=key.ref.scope,
        kind=key.kind.value,
        state=key.state.value,
        created=key.created.timestamp() if key.created else None,
        first_seen=key.first_seen.timestamp() if key.first_seen else None,
        last_used_status=use.status.value,
        last_used_at=use.at.timestamp() if use.at else None,
        last_used_window=use.window_days,
        expires=key.expires.timestamp() if key.expires else None,
        stores=tuple(dict.fromkeys(place.at.secret.store for place in places)),
        secrets=tuple(dict.fromkeys(str(place.at.secret) for place in places)),
        places=len(places),
        restrictions=None if limits is None else tuple(one for one in (*limits.apis, limits.client) if one),
        data=tuple(estate.data.get(key.id, (Word.UNKNOWN,))),
    )


def secret_row(info: SecretInfo) -> QueryRow:
    """A secret as queries see it."""
    name = str(info.ref)
    return QueryRow(name, scope=info.ref.scope, stores=(info.ref.store,), secrets=(name,))
