"""Google's own discovery documents, used to check what the emulator answers.

They ship inside google-api-python-client and are read as files, so nothing of that library is imported.
"""

from __future__ import annotations

import json
import re
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

_INT64 = re.compile(r"-?\d{1,20}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")

_OPERATION_TYPES = {"type.googleapis.com/google.api.apikeys.v2.Key": "V2Key"}
"""Schema of what an operation holds, by its `@type`."""


@cache
def folder() -> Path:
    """Give the folder of the bundled documents.

    Raises:
        FileNotFoundError: google-api-python-client is not installed.
    """
    spec = find_spec("googleapiclient")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("google-api-python-client is not installed: its discovery documents are needed")
    return Path(next(iter(spec.submodule_search_locations))) / "discovery_cache" / "documents"


class Schemas:
    """Checks and rewrites answers by the discovery documents, each read once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    def problems(self, document: str, rpc: str, body: dict[str, Any]) -> list[str]:
        """Give what is wrong with an answer; empty when it matches or when Google bundles no document."""
        if not document:
            return []
        schemas, methods = self._load(document)
        if rpc not in methods:
            return [f"{document} has no method {rpc}"]
        reference = methods[rpc].get("response")
        if reference is None:
            return [] if not body else ["the method has no response body"]
        return list(_problems(schemas, reference, body, "$"))

    def numbered(self, document: str, rpc: str, body: dict[str, Any]) -> dict[str, Any]:
        """Give the answer with its enums as numbers, as `enum-encoding=int` asks for."""
        if not document:
            return body
        schemas, methods = self._load(document)
        reference = methods.get(rpc, {}).get("response")
        if reference is None:
            return body
        result: dict[str, Any] = _numbered(schemas, reference, body)
        return result

    def _load(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        with self._lock:
            if name not in self._documents:
                document = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
                self._documents[name] = (document["schemas"], dict(_methods(document)))
            return self._documents[name]


def _methods(node: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for method in node.get("methods", {}).values():
        yield method["id"], method
    for child in node.get("resources", {}).values():
        yield from _methods(child)


def _resolve(schemas: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schemas[schema["$ref"]] if "$ref" in schema else schema
    return found


def _problems(schemas: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:  # noqa: C901  # one branch a JSON type
    schema = _resolve(schemas, schema)
    kind = schema.get("type", "object")
    if kind == "any":
        return
    if kind == "object":
        if not isinstance(value, dict):
            yield f"{at}: {type(value).__name__} instead of an object"
            return
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
        if schema.get("id") == "Operation" and value.get("response", {}).get("@type") in _OPERATION_TYPES:
            inner = {k: v for k, v in value["response"].items() if k != "@type"}
            yield from _problems(
                schemas, {"$ref": _OPERATION_TYPES[value["response"]["@type"]]}, inner, f"{at}.response"
            )
        for name, item in value.items():
            if name in properties:
                yield from _problems(schemas, properties[name], item, f"{at}.{name}")
            elif rest is not None:
                yield from _problems(schemas, rest, item, f"{at}[{name!r}]")
            else:
                yield f"{at}: unknown field {name!r}"
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{at}: {type(value).__name__} instead of an array"
            return
        for number, item in enumerate(value):
            yield from _problems(schemas, schema["items"], item, f"{at}[{number}]")
    elif not _fits(schema, kind, value):
        yield f"{at}: not a {schema.get('format', kind)}" + (f" of {schema['enum']}" if "enum" in schema else "")


def _fits(schema: dict[str, Any], kind: str, value: Any) -> bool:  # noqa: PLR0911  # one return a JSON type
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in {"integer", "number"}:
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if "enum" in schema:
        return value in schema["enum"]
    match schema.get("format", ""):
        case "int64" | "uint64":
            return bool(_INT64.fullmatch(value))
        case "byte":
            return bool(_BASE64.fullmatch(value)) and len(value) % 4 == 0
        case "google-datetime" | "date-time":
            return _is_time(value)
        case "google-duration":
            return bool(re.fullmatch(r"-?\d+(\.\d{1,9})?s", value))
        case _:
            return True


def _is_time(text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return text.endswith("Z")


def _numbered(schemas: dict[str, Any], schema: dict[str, Any], value: Any) -> Any:
    schema = _resolve(schemas, schema)
    if isinstance(value, dict):
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
        known = {name: properties.get(name, rest) for name in value}
        return {name: _numbered(schemas, known[name], item) if known[name] else item for name, item in value.items()}
    if isinstance(value, list) and "items" in schema:
        return [_numbered(schemas, schema["items"], item) for item in value]
    # The documents list the values in the order of their numbers, beginning with 0.
    return schema["enum"].index(value) if "enum" in schema and value in schema["enum"] else value
