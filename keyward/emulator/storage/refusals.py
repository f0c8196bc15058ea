"""How Cloud Storage refuses: JSON in the form from before the canonical statuses, and XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from keyward.emulator.errors import ApiError
from keyward.emulator.routing import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
}
_REASONS = {400: "invalid", 401: "authError", 403: "forbidden", 404: "notFound", 412: "conditionNotMet"}
_REASONS |= {429: "rateLimitExceeded", 500: "internalError", 503: "backendError"}


def storage_error(code: int, message: str) -> ApiError:
    """Give the error of an HTTP code."""
    return ApiError(code, _STATUS[code], message)


def render(error: ApiError) -> dict[str, Any]:
    """Give the JSON form of any error: no status, a list of errors; details only where the common front end adds them."""
    message = error.message
    if error.reason == "IAM_PERMISSION_DENIED":
        permission = error.details[0]["metadata"]["permission"]
        message = (
            f"The caller does not have {permission} access to the Google Cloud project. Permission '{permission}' "
            "denied on resource (or it may not exist)."
        )
    reason = _REASONS.get(error.code, "backendError")
    body: dict[str, Any] = {"code": error.code, "message": message}
    body["errors"] = [{"message": message, "domain": "global", "reason": reason}]
    if error.details and error.reason != "IAM_PERMISSION_DENIED":
        body["details"] = error.details
    return {"error": body}


def xml_error(code: int, word: str, message: str, more: Mapping[str, str] | None = None) -> Response:
    """Give a refusal of the XML API."""
    fields = {"Code": word, "Message": message, **(more or {})}
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())
    return xml(code, f"<Error>{inner}</Error>")


def xml(code: int, inner: str) -> Response:
    """Give an answer of the XML API."""
    body = f"<?xml version='1.0' encoding='UTF-8'?>{inner}".encode()
    return Response(body, code, {"Content-Type": "application/xml; charset=UTF-8"})
