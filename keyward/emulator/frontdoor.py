"""From bytes to a service's handler and back: decoding, routing, the gate, checking and encoding of answers."""

from __future__ import annotations

import json
import re
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from keyward.emulator import gate
from keyward.emulator.errors import ApiError, Dropped, refuse
from keyward.emulator.httpserver import Answer
from keyward.emulator.requestlog import redact
from keyward.emulator.routing import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.emulator.httpserver import Raw
    from keyward.emulator.routing import Route, Router
    from keyward.emulator.schema import Schemas
    from keyward.emulator.world import World

_WORDS = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED"}
"""Status in the log of refusals that are not in Google's common form."""
_JSON = "application/json; charset=UTF-8"
_PROJECT = re.compile(r"/projects/(?!-/)([^/]+?)(?=/|:\w+$|$)")
_OPERATION = re.compile(r"/operations/akmf\.p\d+-(\d+)-")
_RESOURCE = re.compile(r"^/v\d\w*/")


class FrontDoor:
    """Answers HTTP requests for a world.

    Args:
        world: the state.
        router: the methods of all services.
        control: answers paths below `/emulator/`; not logged, not struck by faults.
        schemas: discovery documents; None leaves answers unchecked.
    """

    def __init__(
        self, world: World, router: Router, control: Callable[[Request], Response], schemas: Schemas, *, validate: bool
    ) -> None:
        self._world = world
        self._router = router
        self._control = control
        self._schemas = schemas
        self._validate = validate
        self.violations: list[dict[str, Any]] = []
        """Answers that did not match Google's documents."""

    def answer(self, raw: Raw) -> Answer:
        """Give the answer to one request.

        Raises:
            Dropped: end the connection.
        """
        target, _, query = raw.target.partition("?")
        method = raw.method
        override = raw.headers.get("x-http-method-override")
        if override and method == "POST":
            # Google's Python client does this for long URLs: the query moves into the body.
            method, query, raw.body = override.upper(), raw.body.decode(), b""
        path = unquote(target)
        fields = parse_qs(query, keep_blank_values=True)
        request = Request(self._world, method, path, fields, raw.headers, raw.body)
        try:
            if path.startswith("/emulator/"):
                return _encode(self._control(request), None)
            found = self._router.find(method, path)
            if found is None:
                raise refuse("NOT_FOUND", f"The emulator has no method {method} {redact(path)}.")  # noqa: TRY301  # rendered below
            route, request.params = found[0], dict(found[1])
            return self._handle(route, request, f"{path}?{query}" if query else path)
        except ApiError as error:
            return _refusal(error, error.body())
        except (Dropped, OSError):
            raise
        except Exception:  # noqa: BLE001  # a bug in a handler must be seen by the test that met it
            self.violations.append({"rpc": f"{method} {redact(path)}", "problem": redact(traceback.format_exc())})
            return _encode(Response(refuse("INTERNAL", "Bug in the emulator, see its violations.").body(), 500), None)

    def _handle(self, route: Route, request: Request, full: str) -> Answer:
        headers = request.headers
        name = _PROJECT.search(request.path) or _OPERATION.search(request.path)
        project = name[1] if name else route.names(request) if route.names else ""
        authorization = headers.get("authorization", "")
        call = gate.Call(
            route.service,
            route.rpc,
            request.method,
            full,
            project,
            _RESOURCE.sub("", request.path),
            route.permission,
            route.quota,
            route.auth,
            authorization[7:].strip() if authorization[:7].lower() == "bearer " else "",
            headers.get("x-goog-user-project", ""),
            headers.get("user-agent", ""),
            headers.get("x-goog-request-id") or headers.get("x-request-id", ""),
            request.notes,
        )

        def handler() -> Response:
            request.project, request.principal = call.found, call.principal
            result = route.handler(request)
            response = result if isinstance(result, Response) else Response(result)
            call.code, call.status = response.status, _WORDS.get(response.status, "OK")
            return response

        try:
            response = gate.run(self._world, call, handler)
        except ApiError as error:
            return _refusal(error, route.service.render(error) if route.service.render else error.body())
        body = response.body
        if isinstance(body, dict) and response.status < 300:
            if self._validate:
                self._check(route, body)
            if request.int_enums:
                response.body = self._schemas.numbered(route.service.document, route.rpc, body)
        return _encode(response, call.fault.truncate if call.fault else None)

    def _check(self, route: Route, body: dict[str, Any]) -> None:
        problems = self._schemas.problems(route.service.document, route.rpc, body)
        if problems:
            self.violations += [{"rpc": route.rpc, "problem": problem} for problem in problems]
            raise refuse("INTERNAL", f"The emulator's answer to {route.rpc} breaks Google's schema: {problems[0]}")


def _refusal(error: ApiError, body: dict[str, Any]) -> Answer:
    headers = {} if error.retry_after is None else {"Retry-After": f"{error.retry_after:g}"}
    return _encode(Response(body, error.code, headers), None)


def _encode(response: Response, truncate: int | None) -> Answer:
    body = response.body
    if isinstance(body, dict):
        encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return Answer(response.status, encoded, {"Content-Type": _JSON, **response.headers}, truncate)
    return Answer(response.status, body, response.headers, truncate)
