"""Words that rules share: lengths of time, days, and the command lines that mend something."""

import os
import shlex
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from keyward.hygiene.estate import Estate
from keyward.hygiene.gemini import LISTED_BY
from keyward.model.credential import Credential
from keyward.model.ids import DECLARED, SHAPE
from keyward.model.placement import Role
from keyward.model.usage import UseStatus

HOMELESS = (
    "No place that holds it is known: show keyward where it is kept, then replace it; delete it if nothing needs it."
)

PAST = (
    "Where it is known to stand another value is newer, so a rotation would reach nobody: have what reads it there (by an alias) read the newest, "
    "or show keyward where else it is kept, then replace it; delete it if nothing needs it."
)


class Mending(TypedDict):
    """What to do, as `broken` and `unknown` take it."""

    text: str
    commands: list[str]


def command(*words: str) -> str:
    """A command line of keyward."""
    return shlex.join(("keyward", *words))


def shell(*words: str) -> str:
    """A command line of a shell; what could not be shown as it is stands in it as `$'...'` with escapes (bash, zsh, POSIX 2024)."""
    return " ".join(shlex.quote(word) if word.isprintable() else f"$'{_escaped(word)}'" for word in words)


def _escaped(word: str) -> str:
    plain = (
        chr(byte) if 32 <= byte < 127 and chr(byte) not in "'\\" else f"\\{byte:03o}" for byte in os.fsencode(word)
    )
    return "".join(plain)


def rotate(key: Credential, estate: Estate, *options: str, text: str = "Replace it.") -> Mending:
    """How that key is replaced, with these options. A key that is known to be nowhere the present value cannot be: a successor would reach nobody."""
    if key.ref.provider in (SHAPE, DECLARED):
        return {"text": "Replace it: its provider lets only a person make keys.", "commands": [command("swap", key.id)]}
    line = command("rotate", key.id, *options)
    if _present(key, estate):
        return {"text": text, "commands": [line]}
    why = PAST if estate.placements.get(key.id) else HOMELESS
    if key.last_use.status in (UseStatus.NEVER, UseStatus.NOT_SEEN):
        return {"text": f"{text} {why}", "commands": [unneeded(key)]}
    return {"text": f"{text} {why}", "commands": ["keyward scan --values all", line]}


def unneeded(key: Credential) -> str:
    """How a key is deleted that nothing needs. Of API keys Google looks at its own count of use first; of others keyward's look at it decides."""
    return command("revoke", key.id, *(["--unused"] if key.ref.provider == LISTED_BY else []))


def ended(key: Credential, estate: Estate, reason: str, text: str) -> Mending:
    """How a leaked key is replaced at once; one that is known to be nowhere the present value is deleted."""
    if _present(key, estate):
        return {"text": text, "commands": [command("rotate", key.id, "--emergency", "--reason", reason)]}
    line = command("revoke", key.id, "--even-if-used", "--reason", reason)
    known = (
        "Where it is known to stand another value is newer"
        if estate.placements.get(key.id)
        else "No place that holds it is known"
    )
    return {"text": f"{text} {known}: delete it.", "commands": [line]}


def _present(key: Credential, estate: Estate) -> bool:
    return any(place.role is Role.CURRENT for place in estate.placements.get(key.id, ()))


def span(length: timedelta) -> str:
    """Such as `91 days` or `5 hours`; what is more than a day is told in whole days."""
    number, unit = (length.days, "day") if length >= timedelta(days=1) else (length.seconds // 3600, "hour")
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def day(moment: datetime) -> str:
    """Such as `2026-11-20`, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"
