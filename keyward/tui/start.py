"""From the shell to the first frame."""

import gc
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from keyward import edge
from keyward.model.errors import Exit


def start(*, write: bool = False, environ: Mapping[str, str] | None = None) -> int:
    """Run the app in this terminal and return the process's exit status.

    Args:
        write: start in write mode instead of read-only.
        environ: variables to use instead of the process's own, as the demo does.
    """
    edge.harden()
    gc.disable()  # until the first rows are there: nothing that is made so early ever becomes garbage
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(
            "keyward: no terminal: the app needs one.\n  For scripts: keyward list --format json. All commands: keyward --help\n"
        )
        return int(Exit.USAGE)
    # Frames are made only when something changed; with more of them a second, what was typed waits less for the next one.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from keyward.tui.app import KeywardApp  # textual is loaded only when there is a terminal for it
    from keyward.tui.feed import Seat

    variables = dict(os.environ if environ is None else environ)
    folder = _folder() if environ is None else None

    def make_seat(cancel: threading.Event) -> Seat:
        from keyward.desk import Desk  # runs in a thread, after the first frame
        from keyward.wiring import Parts

        parts = Parts(environ=variables, folder=folder, cancel=cancel, interactive=True)
        return Seat(parts, Desk(parts))

    app = KeywardApp(make_seat, write=write)
    app.run()
    app.feed.end()
    return app.return_code or 0


def _folder() -> Path | None:
    """The working folder, whose settings may filter, limit and display; None when it was removed."""
    try:
        return Path.cwd()
    except OSError:
        return None
