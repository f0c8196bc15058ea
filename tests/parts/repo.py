"""A git repository of its own for a test: no settings of the machine, dates that are told, hooks that run."""

import os
import subprocess
from pathlib import Path

from tests.parts.need import require


class Repo:
    """A repository in that folder. Commits are a day apart, the first of them on 2026-01-01."""

    def __init__(self, folder):
        require("git")
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        self._day = 0
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments, check=True, **more):
        """Run git here; what it printed."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**self.environ, **more}, capture_output=True, check=False
        )
        assert not check or done.returncode == 0, done.stderr
        self.status, self.said = done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, name, data):
        """Write a file."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        return file

    def commit(self, message="change", *more):
        """Commit everything that is there; its id."""
        self._day += 1
        date = f"2026-01-{self._day:02d}T12:00:00Z"
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, "--allow-empty", *more, GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
        return self.git("rev-parse", "HEAD")
