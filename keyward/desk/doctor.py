"""Whether everything that keyward needs is there, each with the exact command that mends it. Nothing is made or changed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.desk.overrides import by_place
from keyward.desk.wish import Check
from keyward.model.errors import Interrupted, KeywardError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from keyward.desk.desk import Desk
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

    Look = Callable[[Desk, Ctx], Iterator[Check]]

_YES, _NO, _UNKNOWN = "yes", "no", "unknown"
_TESTED = 5
"""Projects whose permissions are tested one by one; more would only repeat themselves."""
_NEEDED = {
    "apikeys.keys.list": "list keys",
    "apikeys.keys.getKeyString": "recognise keys by their value",
    "apikeys.keys.create": "make successors",
    "apikeys.keys.delete": "retire keys",
    "monitoring.timeSeries.list": "see last use",
    "secretmanager.secrets.list": "list secrets",
    "secretmanager.versions.access": "look for keys in secrets",
    "secretmanager.versions.add": "write to secrets",
}
_CHANGES = frozenset({"apikeys.keys.create", "apikeys.keys.delete", "secretmanager.versions.add"})
"""Those that only a rotation needs."""


def doctor(
    desk: "Desk", hear: "Callable[[Sequence[Check]], None] | None" = None, cancel: "threading.Event | None" = None
) -> Sequence[Check]:
    """All lines, in the order in which they should be mended.

    `hear` is told the lines of each area as soon as they are known.

    Raises:
        Interrupted: cancelled.
    """
    lines: list[Check] = []
    ctx = desk.parts.ctx(None, cancel)
    for area, look in (
        ("settings", _settings),
        ("google", _google),
        ("keyring", _keyring),
        ("env", _env),
        ("ledger", _ledger),
        ("rotation", _rotations),
        ("cache", _cache),
    ):
        ctx.check()
        found = _safely(area, look, desk, ctx)
        if hear is not None:
            hear(tuple(found))
        lines += found
    return tuple(lines)


def _safely(area: str, look: "Look", desk: "Desk", ctx: "Ctx") -> list[Check]:
    """The lines of one area; what stops them is the last of them."""
    found: list[Check] = []
    try:
        found.extend(look(desk, ctx))
    except Interrupted:
        raise
    except KeywardError as error:
        found.append(Check(area, error.title.lower(), _NO, error.message, error.hint))
    return found


def _settings(desk: "Desk", _: "Ctx") -> Iterator[Check]:
    file = desk.parts.loaded.file
    yield Check("settings", "settings file", _YES, str(file) if file else "none; the defaults hold")
    for group in (desk.parts.providers, desk.parts.stores):
        for plugin in group.found:
            if plugin.passed_over:
                yield Check("settings", f"plug-in {plugin.name}", _UNKNOWN, plugin.passed_over, "keyward config show")


def _google(desk: "Desk", ctx: "Ctx") -> Iterator[Check]:
    parts = desk.parts
    for line in by_place(parts.endpoints.active_overrides()):
        yield Check("google", "endpoint", _YES, line)
    yield Check("google", "world", _YES, parts.world)
    google = parts.google
    yield Check("google", "credentials", _YES, google.identity.description)
    yield from _identities(google)
    settings = parts.settings.scan
    projects = [project.id for project in google.projects.search(ctx.within(60), settings.projects, settings.exclude)]
    known = f"{len(projects)} can be seen" if projects else "none can be seen"
    fix = "" if projects else "Ask for roles/browser on the organisation, or name projects under [scan] projects."
    yield Check("google", "projects", _YES if projects else _NO, known, fix)
    for project in projects[:_TESTED]:
        yield from _tested(desk, project, ctx)
    if len(projects) > _TESTED:
        yield Check("google", "permissions", _UNKNOWN, f"not tested in {len(projects) - _TESTED} more projects")


def _identities(google: "GoogleParts") -> Iterator[Check]:
    """As whom keyward acts, and whether it can; nothing where it acts as whoever runs it."""
    from keyward.google.advice import advise

    for changes, verb in ((False, "reads"), (True, "changes")):
        for match, identity in google.identities.every(changes=changes):
            what = f"{verb} {match} as" if match else f"{verb} as"
            if identity is google.identity:
                if google.identities.several:
                    yield Check("google", what, _YES, identity.description)
                continue
            refusal = google.refusal(identity)
            if refusal is None:
                yield Check("google", what, _YES, identity.description)
            else:
                yield Check("google", what, _NO, refusal.message, advise(refusal, "iamcredentials.googleapis.com", ""))


def _tested(desk: "Desk", project: str, ctx: "Ctx") -> Iterator[Check]:
    if not desk.parts.google.identities.apart(project):
        yield _permissions(desk, project, f"permissions in {project}", _NEEDED, "scanning and rotating need", ctx)
        return
    reads = {name: what for name, what in _NEEDED.items() if name not in _CHANGES}
    yield _permissions(desk, project, f"permissions to read in {project}", reads, "scanning needs", ctx)
    changing = replace(ctx, changes=True)
    yield _permissions(desk, project, f"permissions to change in {project}", _NEEDED, "rotating needs", changing)


def _permissions(  # noqa: PLR0917  # one line of the report
    desk: "Desk", project: str, what: str, needed: Mapping[str, str], good_for: str, within: "Ctx"
) -> Check:
    from keyward.google.advice import grant

    google, ctx = desk.parts.google, within.within(30)
    try:
        held = google.projects.permitted(project, list(needed), ctx)
    except Interrupted:
        raise
    except KeywardError as error:
        return Check("google", what, _UNKNOWN, error.message, error.hint)
    missing = [permission for permission in needed if permission not in held]
    if not missing:
        return Check("google", what, _YES, f"all {len(needed)} that {good_for}")
    found = "; ".join(f"{name} is missing ({needed[name]})" for name in missing)
    fixes = dict.fromkeys(grant(name, project, google.caller(project, ctx)) for name in missing)
    return Check("google", what, _NO, found, "\n".join(fixes))


def _keyring(desk: "Desk", ctx: "Ctx") -> Iterator[Check]:
    services = desk.parts.settings.keyring.services
    if not services:
        fix = 'To read it: services = ["*"] under [keyring] in keyward.toml'
        yield Check("keyring", "keyring", _UNKNOWN, "not read, because no services are set", fix)
        return
    store = desk.parts.stores.get("keyring")
    items = sum(1 for _ in store.list("*", ctx.within(30)))
    yield Check("keyring", "keyring", _YES, f"{items} entries of {', '.join(services)}")


def _env(desk: "Desk", ctx: "Ctx") -> Iterator[Check]:
    folders = dict.fromkeys([*(one.path for one in desk.parts.settings.env), *desk.books.folders()])
    if not folders:
        yield Check("env", "folders", _UNKNOWN, "none is known", "keyward scan ~/work")
        return
    store = desk.parts.stores.get("env")
    for folder in folders:
        try:
            found = list(store.list(str(folder), ctx.within(30)))
        except Interrupted:
            raise
        except KeywardError as error:
            yield Check("env", str(folder), _NO, error.message, error.hint)
            continue
        unsafe = [f"{one.ref.name} {one.unsafe}" for one in found if one.unsafe]
        yield Check(
            "env",
            str(folder),
            _UNKNOWN if unsafe else _YES,
            f"{len(found)} env files" + (f"; would not be written: {'; '.join(unsafe[:3])}" if unsafe else ""),
        )


def _ledger(desk: "Desk", _: "Ctx") -> Iterator[Check]:
    ledger = desk.books.reading()
    if ledger is None:
        yield Check("ledger", "ledger", _YES, f"none yet at {desk.books.name}; the first scan makes it")
        return
    with ledger:
        opened = len(ledger.rotations(open_only=True))
        yield Check(
            "ledger", "ledger", _YES, f"{desk.books.name}, schema {ledger.meta('schema')}, {opened} open rotations"
        )
        named = ledger.meta("fingerprint_key_id")
    if named is not None:
        desk.books.key_of_reading()
        yield Check("ledger", "fingerprint key", _YES, named)


def _rotations(desk: "Desk", ctx: "Ctx") -> Iterator[Check]:
    """Loose ends of rotations, as far as there is a ledger that tells of any."""
    ledger = desk.books.reading()
    if ledger is None:
        fix = "If there was one and it was lost: keyward doctor --fix finds rotations by the marks on keys"
        yield Check("rotation", "rotations", _UNKNOWN, "there is no ledger", fix)
        return
    ledger.close()
    found = desk.health.troubles(ctx.cancel)
    for one in found:
        fix = "keyward doctor --fix" if one.mending else one.todo
        yield Check("rotation", one.wrong.value, _NO if one.mending else _UNKNOWN, one.what, fix)
    if not found:
        yield Check(
            "rotation", "rotations", _YES, "no orphan, no leftover, nothing stuck, no drift; the audit trail fits"
        )


def _cache(desk: "Desk", _: "Ctx") -> Iterator[Check]:
    damage: list[str] = []
    warn, desk.warn = desk.warn, damage.append
    try:
        with closing(desk.cache()) as cache:
            scanned, keys = cache.scanned_at, cache.counts()[0]
    finally:
        desk.warn = warn
    if damage:
        yield Check("cache", "scan cache", _NO, damage[0], "keyward scan")
    elif scanned is None:
        yield Check("cache", "scan cache", _UNKNOWN, "nothing was scanned yet", "keyward scan")
    else:
        yield Check("cache", "scan cache", _YES, f"{keys} keys, scanned {scanned:%Y-%m-%d %H:%M} UTC")
