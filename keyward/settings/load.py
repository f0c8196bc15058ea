"""Reads the settings from their files and the environment, and remembers where each value came from.

Order, later wins: defaults, the user's own `keyward.toml`, a `keyward.toml` in the working folder (filters, limits and display only),
environment variables, options. Unknown names are errors that name file, line and the nearest right name.
"""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keyward.model.errors import NotAllowed, SettingsError
from keyward.model.text import clean
from keyward.settings.keys import read_keys
from keyward.settings.schema import KEYS, LISTS, Settings, group, kind, sections
from keyward.settings.tables import read_tables
from keyward.settings.where import line_of, named, nearest, said

FILE = "keyward.toml"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from: `default`, a file and line, an environment variable, or an option."""

    kind: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.where}".strip()


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings and the origin of every value that is not a default, by dotted name."""

    settings: Settings
    origins: Mapping[str, Origin] = field(default_factory=dict)
    file: Path | None = None

    def origin(self, name: str) -> Origin:
        """Where the value of that dotted name came from."""
        return self.origins.get(name, Origin("default"))


def load(*, file: Path | None, explicit: bool, environ: Mapping[str, str], folder: Path | None = None) -> Loaded:
    """Read the settings.

    Args:
        file: the user's own file; one that does not exist is fine unless `explicit`.
        explicit: the file was named by the user, so it must exist.
        environ: environment variables; `KEYWARD_<SECTION>_<NAME>` sets a scalar, or a list that only filters.
        folder: the working folder whose `keyward.toml` may filter, limit and display.

    Raises:
        SettingsError: something in a file or variable cannot be used.
        NotAllowed: a file that others may write, or a working-folder file or variable that sets what only the user's own
            file may.
    """
    loaded = Loaded(Settings())
    if file is not None and (explicit or file.exists()):
        loaded = _from_file(replace(loaded, file=file), file, own=True)
    local = folder / FILE if folder is not None else None
    if local is not None and local.is_file() and not (file is not None and file.exists() and local.samefile(file)):
        loaded = _from_file(loaded, local, own=False)
    return _from_environment(loaded, environ)


def _from_file(loaded: Loaded, file: Path, *, own: bool) -> Loaded:
    source = read_own(file)
    try:
        data = tomllib.loads(source)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, brackets without end
        found = re.search(r"at line (\d+), column (\d+)", str(error))
        line = int(found[1]) if found else source.count("\n") + 1
        raise SettingsError(
            f"this is not TOML: {said(error)}.", file=named(file), line=line, hint="Nothing was read from it."
        ) from None
    known = sections()
    for section, values in data.items():
        if section in LISTS:
            loaded = _list(loaded, section, values, file, source, own=own)
        elif section == KEYS:
            loaded = _keys(loaded, values, file, source)
        elif section in known:
            loaded = _section(loaded, section, values, file, source, own=own)
        else:
            raise SettingsError(
                f"there is no section [{clean(section)}].",
                file=named(file),
                line=line_of(source, section),
                hint=nearest(section, [*known, KEYS, *(name for name in LISTS if "." not in name)]),
            )
    return loaded


def _section(loaded: Loaded, section: str, values: object, file: Path, source: str, *, own: bool) -> Loaded:
    """One section, and those inside of it."""
    known = sections()
    if not isinstance(values, dict):
        raise SettingsError(
            f"{section} must be a section: [{section}].", file=named(file), line=line_of(source, section)
        )
    for name, value in values.items():
        line, dotted = line_of(source, section, name), f"{section}.{name}"
        if dotted in LISTS:
            loaded = _list(loaded, dotted, value, file, source, own=own)
            continue
        if dotted in known:
            loaded = _section(loaded, dotted, value, file, source, own=own)
            continue
        if name not in known[section]:
            inner = (one.removeprefix(f"{section}.") for one in (*known, *LISTS) if one.startswith(f"{section}."))
            raise SettingsError(
                f"[{section}] has no setting {clean(name)!r}.",
                file=named(file),
                line=line,
                hint=nearest(name, [*known[section], *inner]),
            )
        if not own and not known[section][name].metadata["anyone"]:
            raise NotAllowed(
                f"{named(file)}:{line}: a file in the working folder may not set {dotted}.",
                hint="Only filters, limits and display can be set there; put it into your own keyward.toml.",
            )
        loaded = _set(
            loaded, section, name, value, Origin("file", f"{named(file)}:{line}"), file=named(file), line=line
        )
    return loaded


