"""What the engines tell the screens, as messages."""

from typing import TYPE_CHECKING, Any, Protocol

from textual.message import Message

from keyward.model.errors import KeywardError
from keyward.tui.keymap import Keymap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from keyward.model.events import Event
    from keyward.model.gap import Gap
    from keyward.model.query_rows import Columns
    from keyward.model.source import SourceReport


class Stood(Message):
    """Which world this is, its time (seconds since 1970), what is production (a query), the keys, and whether things may move."""

    def __init__(
        self,
        world: str,
        emulated: bool,
        now: float,
        production: str = "",
        keymap: Keymap | None = None,
        *,
        motion: bool = True,
    ) -> None:
        super().__init__()
        self.world, self.emulated, self.now, self.production = world, emulated, now, production
        self.keymap = keymap or Keymap()
        self.motion = motion


class Arrived(Message):
    """Rows, new or changed."""

    def __init__(self, columns: "Columns") -> None:
        super().__init__()
        self.columns = columns


class Knew(Message):
    """Every row that is known was sent.

    `ids` is None unless they are all that exist; `scanned` is seconds since 1970 or None; `gaps` are the accepted ones by source;
    `judged` is when the keys were judged and why that does not hold any more, None for never.
    """

    def __init__(
        self,
        ids: set[str] | None,
        sources: "Sequence[SourceReport]",
        scanned: float | None,
        gaps: "Mapping[str, Gap] | None" = None,
        judged: tuple[float, str] | None = None,
    ) -> None:
        super().__init__()
        self.judged = judged
        self.ids, self.sources, self.scanned, self.gaps = ids, sources, scanned, gaps or {}


class Judged(Message):
    """The keys were judged, or could not be; how that stands now, as `Knew` has it. What changed came as rows."""

    def __init__(self, standing: tuple[float, str] | None) -> None:
        super().__init__()
        self.standing = standing


class Progress(Message):
    """How far a scan is: sources that ended, of how many, and the APIs whose quota is waited for with the end of the wait (UTC)."""

    def __init__(self, done: int, total: int, waiting: "Mapping[str, datetime]") -> None:
        super().__init__()
        self.done, self.total, self.waiting = done, total, waiting


class ScanEnded(Message):
    """A scan is over; `said` when there is something to say."""

    def __init__(self, said: str = "") -> None:
        super().__init__()
        self.said = said


class Failed(Message):
    """Something could not be done."""

    def __init__(self, error: KeywardError) -> None:
        super().__init__()
        self.error = error


class Answer(Message):
    """What a question was answered with."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Heard(Message):
    """Something happened in a rotation."""

    def __init__(self, event: "Event") -> None:
        super().__init__()
        self.event = event


class Posts(Protocol):
    """Whoever takes messages: a screen, the app, or what stands for one."""

    def post_message(self, message: Message) -> bool:
        """Take it, from any thread."""
        ...
