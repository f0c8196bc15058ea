"""Reads one definition, strictly: what is wrong in it is an error that names file, line and the nearest right name."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from keyward.checklists.evaluators import EVALUATORS
from keyward.checklists.item import Item, Kind
from keyward.checklists.tables import DisableTable, ItemTable, ListTable, OverrideTable
from keyward.model.errors import SettingsError
from keyward.settings.tables import read_tables
from keyward.settings.where import line_of, named, nearest, said

_TABLES: Mapping[str, type[Any]] = {"item": ItemTable, "override": OverrideTable, "disable": DisableTable}


@dataclass(frozen=True, slots=True)
class Draft:
    """A definition as its file has it: names of other lists and items are not looked up yet. `text` is the file's, `own` a user's."""

    table: ListTable
    items: tuple[Item, ...]
    overrides: tuple[OverrideTable, ...]
    disabled: tuple[DisableTable, ...]
    file: Path
    text: str
    own: bool

    def error(self, message: str, *, table: str = "", number: int = 1, name: str = "", hint: str = "") -> SettingsError:
        """What is wrong with it, and where: in the how manyth table of that name, or before all tables."""
        line = line_of(self.text, table, name or None, number=number) if table else line_of(self.text, name)
        return SettingsError(message, file=named(self.file), line=line, hint=hint)


def parse(text: str, file: Path, *, own: bool) -> Draft:
    """The definition in that text; `file` is for messages, `own` says that it is a user's.

    Raises:
        SettingsError: it cannot be used; says where and why.
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+), column (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise SettingsError(f"this is not TOML: {said(error)}.", file=named(file), line=line) from None
    head = {name: value for name, value in data.items() if name not in _TABLES}
    tables: dict[str, Any] = {
        name: read_tables(name, data.get(name, []), kind, file, text, own=True) for name, kind in _TABLES.items()
    }
    made = Draft(_head(head, file, text), (), tables["override"], tables["disable"], file, text, own)
    items = tuple(_item(table, made, number) for number, table in enumerate(tables["item"], 1))
    return Draft(made.table, items, made.overrides, made.disabled, file, text, own)


def _head(data: Mapping[str, object], file: Path, text: str) -> ListTable:
    known = {item.name: item for item in fields(ListTable)}
    found: dict[str, Any] = {}
    for name in data:
        if name not in known:
            names = (*known, *_TABLES)
            raise SettingsError(
                f"a checklist has no setting {name!r}.",
                file=named(file),
                line=line_of(text, name),
                hint=nearest(name, names),
            )
    for name, item in known.items():
        hint = f"It means: {item.metadata['doc']}."
        if name in data:
            try:
                found[name] = item.metadata["read"](data[name])
            except ValueError as error:
                where = line_of(text, name)
                raise SettingsError(f"{name}: {said(error)}.", file=named(file), line=where, hint=hint) from None
        elif item.metadata["required"]:
            raise SettingsError(f"{name} is missing.", file=named(file), line=1, hint=hint)
    return ListTable(**found)


def _item(table: ItemTable, draft: Draft, number: int) -> Item:
    """An item whose evaluator exists and is told only what it understands."""
    check = table.check or ("rules" if table.rules else "")

    def wrong(message: str, name: str, hint: str = "") -> SettingsError:
        return draft.error(f"[[item]] {table.id}: {message}", table="item", number=number, name=name, hint=hint)

    proved(Kind(table.kind), check, table.want or {}, wrong)
    if (check == "rules") is not bool(table.rules):
        raise wrong("rules are named for the evaluator `rules`, which needs some.", "rules" if table.rules else "check")
    values = {item.name: getattr(table, item.name) for item in fields(ItemTable)}
    own = table.sign_off or draft.table.sign_off
    return Item(**{**values, "kind": Kind(table.kind), "check": check, "want": table.want or {}, "sign_off": own})


def proved(kind: Kind, check: str, want: Mapping[str, Any], wrong: Callable[[str, str, str], SettingsError]) -> None:
    """See that an item of that kind has the evaluator that it needs, and that this understands what it is told.

    Raises:
        SettingsError: as `wrong` makes it from a message, the name of the setting, and a hint.
    """
    if check and check not in EVALUATORS:
        raise wrong(f"there is no evaluator {check!r}.", "check", nearest(check, EVALUATORS))
    if kind is not Kind.ATTEST and not check:
        raise wrong(f"an item of kind {kind.value} needs an evaluator.", "kind", f"Known are: {', '.join(EVALUATORS)}.")
    wants = EVALUATORS[check].wants if check else {}
    for name, value in want.items():
        if name not in wants:
            raise wrong(
                f"want: {check or 'a person'} is told no {name!r}.", "want", nearest(name, wants) if wants else ""
            )
        try:
            wants[name](value)
        except ValueError as error:
            raise wrong(f"want: {name}: {said(error)}.", "want", "") from None


def drafts(files: Sequence[Path]) -> tuple[Draft, ...]:
    """A user's definitions: these files, and every `*.toml` directly in those of them that are folders.

    Raises:
        SettingsError: one cannot be read or used.
        NotAllowed: one can be written by others.
    """
    from keyward.settings.load import read_own  # only who has definitions of their own

    several = (sorted(file.glob("*.toml")) if file.is_dir() else [file] for file in files)
    return tuple(parse(read_own(one), one, own=True) for found in several for one in found)
