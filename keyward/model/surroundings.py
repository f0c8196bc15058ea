"""What a provider or store is built from: the machine and the user's wishes, never an open connection."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Handed to every factory of a provider or store; the same object to all of them.

    `environ` are the environment variables. `config_dir`, `state_dir` and `cache_dir` are keyward's own folders, `user_home` is the
    user's. `host` names this machine in placements. `interactive` says that a person sits at a terminal and can answer a prompt of
    the operating system. `options` are the settings by dotted name, such as `endpoints.allow`, `google.quota_project`, `env` or
    `keyring.services`; a factory takes what it knows and has a default for each.
    """

    environ: Mapping[str, str]
    config_dir: Path
    state_dir: Path
    cache_dir: Path
    host: str
    user_home: Path
    interactive: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    _made: dict[str, object] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several factories share (credentials, connections, quotas): made by the first that asks."""
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            return cast("T", self._made[name])

    def close(self) -> None:
        """Close what was made and can be closed: connections, channels. What is asked for afterwards is made anew."""
        with self._lock:
            made, closers = list(self._made.values()), []
            self._made.clear()
            for one in made:
                close = getattr(one, "close", None)
                if callable(close):
                    closers.append(close)
        for close in closers:
            close()

    def texts(self, name: str) -> tuple[str, ...]:
        """The option of that name as texts; empty when it is not set."""
        value = self.options.get(name, ())
        return tuple(str(item) for item in value) if isinstance(value, (tuple, list)) else (str(value),)

    def text(self, name: str) -> str:
        """The option of that name as a text; empty when it is not set."""
        return str(self.options.get(name) or "")
