"""The plan: a pure function of facts and policy. A dry run is this and nothing else; what is done later is exactly this."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keyward.model.capability import Readiness, Ready
from keyward.model.credential import AgeIs
from keyward.model.errors import Exit
from keyward.model.source import SourceReport
from keyward.model.usage import NOT_SCANNED, LastUse
from keyward.providers.interface import Want
from keyward.rotation.blockers import Blocker, Why, blockers
from keyward.rotation.facts import Facts, KeyAsRead, OpenRotation, PlaceFacts
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.state import KeyFacts, Target
from keyward.rotation.steps import Irreversible, Step, irreversible, steps

VALID_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """What would be done for one key, and what stands in the way.

    `age` and `last_use` are as of the plan's `at`. `targets` are written, `places` is everything that was found, accepted or not.
    `under_way` is the rotation that an apply continues instead of beginning one. `sources` say where it was looked and where not,
    `readiness` what was found to be permitted, missing or not known.
    """

    id: str
    old: KeyFacts | None = None
    want: Want | None = None
    state: str = ""
    age: timedelta | None = None
    age_is: AgeIs | None = None
    last_use: LastUse = NOT_SCANNED
    targets: tuple[Target, ...] = ()
    places: tuple[PlaceFacts, ...] = ()
    waived: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    irreversible: tuple[Irreversible, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    warnings: tuple[str, ...] = ()
    readiness: tuple[Readiness, ...] = ()
    sources: tuple[SourceReport, ...] = ()
    looked: int = 0
    not_looked: int = 0
    audited_reads: int = 0
    under_way: OpenRotation | None = None

    @property
    def ready(self) -> bool:
        """Whether it can begin (or go on)."""
        return not self.blockers


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done for all keys that were named. `at` and `valid_until` are UTC; `command` does exactly this."""

    at: datetime
    keys: tuple[KeyPlan, ...]
    policy: Policy
    actor: str = ""
    identity: str = ""
    world: str = ""
    host: str = ""
    endpoints: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    valid_until: datetime | None = None
    accept: tuple[tuple[str, str], ...] = field(default=())

    @property
    def ready(self) -> bool:
        """Whether every key of it can begin: a plan is done as a whole or not at all."""
        return bool(self.keys) and all(key.ready for key in self.keys)

    @property
    def exit_code(self) -> Exit:
        """What a command that stops at this plan ends with."""
        return Exit.OK if self.ready else Exit.NEEDS_PERSON


def plan(facts: Facts, policy: Policy) -> Plan:
    """What would be done for these keys under this policy. Pure: the same facts and policy give the same plan."""
    keys = tuple(_key(key, facts, policy) for key in facts.keys)
    return Plan(
        at=facts.at,
        keys=keys,
        policy=policy,
        actor=facts.actor,
        identity=facts.identity,
        world=facts.world,
        host=facts.host,
        endpoints=facts.endpoints,
        command=_command(keys, policy),
        valid_until=facts.at + VALID_FOR,
        accept=_accept(keys),
    )


def _key(key: KeyAsRead, facts: Facts, policy: Policy) -> KeyPlan:
    credential = key.credential
    if credential is None:
        stop = Blocker(Why.BLOCKED, f"{key.id} cannot be read: {key.problem}")
        return KeyPlan(key.id, blockers=() if key.under_way else (stop,), under_way=key.under_way)
    age = credential.age(facts.at)
    targets = tuple(_target(place) for place in key.places if _is_target(place, policy))
    return KeyPlan(
        id=key.id,
        old=key.facts,
        want=key.want,
        state=credential.state.value,
        age=age[0] if age else None,
        age_is=age[1] if age else None,
        last_use=key.last_use,
        targets=targets,
        places=key.places,
        waived=tuple(place.at for place in key.places if policy.waives(place.at, place.secret)),
        steps=steps(key, targets, policy, facts.at),
        irreversible=irreversible(key, policy, facts.at),
        # A rotation that is under way goes on by what was agreed then.
        blockers=() if key.under_way else tuple(blockers(key, policy)),
        warnings=_warnings(key, policy),
        readiness=key.readiness,
        sources=key.sources,
        looked=sum(source.looked for source in key.sources),
        not_looked=sum(source.not_looked for source in key.sources),
        audited_reads=key.audited_reads,
        under_way=key.under_way,
    )


def _is_target(place: PlaceFacts, policy: Policy) -> bool:
    return place.accepted and place.here and place.current and not policy.waives(place.at, place.secret)


def _target(place: PlaceFacts) -> Target:
    return Target(at=place.at, scope=place.scope, host=place.host, before=place.version, aliases=place.aliases)


def _warnings(key: KeyAsRead, policy: Policy) -> tuple[str, ...]:
    found = [
        f"{place.at}: alias {alias} points at version {version}, which holds the old key; it will not be retired before that moves"
        for place in key.places
        for alias, version in place.pins
    ]
    found.extend(f"{item.what}: not known ({item.why})" for item in key.readiness if item.ready is Ready.UNKNOWN)
    found.extend(
        f"{source.id} was not looked at: {source.status.value}" for source in key.sources if not source.covered
    )
    if policy.retire is Retire.NOW:
        found.append("retire now: the old key goes without waiting until it is quiet")
    return tuple(found)


def _accept(keys: tuple[KeyPlan, ...]) -> tuple[tuple[str, str], ...]:
    """Targets whose acceptance is new with this plan, and how they were accepted."""
    fresh = {}
    for key in keys:
        targets = {target.at for target in key.targets}
        for place in key.places:
            if place.at in targets and not place.how.startswith("accepted by "):
                fresh[place.at] = place.how
    return tuple(sorted(fresh.items()))


def _command(keys: tuple[KeyPlan, ...], policy: Policy) -> tuple[str, ...]:
    """The command line that applies exactly this, by ids."""
    argv = ["keyward", "rotate", *(key.id for key in keys)]
    for key in keys:
        for target in key.targets:
            argv += ["--accept-target", target.at]
    default = Policy()
    for option, name in (("--grace", "grace"), ("--retire", "retire")):
        value = getattr(policy, name)
        if value != getattr(default, name):
            argv += [option, _shown(value)]
    for place in policy.waive:
        argv += ["--waive", place]
    if policy.accept_unproved:
        argv.append("--accept-unproved")
    if policy.reason:
        argv += ["--reason", policy.reason]
    return (*argv, "--yes")


def _shown(value: object) -> str:
    if isinstance(value, timedelta):
        return f"{round(value.total_seconds())}s"
    return str(value)
