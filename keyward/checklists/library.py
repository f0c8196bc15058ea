"""Every list there is, with what lists say of each other looked up: those that keyward brings, and a user's own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from keyward.checklists.item import Checklist, Item, Kind, SubjectKind
from keyward.checklists.load import Draft, parse, proved
from keyward.checklists.tables import OverrideTable
from keyward.model.errors import UsageError
from keyward.settings.where import named, nearest


class Library:
    """The lists by their names.

    Args:
        drafts: definitions; one of a user's takes the place of keyward's own of its name.

    Raises:
        SettingsError: a list names another list or an item that there is not, or two are called alike; says where.
    """

    def __init__(self, drafts: Iterable[Draft]) -> None:
        self._drafts: dict[str, list[Draft]] = {}
        for draft in drafts:
            self._add(draft)
        self._items = self._by_id()
        self._made: dict[tuple[str, int], Checklist] = {}
        self._lists = {name: self._list(name, len(several) - 1, ()) for name, several in sorted(self._drafts.items())}

    @property
    def lists(self) -> tuple[Checklist, ...]:
        """All of them, by name."""
        return tuple(self._lists.values())

    def named(self, name: str) -> Checklist:
        """The list of that name, or of a beginning that no other has.

        Raises:
            UsageError: there is none, or there are several.
        """
        near = [one for one in self._lists if one.startswith(name)] if name else []
        if name in self._lists or len(near) == 1:
            return self._lists[name if name in self._lists else near[0]]
        if near:
            raise UsageError(f"{name!r} could be {', '.join(near)}.", hint="Type more of it.")
        raise UsageError(f"There is no checklist {name!r}.", hint=nearest(name, self._lists))

    def item(self, named: str) -> Item:
        """The item of that id, as the last list that has it says.

        Raises:
            UsageError: there is none.
        """
        for one in reversed(self._lists.values()):
            found = one.item(named)
            if found is not None:
                return found
        raise UsageError(f"There is no item {named!r}.", hint=nearest(named, self._items))

    # Looking up

    def _add(self, draft: Draft) -> None:
        others = self._drafts.setdefault(draft.table.id, [])
        if others and (others[-1].own or not draft.own):
            hint = f"The other one is {named(others[-1].file)}."
            raise draft.error(f"there is a list {draft.table.id!r} already.", name="id", hint=hint)
        others.append(draft)

    def _by_id(self) -> Mapping[str, Item]:
        found: dict[str, Item] = {}
        for draft in (one for several in self._drafts.values() for one in several):
            for number, item in enumerate(draft.items, 1):
                if item.id in found:
                    message = f"[[item]] {item.id}: there is an item of that id already."
                    hint = "Another name, or [[override]] in a list that has it."
                    raise draft.error(message, table="item", number=number, name="id", hint=hint)
                found[item.id] = item
        return found

    def _list(self, name: str, layer: int, above: tuple[tuple[str, int], ...]) -> Checklist:
        """The list of that name; `layer` 0 is keyward's own where a user's takes its place."""
        key = (name, layer)
        if key not in self._made:
            draft = self._drafts[name][layer]
            if key in above:
                raise draft.error(
                    f"the list {name!r} includes itself.", name="extends" if draft.table.extends else "include"
                )
            self._made[key] = self._resolved(draft, layer, (*above, key))
        return self._made[key]

    def _resolved(self, draft: Draft, layer: int, above: tuple[tuple[str, int], ...]) -> Checklist:
        table = draft.table
        base = self._other(draft, table.extends, "extends", layer, above) if table.extends else None
        items = {one.id: one for one in (base.items if base else ())}
        for name in table.include:
            items |= {one.id: one for one in self._other(draft, name, "include", layer, above).items}
        for name in table.take:
            if name not in self._items:
                raise draft.error(f"take: there is no item {name!r}.", name="take", hint=nearest(name, self._items))
            items[name] = self._items[name]
        items |= {one.id: one for one in draft.items}
        self._change(draft, items)
        for name, value in (("title", table.title or base), ("why", table.why or base), ("about", table.about or base)):
            if not value:
                raise draft.error(
                    f"{name} is missing.", name="id", hint="Only a list that extends another one leaves it out."
                )
        about = tuple(map(SubjectKind, table.about)) or (base.about if base else ())
        return Checklist(
            table.id,
            table.version,
            table.title or (base.title if base else ""),
            table.why or (base.why if base else ""),
            about,
            tuple(items.values()),
            table.subject or (base.subject if base else ""),
            str(draft.file) if draft.own else "",
        )

    def _other(
        self, draft: Draft, name: str, setting: str, layer: int, above: tuple[tuple[str, int], ...]
    ) -> Checklist:
        if name not in self._drafts:
            raise draft.error(f"{setting}: there is no list {name!r}.", name=setting, hint=nearest(name, self._drafts))
        own = name == draft.table.id and layer > 0  # a user's list of keyward's name means keyward's own
        return self._list(name, 0 if own else len(self._drafts[name]) - 1, above)

    def _change(self, draft: Draft, items: dict[str, Item]) -> None:
        for number, change in enumerate(draft.overrides, 1):
            items[change.item] = _changed(_there(draft, items, change.item, "override", number), change, draft, number)
        for number, gone in enumerate(draft.disabled, 1):
            items[gone.item] = replace(_there(draft, items, gone.item, "disable", number), off=gone.reason)


def _there(draft: Draft, items: Mapping[str, Item], name: str, table: str, number: int) -> Item:
    if name not in items:
        message = f"[[{table}]] item: this list has no item {name!r}."
        raise draft.error(message, table=table, number=number, name="item", hint=nearest(name, items))
    return items[name]


def _changed(item: Item, change: OverrideTable, draft: Draft, number: int) -> Item:
    told: dict[str, Any] = {
        one.name: value
        for one in fields(OverrideTable)
        if one.name != "item" and (value := getattr(change, one.name)) is not None
    }
    made = replace(item, **{**told, "kind": Kind(told.get("kind", item.kind))})

    def wrong(message: str, name: str, hint: str = "") -> Any:
        said = f"[[override]] {item.id}: {message}"
        return draft.error(said, table="override", number=number, name=name, hint=hint)

    proved(made.kind, made.check, made.want, wrong)
    return made


@cache
def shipped() -> tuple[Draft, ...]:
    """The definitions that keyward brings."""
    folder = files("keyward.checklists") / "lists"
    return tuple(_shipped(folder))


def _shipped(folder: Any) -> Iterator[Draft]:
    for one in sorted(folder.iterdir(), key=lambda file: str(file.name)):
        if one.name.endswith(".toml"):
            yield parse(one.read_text("utf-8"), Path(one.name), own=False)


def library(own: Sequence[Draft] = ()) -> Library:
    """All lists: keyward's own and these."""
    return Library((*shipped(), *own))
