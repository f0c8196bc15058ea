"""Options that several commands share, and what they mean."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.output import Format

if TYPE_CHECKING:
    from keyward.rotation.outcome import Until


class Wait(StrEnum):
    """How far a waiting run goes."""

    CUT_OVER = "cut-over"
    RETIRED = "retired"
    DEAD = "dead"


class RetireWhen(StrEnum):
    """When the old key goes."""

    AUTO = "auto"
    NOW = "now"
    NEVER = "never"


FormatOption = Annotated[Format, typer.Option("--format", "-o", help="How to print.")]
SinceOption = Annotated[
    str,
    typer.Option(
        "--since",
        metavar="WHEN",
        help="What is new, changed or fixed since the check before that: 7d, 2026-11-01, a moment.",
        show_default="the check of the scan before",
    ),
]
WaitOption = Annotated[
    Wait | None,
    typer.Option(
        "--wait",
        help="Go on until every target holds the new key (cut-over), the old one is off (retired) or proved dead; "
        "`--wait` alone means dead.",
        show_default="one step, then exit; `keyward resume` goes on",
    ),
]
TimeoutOption = Annotated[str, typer.Option(help="Stop waiting after this long, such as 30m.", show_default="none")]

_WAIT = "--wait"


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """The command line with `--wait` alone written as `--wait=dead`: an option cannot have a value only sometimes."""
    words, known = list(arguments), {one.value for one in Wait}
    end = words.index("--") if "--" in words else len(words)
    return [
        f"{_WAIT}={Wait.DEAD}"
        if word == _WAIT and at < end and (at + 1 == len(words) or words[at + 1] not in known)
        else word
        for at, word in enumerate(words)
    ]


def until(wait: Wait | None) -> "Until | None":
    """What the engine calls it."""
    from keyward.rotation.outcome import Until  # the engine is loaded when something rotates

    return None if wait is None else Until(wait.value)


def timeout_of(text: str, wait: Wait | None) -> timedelta | None:
    """How long to wait.

    Raises:
        UsageError: it is not a duration, or nothing is waited for.
    """
    from keyward.model.errors import UsageError
    from keyward.settings.values import option_duration

    if not text:
        return None
    if wait is None:
        raise UsageError("--timeout says how long to wait, but nothing is waited for.", hint="Add --wait.")
    return option_duration(text)
