"""The rules of hygiene over the last scan: what is broken, what nobody can tell, and what was seen at all. Nothing is asked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keyward.desk.check_since import compared, keep
from keyward.desk.leak_memory import remembered
from keyward.hygiene.checked import Checked
from keyward.hygiene.daily import DAY, CallsOfDay, Days
from keyward.hygiene.estate import Estate
from keyward.hygiene.exempt import Exempt
from keyward.hygiene.judging import judge
from keyward.hygiene.policy import Override, Policy
from keyward.hygiene.rules import BY_ID, RULES
from keyward.hygiene.since import Now
from keyward.inventory import around
from keyward.inventory.snapshots import file
from keyward.inventory.snapshots.recent import recent
from keyward.inventory.traits import noted
from keyward.inventory.twins import twins
from keyward.ledger.statements import standing
from keyward.model.about import About, Known, What
from keyward.model.errors import SettingsError, UsageError
from keyward.model.finding import Severity, Subject
from keyward.model.query import Query, parse
from keyward.model.secretinfo import VersionState

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from datetime import datetime

    from keyward.desk.desk import Desk
    from keyward.hygiene.rule import Rule
    from keyward.hygiene.searched import Searched
    from keyward.inventory.cache import CacheReader
    from keyward.ledger.records import AttestationRow, ProbeRow
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.model.placement import Placement
    from keyward.settings.lists import PolicyTable
    from keyward.settings.schema import Settings

_WEEKS = 45
"""Days of use that are looked at."""

_NEVER = ("", "name", "finding")
"""Fields that no check is narrowed by: whoever edits a key controls its name, and findings are what comes out."""

_ENVIRONMENT = ("env", "environment")
"""Labels of projects that name their environment."""


def check(
    desk: "Desk",
    query: str = "",
    rules: Sequence[str] = (),
    since: str | None = None,
    cancel: "threading.Event | None" = None,
) -> Checked:
    """Apply the rules to what the last scan knew.

    Args:
        desk: parts and books.
        query: only keys, secrets and projects for which it holds.
        rules: ids of the rules wanted; none: all.
        since: compare with the check before that (a length of time, a date, a moment; empty: the last that rests on an earlier scan), and
            keep this one for later when it is about everything. None: neither.
        cancel: stops it before the next rule.

    Raises:
        QueryError: the query cannot be read.
        UsageError: there is no such rule, `since` cannot be read, or the query asks for what nobody may rest a judgement on.
        SettingsError: the policy names rules that there are not, or limits of another kind than theirs.
        Interrupted: cancelled.
    """
    asked = _wanted(query) if query else None
    chosen = chosen_rules(rules)
    basis = known(desk)
    estate, policy = basis.estate, basis.policy
    wanted = asked.compile(estate.now) if asked is not None else None
    judged = judge(_one_by_one(chosen, desk.parts.ctx(None, cancel)), estate, policy, wanted)
    looked, sources = judged.looked_at, tuple(estate.sources.values())
    counts = looked[Subject.KEY], looked[Subject.SECRET], looked[Subject.PROJECT]
    gaps = desk.gaps().open(sources)
    found = Checked(estate.now, basis.scanned_at, desk.parts.world, judged, chosen, *counts, sources, gaps)
    if since is None:
        return found
    before = compared(desk.parts, judged, Now(chosen, estate, policy, wanted, every=not rules), since)
    if not query and not rules and (why := keep(desk.parts, judged)):
        desk.warn(why)
    return replace(found, since=before)


@dataclass(frozen=True, slots=True)
class Basis:
    """What rules are applied to, and how; `scanned_at` is None when nothing was scanned yet."""

    estate: Estate
    policy: Policy
    scanned_at: "datetime | None"


def known(desk: "Desk") -> Basis:
    """Everything that the last scan knew, with the policy of the settings. Nothing is asked.

    Raises:
        SettingsError: the policy names rules that there are not, or limits of another kind than theirs.
    """
    desk.hygiene.judge_data()
    now = desk.parts.clock.now()
    policy = _policy(desk.parts.settings, now)
    with closing(desk.cache()) as cache:
        return Basis(_estate(desk, cache, now), policy, cache.scanned_at)


def _one_by_one(rules: "Iterable[Rule]", ctx: "Ctx") -> "Iterator[Rule]":
    """The rules, each after a look whether it is still wanted: all of them over very many keys take a while."""
    for rule in rules:
        ctx.check()
        yield rule


def _wanted(query: str) -> Query:
    """The query, which must not leave out what should be judged because of a name, nor ask for what is only found now."""
    found = parse(query)
    wrong = next((term for term in found.terms if term.field in _NEVER), None)
    if wrong is not None:
        what = f"{wrong.field}:" if wrong.field else f"{wrong.values[0].text!r}, text without a field,"
        raise UsageError(
            f"{what} cannot choose what is judged.", hint="Use id:, project:, kind: and the like; --rule chooses rules."
        )
    return found


def chosen_rules(wanted: Sequence[str]) -> "tuple[Rule, ...]":
    """The rules of these ids, or all.

    Raises:
        UsageError: there is no such rule.
    """
    missing = [one for one in wanted if one.upper() not in BY_ID]
    if missing:
        raise UsageError(f"There is no rule {missing[0]!r}.", hint="`keyward explain` lists them.")
    return tuple(BY_ID[one.upper()] for one in wanted) or RULES


def _policy(settings: "Settings", now: "datetime") -> Policy:
    overrides = [
        Override(
            table.rule,
            parse(table.match),
            table.limit,
            Severity(table.severity) if table.severity else None,
            off=table.off,
        )
        for table in settings.policies
    ]
    exempt = _exempt(settings)
    for table in settings.policies:
        _fits(table)
    policy = Policy(overrides, exempt, now=now)
    for kind, pattern in (*(("policy", one.rule) for one in overrides), *(("exception", one.rule) for one in exempt)):
        if not any(policy_names(pattern, rule.id) for rule in RULES):
            raise SettingsError(
                f"[[{kind}]] rule = {pattern!r}: there is no such rule.", hint="`keyward explain` lists them."
            )
    return policy


def _exempt(settings: "Settings") -> tuple[Exempt, ...]:
    return tuple(Exempt(one.rule, parse(one.match), one.owner, one.until, one.why) for one in settings.exceptions)


def policy_names(pattern: str, rule: str) -> bool:
    """Whether a pattern such as `KW-1*` means that rule."""
    return rule == pattern or (pattern.endswith("*") and rule.startswith(pattern[:-1]))


def _fits(table: "PolicyTable") -> None:
    """A limit has the kind of its rule's."""
    if table.limit is None:
        return
    for rule in RULES:
        if policy_names(table.rule, rule.id) and type(rule.limit) is not type(table.limit):
            wanted = "takes no limit" if rule.limit is None else f"takes {rule.limit_is} ({_example(rule)})"
            raise SettingsError(f"[[policy]] rule = {table.rule!r}: {rule.id} {wanted}.")


