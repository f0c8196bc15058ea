"""The plan: a pure function of facts and policy. A dry run is this and nothing else; what is done later is exactly this."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from keyward.model.capability import CrashClass, Readiness, Ready
from keyward.model.credential import AgeIs
from keyward.model.errors import Exit
from keyward.model.source import SourceReport
from keyward.model.usage import NOT_SCANNED, LastUse
from keyward.providers.interface import Want
from keyward.rotation.argv import argv
from keyward.rotation.blockers import WITHOUT, Blocker, Why, blockers, broken, under_way
from keyward.rotation.emergency import GIVEN_UP, unstoppable
from keyward.rotation.facts import Facts, KeyAsRead, OpenRotation, PlaceFacts
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.state import KeyFacts, Target
from keyward.rotation.steps import Irreversible, Step, irreversible, steps

VALID_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """What would be done for one key, and what stands in the way.

    `age` and `last_use` are as of the plan's `at`. `targets` are written, `places` is everything that was found, accepted or not.
    `crash` is how the create survives a crash, `home` where what is shown only once is kept meanwhile.
    `under_way` is the rotation that an apply continues instead of beginning one. `sources` say where it was looked and where not,
    `readiness` what was found to be permitted, missing or not known. `tolerate` is what users of the key have to cope with after a
    migration; `seen` is everywhere that its value was ever seen, in an emergency.
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
    crash: CrashClass | None = None
    home: str = ""
    tolerate: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

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
        command=argv(
            tuple(key.id for key in keys),
            tuple(at.at for key in keys for at in key.targets if at.host in ("", facts.host)),
            policy,
            by_hand=bool(keys) and all(key.crash is CrashClass.PERSON for key in keys),
            tfstate=facts.tfstate,
        ),
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
        waived=tuple(place.said for place in key.places if policy.waives(*place.names)),
        steps=steps(key, targets, policy, facts.at),
        irreversible=irreversible(key, policy, facts.at),
        # A rotation that is under way goes on by what was agreed then.
        blockers=tuple(under_way(key, policy) if key.under_way else blockers(key, policy)),
        warnings=_warnings(key, policy),
        readiness=key.readiness,
        sources=key.sources,
        looked=sum(source.looked for source in key.sources),
        not_looked=sum(source.not_looked for source in key.sources),
        audited_reads=key.audited_reads,
        under_way=key.under_way,
        crash=key.crash,
        home=key.home.pattern,
        tolerate=key.tolerate,
        seen=key.seen,
    )


def _is_target(place: PlaceFacts, policy: Policy) -> bool:
    left_out = policy.waives(*place.names) or (unstoppable(policy) and place.broken)
    known = place.here or place.holds is not None
    return place.accepted and known and (place.current or place.fresh) and not left_out


def _target(place: PlaceFacts) -> Target:
    return Target(
        at=place.at,
        scope=place.scope,
        host=place.host,
        before=place.version,
        aliases=place.aliases,
        fresh=place.fresh,
    )


def _warnings(key: KeyAsRead, policy: Policy) -> tuple[str, ...]:
    found = [
        f"{place.at}: alias {alias} points at version {version}, which holds the old key; it will not be retired before that moves"
        for place in key.places
        for alias, version in place.pins
    ]
    if key.credential is not None and key.credential.state in WITHOUT:
        because = f" ({key.credential.state_why})" if key.credential.state_why else ""
        found.append(
            f"the key is {key.credential.state.value}{because}: nothing makes it work again, so there is no undo"
        )
    found.extend(f"{item.what}: not known ({item.why})" for item in key.readiness if item.ready is Ready.UNKNOWN)
    if key.crash is CrashClass.PERSON and not key.home.pattern:
        why = key.home.why.rstrip(".")
        found.append(
            f"nothing is staged ({why}): after an interruption the new value has to be entered again, and an undo asks for the old one"
        )
    found.extend(
        f"{source.id} was not looked at: {source.status.value}" for source in key.sources if not source.covered
    )
    if policy.emergency:
        found.append(GIVEN_UP)
        found.extend(
            f"{place.at} is given up: {place.broken}; its readers fail when the old key goes"
            for place in broken(key, policy)
        )
    elif policy.retire is Retire.NOW:
        found.append("retire now: the old key goes without waiting until it is quiet")
    if policy.even_if_foreign:
        found.extend(f"all the same: {foreign}" for foreign in key.foreign)
    return tuple(found)


def _accept(keys: tuple[KeyPlan, ...]) -> tuple[tuple[str, str], ...]:
    """Targets whose acceptance is new with this plan, and how they were accepted."""
    fresh = {}
    for key in keys:
        targets = {(target.at, target.host) for target in key.targets}
        for place in key.places:
            # What another host has is accepted there.
            if place.here and (place.at, place.host) in targets and not place.how.startswith("accepted by "):
                fresh[place.at] = place.how
    return tuple(sorted(fresh.items()))
