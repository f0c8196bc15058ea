"""The columns of a table, and which of them fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the least and the best width in cells, and how soon it gives way on a narrow screen (9 goes first).

    `grows` columns share what is left of the width.
    """

    name: str
    label: str
    width: int
    gives_way: int = 0
    right: bool = False
    grows: bool = False


def fitting(columns: Sequence[Column], room: int) -> list[tuple[int, int]]:
    """(index, width in cells) of the columns that fit into so many cells, each followed by a blank."""
    chosen = sorted(range(len(columns)), key=lambda index: columns[index].gives_way)
    while len(chosen) > 1 and sum(columns[index].width + 1 for index in chosen) > room:
        chosen.pop()
    shown = sorted(chosen)
    spare = max(0, room - sum(columns[index].width + 1 for index in shown))
    growing = [index for index in shown if columns[index].grows]
    return [(index, columns[index].width + (spare // len(growing) if index in growing else 0)) for index in shown]


def fitted(text: str, width: int) -> str:
    """The text in exactly so many cells, an ellipsis where it was cut."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, max(0, width - 1)) + "…", width)
