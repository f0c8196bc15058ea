"""Asks git, and only its plumbing: nothing is fetched, no hook, filter or monitor that a repository's configuration names is run."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from keyward.model.errors import UsageError
from keyward.model.redact import redact
from keyward.model.text import clean

_SAFE = ("--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false")
_ALONE = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
}
_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
_OF_A_HOOK = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
)
"""What git tells its hooks: where the index is that is about to be committed."""


class GitFailed(Exception):  # named for what happened
    """Git said no; its own words."""


class Git:
    """Git in one folder.

    Args:
        folder: where it runs.
        environ: the user's variables; git gets a few of them.
        of_a_hook: whether variables that git sets for its hooks are passed on.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], *, of_a_hook: bool = False) -> None:
        kept = (*_KEPT, *(_OF_A_HOOK if of_a_hook else ()))
        self.folder = folder
        self.environ = {**{name: environ[name] for name in kept if name in environ}, **_ALONE}

    @staticmethod
    def there(environ: Mapping[str, str]) -> bool:
        """Whether git is installed."""
        return shutil.which("git", path=environ.get("PATH")) is not None

    def argv(self, *arguments: str) -> tuple[str, ...]:
        """The command line of a git command here."""
        return ("git", *_SAFE, "-C", os.fspath(self.folder), *arguments)

    def start(
        self, *arguments: str, stdin: "int | None" = subprocess.DEVNULL, stdout: int = subprocess.PIPE
    ) -> "subprocess.Popen[bytes]":
        """Start a git command; what it complains of is thrown away.

        Raises:
            UsageError: git is not installed.
        """
        try:
            return subprocess.Popen(
                self.argv(*arguments), env=self.environ, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL
            )
        except FileNotFoundError:
            raise missing() from None

    def ask(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run a git command to its end; what it printed.

        Raises:
            GitFailed: it did not succeed.
            UsageError: git is not installed.
        """
        try:
            done = subprocess.run(
                self.argv(*arguments), env=self.environ, input=stdin, capture_output=True, check=False
            )
        except FileNotFoundError:
            raise missing() from None
        if done.returncode:
            words = " ".join(done.stderr.decode("utf-8", "replace").split()) or f"status {done.returncode}"
            raise GitFailed(clean(redact(words), 400))
        return done.stdout

    def status(self, *arguments: str) -> int:
        """Run a git command for its exit status alone.

        Raises:
            UsageError: git is not installed.
        """
        with self.start(*arguments, stdout=subprocess.DEVNULL) as process:
            return process.wait()

    def line(self, *arguments: str) -> str:
        """The one line that it prints, as a path or name may be: any bytes."""
        return os.fsdecode(self.ask(*arguments).removesuffix(b"\n"))


def missing() -> UsageError:
    """That git is needed and not there."""
    return UsageError("git is not installed.", hint="Install it, or name files and folders without --git.")
