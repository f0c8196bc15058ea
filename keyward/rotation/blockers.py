"""What stands in the way of a plan, each with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from keyward.model.capability import Can, CrashClass, Ready
from keyward.model.credential import Credential, State
from keyward.rotation.emergency import unstoppable
from keyward.rotation.facts import KeyAsRead, PlaceFacts
from keyward.rotation.policy import Policy

WITHOUT = (State.BLOCKED, State.EXPIRED)
"""What its provider or time has ended, and nobody can bring back: those who use the key are without one until they get another."""


class Why(StrEnum):
    """Who can move it: a person by deciding, someone who repairs what is out of reach, or nobody while it stays so."""

    PERSON = "person"
    BLOCKED = "blocked"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing in the way: who can move it, what it is, what to do."""

    why: Why
    what: str
    hint: str = ""


def blockers(key: KeyAsRead, policy: Policy) -> Iterator[Blocker]:
    """Everything that keeps a rotation of this key from beginning."""
    if key.credential is not None:
        yield from _credential(key, key.credential, policy)
    yield from _readiness(key)
    relevant = [place for place in key.places if place.current and not policy.waives(*place.names)]
    given_up = broken(key, policy)
    for place in relevant:
        if place not in given_up:
            yield from _place(place, policy) if place.here else _elsewhere(place, key.id, policy)
    fresh = [place for place in key.places if place.fresh]
    yield from (Blocker(Why(why), what, hint) for place in fresh for why, what, hint in place.in_the_way)
    if not (relevant or fresh):
        hint = "Scan the folders and scopes where it is kept (`keyward scan`), then plan again."
        yield Blocker(Why.PERSON, "no place is known that holds this key, so a new one would reach nobody", hint)
    elif relevant and len(given_up) == len(relevant):
        what = "not one of the places that hold this key can be written, so a new one would reach nobody"
        yield Blocker(Why.PERSON, what, f"`keyward revoke {key.id}` stops the key without a new one.")


def broken(key: KeyAsRead, policy: Policy) -> list[PlaceFacts]:
    """Places that an emergency gives up on a person's word, since nothing can be written there; their readers fail."""
    if not unstoppable(policy):
        return []
    relevant = (place for place in key.places if place.current and not policy.waives(*place.names))
    return [place for place in relevant if place.broken]


def under_way(key: KeyAsRead, policy: Policy) -> Iterator[Blocker]:
    """What goes on by what was agreed then is in nobody's way, but an emergency of a successor is not for its own rotation to end."""
    if key.under_way is not None and key.under_way.successor and policy.emergency:
        what = f"this key is what rotation {key.under_way.id} makes, which is not finished"
        yield Blocker(
            Why.PERSON, what, f"`keyward undo {key.under_way.id}` brings back the key before it and deletes this one."
        )


def _credential(key: KeyAsRead, credential: Credential, policy: Policy) -> Iterator[Blocker]:
    # Nobody tells the state of a key that nobody lists; that it works is for its proof to show.
    unlisted = key.crash is CrashClass.PERSON and credential.state is State.UNKNOWN
    if credential.state is not State.ACTIVE and credential.state not in WITHOUT and not unlisted:
        hint = "Restore or enable it first." if credential.state in (State.RESTORABLE, State.DISABLED) else ""
        because = f": {credential.state_why}" if credential.state_why else ""
        yield Blocker(Why.REFUSED, f"the key is {credential.state.value}{because}", hint)
    yield from _making(key, policy)
    if key.paused:
        yield Blocker(
            Why.PERSON, f"the key is {key.paused}", "`keyward pause` lists the pauses, `keyward unpause` lifts one."
        )
    if key.hands_off:
        yield Blocker(Why.REFUSED, "the key carries keyward=hands-off", "Remove that annotation to let keyward act.")
    for misfit in key.misfits:
        yield Blocker(Why.REFUSED, misfit)
    if not policy.even_if_foreign:
        for foreign in key.foreign:
            yield Blocker(Why.REFUSED, foreign, "--even-if-foreign rotates it all the same.")
    if key.facts is None or not key.facts.fingerprint:
        yield Blocker(Why.BLOCKED, "the key's value cannot be recognised, so no place can be compared with it")


