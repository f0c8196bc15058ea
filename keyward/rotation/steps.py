"""The steps of a plan: what each does, how it is undone, what it needs, and which cannot be taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyward.model.capability import Can, Ready
from keyward.rotation.facts import KeyAsRead, PlaceFacts
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.state import Target
from keyward.settings.values import show_duration

RESTORABLE_FOR = timedelta(days=30)
"""How long Google keeps a deleted API key restorable (google-cloud.md 1.4); other providers say so with the key."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its machine name, what it does in words, the place, how it is undone, the permission, whether that is held, when."""

    step: str
    what: str
    undo: str
    target: str = ""
    permission: str = ""
    ready: Ready = Ready.UNKNOWN
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Irreversible:
    """Something that cannot be taken back from a moment on (UTC; None: not known before), in words."""

    what: str
    at: datetime | None


def steps(key: KeyAsRead, targets: Sequence[Target], policy: Policy, now: datetime) -> tuple[Step, ...]:
    """The steps for one key, in the order they are done."""
    return tuple(_steps(key, targets, policy, now))


def _steps(key: KeyAsRead, targets: Sequence[Target], policy: Policy, now: datetime) -> Iterator[Step]:
    scope = key.want.scope if key.want else ""
    permission, ready = _held(key)
    yield Step("create", f"create a key like it in {scope}{_copied(key)}", "delete it", "", permission, ready)
    yield Step("verify", "use the new key once, until its provider recognises it", "nothing to undo", ready=Ready.YES)
    places = {place.at: place for place in key.places}
    for target in targets:
        place = places[target.at]
        permission, ready = _place_held(place)
        yield Step("write", _write(place), _unwrite(place), target.at, permission, ready)
        for alias in target.aliases:
            what = f"move alias {alias} from version {target.before} to the new one"
            yield Step("alias", what, f"move alias {alias} back", target.at, permission, ready)
    yield Step(
        "overlap",
        f"both keys work for {show_duration(policy.grace)}",
        "undo writes the old key back",
        at=now + policy.grace,
    )
    yield from _end(key, policy, now)


def _end(key: KeyAsRead, policy: Policy, now: datetime) -> Iterator[Step]:
    if policy.retire is Retire.NEVER:
        yield Step("keep", "the old key is kept", "nothing to undo", ready=Ready.YES)
        return
    quiet = (
        "at once (retire now)"
        if policy.retire is Retire.NOW
        else f"when it was unused for {show_duration(policy.quiet)}"
    )
    yield Step("gate", f"read every place again, prove the new key, and go on {quiet}", "nothing to undo")
    if Can.DISABLE.value in key.can:
        yield Step("disable", f"disable the old key for {show_duration(policy.soak)}", "enable it")
    undo = "restore it while its provider can" if Can.RESTORE.value in key.can else "none"
    yield Step("retire", "delete the old key", undo, at=_retire_at(policy, now))
    usual, run = key.dead_after
    yield Step("confirm", f"probe it until it is dead (usually {usual:.0f} s, failed probes over {run:.0f} s)", "none")
    yield Step("tidy", "disable the versions that held the old key", "enable them")


def irreversible(key: KeyAsRead, policy: Policy, now: datetime) -> tuple[Irreversible, ...]:
    """What cannot be taken back, and from when at the earliest."""
    if policy.retire is Retire.NEVER:
        return ()
    what = f"{key.id} is gone for good"
    if Can.RESTORE.value in key.can:
        return (Irreversible(f"{what}: 30 days after it was deleted", _retire_at(policy, now) + RESTORABLE_FOR),)
    return (Irreversible(what, _retire_at(policy, now)),)


def _retire_at(policy: Policy, now: datetime) -> datetime:
    wait = policy.grace if policy.retire is Retire.NOW else max(policy.grace, policy.quiet)
    return now + wait


def _copied(key: KeyAsRead) -> str:
    if key.want is None:
        return ""
    parts = []
    if key.want.name:
        parts.append("display name")
    if key.want.restrictions is not None and not key.want.restrictions.none:
        parts.append("restrictions")
    if key.want.annotations:
        parts.append(f"{len(key.want.annotations)} annotations")
    if key.want.bound_identity:
        parts.append("bound account")
    return f", with its {', '.join(parts)}" if parts else ", which has nothing to copy"


def _held(key: KeyAsRead) -> tuple[str, Ready]:
    for item in key.readiness:
        if item.ready is not Ready.YES:
            return item.permission, item.ready
    return (key.readiness[0].permission, Ready.YES) if key.readiness else ("", Ready.UNKNOWN)


def _place_held(place: PlaceFacts) -> tuple[str, Ready]:
    for item in place.readiness:
        if item.ready is not Ready.YES:
            return item.permission, item.ready
    return (place.readiness[0].permission, Ready.YES) if place.readiness else ("", Ready.UNKNOWN)


def _write(place: PlaceFacts) -> str:
    part = f"part {place.part} of " if place.part else ""
    form = f" ({place.form})" if place.form else ""
    return f"replace {part}{place.secret}{form}, version {place.version} now; every other byte stays"


def _unwrite(place: PlaceFacts) -> str:
    return "write the old value back as another version" if place.versions else "write the old value back"
