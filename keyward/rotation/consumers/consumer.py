"""A command to run when a target changed, and which targets it is for. It comes from this host's settings at each tick, never from elsewhere."""

import hashlib
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase

from keyward.model.capability import Readiness, Ready
from keyward.model.redact import redact
from keyward.model.text import clean

PASSED = ("PATH", "HOME", "LANG")
"""Variables that every consumer gets; others only by name."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """One command.

    `match` is a pattern of place or secret ids. `run` and `ready` are argument vectors: no shell is involved. `ready` is run again and
    again after `run` until it succeeds. `timeout` is how long each of the two may take, `refresh` how long readers may keep the old value
    after that. `stdin` hands the new value to `run` on its standard input. `env` names further variables that are passed on.
    """

    match: str
    run: tuple[str, ...]
    ready: tuple[str, ...] = ()
    refresh: timedelta = timedelta(0)
    timeout: timedelta = timedelta(minutes=10)
    stdin: bool = False
    env: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What is put down for having run it: the same command has the same name."""
        return hashlib.sha256("\0".join((*self.run, "", *self.ready)).encode("utf-8", "surrogateescape")).hexdigest()[
            :12
        ]

    @property
    def said(self) -> str:
        """The command as people know it, without what may be a token."""
        return clean(redact(shlex.join(self.run)), 200)


@dataclass(frozen=True, slots=True)
class Consumers:
    """All of this host, and the environment they are run from."""

    every: tuple[Consumer, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def of(self, place: str, secret: str) -> tuple[Consumer, ...]:
        """Those that a change of that place is told to, in the order of the settings."""
        return tuple(one for one in self.every if fnmatchcase(place, one.match) or fnmatchcase(secret, one.match))

    def refresh(self, places: Sequence[tuple[str, str]]) -> timedelta:
        """How long the readers of these (place, secret) may keep a value after their consumers were run; nothing without one."""
        found = (one.refresh for place, secret in places for one in self.of(place, secret))
        return max(found, default=timedelta(0))

    def environment(self, consumer: Consumer, about: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of its process: what is always passed, what it names, and what happened."""
        passed = {name: self.environ[name] for name in (*PASSED, *consumer.env) if name in self.environ}
        return {**passed, **about}

    def readiness(self, consumer: Consumer) -> Readiness:
        """Whether its programs are there, without running them."""
        path = self.environ.get("PATH", "")
        for argv in filter(None, (consumer.run, consumer.ready)):
            if shutil.which(argv[0], path=path) is None:
                why = f"there is no program {clean(argv[0])} on PATH"
                return Readiness(f"run {consumer.said}", Ready.NO, why, "Correct [[consumer]] in your keyward.toml.")
        return Readiness(f"run {consumer.said}", Ready.YES)
