"""What happened to a key, line by line, newest first."""

from datetime import datetime
from typing import TYPE_CHECKING

from keyward.tui import words
from keyward.tui.facts import DIM, WARN
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk.timeline import Moment


def moments(found: "Sequence[Moment]", now: datetime) -> list[Fact]:
    """Every moment with its time (UTC); what lies ahead says so, and stands first."""
    if not found:
        return [Fact("", "Nothing is known to have happened to it.", DIM)]
    return [Fact("", "Times are UTC, newest first.", DIM), *(_fact(one, now) for one in found)]


def _fact(one: "Moment", now: datetime) -> Fact:
    ahead = one.at > now
    pieces = (f"{'ahead: ' if ahead else ''}{one.what}", one.detail)
    text = "  ".join(piece for piece in pieces if piece)
    return Fact(words.moment(one.at), text + (f"  · {one.by}" if one.by else ""), WARN if ahead else "")