def _example(rule: "Rule") -> str:
    return "a number such as 5" if isinstance(rule.limit, int) else "a length such as 30d"


def _estate(desk: "Desk", cache: "CacheReader", now: "datetime") -> Estate:
    settings = desk.parts.settings
    keys = {key.id: key for key in cache.credentials()}
    by_key: dict[str, list[Placement]] = defaultdict(list)
    by_secret: dict[str, list[Placement]] = defaultdict(list)
    for place in cache.placements(accepted=desk.accepted()):
        by_key[str(place.credential)].append(place)
        by_secret[str(place.at.secret)].append(place)
    sources = {one.id: one for one in cache.sources()}
    facts = {(one.subject, one.what): one for one in around.every(cache)}
    scopes = projects(desk, sources)
    elsewhere, answers, searched, attestations = _of_ledger(desk)
    production = parse(settings.production.match).columns(columns := cache.columns(), range(len(columns.id)), now)
    return Estate(
        now,
        keys=keys,
        secrets={str(info.ref): info for info in cache.secrets()},
        placements=by_key,
        held=by_secret,
        about=facts,
        sources=sources,
        production=frozenset(columns.id[at] for at in production),
        data=dict(zip(columns.id, columns.data, strict=True)),
        environments=_environments(settings, scopes, facts.values()),
        unread=_unread(cache),
        noted=noted(cache),
        twins=twins(cache),
        elsewhere=elsewhere,
        searched=searched,
        days=_days(desk, keys.values(), now),
        answers=answers,
        projects=scopes,
        rotations=tuple(desk.record.rotations(open_only=True)),
        exceptions=_exempt(settings),
        attestations=attestations,
        owner_labels=settings.scan.owner_labels,
    )


def _unread(cache: "CacheReader") -> frozenset[str]:
    """Secrets with a readable version that programs get, none of which was read. What is off is read by nobody."""
    read = {(item, version) for item, version in cache.rows("SELECT item, version FROM looked")}
    return frozenset(
        str(info.ref)
        for info in cache.secrets()
        if info.current is not None
        and ((version := info.version(info.current)) is None or version.state is VersionState.ENABLED)
        and (str(info.ref), info.current) not in read
    )


def _of_ledger(
    desk: "Desk",
) -> "tuple[frozenset[str], dict[str, ProbeRow], tuple[Searched, ...], tuple[AttestationRow, ...]]":
    """What hosts told the ledger that all share: keys that others have places of, what trying keys told last, what was searched for keys.

    And what people stated about items of checklists.
    """
    ledger = desk.books.reading()
    if ledger is None:
        return frozenset(), {}, (), ()
    with ledger:
        elsewhere = (row.credential for row in ledger.placements() if row.host not in {"", desk.parts.host})
        return frozenset(elsewhere), ledger.answers(), remembered(ledger), standing(ledger.attestations())


def _days(desk: "Desk", keys: "Iterable[Credential]", now: "datetime") -> dict[str, Days]:
    """The counted days of the last weeks."""
    today = int(now.timestamp() // DAY)
    kept = file.to_read(desk.parts.paths.snapshots, desk.parts.world)
    try:
        found = recent(kept, [(key.id, key.ref.source) for key in keys], today - _WEEKS, today)
    finally:
        if kept is not None:
            kept.close()
    return {key: Days.of(CallsOfDay(day, calls) for day, calls in days.items()) for key, days in found.items()}


def projects(desk: "Desk", sources: Iterable[str]) -> tuple[str, ...]:
    """The scopes of providers and stores that know what is around them: these are projects."""
    known = {one.name for one in (*desk.parts.providers, *desk.parts.stores) if hasattr(one, "around")}
    scopes = (source.partition(":")[2].partition("@")[0] for source in sources if source.partition(":")[0] in known)
    return tuple(sorted(set(scopes)))


def _environments(settings: "Settings", projects: Iterable[str], facts: Iterable[About]) -> dict[str, str]:
    """The environment of each project: by the settings, else by its labels."""
    from fnmatch import fnmatchcase

    found = {}
    for fact in facts:
        if fact.what is What.LABELS and fact.status is Known.KNOWN:
            labels = dict(value.partition("=")[::2] for value in fact.values)
            name = next((labels[label] for label in _ENVIRONMENT if labels.get(label)), "")
            if name:
                found[fact.subject.removeprefix("project:")] = name
    for table in reversed(settings.environments):
        found.update({one: table.name for one in projects if fnmatchcase(one, table.match.removeprefix("project:"))})
    return found
