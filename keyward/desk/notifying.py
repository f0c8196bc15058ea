"""Who is told what after an unattended run: notifications on change, a summary a day, a heartbeat. Nothing of this stops a rotation."""

import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.desk.run_record import Line, Stands
from keyward.desk.run_words import headline, text_of
from keyward.model.errors import Exit, KeywardError, NotAllowed, NotConfigured
from keyward.model.redact import redact
from keyward.model.text import clean, clean_lines
from keyward.paths import expanded

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.desk.memory import Memory
    from keyward.desk.run_record import RunRecord
    from keyward.notify.channels import Sent
    from keyward.wiring import Parts

_WORD: Mapping[Stands, str] = {
    Stands.FINISHED: "finished",
    Stands.NEEDS_PERSON: "needs-person",
    Stands.FAILED: "failed",
}
_MOST_UNSENT = 20


def after_run(desk: "Desk", record: "RunRecord", memory: "Memory") -> None:
    """Tell whom the settings name. What could not be told is tried again by the next run, and said on stderr once."""
    texts = [*memory.unsent, *_texts(desk.parts, record, memory)][-_MOST_UNSENT:]
    memory.unsent = []
    problems = []
    for at, text in enumerate(texts):
        try:
            problems = [f"{one.channel}: {one.problem}" for one in _send(desk.parts, text) if one.problem]
        except KeywardError as error:
            problems = [str(error)]
        if problems:
            memory.unsent = texts[at:]
            break
    settings = desk.parts.settings.notify
    if settings.heartbeat:
        from keyward.notify.heartbeat import beat

        failed = record.exit_code not in (Exit.OK, Exit.NEEDS_PERSON, Exit.HELD, Exit.PARTIAL)
        if not failed or settings.heartbeat_fail:
            problem = beat(settings.heartbeat, settings.heartbeat_fail if failed else "")
            problems += [f"heartbeat: {problem}"] if problem else []
    said = "; ".join(problems)
    if said and said != memory.heartbeat:
        desk.warn(f"Not everybody could be told: {said}")
    memory.heartbeat = said


def test(parts: "Parts") -> "Iterator[Sent]":
    """Send a test to every address and to the heartbeat; what became of each.

    Raises:
        NotConfigured: nobody is to be told, or Apprise is not installed.
        NotAllowed: a file with addresses can be read by others.
    """
    from keyward.notify.channels import Sent, send
    from keyward.notify.heartbeat import beat

    urls = addresses(parts)
    if not urls and not parts.settings.notify.heartbeat:
        raise NotConfigured("Nobody is to be told.", hint='Name addresses: urls = ["mailtos://..."] under [notify].')
    if urls:
        yield from send(urls, f"keyward on {parts.host}: test", f"A test by {parts.actor}. Nothing happened.")
    if parts.settings.notify.heartbeat:
        yield Sent("heartbeat", beat(parts.settings.notify.heartbeat))


def addresses(parts: "Parts") -> tuple[str, ...]:
    """Every address that the settings name, from the file of the settings, a file of its own, or an environment variable.

    Raises:
        NotAllowed: the file can be read by others.
        NotConfigured: the file or the variable is not there.
    """
    settings = parts.settings.notify
    found = [*settings.urls]
    if settings.urls and parts.loaded.file is not None:
        _only_ours(parts.loaded.file)
    if settings.urls_file:
        found += _lines(expanded(settings.urls_file))
    if settings.urls_env:
        if settings.urls_env not in parts.environ:
            raise NotConfigured(f"notify.urls_env names {clean(settings.urls_env)}, which is not set.")
        found += parts.environ[settings.urls_env].split()
    return tuple(dict.fromkeys(found))


def _lines(file: Path) -> Iterator[str]:
    try:
        _only_ours(file)
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise NotConfigured(f"notify.urls_file {clean(str(file))} cannot be read: {why}.") from None
    yield from (line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def _only_ours(file: Path) -> None:
    info = file.stat()
    if stat.S_IMODE(info.st_mode) & 0o077 or info.st_uid not in (os.geteuid(), 0):
        raise NotAllowed(
            f"{clean(str(file))} holds addresses with tokens, and others can read it.",
            hint=f"Run: chmod 600 {clean(str(file))}",
        )


def _texts(parts: "Parts", record: "RunRecord", memory: "Memory") -> Iterator[str]:
    """What is told of this run, and once a day how everything stands."""
    on = parts.settings.notify.on
    lines = [
        line for line in record.told if _WORD.get(line.stands) in on or ("started" in on and line.did == "started")
    ]
    if lines:
        yield text_of(record, lines)
    if record.error is not None and record.error_told and "failed" in on:
        yield clean_lines(redact(f"{headline(record)}\nFAILED     {record.error}"))
    here = record.at.astimezone()
    standing = [line for line in record.lines if line.stands is not Stands.FINISHED]
    if _is_time(parts.settings.notify.daily_at, here, memory.summary):
        memory.summary = here.date().isoformat()
        if standing:
            yield _summary(record, standing)


def _is_time(daily_at: str, here: datetime, last: str) -> bool:
    return bool(daily_at) and here.strftime("%H:%M") >= daily_at and here.date().isoformat() != last


def _summary(record: "RunRecord", lines: list[Line]) -> str:
    return text_of(record, lines).replace("\n", f"\nDaily summary: {len(lines)} open.\n", 1)


def _send(parts: "Parts", text: str) -> "Iterator[Sent]":
    urls = addresses(parts)
    if not urls:
        return
    from keyward.notify.channels import send

    title, _, body = text.partition("\n")
    yield from send(urls, title, body)
