"""The settings: what holds, what this machine has that they could name, and the writing of the user's own file."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from keyward.desk.beginning import Beginning
    from keyward.desk.configured import Setting
    from keyward.desk.desk import Desk
    from keyward.desk.wish import Check


class Setup:
    """Settings, and what they could be. What was written is read at once.

    Args:
        desk: whose parts.
    """

    def __init__(self, desk: "Desk") -> None:
        self._parts = desk.parts

    def configured(self) -> "Sequence[Setting]":
        """Every setting: its value, where that came from and how far that place is trusted, what it means, the line to write."""
        from keyward.desk.configured import configured

        return configured(self._parts)

    def look_here(self, folders: "Sequence[Path]") -> "Beginning":
        """What is on this machine before keyward knows anything; see `keyward.desk.beginning.look_here`. Nothing is written."""
        from keyward.desk.beginning import likely_folders, look_here

        return look_here(self._parts, folders, likely_folders(self._parts))

    def look_at_google(self) -> "tuple[list[Check], bool]":
        """Whose credentials there are and how many projects they see; whether Google Cloud can be asked. It asks Google."""
        from keyward.desk.beginning import look_at_google

        return look_at_google(self._parts)

    def write_settings(self, begun: "Beginning") -> "Path":
        """Write the settings that were agreed to; gives the file.

        Raises:
            NotAllowed: there is a file already, or it cannot be written.
        """
        from keyward.desk.beginning import write

        write(begun)
        self._parts.reload()
        return begun.file

    def remember_local(self, folders: "Sequence[Path]", *, keyring: bool) -> "Path":
        """Write folders and the wish to read the keyring into the user's own `keyward.toml`, comments kept; gives the file."""
        from keyward.desk.local import remember_local

        return remember_local(self._parts, folders, keyring=keyring)
