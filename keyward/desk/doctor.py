"""Whether everything that keyward needs is there, each with the exact command that mends it. Nothing is made or changed."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from keyward.desk.overrides import by_place
from keyward.desk.wish import Check
from keyward.model.errors import KeywardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.desk.desk import Desk

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


def doctor(desk: "Desk") -> Sequence[Check]:
    """All lines, in the order in which they should be mended."""
    lines: list[Check] = []
    for area, look in (
        ("settings", _settings),
        ("google", _google),
        ("keyring", _keyring),
        ("env", _env),
        ("ledger", _ledger),
        ("cache", _cache),
    ):
        lines += _safely(area, look, desk)
    return tuple(lines)


def _safely(area: str, look: "Callable[[Desk], Iterator[Check]]", desk: "Desk") -> list[Check]:
    """The lines of one area; what stops them is the last of them."""
    found: list[Check] = []
    try:
        found.extend(look(desk))
    except KeywardError as error:
        found.append(Check(area, error.title.lower(), _NO, error.message, error.hint))
    return found


def _settings(desk: "Desk") -> Iterator[Check]:
    file = desk.parts.loaded.file
    yield Check("settings", "settings file", _YES, str(file) if file else "none; the defaults hold")
    for group in (desk.parts.providers, desk.parts.stores):
        for plugin in group.found:
            if plugin.passed_over:
                yield Check("settings", f"plug-in {plugin.name}", _UNKNOWN, plugin.passed_over, "keyward config show")


def _google(desk: "Desk") -> Iterator[Check]:
    parts = desk.parts
    for line in by_place(parts.endpoints.active_overrides()):
        yield Check("google", "endpoint", _YES, line)
    yield Check("google", "world", _YES, parts.world)
    google = parts.google
    yield Check("google", "credentials", _YES, google.identity.description)
    ctx = parts.ctx().within(60)
    settings = parts.settings.scan
    projects = [project.id for project in google.projects.search(ctx, settings.projects, settings.exclude)]
    known = f"{len(projects)} can be seen" if projects else "none can be seen"
    fix = "" if projects else "Ask for roles/browser on the organisation, or name projects under [scan] projects."
    yield Check("google", "projects", _YES if projects else _NO, known, fix)
    for project in projects[:_TESTED]:
        yield _permissions(desk, project)
    if len(projects) > _TESTED:
        yield Check("google", "permissions", _UNKNOWN, f"not tested in {len(projects) - _TESTED} more projects")


def _permissions(desk: "Desk", project: str) -> Check:
    from keyward.google.advice import grant

    google, what = desk.parts.google, f"permissions in {project}"
    try:
        held = google.projects.permitted(project, list(_NEEDED), desk.parts.ctx().within(30))
    except KeywardError as error:
        return Check("google", what, _UNKNOWN, error.message, error.hint)
    missing = [permission for permission in _NEEDED if permission not in held]
    if not missing:
        return Check("google", what, _YES, f"all {len(_NEEDED)} that scanning and rotating need")
    found = "; ".join(f"{name} is missing ({_NEEDED[name]})" for name in missing)
    fixes = dict.fromkeys(grant(name, project, google.identity.description) for name in missing)
    return Check("google", what, _NO, found, "\n".join(fixes))


def _keyring(desk: "Desk") -> Iterator[Check]:
    services = desk.parts.settings.keyring.services
    if not services:
        fix = 'To read it: services = ["*"] under [keyring] in keyward.toml'
        yield Check("keyring", "keyring", _UNKNOWN, "not read, because no services are set", fix)
        return
    store = desk.parts.stores.get("keyring")
    items = sum(1 for _ in store.list("*", desk.parts.ctx().within(30)))
    yield Check("keyring", "keyring", _YES, f"{items} entries of {', '.join(services)}")


def _env(desk: "Desk") -> Iterator[Check]:
    folders = dict.fromkeys([*(one.path for one in desk.parts.settings.env), *desk.books.folders()])
    if not folders:
        yield Check("env", "folders", _UNKNOWN, "none is known", "keyward scan ~/work")
        return
    store = desk.parts.stores.get("env")
    for folder in folders:
        try:
            found = list(store.list(str(folder), desk.parts.ctx().within(30)))
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


def _ledger(desk: "Desk") -> Iterator[Check]:
    ledger = desk.books.reading()
    if ledger is None:
        yield Check("ledger", "ledger", _YES, f"none yet at {desk.books.where}; the first scan makes it")
        return
    with ledger:
        opened = len(ledger.rotations(open_only=True))
        yield Check(
            "ledger", "ledger", _YES, f"{desk.books.where}, schema {ledger.meta('schema')}, {opened} open rotations"
        )
        named = ledger.meta("fingerprint_key_id")
    if named is not None:
        desk.books.key_of_reading()
        yield Check("ledger", "fingerprint key", _YES, named)


def _cache(desk: "Desk") -> Iterator[Check]:
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
