"""What is scheduled: which command, how often, with which of the user's variables."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from keyward.model.errors import UsageError
from keyward.model.text import clean

NAME = "keyward-due"
"""What timers, services and labels are called."""

ARGUMENTS = ("rotate", "--due", "--yes")
_KEPT = (
    "KEYWARD_HOME", "KEYWARD_CONFIG", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_CORE_PROJECT", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME",
)  # fmt: skip  # a list of words
"""Variables that say where things are. None of them holds a secret."""
_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
_HOURS = (1, 2, 3, 4, 6, 8, 12, 24)


@dataclass(frozen=True, slots=True)
class Job:
    """The command with absolute paths, the variables that it needs, and how often it runs."""

    command: tuple[str, ...]
    every: timedelta
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def minutes(self) -> int:
        """How often, in minutes."""
        return round(self.every.total_seconds() / 60)


@dataclass(frozen=True, slots=True)
class State:
    """How a scheduler stands: whether the job is installed, what exactly, and when it runs next as far as the scheduler says."""

    scheduler: str
    installed: bool
    what: str = ""
    next_run: str = ""
    problem: str = ""


class Scheduler(Protocol):
    """One way of having the job started."""

    name: str

    def available(self) -> str:
        """Why it cannot be used here; empty when it can."""
        ...

    def preview(self, job: Job) -> str:
        """What `install` would write and run, for people."""
        ...

    def install(self, job: Job) -> None:
        """Have the job started from now on; one that is installed already is replaced.

        Raises:
            NotConfigured: the scheduler does not take it.
            NotAllowed: a file in the way is not this user's alone.
        """
        ...

    def state(self) -> State:
        """How it stands."""
        ...

    def remove(self) -> bool:
        """Take the job out; whether there was one."""
        ...


def job(every: timedelta, environ: Mapping[str, str], config: Path | None = None) -> Job:
    """The job of this user.

    Args:
        every: how often.
        environ: the user's variables; those that say where things are, are kept.
        config: the settings file named on the command line, if any.

    Raises:
        UsageError: an hour or a day is no multiple of that.
    """
    minutes = every.total_seconds() / 60
    if minutes not in _MINUTES and minutes / 60 not in _HOURS:
        raise UsageError(
            f"Every {minutes:g} minutes does not come out even.",
            hint=f"Use one of {', '.join(f'{one}m' for one in _MINUTES)}, {', '.join(f'{one}h' for one in _HOURS)}.",
        )
    kept = {name: environ[name] for name in _KEPT if environ.get(name)}
    for name in ("KEYWARD_HOME", "KEYWARD_CONFIG"):
        if name in kept:
            kept[name] = str(Path(kept[name]).expanduser().absolute())
    if config is not None:
        kept["KEYWARD_CONFIG"] = str(config.expanduser().absolute())
    for name, value in kept.items():
        if clean(value, 4_096) != value:
            raise UsageError(f"{name} holds characters that no scheduler takes.")
    return Job((*_program(), *ARGUMENTS), every, kept)


def _program() -> tuple[str, ...]:
    """This keyward by its absolute path."""
    script = Path(sys.executable).with_name("keyward")
    return (str(script),) if script.exists() else (sys.executable, "-m", "keyward")
