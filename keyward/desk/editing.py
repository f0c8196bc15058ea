"""What a person changes in a plan before it is applied, read by the same readers as the options of the command line."""

from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.model.errors import UsageError
from keyward.model.text import clean
from keyward.settings.values import option_duration

if TYPE_CHECKING:
    from keyward.desk.wish import Changes

RETIRE = ("auto", "now", "never")
"""When the old key goes: when it is quiet, without waiting for quiet, or never."""


def edited(changes: "Changes", *, grace: str, retire: str, reason: str) -> "Changes":
    """The wish with what was typed; an empty grace keeps what the settings say.

    Args:
        changes: the wish until now.
        grace: how long both keys work, such as `24h`.
        retire: a word of `RETIRE`.
        reason: why, for the audit trail.

    Raises:
        UsageError: one of them cannot be read, or they do not fit together.
    """
    if retire not in RETIRE:
        raise UsageError(f"{clean(retire)!r} is not one of {', '.join(RETIRE)}.")
    said = clean(reason.strip())
    if retire == "now" and not said:
        # The command that a plan prints runs without a person, and needs one too.
        raise UsageError("Retire now needs a reason for the audit trail.")
    length = option_duration(grace) if grace.strip() else None
    return replace(changes, grace=length, retire=retire, reason=said)
