"""What stands in the way of a plan, each with what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from keyward.model.capability import Can, CrashClass, Ready
from keyward.model.credential import Credential, State
from keyward.rotation.facts import KeyAsRead, PlaceFacts
from keyward.rotation.foreign import owner
from keyward.rotation.policy import Policy


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
    relevant = [place for place in key.places if place.current and not policy.waives(place.at, place.secret)]
    for place in relevant:
        yield from _place(place, policy)
    if not relevant:
        hint = "Scan the folders and scopes where it is kept (`keyward scan`), then plan again."
        yield Blocker(Why.PERSON, "no place is known that holds this key, so a new one would reach nobody", hint)


def _credential(key: KeyAsRead, credential: Credential, policy: Policy) -> Iterator[Blocker]:
    if credential.state is not State.ACTIVE:
        hint = "Restore or enable it first." if credential.state in (State.RESTORABLE, State.DISABLED) else ""
        yield Blocker(Why.REFUSED, f"the key is {credential.state.value}", hint)
    if key.crash is not CrashClass.NAMED or Can.CREATE.value not in key.can:
        hint = "Replace it by hand and bring the new value in with `keyward swap`."
        yield Blocker(Why.PERSON, "keyward cannot create this kind of key by itself", hint)
    if key.hands_off:
        yield Blocker(Why.REFUSED, "the key carries keyward=hands-off", "Remove that annotation to let keyward act.")
    foreign = owner({}, credential.annotations)
    if foreign and not policy.even_if_foreign:
        yield Blocker(Why.REFUSED, foreign)
    if key.facts is None or not key.facts.fingerprint:
        yield Blocker(Why.BLOCKED, "the key's value cannot be recognised, so no place can be compared with it")


def _readiness(key: KeyAsRead) -> Iterator[Blocker]:
    for item in key.readiness:
        if item.ready is Ready.NO:
            missing = f" (needs {item.permission})" if item.permission else ""
            yield Blocker(Why.BLOCKED, f"{item.what}: {item.why}{missing}", item.fix)


def _place(place: PlaceFacts, policy: Policy) -> Iterator[Blocker]:
    """At most one reason a place: the first that must be dealt with."""
    waive = f"or leave it out with --waive {place.at}"
    if not place.here:
        yield Blocker(Why.BLOCKED, f"{place.at} {place.problem}", f"Run keyward on {place.host}, {waive}.")
    elif place.holds is None:
        yield Blocker(Why.BLOCKED, f"{place.at} {place.problem}", f"Make it readable again, {waive}.")
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
