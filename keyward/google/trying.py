"""A request that only tries whether something works: sent again where nobody answered, or the service itself was at fault."""

from collections.abc import Callable
from typing import Any

from keyward.google.errors import GoogleError
from keyward.google.reader import from_body, read

_TRIES = 2


def tried(send: Callable[[], tuple[Any, bytes]]) -> tuple[int, bytes, GoogleError | None]:
    """(status, body, what was wrong; None where it went well). The status is 0 where nobody answered.

    Args:
        send: sends it once; gives the response and its body.

    Raises:
        Exception: whatever the network and the service have no part in.
    """
    error = GoogleError()
    for _ in range(_TRIES):
        try:
            response, body = send()
        except Exception as exception:
            found = read(exception)
            if found is None:
                raise
            error = found
            continue
        if response.status < 300:
            return response.status, body, None
        error = from_body(response.status, body)
        if error.code < 500:
            break
    return error.code, b"", error
