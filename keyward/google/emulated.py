"""Asks a server on this machine whether it is keyward's emulator, which one, and what time it has."""

import http.client
import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

PRODUCT = "keyward-emulator"
_PATH = "/emulator/v1"
_PATIENCE = 5.0
_MOST = 65_536


@dataclass(frozen=True, slots=True)
class Emulated:
    """What an emulator says of itself: its instance (kept across restarts), its present (UTC), and how fast its time runs."""

    instance: str
    now: datetime
    rate: float


def ask(base: str) -> Emulated | None:
    """Ask the server at that base URL; None when it answers but is no emulator. Never through a proxy.

    Raises:
        OSError: nothing answers.
    """
    place = urlsplit(base)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_PATIENCE)
    try:
        connection.request("GET", _PATH)
        answer = connection.getresponse()
        body = answer.read(_MOST)
    except http.client.HTTPException as error:
        raise OSError(f"{base} does not speak HTTP: {type(error).__name__}") from None
    finally:
        connection.close()
    try:
        data = json.loads(body)
        if answer.status != http.client.OK or data["product"] != PRODUCT:
            return None
        return Emulated(str(data["instance"]), datetime.fromisoformat(data["now"]), float(data["rate"]))
    except (ValueError, KeyError, TypeError):
        return None
