"""Pages of a list, with tokens that only the method that gave them takes back."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar

from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from keyward.emulator.routing import Request

T = TypeVar("T")


def page(
    request: Request, items: Sequence[T], render: Callable[[T], dict[str, Any]], field: str, *, default: int, most: int
) -> dict[str, Any]:
    """Give one page as `{field: [...], nextPageToken}`; both are left out when empty.

    A caller that names no page size gets `default` items; larger sizes than `most` are cut down.
    """
    size = request.number("pageSize")
    if size < 0:
        raise refuse("INVALID_ARGUMENT", "The page size must not be negative.")
    size = min(size or default, most)
    start = read_token(request.arg("pageToken"), request.path)
    out: dict[str, Any] = {}
    if items[start : start + size]:
        out[field] = [render(item) for item in items[start : start + size]]
    if start + size < len(items):
        out["nextPageToken"] = make_token(start + size, request.path)
    return out


def make_token(position: int, path: str) -> str:
    """Give a token for a position in the list at a path."""
    return base64.urlsafe_b64encode(f"{position}:{path}".encode()).decode()


def read_token(token: str, path: str) -> int:
    """Give the position of a token; an empty token is the beginning.

    Raises:
        ApiError: 400 for a token of another list or none of ours.
    """
    if not token:
        return 0
    try:
        position, _, where = base64.urlsafe_b64decode(token).decode().partition(":")
        if where == path:
            return int(position)
    except (ValueError, binascii.Error):
        pass
    raise refuse("INVALID_ARGUMENT", "The page token is invalid.")
