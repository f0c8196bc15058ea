"""The README's table of keys, rendered from the registry. `python -m keyward.tui.keytable README.md` puts it there."""

import re
import sys
from pathlib import Path

from keyward.tui.actions import Where, of
from keyward.tui.keynames import key_name

BEGIN, END = "<!-- keys -->", "<!-- end of keys -->"


def key_table() -> str:
    """Every action as a Markdown table: where, keys, id, and what it does."""
    lines = ["| where | keys | id | what it does |", "|---|---|---|---|"]
    for where in Where:
        for number, action in enumerate(of(where)):
            keys = " ".join(f"`{key_name(key)}`" for key in action.keys.split(","))
            doc = f"**{action.title}.** {action.doc}".replace("|", "\\|")
            lines.append(f"| {where if number == 0 else ''} | {keys} | `{action.ref}` | {doc} |")
    return "\n".join(lines)


def with_table(readme: str) -> str:
    """That README with the table of now between its two marks."""
    return re.sub(f"(?s){BEGIN}.*{END}", lambda _: f"{BEGIN}\n{key_table()}\n{END}", readme)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        file = Path(name)
        file.write_text(with_table(file.read_text("utf-8")), "utf-8")
