"""How results are written: table, JSON, CSV or ids. Every text that comes here is clean already."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TextIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """Output formats of every command that prints data."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    IDS = "ids"


def write_json(document: object, to: TextIO | None = None) -> None:
    """One JSON document, indented for people when the output is a terminal."""
    import json  # not every command prints JSON

    out = to or sys.stdout
    json.dump(document, out, indent=2 if out.isatty() else None, ensure_ascii=False)
    out.write("\n")


def write_table(rows: Iterable[Sequence[str]], header: Sequence[str], to: TextIO | None = None) -> None:
    """Columns padded to their widest cell; the last one is left as long as it is."""
    from rich.cells import cell_len  # wide characters take two columns

    out = to or sys.stdout
    table = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(cell_len(row[column]) for row in table) for column in range(len(header))]
    for row in table:
        padded = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row[:-1], widths, strict=False)]
        out.write("  ".join([*padded, row[-1]]).rstrip() + "\n")


def write_csv(rows: Iterable[Sequence[str]], header: Sequence[str], to: TextIO | None = None) -> None:
    """CSV (RFC 4180); cells that a spreadsheet would run as a formula get an apostrophe in front."""
    import csv

    writer = csv.writer(to or sys.stdout)
    writer.writerow(header)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])


def write_fields(fields: Mapping[str, str], to: TextIO | None = None) -> None:
    """Name and value, one a line, names aligned."""
    out = to or sys.stdout
    width = max((len(name) for name in fields), default=0)
    for name, value in fields.items():
        first, *more = value.split("\n") if value else [""]
        out.write(f"{name:<{width}}  {first}".rstrip() + "\n")
        out.writelines(f"{'':<{width}}  {line}".rstrip() + "\n" for line in more)
