"""Where configuration, state and cache are kept."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keyward.model.errors import UsageError
from keyward.model.text import clean


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders and files. `KEYWARD_HOME` moves state and cache; `--config` or `KEYWARD_CONFIG` names the settings file."""

    config_file: Path
    config_named: bool
    state: Path
    cache: Path

    @property
    def ledger(self) -> Path:
        """The SQLite ledger, where no `ledger.url` is set."""
        return self.state / "ledger.db"

    @property
    def inventory(self) -> Path:
        """The scan cache."""
        return self.cache / "inventory.db"

    @property
    def snapshots(self) -> Path:
        """What earlier scans knew; unlike the cache it cannot be made anew."""
        return self.state / "snapshots.db"


def expanded(text: str) -> Path:
    """The full path that a person wrote, `~` included; the `~name` of a user that does not exist stays as it is.

    Raises:
        UsageError: it is relative, and the working folder is gone.
    """
    path = Path(os.path.expanduser(text))  # noqa: PTH111  # pathlib's raises for an unknown user
    try:
        return path.absolute()
    except FileNotFoundError:
        raise UsageError(
            f"{clean(text)!r} is below the working folder, which was removed.", hint="Go to another folder."
        ) from None


def find(environ: Mapping[str, str], config: Path | None = None) -> Paths:
    """The folders of this user; nothing is created."""
    from platformdirs import PlatformDirs  # only commands that touch files pay for it

    dirs = PlatformDirs("keyward", appauthor=False)
    named = config or (expanded(environ["KEYWARD_CONFIG"]) if environ.get("KEYWARD_CONFIG") else None)
    home = expanded(environ["KEYWARD_HOME"]) if environ.get("KEYWARD_HOME") else None
    return Paths(
        config_file=(named or Path(dirs.user_config_dir) / "keyward.toml").absolute(),
        config_named=named is not None,
        state=home or Path(dirs.user_state_dir),
        cache=home / "cache" if home else Path(dirs.user_cache_dir),
    )
