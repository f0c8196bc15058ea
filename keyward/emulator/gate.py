"""What happens around every call, whatever the transport: latency, faults, who may call, quotas, the log."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from keyward.emulator.clock import micros
from keyward.emulator.errors import HTTP_OF_STATUS, ApiError, Dropped, permission_denied, refuse, service_disabled
from keyward.emulator.requestlog import redact
from keyward.emulator.tokens.bearer import caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.emulator.faults import Fault
    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Service
    from keyward.emulator.world import World

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """One call as the gate sees it."""

    service: Service
    rpc: str
    """Id in the discovery document, also for gRPC."""
    method: str
    """HTTP method, or `GRPC`."""
    path: str
    """HTTP path with the query, or the full gRPC method name followed by `?` and the resource name."""
    project: str = ""
    """Id or number of the project that the resource name names; empty where it names none."""
    resource: str = ""
    """Resource name for the refusal of IAM."""
    permission: str = ""
    quota: str = ""
    auth: bool = True
    token: str = ""
    """Bearer token, if any; never logged."""
    quota_project: str = ""
    user_agent: str = ""
    request_id: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    """What a handler adds to the log entry."""
    found: Project | None = None
    """Set by the gate: the project of the resource."""
    principal: str = ""
    """Set by the gate: e-mail of the service account that calls, where the token tells it."""
    fault: Fault | None = None
    """Set by the gate: the fault that struck."""
    code: int = field(default=200)
    """Set by the transport where success is not 200."""
    status: str = "OK"
    """Set by the transport where a handler gave a refusal as its answer."""


def run(world: World, call: Call, handler: Callable[[], T]) -> T:
    """Do a call: wait, strike, check, handle, log.

    The handler runs with the world's lock held and with `call.found` set.

    Raises:
        ApiError: the refusal to send.
        Dropped: end the connection without an answer.
    """
    status, code = "INTERNAL", 500
    try:
        if world.behaviour.latency_ms:
            time.sleep(world.behaviour.latency_ms / 1000)
        call.fault = fault = world.faults.strike(call.service.name, call.method, call.path, call.rpc)
        if fault:
            _before(world, fault)
        with world.lock:
            _admit(world, call)
            result = handler()
            if call.method != "GET":
                world.dirty = True
        status, code = call.status, call.code
        if fault and fault.after:
            status, code = "DROPPED_AFTER", 0
            raise Dropped(orderly=fault.orderly)  # noqa: TRY301  # one place that logs, whatever happened
    except ApiError as error:
        status, code = error.status, error.code
        raise
    except Dropped:
        if status != "DROPPED_AFTER":
            status, code = "DROPPED", 0
        raise
    else:
        return result
    finally:
        _log(world, call, status, code)


def _before(world: World, fault: Fault) -> None:
    if fault.delay:
        world.faults.hold(fault)
    if fault.kill:
        raise Dropped(orderly=fault.orderly)
    if fault.status:
        message = fault.message or "The service is currently unavailable."
        code = HTTP_OF_STATUS.get(fault.status, 500)
        raise ApiError(code, fault.status, message, reason=fault.reason or None, retry_after=fault.retry_after)


def _admit(world: World, call: Call) -> None:
    behaviour = world.behaviour
    email = caller(world, call.token) if call.auth and call.token else ""
    call.principal = email or ""
    if call.auth and behaviour.auth != "off" and not _admitted(world, call.token, email):
        raise _unauthenticated(call)
    consumer = None
    if call.quota_project:
        consumer = world.project(call.quota_project, "serviceusage.services.use")
        if consumer.denies("serviceusage.services.use", call.principal):
            raise _user_project_denied(call)
    if call.project:
        call.found = world.project(call.project, call.permission)
        consumer = consumer or call.found
    if consumer:
        service = call.service
        if call.auth and service.name in consumer.api_off:
            raise service_disabled(service.name, service.title, consumer.number)
        if call.quota and behaviour.quotas:
            own = consumer.quotas.get(service.name, {})
            limit = own.get(call.quota) or behaviour.quota_limits.get(service.name, {}).get(call.quota)
            if limit:
                world.quotas.take(service.name, call.quota, consumer.number, limit, world.clock.now())
    if call.found and call.permission and call.found.denies(call.permission, call.principal):
        raise permission_denied(call.permission, f"//{call.service.name}/{call.resource}")


def _admitted(world: World, token: str, email: str | None) -> bool:
    if token in world.behaviour.tokens:
        return True
    return bool(email) or (email == "" and bool(token) and world.behaviour.auth != "listed")


def _unauthenticated(call: Call) -> ApiError:
    what = "had invalid authentication credentials" if call.token else "is missing required authentication credential"
    message = (
        f"Request {what}. Expected OAuth 2 access token, login cookie or other valid authentication credential. "
        "See https://developers.google.com/identity/sign-in/web/devconsole-project."
    )
    reason = "ACCESS_TOKEN_TYPE_UNSUPPORTED" if call.token else "CREDENTIALS_MISSING"
    return refuse("UNAUTHENTICATED", message, reason, service=call.service.name, method=call.rpc)


def _user_project_denied(call: Call) -> ApiError:
    message = (
        f"Caller does not have required permission to use project {call.quota_project}. Grant the caller the "
        "roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use "
        "permission, and then retry."
    )
    consumer = f"projects/{call.quota_project}"
    return refuse("PERMISSION_DENIED", message, "USER_PROJECT_DENIED", consumer=consumer, service=call.service.name)


def _log(world: World, call: Call, status: str, code: int) -> None:
    world.log.add(
        {
            "time": micros(world.clock.now()),
            "method": call.method,
            "path": redact(call.path),
            "service": call.service.name,
            "rpc": call.rpc,
            "principal": call.principal or None,
            "project": call.found.id if call.found else call.project or None,
            "status": status,
            "code": code,
            "request_id": call.request_id or None,
            "quota_project": call.quota_project or None,
            "user_agent": call.user_agent,
            **call.notes,
        }
    )
