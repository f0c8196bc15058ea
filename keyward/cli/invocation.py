"""What every command gets: the global options, and the real parts built from them when first asked for."""

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.cli import guard

if TYPE_CHECKING:
    from keyward.wiring import Parts


class Invocation:
    """One run of the command line.

    Args:
        config: the settings file named with `--config`, or None.
    """

    def __init__(self, config: Path | None) -> None:
        self.config = config

    @cached_property
    def parts(self) -> "Parts":
        """The real parts. Nothing is opened or asked before a part is used."""
        from keyward.wiring import Parts  # noqa: PLC0415  # help and version need none

        return Parts(environ=os.environ, config=self.config, folder=Path.cwd(), cancel=guard.cancelled)
