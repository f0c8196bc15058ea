"""The table `[keys]`: keys of the app by the id of the action. Which ids and keys there are, the app knows."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from keyward.model.errors import SettingsError
from keyward.model.text import clean
from keyward.settings.schema import KEYS, KeyChoice
from keyward.settings.values import text
from keyward.settings.where import line_of, named, said


def read_keys(table: object, file: Path, source: str) -> tuple[KeyChoice, ...]:
    """What is written under `[keys]`: `"inventory.rotate" = "R"`; without the quotes, and as `[keys.inventory]`, it means the same.

    Args:
        table: what stands under that name.
        file: the file, for messages.
        source: its text.

    Raises:
        SettingsError: it is no table, or a value is no text; names file and line.
    """
    if not isinstance(table, Mapping):
        raise SettingsError(f"{KEYS} must be a section: [{KEYS}].", file=named(file), line=line_of(source, KEYS))
    return tuple(_choices(table, (), file, source))


def _choices(table: Mapping[str, object], inside: tuple[str, ...], file: Path, source: str) -> Iterator[KeyChoice]:
    for name, value in table.items():
        path = (*inside, name)
        if isinstance(value, Mapping):
            yield from _choices(value, path, file, source)
            continue
        action, line = clean(".".join(path)), _line(path, source)
        try:
            yield KeyChoice(action, text(value), named(file), line)
        except ValueError as error:
            hint = 'Keys stand in quotes: "R", or several as "R, f5"; "" is no key.'
            raise SettingsError(f"[{KEYS}] {action}: {said(error)}.", file=named(file), line=line, hint=hint) from None


def _line(path: tuple[str, ...], source: str) -> int:
    """Where it stands, whether its name is written in one piece or below a section of its own."""
    whole = line_of(source, KEYS, ".".join(path))
    if len(path) == 1 or whole != line_of(source, KEYS):
        return whole
    return line_of(source, ".".join((KEYS, *path[:-1])), path[-1])
