"""Faults on demand: refusals, delays, cut answers and connections that end before or after the effect."""

from __future__ import annotations

import dataclasses
import re
import threading
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Fault:
    """One rule. The patterns are searched for (not anchored); an empty one matches everything.

    A rule that matches does, in this order: wait `delay` real seconds; end the connection (`kill`) or refuse with
    `status`; otherwise let the request take effect and then end the connection (`after`) or send only the first
    `truncate` bytes of the body.
    """

    service: str = ""
    method: str = ""
    path: str = ""
    rpc: str = ""
    times: int = 1
    """How often it still strikes; -1 is always."""
    skip: int = 0
    """How many matching requests go through first."""
    delay: float = 0.0
    kill: bool = False
    after: bool = False
    orderly: bool = False
    """Drop the connection by an orderly end, not by a reset. httplib2 then sends any request again by itself."""
    status: str = ""
    """Canonical status, for example `UNAVAILABLE`."""
    message: str = ""
    reason: str = ""
    retry_after: float | None = None
    truncate: int | None = None

    @classmethod
    def load(cls, data: dict[str, Any]) -> Fault:
        """Read a rule from JSON.

        Raises:
            KeyError: a field that no rule has.
        """
        known = {one.name for one in dataclasses.fields(cls)}
        for name in data:
            if name not in known:
                raise KeyError(name)
        return cls(**data)

    def matches(self, service: str, method: str, path: str, rpc: str) -> bool:
        """Say whether the rule is about this request."""
        pairs = ((self.service, service), (self.method, method), (self.path, path), (self.rpc, rpc))
        return all(not pattern or re.search(pattern, text) for pattern, text in pairs)


class Faults:
    """The rules of a world, in order; the first one that matches strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []
        self._over = threading.Event()

    def add(self, *rules: Fault) -> None:
        """Append rules."""
        with self._lock:
            self._rules.extend(rules)

    def clear(self) -> None:
        """Forget all rules; what they are holding up goes on."""
        with self._lock:
            self._rules.clear()
        self.let_go()

    def hold(self, rule: Fault) -> None:
        """Wait as long as the rule says, or until it is let go."""
        self._over.wait(rule.delay)

    def let_go(self) -> None:
        """End every wait that is under way."""
        with self._lock:
            self._over.set()
            self._over = threading.Event()

    def strike(self, service: str, method: str, path: str, rpc: str) -> Fault | None:
        """Give the rule that strikes this request and count it, or None."""
        if not self._rules:
            return None
        with self._lock:
            for rule in self._rules:
                if rule.times == 0 or not rule.matches(service, method, path, rpc):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times > 0:
                    rule.times -= 1
                return rule
        return None
