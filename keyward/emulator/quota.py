"""Requests per minute and consumer project, counted in whole minutes of the emulated time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from keyward.emulator.errors import ApiError, help_link

if TYPE_CHECKING:
    from datetime import datetime

_NAMES = {"read": "Read", "write": "Write", "access": "Access"}


class Quotas:
    """Counts requests; one minute is forgotten when the next begins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = -1
        self._counts: dict[tuple[str, str, int], int] = {}

    def take(self, service: str, kind: str, number: int, limit: int, now: datetime) -> None:
        """Count one request of a consumer project.

        Raises:
            ApiError: 429 RATE_LIMIT_EXCEEDED when the minute's `limit` is used up.
        """
        minute = int(now.timestamp() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts.clear()
            key = (service, kind, number)
            count = self._counts.get(key, 0)
            if count < limit:
                self._counts[key] = count + 1
                return
        raise exceeded(service, kind, number, limit)


def exceeded(service: str, kind: str, number: int, limit: int) -> ApiError:
    """Give Google's refusal for a used up quota."""
    word = _NAMES[kind]
    metadata = {
        "consumer": f"projects/{number}",
        "quota_limit": f"{word}RequestsPerMinutePerProject",
        "quota_limit_value": str(limit),
        "quota_location": "global",
        "quota_metric": f"{service}/{kind}_requests",
        "quota_unit": "1/min/{project}",
        "service": service,
    }
    message = (
        f"Quota exceeded for quota metric '{word} requests' and limit '{word} requests per minute' of service "
        f"'{service}' for consumer 'project_number:{number}'."
    )
    url = "https://cloud.google.com/docs/quotas/help/request_increase"
    details = [help_link("Request a higher quota limit.", url)]
    return ApiError(
        429, "RESOURCE_EXHAUSTED", message, reason="RATE_LIMIT_EXCEEDED", metadata=metadata, details=details
    )
