"""Every setting as a person asks about it: what holds, why, what it means, and the line that would change it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyward.model.redact import label
from keyward.settings.schema import LISTS, group, kind, sections
from keyward.settings.values import show_duration
from keyward.settings.where import named

if TYPE_CHECKING:
    from dataclasses import Field

    from keyward.settings import Origin
    from keyward.wiring import Parts


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, or one table of a list of tables.

    `value` is as written in the file, hidden where it is `secret`; `origin` says where it came from, `trust` how far that place is
    trusted; `doc` is what it means, `anyone` whether a file in the working folder may set it; `line` is the TOML to write.
    """

    name: str
    value: str
    origin: str
    trust: str
    doc: str
    line: str
    anyone: bool = False
    secret: bool = False


def configured(parts: "Parts") -> Sequence[Setting]:
    """All of them, in the order of `keyward config show`; lists of which no table is set stand at the end.

    Raises:
        SettingsError: the settings cannot be used.
    """
    known, found, seen = sections(), [], set()
    for name, value, origin in parts.setting_rows():
        seen.add(name)
        trust = _trust(parts, parts.loaded.origin(name))
        if name in LISTS:
            found.append(Setting(name, value, origin, trust, *_of_list(name)))
            continue
        section, _, key = name.rpartition(".")
        item: Field[Any] = known[section][key]
        doc, anyone, secret = item.metadata["doc"], item.metadata["anyone"], item.metadata["secret"]
        held = getattr(getattr(parts.settings, group(section)), key)
        if secret:
            held = ("...",) if isinstance(item.default, tuple) else "..."
        elif name == "ledger.url":  # shown without what a password could be in
            held = value.removeprefix("-")
        found.append(Setting(name, value, origin, trust, doc, f"[{section}]\n{key} = {_toml(held)}", anyone, secret))
    found += [Setting(name, "none", "default", _DEFAULT, *_of_list(name)) for name in LISTS if name not in seen]
    return tuple(found)


_DEFAULT = "built in"


def _trust(parts: "Parts", origin: "Origin") -> str:
    """How far the place is trusted that a value came from."""
    own = parts.loaded.file
    if origin.kind == "file":
        mine = own is not None and origin.where.rpartition(":")[0] == named(own)
        return (
            "your own file: may set everything"
            if mine
            else "the working folder's file: filters, limits and display only"
        )
    if origin.kind == "environment":
        return "a variable: single values, and lists that only filter"
    return "an option of this run" if origin.kind == "option" else _DEFAULT


def _toml(value: object) -> str:
    """The value as the file has it; what may be a key is not repeated."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool | int):
        return str(value).lower()
    if value is None:
        return '"auto"'
    return json.dumps(show_duration(value) if isinstance(value, timedelta) else label(str(value)), ensure_ascii=False)


def _of_list(name: str) -> tuple[str, str]:
    """What a list of tables means, and a table of it with all that can stand in it."""
    from dataclasses import fields

    table = kind(name)
    items = fields(table)
    width = max(len(item.name) for item in items)
    about = "\n".join(f"{item.name:<{width}}  {item.metadata['doc']}" for item in items)
    must = "\n".join(f"{item.name} = {json.dumps('...')}" for item in items if item.metadata["required"])
    return f"{table.__doc__}\n{about}", f"[[{name}]]\n{must}"
