"""Lists of tables in a settings file: `[[env]]`, `[[rotation.rule]]` and the like, each table one dataclass."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, replace
from pathlib import Path
from typing import Any

from keyward.model.errors import NotAllowed, SettingsError
from keyward.model.text import clean
from keyward.settings.where import line_of, named, nearest, said


def read_tables(name: str, tables: object, kind: type[Any], file: Path, source: str, *, own: bool) -> tuple[Any, ...]:
    """Every table of the list, in the order of the file.

    Args:
        name: the dotted name of the list, such as `rotation.rule`.
        tables: what stands under that name.
        kind: the dataclass of one table; its fields carry their readers.
        file: the file, for messages.
        source: its text.
        own: whether it is the user's own file: no other may have such lists.

    Raises:
        SettingsError: a table cannot be used; the error names file and line.
        NotAllowed: it is not the user's own file.
    """
    if not own:
        raise NotAllowed(
            f"{named(file)}:{line_of(source, name)}: a file in the working folder may not set [[{name}]].",
            hint=f"Put [[{name}]] into your own keyward.toml.",
        )
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        section, _, key = name.rpartition(".")
        line = line_of(source, section, key) if section else line_of(source, name)
        raise SettingsError(f"{name} is a list of tables: [[{name}]].", file=named(file), line=line)
    known = {item.name: item for item in fields(kind)}
    at = _At(name, file, source)
    return tuple(
        kind(**dict(_read(table, known, replace(at, number=number)))) for number, table in enumerate(tables, 1)
    )


@dataclass(frozen=True, slots=True)
class _At:
    """One table in the file: of which list, the how manyth."""

    name: str
    file: Path
    source: str
    number: int = 1

    def error(self, what: str, key: str | None, hint: str) -> SettingsError:
        """What is wrong with a setting in it, or with the table itself."""
        line = line_of(self.source, self.name, key, number=self.number)
        return SettingsError(f"[[{self.name}]]{what}.", file=named(self.file), line=line, hint=hint)


def _read(table: Mapping[str, object], known: Mapping[str, Field[Any]], at: _At) -> Iterator[tuple[str, Any]]:
    for key in table:
        if key not in known:
            raise at.error(f" has no setting {clean(key)!r}", key, nearest(key, known))
    for key, item in known.items():
        hint = f"It means: {item.metadata['doc']}."
        if key in table:
            try:
                yield key, item.metadata["read"](table[key])
            except ValueError as error:
                raise at.error(f": {key}: {said(error)}", key, hint) from None
        elif item.metadata["required"]:
            raise at.error(f": {key} is missing", None, hint)
