"""A sign of life after every run: one GET of an address that raises an alarm when it is not called."""

from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, build_opener

from keyward.model.text import clean

TIMEOUT = 10.0
"""Seconds that a run waits for it."""


class _NoRedirects(HTTPRedirectHandler):
    """The address holds a token, so it is told to nobody else."""

    def redirect_request(self, *_: object) -> None:
        return None


def beat(url: str, suffix: str = "", *, timeout: float = TIMEOUT) -> str:
    """Call the address.

    Args:
        url: the address, over https or to this machine.
        suffix: what is put behind its path, such as `/fail`.
        timeout: seconds.

    Returns:
        Why it went wrong, without the address; empty when it was called.
    """
    try:
        parts = urlsplit(url)
        whole = urlunsplit(parts._replace(path=parts.path.rstrip("/") + suffix)) if suffix else url
        with build_opener(_NoRedirects).open(whole, timeout=timeout) as answer:
            answer.read(1)
    except HTTPError as error:
        error.close()
        return f"it answered {error.code}"
    except (URLError, OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        return clean(str(getattr(reason, "strerror", None) or type(reason).__name__), 200)
    return ""
