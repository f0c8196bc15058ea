"""What Google said, as a plain record: the same for JSON, gRPC, a page of HTML and a broken connection.

`keyward.google.reader` makes it of an exception, `keyward.google.refusals` makes of it the errors that the rest of the program knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from keyward.model.errors import KeywardError

_PERMISSION = re.compile(r"[Pp]ermission '?([a-z][A-Za-z]+\.[A-Za-z]+\.[A-Za-z]+)'? (?:denied|is required)")
_THROTTLED = frozenset({"RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded"})


@dataclass(frozen=True, slots=True)
class GoogleError:
    """What came back, or that nothing did.

    `code` is the HTTP status, 0 when there was no answer. `status` is the word of google.rpc.Code, `reason` and `metadata` are those
    of ErrorInfo. `message` is clean and redacted. `retry_after` are seconds. `sent` is False when the other side certainly never saw
    the request. `caller` is who asked: an e-mail address or a description.
    """

    code: int = 0
    status: str = ""
    reason: str = ""
    message: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None
    sent: bool = True
    caller: str = ""

    @property
    def consumer(self) -> str:
        """The project that Google charged, such as `projects/123`; empty when it did not say."""
        return self.metadata.get("consumer", "")

    @property
    def permission(self) -> str:
        """The permission that is missing; empty when it did not say."""
        if found := self.metadata.get("permission"):
            return found
        match = _PERMISSION.search(self.message)
        return match[1] if match else ""

    @property
    def throttled(self) -> bool:
        """Too many requests for now: nothing was done, and the same request may be sent again later."""
        return self.reason in _THROTTLED or (
            self.status == "RESOURCE_EXHAUSTED" and self.reason != "RESOURCE_QUOTA_EXCEEDED"
        )

    @property
    def per_minute(self) -> int | None:
        """The limit a minute that was passed, where Google names it."""
        value = self.metadata.get("quota_limit_value", "")
        a_minute = "1/min" in self.metadata.get("quota_unit", "") or "PerMinute" in self.metadata.get("quota_limit", "")
        return int(value) if a_minute and value.isascii() and value.isdecimal() and int(value) else None

    @property
    def lasting(self) -> bool:
        """Whether a used up quota is none that comes back within minutes: one of a day, or one of nothing at all."""
        limit, unit = self.metadata.get("quota_limit", ""), self.metadata.get("quota_unit", "")
        return self.metadata.get("quota_limit_value") == "0" or "PerDay" in limit or unit.startswith("1/d/")

    @property
    def transient(self) -> bool:
        """Whether the same request may well succeed a little later."""
        return self.throttled or self.code in {0, 408, 500, 502, 503, 504}

    @property
    def disabled(self) -> bool:
        """Whether the API is switched off in the project that was charged."""
        return self.reason == "SERVICE_DISABLED"

    @property
    def quota_denied(self) -> bool:
        """Whether the caller may not use the quota of the project that was named for it."""
        return self.reason in {"USER_PROJECT_DENIED", "CONSUMER_INVALID"}

    @property
    def definite(self) -> bool:
        """Whether Google said no, so that certainly nothing was done."""
        return not self.sent or self.throttled or (400 <= self.code < 500 and self.code not in {408, 499})

    def __str__(self) -> str:
        head = f"{self.code} {self.reason or self.status}".strip() if self.code else "no answer"
        return f"{head}: {self.message}" if self.message else head


class GoogleFailure(KeywardError):
    """A call that failed, with what came back; raised by `keyward.google.calls`, translated by whoever called."""

    title = "Google said no"

    def __init__(self, error: GoogleError) -> None:
        super().__init__(str(error))
        self.error = error
