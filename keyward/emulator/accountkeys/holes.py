"""Payloads of the sample organisation that hold the file of a service account key.

Making key pairs takes time and the file names the emulator's own address, so such a payload is planted with a hole and
filled when it is first read. The private half is then in that payload only.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.accountkeys.credentials import credentials_file
from keyward.emulator.accountkeys.material import certify, make_pair
from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.secretmanager.book import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyward.emulator.world import World

_HOLE = re.compile(rb"\0(file|line|base64):([\w.@-]+)/([0-9a-f]{40})\0")
_STYLES: dict[str, Callable[[str], str]] = {
    "file": lambda text: text,
    "line": lambda text: json.dumps(json.loads(text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
}


def hole(style: str, email: str, key_id: str) -> str:
    """Give what stands in a payload for the file of a key: as `file`, in one `line`, or in `base64`."""
    if style not in _STYLES:
        raise KeyError(style)
    return f"\0{style}:{email}/{key_id}\0"


class Holes:
    """Whether there are payloads to be filled. Callers hold the world's lock."""

    slot: ClassVar[str] = "holes"

    def __init__(self, world: World) -> None:
        self._world = world
        self.open = False
        """Set by who plants a payload with a hole."""
        world.state(Book).before_access = world.state(AccountKeys).before_certificate = self.fill

    def fill(self) -> None:
        """Fill all holes, if there are any."""
        if not self.open:
            return
        self.open = False
        files: dict[str, str] = {}

        def file(match: re.Match[bytes]) -> bytes:
            style, email, key_id = (part.decode() for part in match.groups())
            if key_id not in files:
                files[key_id] = self._make(email, key_id)
            return _STYLES[style](files[key_id]).encode()

        self._world.state(Book).rewrite(lambda payload: _HOLE.sub(file, payload) if b"\0" in payload else payload)
        self._world.dirty = True

    def _make(self, email: str, key_id: str) -> str:
        account = self._world.state(ServiceAccounts).by_email(email)
        key = self._world.state(AccountKeys).get(email, key_id)
        if account is None or key is None:
            return "{}"
        pair = make_pair()
        key.certificate = certify(pair, email, key.valid_after, key.valid_before)
        return credentials_file(account, key_id, pair, self._world.url)

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        return {"open": self.open}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        self.open = data["open"]
