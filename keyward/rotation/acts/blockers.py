"""What stands in the way of an act, each with what to do about it. Pure."""

from collections.abc import Iterator

from keyward.model.capability import Act, Can, CrashClass, Ready
from keyward.model.credential import Credential, State
from keyward.rotation.acts.facts import ActFacts, InUse
from keyward.rotation.acts.wish import Wish
from keyward.rotation.blockers import Blocker, Why
from keyward.rotation.facts import KeyAsRead, PlaceFacts
from keyward.rotation.places import Holds

_CAN = {Act.REVOKE: Can.DELETE, Act.RESTORE: Can.RESTORE, Act.DISABLE: Can.DISABLE, Act.ENABLE: Can.DISABLE}


def blockers(facts: ActFacts, wish: Wish) -> Iterator[Blocker]:
    """Everything that keeps the act from being done."""
    key = facts.key
    if facts.gone:
        yield Blocker(Why.REFUSED, f"{key.id} is gone for good: its provider has no such key")
        return
    if key.credential is None:
        yield Blocker(Why.BLOCKED, f"{key.id} cannot be read: {key.problem}")
        return
    if key.under_way is not None and not key.under_way.state.closed:
        hint = f"Go on with it (keyward resume {key.under_way.id}) or undo it (keyward undo {key.under_way.id}) first."
        yield Blocker(Why.REFUSED, f"rotation {key.under_way.id} of this key is under way", hint)
    yield from _possible(facts, key.credential, wish)
    yield from _left_alone(key, wish)
    for item in key.readiness:
        if item.permission in facts.needs and item.ready is Ready.NO:
            yield Blocker(Why.BLOCKED, f"{item.what}: {item.why} (needs {item.permission})", item.fix)
    if wish.ends and not (
        wish.gone and key.crash is CrashClass.PERSON
    ):  # of what was done elsewhere there is nothing to ask
        yield from _use(facts, wish)
        yield from _places(key, wish)


def _possible(facts: ActFacts, credential: Credential, wish: Wish) -> Iterator[Blocker]:
    """Whether the provider can do that to a key in this state."""
    act, key = wish.act, facts.key
    if key.crash is CrashClass.PERSON and act is Act.REVOKE and _CAN[act].value not in key.can:
        if not (wish.gone or wish.interactive):
            hint = f"When that is done: keyward revoke {key.id} --deleted --yes --reason TEXT"
            yield Blocker(
                Why.PERSON, f"only a person can {act.value} it{f': {facts.by_hand}' if facts.by_hand else ''}", hint
            )
    elif _CAN[act].value not in key.can:
        yield Blocker(Why.REFUSED, *_cannot(act, key, facts.by_hand))
    elif act is Act.RESTORE and credential.state is State.DELETED:
        yield Blocker(Why.REFUSED, "it is gone for good: the time in which it could be restored is over")
    elif act is Act.RESTORE and credential.state is State.DISABLED:
        yield Blocker(Why.REFUSED, "it is not deleted but disabled", f"keyward enable {key.id}")
    elif act in (Act.ENABLE, Act.DISABLE) and credential.state in (State.RESTORABLE, State.DELETED):
        hint = f"keyward restore {key.id}" if credential.state is State.RESTORABLE and act is Act.ENABLE else ""
        yield Blocker(Why.REFUSED, "it is deleted", hint)
    if wish.unused and not facts.checks_usage:
        hint = "Leave --unused out: then keyward's own look at its last use decides."
        yield Blocker(Why.REFUSED, "its provider does not check by itself whether a key is in use", hint)


def _cannot(act: Act, key: KeyAsRead, by_hand: str) -> tuple[str, str]:
    provider = key.id.partition(":")[0]
    if act is Act.DISABLE and Can.DELETE.value in key.can:
        restorable = ", which can be taken back for a while (keyward restore)" if Can.RESTORE.value in key.can else ""
        return f"keys of {provider} cannot be disabled", f"keyward revoke {key.id} deletes it{restorable}."
    if act is Act.ENABLE and not by_hand:
        hint = f"A deleted one: keyward restore {key.id}" if Can.RESTORE.value in key.can else ""
        return f"keys of {provider} cannot be disabled, so there is nothing to enable", hint
    return f"keyward cannot {act.value} keys of {provider}", f"A person may: {by_hand}" if by_hand else ""


def _left_alone(key: KeyAsRead, wish: Wish) -> Iterator[Blocker]:
    """Whether somebody asked for this key to be left alone."""
    if key.hands_off:
        yield Blocker(Why.REFUSED, "the key carries keyward=hands-off", "Remove that annotation to let keyward act.")
    if key.paused and wish.ends:
        yield Blocker(Why.PERSON, f"the key is {key.paused}", f"keyward unpause id:{key.id}")
    if not wish.even_if_foreign:
        yield from (Blocker(Why.REFUSED, foreign, "Or say --even-if-foreign.") for foreign in key.foreign)


def _use(facts: ActFacts, wish: Wish) -> Iterator[Blocker]:
    if wish.even_if_used:
        return
    if facts.in_use is InUse.YES:
        when = f", last on {facts.used:%Y-%m-%d %H:%MZ}" if facts.used else ""
        what = f"it is in use{when}: whoever uses it would fail"
        yield Blocker(Why.PERSON, what, f"Rotate it (keyward rotate {facts.key.id}), or say --even-if-used.")
    elif facts.in_use is InUse.UNKNOWN and not wish.unused and not wish.interactive:
        detail = facts.key.last_use.status.value.replace("_", " ")
        why = f"whether it is in use is not known ({detail}{f': {facts.key.last_use.detail}' if facts.key.last_use.detail else ''})"
        server = "--unused lets its provider check, or say" if facts.checks_usage else "A person can look; or say"
        yield Blocker(Why.PERSON, why, f"{server} --even-if-used.")


def _places(key: KeyAsRead, wish: Wish) -> Iterator[Blocker]:
    if wish.even_if_broken:
        return
    for place in key.places:
        what = broken(place)
        if what and not {place.at, place.secret} & set(wish.waive):
            hint = f"Rotate the key, take it out of there, say --even-if-broken, or leave the place out with --waive {place.at}."
            yield Blocker(Why.PERSON, what, hint)


def broken(place: PlaceFacts) -> str:
    """What would happen to the readers of that place; empty when nothing would."""
    if place.holds is Holds.OLD:
        return f"{place.at} still holds it{f' (on {place.host})' if place.host else ''}, its readers fail"
    if place.holds is None:
        return f"{place.at} may still hold it: {place.problem}"
    aliases = [f"alias {alias} of {place.secret} points at version {version}" for alias, version in place.pins]
    return f"{'; '.join(aliases)}, which holds it: its readers fail" if aliases else ""