def read_own(file: Path) -> str:
    """The text of a file that only this user, or root, can have written.

    Raises:
        NotAllowed: others can write it.
        SettingsError: it cannot be read, or is no UTF-8 text.
    """
    try:
        info = file.stat()
        if info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise NotAllowed(
                f"{named(file)} can be written by others (mode {stat.S_IMODE(info.st_mode):04o}).",
                hint=f"Run: chmod 600 {named(file)}",
            )
        if info.st_uid not in (os.geteuid(), 0):
            raise NotAllowed(f"{named(file)} belongs to another user.", hint="Only your own file, or root's, is read.")
        return file.read_text("utf-8")
    except OSError as error:
        raise SettingsError(f"it cannot be read: {error.strerror}.", file=named(file)) from None
    except UnicodeDecodeError:
        raise SettingsError("it is not UTF-8 text.", file=named(file)) from None


def _list(loaded: Loaded, name: str, tables: object, file: Path, source: str, *, own: bool) -> Loaded:
    field_name, _ = LISTS[name]
    found: Any = read_tables(name, tables, kind(name), file, source, own=own)
    return replace(
        loaded,
        settings=replace(loaded.settings, **{field_name: found}),
        origins={**loaded.origins, name: Origin("file", f"{named(file)}:{line_of(source, name)}")},
    )


def _keys(loaded: Loaded, table: object, file: Path, source: str) -> Loaded:
    choices = read_keys(table, file, source)
    kept = {choice.action: choice for choice in (*loaded.settings.keys, *choices)}
    origins = {f"{KEYS}.{choice.action}": Origin("file", f"{choice.file}:{choice.line}") for choice in choices}
    return replace(
        loaded, settings=replace(loaded.settings, keys=tuple(kept.values())), origins={**loaded.origins, **origins}
    )


def _from_environment(loaded: Loaded, environ: Mapping[str, str]) -> Loaded:
    known = sections()
    by_variable = {
        f"KEYWARD_{group(section)}_{name}".upper(): (section, name)
        for section, names in known.items()
        for name in names
    }
    for variable in sorted(environ):
        if variable in by_variable:
            section, name = by_variable[variable]
            default = known[section][name].default
            if isinstance(default, tuple) and not known[section][name].metadata["anyone"]:
                # Variables come with projects, shells and services; what sends, runs, accepts or reads values is decided in a file.
                raise NotAllowed(
                    f"{variable}: {section}.{name} cannot be set by an environment variable.",
                    hint=f"Put {name} under [{section}] in your own keyward.toml.",
                )
            value: object = environ[variable]
            if isinstance(default, tuple):
                value = [item.strip() for item in str(value).split(",") if item.strip()]
            loaded = _set(loaded, section, name, value, Origin("environment", variable), file=variable, line=0)
    return loaded


def _set(loaded: Loaded, section: str, name: str, value: object, origin: Origin, *, file: str, line: int) -> Loaded:
    spec = sections()[section][name]
    try:
        read: Any = spec.metadata["read"](value)
    except ValueError as error:
        raise SettingsError(
            f"{section}.{name}: {said(error)}.",
            file=file,
            line=line,
            hint=f"It means: {spec.metadata['doc']}.",
        ) from None
    changed = replace(getattr(loaded.settings, group(section)), **{name: read})
    return replace(
        loaded,
        settings=replace(loaded.settings, **{group(section): changed}),
        origins={**loaded.origins, f"{section}.{name}": origin},
    )
