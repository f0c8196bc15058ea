"""The facade of the engines."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyward.desk.wish import Changes, Check, ScanSummary, ScanWish, Status

if TYPE_CHECKING:
    from keyward.inventory.cache import CacheReader
    from keyward.inventory.identify import Identity
    from keyward.ledger.records import RotationRow
    from keyward.model.events import Event
    from keyward.model.secret import Secret
    from keyward.model.verdict import Verdict
    from keyward.rotation.history import History
    from keyward.rotation.outcome import Outcome, Until
    from keyward.rotation.plan import Plan
    from keyward.wiring import Parts

    Report = Callable[[Event], None]


class Desk:
    """What a person can ask keyward for. It may be used from several threads.

    Every method that reads the world takes `report`, which hears `keyward.model.events` (from any thread), and `cancel`, which stops it
    at the next safe place. Nothing is opened before it is needed.

    Args:
        parts: the real parts.
    """

    def __init__(self, parts: "Parts") -> None:
        self.parts = parts

    # Reading the cache: nothing is asked, nothing is made

    def cache(self) -> "CacheReader":
        """The scan cache, for rows, search and lists.

        Raises:
            AnotherWorld: it was made against other endpoints.
        """
        raise NotImplementedError

    def resolve(self, text: str) -> str:
        """The full id of the key that a person means by a full id, a unique prefix of one, or a display name.

        Raises:
            UnknownKey: there is none.
            AmbiguousKey: there are several.
        """
        raise NotImplementedError

    def show(self, key: str) -> Mapping[str, Any]:
        """Everything known of one key (a full id), as one entry of `keys` in `keyward.inventory/1` and the sources it depends on.

        Raises:
            UnknownKey: there is none of that id.
        """
        raise NotImplementedError

    # Reading the world

    def scan(
        self, wish: ScanWish, report: "Report | None" = None, cancel: threading.Event | None = None
    ) -> ScanSummary:
        """Ask providers and stores, link values to keys, refresh cache and known placements.

        Raises:
            KeywardError: nothing could be scanned at all; a source that fails is part of the summary.
        """
        raise NotImplementedError

    def audited_reads(self, wish: ScanWish) -> int | None:
        """How many audited reads of secret values a scan would make at most, as far as the cache tells; None when it does not know."""
        raise NotImplementedError

    def identify(self, value: "Secret") -> "Identity":
        """Whose value this is, where else it is kept, and what is not known."""
        raise NotImplementedError

    def verify(
        self, keys: Sequence[str], report: "Report | None" = None, cancel: threading.Event | None = None
    ) -> Sequence[tuple[str, "Verdict"]]:
        """Try whether these keys (full ids) work, each with one harmless use."""
        raise NotImplementedError

    # Rotation

    def plan(
        self, keys: Sequence[str], changes: Changes | None = None, cancel: threading.Event | None = None
    ) -> "Plan":
        """Read the world again and say what would be done for these keys (full ids). Changes nothing anywhere."""
        raise NotImplementedError

    def apply(
        self,
        plan: "Plan",
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: "Until | None" = None,
        timeout: timedelta | None = None,
    ) -> tuple["Outcome", ...]:
        """Do a plan that a person agreed to; one tick, or until it came so far.

        Raises:
            NeedsPerson: something is in the way; nothing was begun.
            Held: another rotation of such a key was begun meanwhile.
            Interrupted: cancelled; what was begun can be resumed.
        """
        raise NotImplementedError

    def go_on(
        self,
        rotations: Sequence[str] = (),
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: "Until | None" = None,
        timeout: timedelta | None = None,
    ) -> tuple["Outcome", ...]:
        """Go on with these rotations (ids or unique prefixes), or with all open ones; empty when there is nothing to do."""
        raise NotImplementedError

    def undo(
        self,
        rotation: str,
        reason: str = "",
        report: "Report | None" = None,
        cancel: threading.Event | None = None,
        *,
        wait: bool = False,
        timeout: timedelta | None = None,
    ) -> tuple["Outcome", ...]:
        """Turn a rotation round.

        Raises:
            NeedsPerson: the old key cannot come back.
        """
        raise NotImplementedError

    def rotations(self, *, open_only: bool = False) -> Sequence["RotationRow"]:
        """Rotations, newest first; none when there is no ledger."""
        raise NotImplementedError

    def history(self, rotation: str) -> "History":
        """The history of one rotation (id or unique prefix).

        Raises:
            UnknownKey: there is no such rotation.
        """
        raise NotImplementedError

    # The state of things

    def status(self) -> Status:
        """Where things stand, from cache and ledger; nothing is asked."""
        raise NotImplementedError

    def doctor(self) -> Sequence[Check]:
        """Whether credentials, permissions, stores, ledger and cache are fine, with the exact fix for what is not."""
        raise NotImplementedError

    def remember_local(self, folders: Sequence[Path], *, keyring: bool) -> Path:
        """Write folders and the wish to read the keyring into the user's own `keyward.toml`, comments kept; gives the file."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of files and connections."""
        raise NotImplementedError
