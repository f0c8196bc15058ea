"""Reads the catalog's files, strictly: a wrong name or type in one is an error that names the file and the place."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from keyward.model.errors import NotConfigured, UsageError
from keyward.model.handling import Evidence, Statement, Tier
from keyward.model.text import clean
from keyward.providers.catalog.entry import Entry, Pages, Probe, Revocation, Source

_FOLDER = files("keyward.providers.catalog") / "data"
_END = ".toml"
T = TypeVar("T")
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")


class Wrong(ValueError):
    """A statement of the catalog that does not fit; says where."""


@cache
def ids() -> tuple[str, ...]:
    """The names of all entries, sorted."""
    return tuple(sorted(one.name.removesuffix(_END) for one in _FOLDER.iterdir() if one.name.endswith(_END)))


@cache
def read(name: str) -> Entry:
    """The entry of that name.

    Raises:
        KeyError: there is none.
        NotConfigured: its file was damaged.
    """
    if name not in ids():
        raise KeyError(name)
    try:
        found = parse((_FOLDER / f"{name}{_END}").read_text("utf-8"))
    except (ValueError, OSError) as error:
        raise NotConfigured(
            f"The catalog's entry {name!r} cannot be read: {error}.", hint="Reinstall keyward."
        ) from None
    if found.id != name:
        raise NotConfigured(f"The catalog's entry {name!r} calls itself {found.id!r}.", hint="Reinstall keyward.")
    return found


@cache
def of_kind(kind: str) -> Entry | None:
    """The provider that issues keys of that shape; None when the catalog has none."""
    return next((entry for entry in map(read, ids()) if kind in entry.kinds and not entry.issuers), None)


def of_name(text: str) -> Entry | None:
    """The provider that a person means by a name such as `InVideo AI`, `invideo` or `OpenAI`; None when the catalog has none."""
    wanted = _plain(text)
    for entry in map(read, ids()):
        if wanted in _names(entry):
            return entry
    return None


def named(text: str) -> Entry:
    """The provider that a person means by an id, another name of it, or the beginning of one that fits no other provider.

    Raises:
        UsageError: there is none, or there are several; the hint names them.
    """
    exact = of_name(text)
    if exact is not None:
        return exact
    wanted = _plain(text)
    near = [entry.id for entry in map(read, ids()) if wanted and any(name.startswith(wanted) for name in _names(entry))]
    if len(near) == 1:
        return read(near[0])
    shown = clean(text)
    if near:
        raise UsageError(f"{shown!r} could be {', '.join(near)}.", hint="Type more of it.")
    close = difflib.get_close_matches(text.casefold(), ids(), 1)
    hint = f"Did you mean {close[0]}?" if close else "`keyward provider list` names them."
    raise UsageError(f"There is no provider {shown!r}.", hint=hint)


def _names(entry: Entry) -> list[str]:
    return [_plain(name) for name in (entry.id, entry.label, *entry.aliases)]


def _plain(text: str) -> str:
    return _NOT_A_NAME.sub("", text.casefold())


def parse(text: str) -> Entry:
    """An entry from the text of its file.

    Raises:
        ValueError: it is no TOML, or a statement does not fit; says which.
    """
    data = tomllib.loads(text)
    probe, use = dict(data.pop("probe", {})), dict(data.pop("use", {}))
    sources, tiers, said = data.pop("source", []), data.pop("tier", []), data.pop("data", [])
    none = probe.pop("none", "")
    if bool(none) is bool(probe):
        raise Wrong("probe: either how a key is tried, or why it cannot be (none)")
    made = _made(
        Entry,
        {
            **data,
            **use,
            "pages": _made(Pages, data.get("pages"), "pages"),
            "probe": None if none else _probe(probe),
            "no_probe": none,
            "revocation": _made(Revocation, data.get("revocation", {}), "revocation"),
            "sources": tuple(_made(Source, one, "source") for one in sources),
            "tiers": tuple(_made(Tier, one, "tier") for one in tiers),
            "statements": tuple(_made(Statement, one, "data") for one in said),
        },
        "",
    )
    _check(made)
    for page in (made.pages.create, made.pages.revoke, made.pages.usage):
        if page and not _https(page):
            raise Wrong(f"pages: {page!r} is not an https address")
    return made


def _check(made: Entry) -> None:
    """Whether the statements fit together: known tiers, a source for what was looked up, no two of one id."""
    tiers, seen = {tier.id for tier in made.tiers}, set[str]()
    for one in made.statements:
        if one.id in seen or not tiers.issuperset(one.tiers):
            raise Wrong(f"data {one.id!r}: its id is taken, or it names a tier that is none")
        if not one.source and one.evidence is not Evidence.PRIOR:
            raise Wrong(f"data {one.id!r}: what was looked up has a source")
        if any(url and not _https(url) for url in (one.source, one.where)):
            raise Wrong(f"data {one.id!r}: an https address is needed")
        seen.add(one.id)


def _probe(data: Mapping[str, Any]) -> Probe:
    probe = _made(Probe, data, "probe")
    if not _https(probe.base) or probe.method not in ("GET", "POST") or "?" in probe.path:
        raise Wrong("probe: an https base, GET or POST, and a path without a query are needed")
    return probe


def _https(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and not parts.username


def _made(kind: type[T], data: Any, where: str) -> T:
    """A dataclass from a table whose names and types have to be the fields'."""
    if not isinstance(data, Mapping):
        raise Wrong(f"{where or 'the entry'}: a table is needed")
    hints, known = get_type_hints(kind), {item.name: item for item in fields(cast("Any", kind))}
    for name in data:
        if name not in known:
            raise Wrong(f"{where}: {name!r} means nothing")
    for name, item in known.items():
        if name not in data and item.default is MISSING and item.default_factory is MISSING:
            raise Wrong(f"{where}: {name!r} is missing")
    return kind(**{name: _value(hints[name], value, f"{where}.{name}") for name, value in data.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, type(int | None)):
        return None if value is None else _value(get_args(kind)[0], value, where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise Wrong(f"{where}: a list is needed")
        return tuple(_value(get_args(kind)[0], one, where) for one in value)
    if origin is not None and issubclass(origin, Mapping):
        return {str(name): _value(str, one, where) for name, one in dict(value).items()}
    if is_dataclass(kind) or kind is date or kind is str:
        if not isinstance(value, kind if isinstance(kind, type) else object):
            raise Wrong(f"{where}: {value!r} does not fit")
        return value
    if kind in (int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Wrong(f"{where}: {value!r} is no number")
        return kind(value)
    return kind(value)  # an enumeration: a word that it does not have is an error