def _making(key: KeyAsRead, policy: Policy) -> Iterator[Blocker]:
    if key.crash is CrashClass.PERSON:
        if not policy.by_hand:
            hint = f"At a terminal: keyward swap {key.id}"
            yield Blocker(Why.PERSON, "only a person can make the successor of this key", hint)
        elif not key.home.pattern and (hosts := key.elsewhere(policy)):
            yield Blocker(Why.BLOCKED, f"{' and '.join(hosts)} could not get its new value: {key.home.why}", _HOME)
    elif Can.CREATE.value not in key.can:
        yield Blocker(Why.PERSON, "keyward cannot create this kind of key by itself", "Make one, then `keyward swap`.")
    elif key.crash is not CrashClass.NAMED and not key.home.pattern:
        what = f"its new value is shown only once, and there is nowhere to keep it meanwhile: {key.home.why}"
        yield Blocker(Why.BLOCKED, what, _HOME)


_HOME = 'Name a secret store: home = "gsm:PROJECT/*" under [rotation].'


def _elsewhere(place: PlaceFacts, key: str, policy: Policy) -> Iterator[Blocker]:
    """A place that another host writes itself: it must have been read there lately, and accepted there."""
    waive = f"or leave it out with --waive '{place.named}'"
    there = f"{place.at} on host {place.host}"
    if place.holds is None:
        yield Blocker(Why.BLOCKED, f"{there} {place.problem}", f"Run `keyward scan` on {place.host}, {waive}.")
    elif not place.accepted:
        new = "is NEW: it appeared since this key's last rotation" if place.new else "holds the key"
        what = f"{there} {new}, and is not accepted there as a place to write to"
        how = f"On {place.host}: keyward enrol id:{key} --accept-target {place.at}"
        yield Blocker(Why.PERSON, what, f"{how}, {waive}.")
    else:
        yield from _place(place, policy)


def _readiness(key: KeyAsRead) -> Iterator[Blocker]:
    for item in key.readiness:
        if item.ready is Ready.NO:
            missing = f" (needs {item.permission})" if item.permission else ""
            yield Blocker(Why.BLOCKED, f"{item.what}: {item.why}{missing}", item.fix)


def _place(place: PlaceFacts, policy: Policy) -> Iterator[Blocker]:
    """At most one reason a place: the first that must be dealt with."""
    waive = f"or leave it out with --waive {place.at}"
    if place.holds is None:
        yield Blocker(Why.BLOCKED, f"{place.at} {place.problem}", f"{place.fix or 'Make it readable again'}, {waive}.")
    elif place.hands_off:
        yield Blocker(Why.REFUSED, f"{place.at} carries keyward=hands-off", f"Remove that label, {waive}.")
    elif place.foreign and not policy.even_if_foreign:
        yield Blocker(Why.REFUSED, f"{place.at}: {place.foreign}", f"Change it there, {waive}.")
    elif place.unsafe:
        yield Blocker(Why.REFUSED, f"{place.at} is not written: {place.unsafe}", f"Repair that, {waive}.")
    elif place.new and not place.accepted:
        what = f"{place.at} is NEW: it appeared since this key's last rotation"
        yield Blocker(Why.PERSON, what, f"Look at it, then --accept-target {place.at}, {waive}.")
    elif not place.accepted:
        what = f"{place.at} holds the key and is not accepted as a place to write to"
        yield Blocker(Why.PERSON, what, f"--accept-target {place.at} (or --accept-targets for all), {waive}.")
    else:
        for item in place.readiness:
            if item.ready is Ready.NO:
                missing = f" (needs {item.permission})" if item.permission else ""
                yield Blocker(Why.BLOCKED, f"{place.at}: {item.what}: {item.why}{missing}", item.fix)
