"""Writes the user's own `keyward.toml`: which folders and whether the keyring is read. Everything else in it stays, comments too."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyward.model.errors import NotAllowed, SettingsError, UsageError
from keyward.paths import expanded

if TYPE_CHECKING:
    from keyward.wiring import Parts

_MARK = "settings"


def remember_local(parts: "Parts", folders: Sequence[Path], *, keyring: bool) -> Path:
    """Add these folders to `[[env]]`, and set `[keyring] services` to all when the keyring is to be read and nothing is set yet.

    Returns:
        The file.

    Raises:
        UsageError: a folder is not there.
        SettingsError: the file cannot be read.
        NotAllowed: it cannot be written, or others could write it.
    """
    import tomlkit  # only who writes settings pays for it
    from tomlkit.exceptions import TOMLKitError

    from keyward import files
    from keyward.model.errors import Refused

    file = parts.paths.config_file
    full = [expanded(str(folder)) for folder in folders]
    for folder in full:
        if not folder.is_dir():
            raise UsageError(f"There is no folder {files.shown(folder)}.", hint="Correct the path.")
    try:
        text = file.read_text("utf-8") if file.exists() else ""
        document = tomlkit.parse(text)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"it cannot be read: {type(error).__name__}.", file=str(file)) from None
    _folders(document, full)
    if keyring:
        _keyring(document)
    try:
        files.private_folder(file.parent)
        files.replace(file, tomlkit.dumps(document).encode(), mark=_MARK)
    except Refused as error:
        raise NotAllowed(error.message, hint=error.hint) from None
    parts.reload()
    return file


def _folders(document: Any, folders: Sequence[Path]) -> None:
    import tomlkit

    tables = document.setdefault("env", tomlkit.aot())
    known = {expanded(str(table.get("path", ""))) for table in tables}
    for folder in folders:
        if folder not in known:
            table = tomlkit.table()
            table["path"] = str(folder)
            tables.append(table)


def _keyring(document: Any) -> None:
    import tomlkit

    section = document.setdefault("keyring", tomlkit.table())
    if not section.get("services"):
        section["services"] = ["*"]
