"""Requests, responses and the table of routes. All hosts share one port: the path tells the service."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyward.emulator.errors import ApiError
    from keyward.emulator.projects import Project
    from keyward.emulator.world import World


@dataclass(slots=True)
class Request:
    """One HTTP request, as a handler sees it."""

    world: World
    method: str
    path: str
    """Decoded, without the query."""
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    """What the variables of the path template matched."""
    project: Project | None = None
    """The project that the path names, where it names one."""
    principal: str = ""
    """E-mail of the service account that calls, where its token tells it."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What the handler adds to the entry of the request log."""

    @property
    def owner(self) -> Project:
        """The project that the path names.

        Raises:
            ApiError: 400 where it names none.
        """
        if self.project is None:
            raise refuse("INVALID_ARGUMENT", "The resource name must name a project.")
        return self.project

    def arg(self, name: str, default: str = "") -> str:
        """Give a query field."""
        values = self.query.get(name)
        return values[-1] if values else default

    def args(self, name: str) -> list[str]:
        """Give all values of a repeated query field."""
        return self.query.get(name, [])

    def flag(self, name: str) -> bool:
        """Give a query field as a boolean; gcloud spells them `True`."""
        return self.arg(name).lower() in {"true", "1"}

    def number(self, name: str, default: int = 0) -> int:
        """Give a query field as a number.

        Raises:
            ApiError: 400 when it is none.
        """
        text = self.arg(name)
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            message = f"Invalid value at '{name}' (TYPE_INT32), \"{text}\""
            raise refuse("INVALID_ARGUMENT", message) from None

    def json(self) -> dict[str, Any]:
        """Give the body as an object; an empty body is `{}`.

        Raises:
            ApiError: 400 when it is no JSON object.
        """
        if not self.body.strip():
            return {}
        try:
            data = json.loads(self.body)
        except ValueError:
            raise refuse("INVALID_ARGUMENT", "Invalid JSON payload received. Parsing failed.") from None
        if not isinstance(data, dict):
            raise refuse("INVALID_ARGUMENT", "Invalid JSON payload received. Expected an object.")
        return data

    @property
    def int_enums(self) -> bool:
        """True when the caller asked for enums as numbers."""
        return "enum-encoding=int" in (self.arg("$alt") or self.arg("alt"))


@dataclass(slots=True)
class Response:
    """An answer that needs more than a JSON body with status 200."""

    body: dict[str, Any] | bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """An API: host name, title for people, and the discovery document that its responses must match."""

    name: str
    title: str
    document: str = ""
    """File name in the discovery cache without `.json`; empty where Google bundles none."""
    render: Callable[[ApiError], dict[str, Any]] | None = None
    """Gives an error's body where the service has a form of its own."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of a service.

    Args:
        service: whose method it is.
        method: HTTP method.
        template: path such as `/v2/{parent=projects/*/locations/*}/keys`; a plain `{name}` matches one segment.
        handler: gives the response; runs with the world's lock held.
        rpc: id in the discovery document, for example `apikeys.projects.locations.keys.list`.
        permission: what IAM asks the caller for in the project of the path; empty asks for nothing.
        quota: `read`, `write`, `access`, or empty for none.
        names: gives the project (id or number, empty for none) where the path does not name it.
    """

    service: Service
    method: str
    template: str
    handler: Callable[[Request], dict[str, Any] | Response]
    rpc: str
    permission: str = ""
    quota: str = "read"
    auth: bool = True
    """False where the caller shows an API key instead of a token."""
    names: Callable[[Request], str] | None = None


def _compile(template: str) -> re.Pattern[str]:
    out, at = "", 0
    for variable in re.finditer(r"\{(\w+)(?:=([^}]*))?\}", template):
        inner = (variable[2] or "*") + template[variable.end() : variable.end() + 1]
        # Ids of old projects hold a colon (example.com:shop); a last segment ends where the custom verb begins.
        segments = re.escape(inner).replace(r"\*/", "[^/]+/").replace(r"\*", "[^/:]+")
        pattern = segments.removesuffix(re.escape(template[variable.end() : variable.end() + 1]))
        out += re.escape(template[at : variable.start()]) + f"(?P<{variable[1]}>{pattern})"
        at = variable.end()
    return re.compile(out + re.escape(template[at:]))


class Router:
    """Finds the route of a request."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], list[tuple[re.Pattern[str], Route]]] = {}

    def add(self, *routes: Route) -> None:
        """Register routes; the first that matches wins."""
        for route in routes:
            bucket = self._routes.setdefault((route.method, _bucket(route.template)), [])
            bucket.append((_compile(route.template), route))

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """Give the route and the template's variables, or None."""
        for pattern, route in self._routes.get((method, _bucket(path)), ()):
            match = pattern.fullmatch(path)
            if match:
                return route, match.groupdict()
        return None


def _bucket(path: str) -> str:
    """Give the version segment, which halves the search."""
    return path[1 : path.find("/", 1)]
