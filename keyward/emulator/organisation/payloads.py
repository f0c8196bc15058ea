"""Payload templates of the catalogue: `{{key web-gemini at keys.chat}}`, `{{password}}`, `{{url postgres}}`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from keyward.emulator.organisation.model import Flaw, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyward.emulator.organisation.model import SampleKey
    from keyward.emulator.organisation.values import Values

_HOLE = re.compile(r"\{\{([a-z-]+)(?: ([\w-]+))?(?: at ([\w.~@-]+))?\}\}")


def render(
    template: str, keys: Mapping[str, SampleKey], values: Values, project: str
) -> tuple[bytes, tuple[Part, ...], tuple[Flaw, ...]]:
    """The payload that a template means, where which key stands in it, and what is wrong with it there.

    Args:
        template: Text with holes.
        keys: All keys of the organisation by the catalogue's reference.
        values: Where everything else is drawn from.
        project: Id of the project that holds the secret.

    Raises:
        KeyError: A hole names a key or kind that does not exist.
    """
    parts: list[Part] = []
    flaws: list[Flaw] = []

    def fill(hole: re.Match[str]) -> str:
        kind, argument, path = hole.groups()
        if kind in {"key", "query-key"}:
            key = keys[argument]
            parts.append(Part(key.uid, path or ""))
            if kind == "query-key":
                flaws.append(Flaw("query", path or "", key.uid))
            return key.value
        if kind in {"stand-in", "shared"}:
            flaws.append(Flaw(kind, path or "", argument if kind == "shared" else ""))
            return argument if kind == "stand-in" else values.shared(argument)
        made: dict[str, Callable[[], str]] = {
            "password": values.password,
            "hex": lambda: values.hex(int(argument)),
            "digits": lambda: values.digits(int(argument)),
            "url": lambda: values.url(argument),
            "certificate": values.certificate,
            "json-account": lambda: values.account(project),
        }
        return made[kind]()

    return _HOLE.sub(fill, template).encode(), tuple(parts), tuple(flaws)


def shape(payload: bytes) -> str:
    """How a payload of the catalogue is structured: `plain`, `json`, `dotenv`, `yaml`, `ini` or `text`."""
    text = payload.decode()
    if text.startswith(("-----BEGIN", "<")):
        return "text"
    if text.startswith("{"):
        json.loads(text)
        return "json"
    if re.search(r"^\[\w+\]$", text, re.MULTILINE):
        return "ini"
    if re.search(r"^(?:export )?[A-Z_]+=", text, re.MULTILINE):
        return "dotenv"
    if re.search(r"^\w+:$", text, re.MULTILINE):
        return "yaml"
    return "plain"
