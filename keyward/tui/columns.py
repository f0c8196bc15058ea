"""Which columns the inventory shows: all there are, sets of them for a purpose, and what a person chose."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from keyward.tui.widgets.column import Column

ALL: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("name", "NAME", 18, 0, grows=True),
        Column("kind", "KIND", 10, 5),
        Column("scope", "PROJECT/SCOPE", 16, 3, grows=True),
        Column("age", "AGE", 6, 1, right=True),
        Column("use", "LAST USE", 11, 2, right=True),
        Column("expires", "EXPIRES", 9, 7, right=True),
        Column("places", "PLACES", 9, 6, right=True),
        Column("state", "STATE", 13, 4),
        Column("provider", "PROVIDER", 16, 8),
        Column("data", "DATA", 20, 8, grows=True),
        Column("findings", "FINDINGS", 20, 8, grows=True),
        Column("restricted", "RESTRICTED", 14, 8, grows=True),
        Column("identity", "IDENTITY", 16, 8, grows=True),
        Column("stores", "STORES", 12, 8),
        Column("secrets", "SECRETS", 18, 8, grows=True),
        Column("created", "CREATED", 10, 8),
        Column("seen", "FIRST SEEN", 10, 8),
        Column("window", "USE RECORD", 10, 8, right=True),
        Column("source", "SOURCE", 11, 8),
        Column("id", "ID", 20, 8, grows=True),
    )
}
"""Every column by name. Its width is the least at which it can be read: no choice makes it narrower."""

USUAL, OWN = "usual", "own"
PRESETS: Mapping[str, tuple[str, ...]] = {
    USUAL: ("name", "kind", "scope", "age", "use", "expires", "places", "state"),
    "wide": (
        *("name", "kind", "scope", "age", "use", "state", "places", "expires", "restricted", "stores", "created"),
        *("window", "provider", "source", "id"),
    ),
    "age": ("name", "age", "created", "expires", "state", "scope", "seen", "kind"),
    "usage": ("name", "use", "window", "age", "state", "restricted", "scope", "kind"),
    "where": ("name", "places", "stores", "secrets", "state", "scope", "age", "kind"),
    "data": ("name", "data", "scope", "state", "restricted", "use", "kind"),
    "findings": ("name", "findings", "scope", "state", "age", "use", "kind"),
}
"""Columns for a purpose, in their order."""

WIDEST = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of columns: the name of a preset, or `own`; `own` are the columns that a person put together; `widths` in cells."""

    preset: str = USUAL
    own: tuple[str, ...] = ()
    widths: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in their order."""
        return self.own if self.preset == OWN and self.own else PRESETS.get(self.preset, PRESETS[USUAL])

    def columns(self) -> tuple[Column, ...]:
        """The columns for a table. On a narrow screen those that stand last give way first; the usual ones as they are declared."""
        usual = self.preset == USUAL
        return tuple(self._column(name, ALL[name].gives_way if usual else at) for at, name in enumerate(self.names))

    def _column(self, name: str, gives_way: int) -> Column:
        column = replace(ALL[name], gives_way=gives_way)
        if name not in self.widths:
            return column
        return replace(column, width=max(column.width, min(WIDEST, self.widths[name])), grows=False)

    def following(self) -> "Choice":
        """The next preset; a person's own columns come after the last."""
        every = [*PRESETS, OWN] if self.own else list(PRESETS)
        at = every.index(self.preset) if self.preset in every else -1
        return replace(self, preset=every[(at + 1) % len(every)])


def known(preset: object, own: object, widths: object) -> Choice:
    """A choice from data that may hold anything: what is no column, preset or width is left out."""
    names = [name for name in own if isinstance(name, str) and name in ALL] if isinstance(own, list) else []
    mine = tuple(dict.fromkeys(names))
    pairs = widths.items() if isinstance(widths, dict) else ()
    wide = {
        name: cells
        for name, cells in pairs
        if name in ALL and isinstance(cells, int) and not isinstance(cells, bool) and 0 < cells <= WIDEST
    }
    named = isinstance(preset, str) and (preset in PRESETS or (preset == OWN and bool(mine)))
    return Choice(str(preset) if named else USUAL, mine, wide)
