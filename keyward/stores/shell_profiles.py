"""What a shell reads when it starts: people export keys there. Where: the manuals of bash, zsh and fish."""

from collections.abc import Sequence
from pathlib import Path

from keyward.model.surroundings import Surroundings
from keyward.stores.read_only import ReadOnlyFiles

NAME = "shell"
_FILES = (
    ".profile", ".bash_profile", ".bash_login", ".bashrc", ".bash_aliases", ".zshenv", ".zprofile", ".zshrc", ".zlogin",
    ".config/fish/config.fish",
)  # fmt: skip


def store(surroundings: Surroundings) -> ReadOnlyFiles:
    """The store of this user's shell profiles."""
    return ReadOnlyFiles(NAME, lambda: paths(surroundings), surroundings, {".fish": "", "": "dotenv"})


def paths(surroundings: Surroundings) -> Sequence[Path]:
    """Where such a file can be."""
    return tuple(surroundings.user_home / file for file in _FILES)
