"""The plan of an act: a pure function of what was read and what is wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyward.model.capability import Act, Can, CrashClass, Readiness, Ready
from keyward.model.credential import AgeIs, Kind, State
from keyward.model.errors import Exit
from keyward.model.ids import CredentialRef
from keyward.model.source import SourceReport
from keyward.model.usage import NOT_SCANNED, LastUse
from keyward.rotation.acts.blockers import blockers, broken
from keyward.rotation.acts.facts import ActFacts, InUse
from keyward.rotation.acts.wish import Wish, is_so
from keyward.rotation.blockers import Blocker
from keyward.rotation.facts import OpenRotation, PlaceFacts
from keyward.rotation.steps import RESTORABLE_FOR


@dataclass(frozen=True, slots=True)
class KeyAct:
    """What would be done to one key. `undo_until` is UTC; None with an `undo` means that it does not run out.

    `already` says that the key is so by now: then nothing is done but to put down what an earlier run left open. `breaks` are places
    whose readers would fail. `by_hand` says what a person has to do where keyward cannot; `person` that it is so.
    """

    id: str
    name: str | None = None
    state: str = ""
    kind: str = ""
    etag: str = ""
    uid: str = ""
    pair_id: str = ""
    age: timedelta | None = None
    age_is: AgeIs | None = None
    last_use: LastUse = NOT_SCANNED
    in_use: InUse = InUse.UNKNOWN
    places: tuple[PlaceFacts, ...] = ()
    breaks: tuple[str, ...] = ()
    undo: str = ""
    undo_until: datetime | None = None
    already: bool = False
    person: bool = False
    by_hand: str = ""
    production: bool = False
    under_way: OpenRotation | None = None
    unfinished: str = ""
    readiness: tuple[Readiness, ...] = ()
    sources: tuple[SourceReport, ...] = ()
    audited_reads: int = 0
    blockers: tuple[Blocker, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def ref(self) -> CredentialRef:
        """Which key."""
        return CredentialRef.parse(self.id)

    @property
    def ready(self) -> bool:
        """Whether it can be done."""
        return not self.blockers


@dataclass(frozen=True, slots=True)
class ActPlan:
    """One act on all keys that were named. `at` is UTC; `command` does exactly this."""

    at: datetime
    wish: Wish
    keys: tuple[KeyAct, ...]
    actor: str = ""
    identity: str = ""
    world: str = ""
    host: str = ""
    endpoints: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it can be done to every key: all or none."""
        return bool(self.keys) and all(key.ready for key in self.keys)

    @property
    def already(self) -> bool:
        """Whether nothing is left to do."""
        return bool(self.keys) and all(key.already for key in self.keys)

    @property
    def production(self) -> bool:
        """Whether one of the keys is production."""
        return any(key.production for key in self.keys)

    @property
    def exit_code(self) -> Exit:
        """What a command that stops at this plan ends with."""
        return Exit.OK if self.ready else Exit.NEEDS_PERSON


def plan(facts: Sequence[ActFacts], wish: Wish, now: datetime) -> tuple[KeyAct, ...]:
    """What would be done to these keys. The same facts and the same wish give the same plan; `now` is UTC."""
    return tuple(_key(one, wish, now) for one in facts)


def _key(facts: ActFacts, wish: Wish, now: datetime) -> KeyAct:
    key, credential = facts.key, facts.key.credential
    if credential is None:
        already = facts.gone and is_so(wish.act, None)
        return KeyAct(
            key.id,
            state=State.DELETED.value if facts.gone else "",
            already=already,
            blockers=() if already else tuple(blockers(facts, wish)),
            under_way=key.under_way,
            unfinished=facts.unfinished,
        )
    age = credential.age(now)
    already = is_so(wish.act, credential.state)
    undo, until = _undo(facts, wish, now)
    return KeyAct(
        id=key.id,
        name=credential.name,
        state=credential.state.value,
        kind=credential.kind.value,
        etag=credential.etag,
        uid=credential.uid,
        pair_id=credential.pair_id,
        age=age[0] if age else None,
        age_is=age[1] if age else None,
        last_use=key.last_use,
        in_use=facts.in_use,
        places=key.places,
        breaks=tuple(filter(None, map(broken, key.places))) if wish.ends else (),
        undo=undo,
        undo_until=until,
        already=already,
        person=key.crash is CrashClass.PERSON,
        by_hand=facts.by_hand,
        production=facts.production,
        under_way=key.under_way,
        unfinished=facts.unfinished,
        readiness=tuple(item for item in key.readiness if item.permission and item.permission in facts.needs),
        sources=key.sources,
        audited_reads=key.audited_reads,
        blockers=() if already else tuple(blockers(facts, wish)),
        warnings=tuple(_warnings(facts, wish)),
    )


def _undo(facts: ActFacts, wish: Wish, now: datetime) -> tuple[str, datetime | None]:
    """How it is taken back, and until when that is possible."""
    key = facts.key
    if wish.act is Act.REVOKE:
        if Can.RESTORE.value not in key.can:
            return "", None
        known = key.credential.restorable_until if key.credential else None
        return f"keyward restore {key.id}", known or now + RESTORABLE_FOR
    back = {Act.DISABLE: "enable", Act.ENABLE: "disable", Act.RESTORE: "revoke"}[wish.act]
    return f"keyward {back} {key.id}", None


def _warnings(facts: ActFacts, wish: Wish) -> Iterator[str]:
    key, credential = facts.key, facts.key.credential
    rotation, successor = facts.replaced
    if rotation:
        yield f"rotation {rotation} replaced it by {successor}"
    if facts.unfinished:
        yield f"an earlier run began to {facts.unfinished} it and was stopped; what came of it is looked at"
    if not wish.ends:
        if rotation:
            yield "no place gets it back by this; keyward undo does that while its rotation can be undone"
        return
    if key.facts is None or not key.facts.fingerprint:
        yield "its value cannot be recognised, so it was looked for in no place"
    if facts.in_use is InUse.UNKNOWN and not wish.unused:
        yield "whether it is in use is not known"
    if credential is not None and credential.kind is Kind.SA_KEY and credential.state is not State.DELETED:
        yield "access tokens that were issued for it go on working for up to an hour"
    yield from (f"{source.id} was not looked at: {source.status.value}" for source in key.sources if not source.covered)
    for item in key.readiness:
        if item.permission in facts.needs and item.ready is Ready.UNKNOWN:
            yield f"{item.what}: not known ({item.why})"


def command(keys: Sequence[KeyAct], wish: Wish) -> tuple[str, ...]:
    """The command line that does exactly this, by ids."""
    argv = ["keyward", wish.act.value, *(key.id for key in keys)]
    switches = {
        "--unused": wish.unused,
        "--even-if-used": wish.even_if_used,
        "--even-if-broken": wish.even_if_broken,
        "--even-if-foreign": wish.even_if_foreign,
        "--deleted": wish.gone,
    }
    argv += [name for name, on in switches.items() if on]
    for place in wish.waive:
        argv += ["--waive", place]
    if wish.reason:
        argv += ["--reason", wish.reason]
    return (*argv, "--yes")
