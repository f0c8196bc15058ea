"""Running the programs of a scheduler: no shell, their messages in plain English whatever the user's language is."""

import os
import shutil
import subprocess
from pathlib import Path

from keyward.model.errors import NotConfigured
from keyward.model.text import clean

_PATIENCE = 60.0


def run(*command: str, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    """Run a program to its end.

    Raises:
        NotConfigured: it is not there, or does not end.
    """
    try:
        return subprocess.run(
            command,
            input=stdin if stdin is not None else b"",
            capture_output=True,
            env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"},
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise NotConfigured(f"{command[0]} is not installed.") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotConfigured(f"{command[0]} did not work ({type(error).__name__}).") from None


def must(*command: str, stdin: bytes | None = None) -> bytes:
    """Run a program that has to succeed; what it printed.

    Raises:
        NotConfigured: it failed; the message is its own.
    """
    done = run(*command, stdin=stdin)
    if done.returncode:
        raise NotConfigured(f"{' '.join(command)} failed: {said(done.stderr) or f'status {done.returncode}'}")
    return done.stdout


def said(output: bytes) -> str:
    """What a program printed, as one clean line."""
    return clean(" ".join(output.decode("utf-8", "replace").split()), 400)


def there(program: str) -> bool:
    """Whether the program is on the PATH."""
    return shutil.which(program) is not None


def write(file: Path, data: bytes) -> None:
    """Write a scheduler's file; its folders are made.

    Raises:
        NotConfigured: the place is not this user's alone, or cannot be written.
    """
    from keyward.files import private_folder, replace
    from keyward.model.errors import Refused

    try:
        private_folder(file.parent)
        replace(file, data, mark="schedule")
    except Refused as error:
        raise NotConfigured(error.message, hint=error.hint) from None
