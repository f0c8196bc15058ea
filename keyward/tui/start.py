"""From the shell to the first frame."""

import os
import sys

from keyward.model.errors import Exit


def start(*, write: bool = False, environ: dict[str, str] | None = None) -> int:
    """Run the app in this terminal and return the process's exit status.

    Args:
        write: start in write mode instead of read-only.
        environ: variables to use instead of the process's own, as the demo does.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(
            "keyward: no terminal: the app needs one.\n  For scripts: keyward list --format json. All commands: keyward --help\n"
        )
        return int(Exit.USAGE)
    from keyward.tui.app import KeywardApp  # noqa: PLC0415  # textual is loaded only when there is a terminal for it

    if environ is not None:
        os.environ.update(environ)
    app = KeywardApp(write=write)
    app.run()
    return app.return_code or 0
