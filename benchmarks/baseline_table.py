"""Textual's own DataTable with as many rows as are asked for: what the grid is measured beside."""

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable


class Table(App[None]):
    """One table."""

    def compose(self) -> ComposeResult:
        """The table."""
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """Fill it with rows like those of an inventory."""
        table = self.query_one(DataTable)
        table.add_columns("NAME", "KIND", "PROJECT", "AGE", "LAST USE", "STATE")
        rows = (
            (f"table-key-{n:07}", "api-key", f"acme-{n % 97}", f"{n % 900}d", "3d", "active")
            for n in range(int(sys.argv[1]))
        )
        table.add_rows(rows)
        table.focus()


if __name__ == "__main__":
    Table().run()
