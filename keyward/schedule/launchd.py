"""A launchd agent of the user (launchd.plist(5)): macOS starts it, also after a time asleep."""

import os
import plistlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.model.errors import NotConfigured
from keyward.schedule.job import Job, State
from keyward.schedule.tools import must, run, there, write

if TYPE_CHECKING:
    from collections.abc import Mapping

LABEL = "dev.keyward.due"


class Launchd:
    """The agents of the user who runs this.

    Args:
        home: the user's home folder.
        log: the file that gets what a run says; launchd sends no mail.
    """

    name = "launchd"

    def __init__(self, home: Path, log: Path) -> None:
        self.file = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
        self.log = log

    def available(self) -> str:
        """Why it cannot be used here; empty when it can."""
        return "" if sys.platform == "darwin" and there("launchctl") else "launchd is only on macOS"

    def plist(self, job: Job) -> bytes:
        """The agent's file."""
        agent: Mapping[str, object] = {
            "Label": LABEL,
            "ProgramArguments": list(job.command),
            "EnvironmentVariables": dict(job.environ),
            "StartInterval": job.minutes * 60,
            "RunAtLoad": False,
            "ProcessType": "Background",
            "LowPriorityIO": True,
            "Umask": 0o077,
            "StandardOutPath": str(self.log),
            "StandardErrorPath": str(self.log),
        }
        return plistlib.dumps(agent)

    def preview(self, job: Job) -> str:
        """What `install` would write and run."""
        return f"--- {self.file}\n{self.plist(job).decode()}--- run\nlaunchctl bootstrap {_domain()} {self.file}\n"

    def install(self, job: Job) -> None:
        """Write the agent and have launchd load it."""
        if why := self.available():
            raise NotConfigured(f"The agent cannot be installed: {why}.")
        write(self.file, self.plist(job))
        run("launchctl", "bootout", f"{_domain()}/{LABEL}")
        must("launchctl", "bootstrap", _domain(), str(self.file))

    def state(self) -> State:
        """How it stands."""
        if not self.file.exists():
            return State(self.name, installed=False)
        why = self.available()
        loaded = not why and run("launchctl", "print", f"{_domain()}/{LABEL}").returncode == 0
        return State(self.name, True, str(self.file), problem=why or ("" if loaded else "it is not loaded"))

    def remove(self) -> bool:
        """Have launchd forget the agent, and take its file away."""
        if not self.file.exists():
            return False
        if not self.available():
            run("launchctl", "bootout", f"{_domain()}/{LABEL}")
        self.file.unlink()
        return True


def _domain() -> str:
    return f"gui/{os.getuid()}"
