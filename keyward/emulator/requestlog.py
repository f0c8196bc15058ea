"""The record of every request, without any key string: what a judge of a test run reads."""

from __future__ import annotations

import re
import threading
from typing import Any

_PARAMETER = re.compile(r"([?&](?:key|keyString|access_token)=)[^&]*")
_SHAPES = re.compile(r"AIza[0-9A-Za-z_-]{35}|AQ(?:\.|%2[eE])[0-9A-Za-z_-]{20,}")
_LIMIT = 500_000


def redact(text: str) -> str:
    """Replace key strings in a path or message."""
    return _SHAPES.sub("REDACTED", _PARAMETER.sub(r"\1REDACTED", text))


class RequestLog:
    """An append-only list of entries, each with a growing `seq` starting at 1."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[dict[str, Any]] = []
        self._dropped = 0

    def add(self, entry: dict[str, Any]) -> int:
        """Append an entry and give its sequence number."""
        with self._lock:
            if len(self._entries) >= _LIMIT:
                cut = _LIMIT // 10
                del self._entries[:cut]
                self._dropped += cut
            seq = self._dropped + len(self._entries) + 1
            self._entries.append({"seq": seq, **entry})
            return seq

    def since(self, seq: int = 0) -> list[dict[str, Any]]:
        """Give the entries after a sequence number."""
        with self._lock:
            return self._entries[max(0, seq - self._dropped) :]
