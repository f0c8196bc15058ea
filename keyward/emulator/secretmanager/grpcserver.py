"""Secret Manager over plaintext gRPC on loopback: the same methods, gate and state as over HTTP."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.cloud import secretmanager_v1
from google.iam.v1 import iam_policy_pb2, policy_pb2
from google.protobuf import empty_pb2, json_format

from keyward.emulator import gate
from keyward.emulator.errors import ApiError, Dropped
from keyward.emulator.secretmanager.methods import METHODS, Call
from keyward.emulator.secretmanager.rest import SERVICE

if TYPE_CHECKING:
    from keyward.emulator.secretmanager.methods import Method
    from keyward.emulator.secretmanager.resources import Json
    from keyward.emulator.world import World

FULL_NAME = "google.cloud.secretmanager.v1.SecretManagerService"
"""The gRPC service."""

_WORKERS = 80
"""More than the callers of one scan, so that none waits for a thread while another's latency is simulated."""
_PROJECT = re.compile(r"projects/([^/]+)")
_SECRET = secretmanager_v1.Secret
_VERSION = secretmanager_v1.SecretVersion
_ANSWERS: dict[str, Any] = {
    "ListSecrets": secretmanager_v1.ListSecretsResponse,
    "CreateSecret": _SECRET,
    "AddSecretVersion": _VERSION,
    "GetSecret": _SECRET,
    "UpdateSecret": _SECRET,
    "DeleteSecret": empty_pb2.Empty,
    "ListSecretVersions": secretmanager_v1.ListSecretVersionsResponse,
    "AccessSecretVersion": secretmanager_v1.AccessSecretVersionResponse,
    "GetSecretVersion": _VERSION,
    "DisableSecretVersion": _VERSION,
    "EnableSecretVersion": _VERSION,
    "DestroySecretVersion": _VERSION,
    "GetIamPolicy": policy_pb2.Policy,
    "SetIamPolicy": policy_pb2.Policy,
    "TestIamPermissions": iam_policy_pb2.TestIamPermissionsResponse,
}


class GrpcServer:
    """Serves the Secret Manager of a world.

    Args:
        world: the state.
        port: 0 picks a free one; read it from `port`.
    """

    def __init__(self, world: World, port: int = 0) -> None:
        self._world = world
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="emulator-grpc")
        self._server = grpc.server(self._pool, options=[("grpc.so_reuseport", 0)])
        handlers = {method.grpc: self._handler(method) for method in METHODS}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(FULL_NAME, handlers),))
        self.port: int = self._server.add_insecure_port(f"127.0.0.1:{port}")

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self) -> None:
        """End all calls and close the port."""
        self._server.stop(grace=None).wait()
        self._pool.shutdown(wait=False)

    def _handler(self, method: Method) -> grpc.RpcMethodHandler[Any, Any]:
        asked = _plain(getattr(iam_policy_pb2, f"{method.grpc}Request", None) or _request(method.grpc))
        answered = _plain(_ANSWERS[method.grpc])

        def serve(request: Any, context: grpc.ServicerContext) -> Any:
            fields = json_format.MessageToDict(request)
            answer = self._answer(method, fields, context)
            return json_format.ParseDict(answer, answered())

        return grpc.unary_unary_rpc_method_handler(
            serve, request_deserializer=asked.FromString, response_serializer=answered.SerializeToString
        )

    def _answer(self, method: Method, fields: Json, context: grpc.ServicerContext) -> Json:
        resource = _take_name(fields)
        found = _PROJECT.match(resource)
        metadata = {pair[0]: pair[1] for pair in context.invocation_metadata() or ()}
        authorization = str(metadata.get("authorization", ""))
        regional = "locations." if "/locations/" in resource else ""
        call = gate.Call(
            SERVICE,
            f"secretmanager.projects.{regional}{method.rest}",
            "GRPC",
            f"/{FULL_NAME}/{method.grpc}?{resource}",
            project=found[1] if found else "",
            resource=resource,
            permission=method.permission,
            quota=method.quota,
            token=authorization[7:].strip() if authorization[:7].lower() == "bearer " else "",
            quota_project=str(metadata.get("x-goog-user-project", "")),
            user_agent=str(metadata.get("user-agent", "")),
        )

        def handler() -> Json:
            return method.run(Call.to(self._world, call.found, resource, fields, call.principal))

        try:
            answer = gate.run(self._world, call, handler)
            if call.fault is not None and call.fault.truncate is not None:
                context.abort(grpc.StatusCode.INTERNAL, "Truncated message")  # what a client makes of a part of one
        except ApiError as error:
            _refuse(context, error)
        except Dropped:
            # A server in Python cannot cut one stream's connection; this is what a client makes of a cut one.
            context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        return answer


def _refuse(context: grpc.ServicerContext, error: ApiError) -> NoReturn:
    trailer: list[tuple[str, str | bytes]] = [("grpc-status-details-bin", error.grpc_details())]
    if error.retry_after is not None:
        trailer.append(("retry-after", f"{error.retry_after:g}"))
    context.set_trailing_metadata(tuple(trailer))
    context.abort(error.grpc_code(), error.message)


def _request(name: str) -> Any:
    return getattr(secretmanager_v1, f"{name}Request")


def _plain(message: Any) -> Any:
    """The protobuf class behind a proto-plus one."""
    return message.pb() if hasattr(message, "pb") else message


def _take_name(fields: Json) -> str:
    """The resource name out of a request: `name`, `parent`, `resource`, or the name of the secret in an update."""
    for field in ("name", "parent", "resource"):
        if field in fields:
            return str(fields.pop(field))
    return str(fields.get("secret", {}).get("name", ""))
