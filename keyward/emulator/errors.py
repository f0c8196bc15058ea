"""What the emulated services refuse, in the shape of Google's error model.

One class carries an error over both transports: `ApiError.body()` is the JSON envelope of the REST services,
`ApiError.grpc_code()` and `ApiError.grpc_details()` are the status and the trailer of the gRPC ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import grpc

HTTP_OF_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
"""HTTP code of each canonical status (google/rpc/code.proto)."""

_TYPE = "type.googleapis.com/google.rpc."


class EmulatorError(Exception):
    """Base of everything that the emulator raises."""


class Dropped(EmulatorError):  # an event on the wire, not a mistake
    """The connection ends here without an answer, as an injected fault asked for.

    Args:
        orderly: it ends as if all were said, instead of by a reset.
    """

    def __init__(self, *, orderly: bool = False) -> None:
        super().__init__("connection dropped on request")
        self.orderly = orderly


class ApiError(EmulatorError):
    """A refusal by a service.

    Args:
        code: HTTP code; see `HTTP_OF_STATUS`.
        status: canonical status name, for example `PERMISSION_DENIED`.
        message: text for people, as Google words it.
        reason: reason of the `google.rpc.ErrorInfo` detail; None leaves that detail out.
        domain: domain of the `google.rpc.ErrorInfo` detail.
        metadata: metadata of the `google.rpc.ErrorInfo` detail.
        details: further details, each a mapping with `@type`.
        retry_after: seconds for a `Retry-After` header; None sends none.
    """

    def __init__(
        self,
        code: int,
        status: str,
        message: str,
        *,
        reason: str | None = None,
        domain: str = "googleapis.com",
        metadata: Mapping[str, str] | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.reason = reason
        self.retry_after = retry_after
        self.details: list[dict[str, Any]] = []
        if reason is not None:
            info: dict[str, Any] = {"@type": _TYPE + "ErrorInfo", "reason": reason, "domain": domain}
            if metadata:
                info["metadata"] = dict(metadata)
            self.details.append(info)
        self.details.extend(dict(detail) for detail in details)

    def body(self) -> dict[str, Any]:
        """Give the JSON envelope `{"error": {...}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def grpc_code(self) -> grpc.StatusCode:
        """Give the gRPC status code of the same name."""
        import grpc  # loaded only where gRPC is served

        code: grpc.StatusCode = grpc.StatusCode[self.status]
        return code

    def grpc_details(self) -> bytes:
        """Give the serialised `google.rpc.Status` for the trailer `grpc-status-details-bin`."""
        from google.protobuf import json_format  # loaded only where gRPC is served
        from google.rpc import error_details_pb2, status_pb2  # likewise; the first registers the types

        _ = error_details_pb2
        status = {"code": self.grpc_code().value[0], "message": self.message, "details": self.details}
        serialised: bytes = json_format.ParseDict(status, status_pb2.Status()).SerializeToString()
        return serialised


def refuse(status: str, message: str, reason: str | None = None, **metadata: str) -> ApiError:
    """Give the error of a canonical status with its HTTP code; keyword arguments become ErrorInfo metadata."""
    return ApiError(HTTP_OF_STATUS[status], status, message, reason=reason, metadata=metadata)


def refuse_with(status: str, message: str, *details: Mapping[str, Any]) -> ApiError:
    """Give the error of a canonical status with details of other types than ErrorInfo."""
    return ApiError(HTTP_OF_STATUS[status], status, message, details=details)


def precondition(kind: str, subject: str, description: str) -> dict[str, Any]:
    """Give a `google.rpc.PreconditionFailure` detail with one violation."""
    violation = {"type": kind, "subject": subject, "description": description}
    return {"@type": _TYPE + "PreconditionFailure", "violations": [violation]}


def localized(message: str) -> dict[str, Any]:
    """Give a `google.rpc.LocalizedMessage` detail."""
    return {"@type": _TYPE + "LocalizedMessage", "locale": "en-US", "message": message}


def help_link(description: str, url: str) -> dict[str, Any]:
    """Give a `google.rpc.Help` detail with one link."""
    return {"@type": _TYPE + "Help", "links": [{"description": description, "url": url}]}


def permission_denied(permission: str, resource: str) -> ApiError:
    """Give the refusal of IAM, with `IAM_PERMISSION_DENIED` and the permission in its metadata."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        f"Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
        reason="IAM_PERMISSION_DENIED",
        domain="iam.googleapis.com",
        metadata={"permission": permission, "resource": resource},
    )


def service_disabled(service: str, title: str, number: int) -> ApiError:
    """Give the refusal of a project in which an API is off, with all the details that Google adds."""
    url = f"https://console.developers.google.com/apis/api/{service}/overview?project={number}"
    message = (
        f"{title} has not been used in project {number} before or it is disabled. Enable it by visiting {url} "
        "then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our "
        "systems and retry."
    )
    metadata = {
        "activationUrl": url,
        "consumer": f"projects/{number}",
        "containerInfo": str(number),
        "service": service,
        "serviceTitle": title,
    }
    details = [localized(message), help_link("Google developers console API activation", url)]
    return ApiError(403, "PERMISSION_DENIED", message, reason="SERVICE_DISABLED", metadata=metadata, details=details)
