"""Notifications through Apprise, which knows mail, chat and paging services by their addresses. Loaded only when something is sent."""

import logging
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyward.model.errors import NotConfigured

if TYPE_CHECKING:
    from collections.abc import Iterator


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+]{0,19})://")


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one message on one channel: which (its kind and number, never its address), and why it failed, if so."""

    channel: str
    problem: str = ""


def send(urls: Sequence[str], title: str, body: str) -> "Iterator[Sent]":
    """Send a text to every address.

    Args:
        urls: Apprise addresses.
        title: one line, clean and without values.
        body: the text, likewise.

    Raises:
        NotConfigured: Apprise is not installed.
    """
    apprise = _library()
    for number, url in enumerate(urls, 1):
        yield Sent(f"{_kind(url)} (address {number})", _problem(apprise, url, title, body))


def _kind(url: str) -> str:
    """What stands before `://`; nothing of an address that lacks it, because the rest may be a token."""
    found = _SCHEME.match(url)
    return f"{found[1]}://…" if found else "…"


def _problem(apprise: Any, url: str, title: str, body: str) -> str:
    try:
        with warnings.catch_warnings(action="ignore"):  # its plug-ins import what later Pythons will lack
            service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
            if service is None:
                return "it is no address that Apprise understands"
            sent = service.notify(title=title, body=body, notify_type=apprise.NotifyType.WARNING)
    except Exception as error:  # noqa: BLE001  # a hundred plug-ins of others; none may stop a rotation
        return f"it failed ({type(error).__name__})"
    return "" if sent else "the service did not take it"


def _library() -> Any:
    try:
        import apprise
    except ImportError:
        raise NotConfigured(
            "Notifications need the package apprise, which is not installed.", hint="pip install 'keyward[notify]'"
        ) from None
    # What it logs may hold addresses.
    logger = logging.getLogger("apprise")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return apprise
