"""The inventory as columns: one list a field, so that 100,000 keys fit into memory and a filter runs over them in milliseconds."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from keyward.model.query_rows import Columns

Value = str | float | int | tuple[str, ...] | None

FIELDS = (
    "id",
    "name",
    "provider",
    "scope",
    "kind",
    "state",
    "created",
    "first_seen",
    "last_used_status",
    "last_used_at",
    "last_used_window",
    "expires",
    "stores",
    "secrets",
    "findings",
    "places",
    "restrictions",
    "data",
    "source_status",
    "haystack",
)
"""What a row has: the fields that queries ask about, with the same meaning (`keyward.model.query_rows`)."""

_SHARED = frozenset(
    {
        "provider",
        "scope",
        "kind",
        "state",
        "last_used_status",
        "stores",
        "findings",
        "restrictions",
        "data",
        "source_status",
    }
)
"""Fields with few different values, of which one is kept."""


@dataclass(slots=True)
class Rows:
    """Rows by number. A row keeps its number for as long as the app runs; one that vanished is not `alive`."""

    columns: dict[str, list[Value]] = field(default_factory=lambda: {name: [] for name in FIELDS})
    gone: set[int] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)
    _shared: dict[Value, Value] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["id"]) - len(self.gone)

    @property
    def queried(self) -> Columns:
        """The columns as queries take them; the same lists, so no copy and never out of date."""
        return Columns(**self.columns)  # type: ignore[arg-type]  # one list type for all columns

    @property
    def numbers(self) -> Sequence[int]:
        """Every row that is there."""
        every = range(len(self.columns["id"]))
        return every if not self.gone else [row for row in every if row not in self.gone]

    def put(self, found: Columns) -> list[int]:
        """Add rows, or replace those of the same id; returns the numbers of those that are new or different now."""
        numbers, at = self._numbers, len(self.columns["id"])
        if numbers.keys().isdisjoint(found.id):  # the usual case, and the one that must be quick
            for name in FIELDS:
                values = getattr(found, name)
                self.columns[name].extend(map(self._one, values) if name in _SHARED else values)
            numbers.update(zip(found.id, range(at, at + len(found.id)), strict=True))
            return list(range(at, at + len(found.id)))
        changed = []
        for values in zip(*(getattr(found, name) for name in FIELDS), strict=True):
            row = numbers.setdefault(values[0], len(self.columns["id"]))
            new = row == len(self.columns["id"])
            if (self._append(values) if new else self._replace(row, values)) or row in self.gone:
                self.gone.discard(row)
                changed.append(row)
        return changed

    def _append(self, values: tuple[Value, ...]) -> bool:
        for name, value in zip(FIELDS, values, strict=True):
            self.columns[name].append(self._one(value) if name in _SHARED else value)
        return True

    def _replace(self, row: int, values: tuple[Value, ...]) -> bool:
        """Whether anything is different."""
        different = False
        for name, value in zip(FIELDS, values, strict=True):
            column = self.columns[name]
            if column[row] != value:
                column[row] = self._one(value) if name in _SHARED else value
                different = True
        return different

    def _one(self, value: Value) -> Value:
        """The one object that stands for all equal values."""
        return self._shared.setdefault(value, value)

    def keep_only(self, ids: Collection[str]) -> None:
        """Let every row vanish whose id is not among these."""
        self.gone = {row for key, row in self._numbers.items() if key not in ids}

    def number(self, key: str) -> int | None:
        """The row of that id."""
        row = self._numbers.get(key)
        return None if row in self.gone else row

    def text(self, row: int, name: str) -> str:
        """A text of a row; empty for none."""
        value = self.columns[name][row]
        return "" if value is None else str(value)

    def time(self, row: int, name: str) -> float | None:
        """A moment or number of a row."""
        value = self.columns[name][row]
        return float(value) if isinstance(value, (int, float)) else None

    def ids(self, rows: Iterable[int]) -> list[str]:
        """The ids of these rows."""
        column = self.columns["id"]
        return [str(column[row]) for row in rows]

    def each(self, name: str) -> Iterator[Value]:
        """One column, every number."""
        return iter(self.columns[name])
