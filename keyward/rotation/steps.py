"""The steps of a plan: what each does, how it is undone, what it needs, and which cannot be taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyward.model.capability import Can, CrashClass, Ready
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
    by_hand = key.crash is CrashClass.PERSON
    found = _by_hand(key, targets, policy, now) if by_hand else _steps(key, targets, policy, now)
    return tuple(_told(found, key, targets))


def _told(found: Iterator[Step], key: KeyAsRead, targets: Sequence[Target]) -> Iterator[Step]:
    """The same with the commands that are run when every place is written."""
    written = {(target.at, target.host) for target in targets}
    told = (place for place in key.places if (place.at, place.host) in written)
    commands = [(place.at, command) for place in told for command in place.consumers]
    telling = [Step("tell", f"run {command}", "run it again", at, ready=Ready.YES) for at, command in commands]
    seen = False
    for step in found:
        if seen and step.step not in _WRITING:
            yield from telling
            telling = []
        seen = seen or step.step in _WRITING
        yield step


_WRITING = ("write", "alias")


def _by_hand(key: KeyAsRead, targets: Sequence[Target], policy: Policy, now: datetime) -> Iterator[Step]:
    """The steps of a key that only a person can make and delete."""
    _, ready = _held(key)
    yield Step("create", f"you make the new key {key.by_hand[0]} and hand it in", "delete it there", ready=Ready.YES)
    yield from _staged(key)
    tried = (
        "use the new key once" if ready is Ready.YES else "the new key cannot be tried from here; it is taken unproved"
    )
    yield Step("verify", tried, "nothing to undo", ready=ready)
    yield from _writes(key, targets)
    both = f"both keys work for {show_duration(policy.grace)}, or until you have deleted the old one"
    yield Step("overlap", both, "undo writes the old key back", at=now + policy.grace)
    if policy.retire is Retire.NEVER:
        yield Step("keep", "the old key is kept", "nothing to undo", ready=Ready.YES)
        return
    yield Step("gate", "read every place again and prove the new key", "nothing to undo")
    yield Step("retire", f"you delete the old key {key.by_hand[1]} and say so", "none")
    if ready is Ready.YES:
        yield Step("confirm", "probe it until it is dead", "none")
    yield Step("tidy", f"disable the versions that held the old key{_unstaged(key)}", "enable them")


def _steps(key: KeyAsRead, targets: Sequence[Target], policy: Policy, now: datetime) -> Iterator[Step]:
    scope = key.want.scope if key.want else ""
    permission, ready = _held(key)
    if key.facts is not None and key.facts.pair_id:
        tried = "use the old key once, to see that its id and its secret belong together"
        yield Step("pair", tried, "nothing to undo", ready=Ready.YES)
    if key.crash is CrashClass.OWN_MATERIAL:
        yield from _staged(key, "the private half of the new key")
    yield Step("create", f"create {_sort(key)} in {scope}{_copied(key)}", "delete it", "", permission, ready)
    if key.crash in (CrashClass.MARKABLE, CrashClass.UNMARKABLE):
        yield from _staged(key)
    yield Step("verify", "use the new key once, until its provider recognises it", "nothing to undo", ready=Ready.YES)
    yield from _writes(key, targets)
    if policy.emergency:
        yield Step(
            "overlap", "no overlap: the old key goes as soon as the targets are written", "undo writes it back", at=now
        )
    else:
        both = f"both keys work for {show_duration(policy.grace)}"
        yield Step("overlap", both, "undo writes the old key back", at=now + policy.grace)
    yield from _end(key, policy, now)


def _writes(key: KeyAsRead, targets: Sequence[Target]) -> Iterator[Step]:
    places = {(place.at, place.host): place for place in key.places}
    for target in targets:
        place = places[target.at, target.host]
        permission, ready = _place_held(place)
        yield Step("write", _write(place), _unwrite(place), target.at, permission, ready)
        for alias in target.aliases:
            what = f"move alias {alias} from version {target.before} to the new one"
            yield Step("alias", what, f"move alias {alias} back", target.at, permission, ready)


def _staged(key: KeyAsRead, what: str = "the new value and the old one") -> Iterator[Step]:
    """Where values that are shown only once are kept until the rotation is closed."""
    if key.home.pattern:
        where = f"{key.home.pattern.removesuffix('*')}keyward-pending-..."
        permission, ready = next(((one.permission, one.ready) for one in key.home.readiness), ("", Ready.UNKNOWN))
        yield Step("stage", f"keep {what} in {where} until all is done", "remove it", "", permission, ready)


def _unstaged(key: KeyAsRead) -> str:
    return ", remove what was staged" if key.home.pattern else ""


def _end(key: KeyAsRead, policy: Policy, now: datetime) -> Iterator[Step]:
    if policy.retire is Retire.NEVER:
        yield Step("keep", "the old key is kept", "nothing to undo", ready=Ready.YES)
        return
    quiet = (
        "at once (retire now)"
        if policy.retire is Retire.NOW
        else "when a person says so, as nothing records its use"
        if Can.USAGE.value not in key.can
        else f"when it was unused for {show_duration(_quiet(key, policy))}"
    )
    yield Step("gate", f"read every place again, prove the new key, and go on {quiet}", "nothing to undo")
    if Can.DISABLE.value in key.can:
        soak = f" for {show_duration(policy.soak)}" if policy.soak else ""
        yield Step("disable", f"disable the old key{soak}", "enable it")
    undo = "restore it while its provider can" if Can.RESTORE.value in key.can else "none"
    yield Step("retire", "delete the old key", undo, at=_retire_at(key, policy, now))
    usual, run = key.dead_after
    yield Step("confirm", f"probe it until it is dead (usually {usual:.0f} s, failed probes over {run:.0f} s)", "none")
    yield Step("tidy", f"disable the versions that held the old key{_unstaged(key)}", "enable them")


def irreversible(key: KeyAsRead, policy: Policy, now: datetime) -> tuple[Irreversible, ...]:
    """What cannot be taken back, and from when at the earliest."""
    if policy.retire is Retire.NEVER:
        return ()
    what = f"{key.id} is gone for good"
    if key.crash is CrashClass.PERSON:
        return (Irreversible(f"{what} once you have deleted it", None),)
    if Can.RESTORE.value in key.can:
        return (Irreversible(f"{what}: 30 days after it was deleted", _retire_at(key, policy, now) + RESTORABLE_FOR),)
    return (Irreversible(what, _retire_at(key, policy, now)),)


def _retire_at(key: KeyAsRead, policy: Policy, now: datetime) -> datetime:
    wait = policy.grace if policy.retire is Retire.NOW else max(policy.grace, _quiet(key, policy))
    return now + wait + (policy.soak if Can.DISABLE.value in key.can else timedelta(0))


def _quiet(key: KeyAsRead, policy: Policy) -> timedelta:
    return key.quiet if policy.quiet is None else policy.quiet


def _sort(key: KeyAsRead) -> str:
    """What sort of key it will be; a migration is said in full."""
    want, old = key.want, key.credential
    if want is None or old is None:
        return "a key like it"
    parts = []
    if want.bound_identity and want.bound_identity != old.bound_identity:
        parts.append(f"bound to {want.bound_identity}")
    if want.restrictions is not None and want.restrictions != old.restrictions:
        parts.append(f"restricted to {', '.join(want.restrictions.apis)}")
    if want.origin:
        parts.append(f"for the one in {want.origin}")
    sort = "an auth key" if want.bound_identity and not old.bound_identity else "a key"
    return f"{sort} {', '.join(parts)}," if parts else "a key like it"


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
    if not place.here:
        return f"{place.host} writes {place.at} by its own run, and runs its own commands"
    if place.fresh:
        return f"put the new key into {place.secret}, which never held it ({place.form})"
    part = f"part {place.part} of " if place.part else ""
    if place.beside:
        part = f"parts {place.beside} (its id) and {place.part} (its secret), in one write, of "
    form = f" ({place.form})" if place.form else ""
    return f"replace {part}{place.secret}{form}, version {place.version} now; every other byte stays"


def _unwrite(place: PlaceFacts) -> str:
    return "write the old value back as another version" if place.versions else "write the old value back"
