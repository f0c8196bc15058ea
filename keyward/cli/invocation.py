"""What every command gets: the global options, and the real parts built from them when first asked for."""

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.cli import guard

if TYPE_CHECKING:
    from keyward.desk import Desk
    from keyward.wiring import Parts


class Invocation:
    """One run of the command line.

    Args:
        config: the settings file named with `--config`, or None.
        write: whether the app, where a command opens it, begins in write mode.
    """

    def __init__(self, config: Path | None, *, write: bool = False) -> None:
        self.config, self.write = config, write

    @cached_property
    def parts(self) -> "Parts":
        """The real parts. Nothing is opened or asked before a part is used."""
        from keyward.wiring import Parts  # help and version need none

        return Parts(environ=os.environ, config=self.config, folder=_folder(), cancel=guard.cancelled)

    @cached_property
    def desk(self) -> "Desk":
        """What the engines can be asked for. It is closed with the process."""
        from keyward.desk import Desk  # help and version need none

        return Desk(self.parts, warn=_warn)

    @property
    def interactive(self) -> bool:
        """Whether a person sits at a terminal."""
        return self.parts.interactive


def _folder() -> Path | None:
    """The working folder; None when it was removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _warn(text: str) -> None:
    sys.stderr.write(f"keyward: {text}\n")
