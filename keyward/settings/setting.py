"""One setting as a dataclass field: its reader, its default, its meaning, and who may set it."""

from collections.abc import Callable
from dataclasses import field
from typing import Any


def setting(
    read: Callable[[object], Any] | Any,
    default: Any,
    doc: str,
    *,
    anyone: bool = False,
    secret: bool = False,
    required: bool = False,
) -> Any:
    """A field.

    `anyone`: a `keyward.toml` in the working folder may set it, because it can only filter, limit or display; no guard is among them.
    `secret`: it may hold a token, so it is never shown. `required`: a table of a list must have it.
    """
    about = {"read": read, "doc": doc, "anyone": anyone, "secret": secret, "required": required}
    return field(default=default, metadata=about)
