"""Pages of a list, newest first; a token names the last order seen, so that new items do not shift a walk."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar

from keyward.emulator.secretmanager import refusals

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST = 25_000
"""The most items in one page, and the size of a page when the caller names none."""

Item = TypeVar("Item")


def cut(items: Iterable[tuple[int, Item]], size: int, token: str) -> tuple[list[Item], str]:
    """One page and the token of the next, empty when there is none.

    Args:
        items: Pairs of order and item, with falling order.
        size: The page size that the caller asked for; 0 leaves it to the server.
        token: Empty for the first page.

    Raises:
        ApiError: INVALID_ARGUMENT for a negative size or a token that this server did not make.
    """
    if size < 0:
        raise refusals.invalid("Page size must not be negative.")
    size = min(size or LARGEST, LARGEST)
    below = _read(token) if token else None
    page: list[Item] = []
    last = 0
    for order, item in items:
        if below is not None and order >= below:
            continue
        if len(page) == size:
            return page, base64.urlsafe_b64encode(f"below:{last}".encode()).decode().rstrip("=")
        page.append(item)
        last = order
    return page, ""


def _read(token: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        prefix, _, order = text.partition(":")
        return int(order if prefix == "below" else prefix)
    except (ValueError, binascii.Error):
        raise refusals.invalid("The page token is not valid.") from None
