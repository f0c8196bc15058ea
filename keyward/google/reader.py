"""One reader for every way in which Google, its libraries and the network say no."""

import http.client
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from keyward.google.errors import GoogleError, GoogleFailure
from keyward.google.http import NotSent
from keyward.model.redact import redact
from keyward.model.text import clean

# google.rpc.Code by HTTP status, for answers that carry no status of their own (google/rpc/code.proto).
_STATUS_OF_HTTP = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_HTTP_OF_STATUS = {
    **{status: code for code, status in _STATUS_OF_HTTP.items() if code not in {412, 502}},
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "ALREADY_EXISTS": 409,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
}
_CODES = (
    *(
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
    ),
    *(
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
    ),
    *("DATA_LOSS", "UNAUTHENTICATED"),
)
_LONGEST = 600


def read(error: BaseException) -> GoogleError | None:
    """What the exception says; None when it does not come from Google, its libraries or the network (a bug of ours)."""
    if isinstance(error, GoogleFailure):
        return error.error
    if isinstance(error, NotSent):
        return GoogleError(message=_text(str(error)), sent=False)
    return _from_library(error) or _from_network(error)


def _from_library(error: Any) -> GoogleError | None:
    package = type(error).__module__.partition(".")[0]
    if package == "googleapiclient" and hasattr(error, "resp"):
        return from_body(int(error.resp.status), getattr(error, "content", b""), error.resp.get("retry-after"))
    if type(error).__module__.startswith("google.auth"):
        return _from_auth(error)
    if type(error).__module__.startswith("google.api_core"):
        return _from_api_core(error)
    if package == "grpc" and hasattr(error, "code"):
        return _from_grpc(error.code().name, str(error.details() or ""))
    return None


def _from_network(error: BaseException) -> GoogleError | None:
    package = type(error).__module__.partition(".")[0]
    redirect = getattr(error, "response", None) if type(error).__name__ == "TooManyRedirects" else None
    if redirect is not None:  # none is followed, and asking again leads to the same one
        return from_body(int(redirect.status_code), redirect.content)
    if package in {"requests", "urllib3"}:
        unsent = type(error).__name__ in {"ConnectTimeout", "ProxyError", "InvalidURL"} or "NewConnectionError" in repr(
            error
        )
        return GoogleError(message=type(error).__name__, sent=not unsent)
    if isinstance(error, json.JSONDecodeError | http.client.HTTPException | OSError) or package == "httplib2":
        strerror = getattr(error, "strerror", None)
        return GoogleError(message=_text(f"{type(error).__name__}{f': {strerror}' if strerror else ''}"))
    return None


def from_body(code: int, body: bytes | str, retry_after: str | None = None) -> GoogleError:
    """Read an answer of the HTTP status `code`: Google's JSON, an OAuth error, a page of HTML, or nothing at all."""
    status = _STATUS_OF_HTTP.get(code, "INTERNAL" if code >= 500 else "UNKNOWN")
    seconds = _seconds(retry_after)
    try:
        data = json.loads(body)
    except ValueError:
        # A page of a proxy or load balancer: its text says nothing about the request, and may say anything else.
        return GoogleError(code, status, message=_text(http.client.responses.get(code, "")), retry_after=seconds)
    if isinstance(data, list) and data:
        data = data[0]
    said = data.get("error") if isinstance(data, dict) else None
    if not isinstance(said, dict):
        text = f"{said or ''} {data.get('error_description', '')}" if isinstance(data, dict) else ""
        return GoogleError(code, status, message=_text(text.strip()), retry_after=seconds)
    found = _Details().take(said.get("details"))
    legacy = said.get("errors")
    if not found.reason and isinstance(legacy, list) and legacy and isinstance(legacy[0], dict):
        found.reason = _text(str(legacy[0].get("reason", "")), 100) if code == 403 else ""
    return GoogleError(
        code,
        _text(str(said.get("status") or status), 100),
        found.reason,
        _text(str(said.get("message", ""))),
        found.metadata,
        seconds if seconds is not None else found.retry_after,
    )


class _Details:
    """The parts of `google.rpc.Status.details` that matter, as JSON or protobuf."""

    def __init__(self) -> None:
        self.reason = ""
        self.metadata: dict[str, str] = {}
        self.retry_after: float | None = None

    def take(self, details: Any) -> "_Details":
        for detail in details if isinstance(details, list) else ():
            if not isinstance(detail, dict):
                continue
            kind = str(detail.get("@type", "")).rpartition(".")[2]
            if kind == "ErrorInfo":
                self._info(detail.get("reason"), detail.get("metadata"))
            elif kind == "RetryInfo":
                self.retry_after = _seconds(str(detail.get("retryDelay", "")).removesuffix("s"))
        return self

    def take_messages(self, details: Any) -> "_Details":
        for detail in details or ():
            kind = type(detail).__name__
            if kind == "ErrorInfo":
                self._info(detail.reason, detail.metadata)
            elif kind == "RetryInfo":
                self.retry_after = detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9
        return self

    def _info(self, reason: Any, metadata: Any) -> None:
        self.reason = _text(str(reason or ""), 100)
        if isinstance(metadata, Mapping):
            self.metadata = {_text(str(name), 100): _text(str(value)) for name, value in metadata.items()}


def _from_auth(error: BaseException) -> GoogleError:
    if type(error).__name__ == "TransportError" or getattr(error, "retryable", False):
        # Tokens are fetched before the request is sent.
        return GoogleError(message=_text(f"no access token: {type(error).__name__}"), sent=False)
    return GoogleError(
        401, "UNAUTHENTICATED", message=_text(str(error.args[0]) if error.args else type(error).__name__)
    )


def _from_api_core(error: Any) -> GoogleError:
    cause = getattr(error, "cause", None)
    if cause is not None:
        return read(cause) or GoogleError(message=_text(type(error).__name__))
    response: Any = getattr(error, "response", None)
    if hasattr(response, "headers") and hasattr(response, "content"):
        return from_body(int(error.code or 0), response.content, response.headers.get("retry-after"))
    grpc_status = getattr(error, "grpc_status_code", None)
    status = grpc_status.name if grpc_status is not None else _STATUS_OF_HTTP.get(int(error.code or 0), "UNKNOWN")
    return _from_grpc(
        status, str(getattr(error, "message", "")), _Details().take_messages(getattr(error, "details", ()))
    )


def _from_grpc(status: str, message: str, details: _Details | None = None) -> GoogleError:
    details = details or _Details()
    if status in {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"} and not details.reason:
        # The library's own words when there was no connection, and not the server's.
        unsent = "failed to connect" in message or "DNS resolution failed" in message or "plugin failed" in message
        return GoogleError(0, status, message=_text(message), sent=not unsent, retry_after=details.retry_after)
    code = _HTTP_OF_STATUS.get(status, 500)
    return GoogleError(code, status, details.reason, _text(message), details.metadata, details.retry_after)


def _seconds(text: str | None) -> float | None:
    """Seconds from a Retry-After header, a number or a date; None when it is neither."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _text(text: str, longest: int = _LONGEST) -> str:
    return clean(redact(text), longest)


def from_status(status: Mapping[str, Any]) -> GoogleError:
    """Read a `google.rpc.Status`, as an operation that failed holds it: its code is a number of google.rpc.Code."""
    try:
        word = _CODES[int(status.get("code", 2))]
    except (ValueError, TypeError, IndexError):
        word = "UNKNOWN"
    found = _Details().take(status.get("details"))
    return GoogleError(
        _HTTP_OF_STATUS.get(word, 500), word, found.reason, _text(str(status.get("message", ""))), found.metadata
    )
