"""What a search for leaked keys says to people: a row for each place, what to do, and how much was looked at."""

import sys
import time
from typing import TYPE_CHECKING

import typer

from keyward.cli import words
from keyward.cli.output import write_table
from keyward.desk.leak_record import label
from keyward.desk.leaking import What
from keyward.hygiene.leaks.found import Left

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.desk.leaking import Leaked, Told
    from keyward.hygiene.leaks.found import Looked

_HEADER = ("SURE", "WHAT", "WHERE", "KEY")
_OFTEN = 0.2
"""Seconds between two sights of the line that tells how far it is."""
_MOST = 20
"""Gaps and unused entries that are told one by one."""
_LEFT = {
    Left.BINARY: "binary",
    Left.TOO_LARGE: "too large",
    Left.LINK: "links",
    Left.SPECIAL: "no regular files",
    Left.IGNORED: "ignored by git (--no-ignore looks)",
    Left.UNREADABLE: "not readable",
    Left.MISSING: "missing in the repository",
}


class Progress:
    """One line on a terminal that is written over; nothing elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._begun = self._last = time.monotonic()

    def __call__(self, looked: "Looked") -> None:
        """Show how far it is, a few times a second."""
        now = time.monotonic()
        if self._live and now - self._last >= _OFTEN:
            self._last = now
            sys.stderr.write(f"\r\x1b[K{looked.read:,} texts, {_megabytes(looked.size)}")
            sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._live:
            sys.stderr.write("\r\x1b[K")


def write_rows(found: "Leaked") -> None:
    """The leaks that are not in the baseline, worst first, and what to do about them."""
    shown = sorted((one for one in found.leaks if not one.accepted), key=lambda one: (one.doubtful, one.dead))
    if not shown:
        return
    rows = [
        (_sure(one), f"{label(one)} {one.mark.masked}", place.words, _whose(one, found))
        for one in shown
        for place in one.leak.places
    ]
    write_table(rows, _HEADER)
    typer.echo("\nto do")
    for line in dict.fromkeys(_advice(one) for one in shown):
        typer.echo(f"  {line}")


def _sure(one: "Told") -> str:
    return "looks fabricated" if one.doubtful else one.mark.confidence


def _whose(one: "Told", found: "Leaked") -> str:
    if one.keys:
        return ", ".join(f"{key.id} ({key.state.value})" for key in one.keys)
    if one.expired:
        return "ended, by its own word"
    if not found.inventory:
        return "not looked up"
    if one.unread:
        return f"not known ({words.count(one.unread, 'listed key')} whose value was not read)"
    return "not in the inventory"


def _advice(one: "Told") -> str:
    more = one.advice.command or one.advice.page
    return f"{label(one)}: {one.advice.text}{f' {more}' if more else ''}"


def tell(found: "Leaked", *, quiet: bool) -> None:
    """Say on stderr what was not read, what became of the baseline and, unless quiet, how much was looked at."""
    looked = found.looked
    for path, why, detail in looked.gaps[:_MOST]:
        typer.echo(f"not read: {path} ({_LEFT[why]}{f': {detail}' if detail else ''})", err=True)
    if len(looked.gaps) > _MOST:
        typer.echo(f"not read: {len(looked.gaps) - _MOST:,} more (-o json names all)", err=True)
    for note in looked.notes:
        typer.echo(f"note: {note}", err=True)
    for line in _baseline(found):
        typer.echo(line, err=True)
    if not quiet:
        typer.echo(_summary(found), err=True)


def _baseline(found: "Leaked") -> "Iterator[str]":
    known = found.known
    if known is None:
        return
    if known.written:
        yield f"baseline written: {words.count(known.entries, 'entry', 'entries')}, {known.added:,} new, {known.gone:,} gone"
    for name in known.unused[:_MOST]:
        yield f"baseline: {name} occurs no more"
    if len(known.unused) > _MOST:
        yield f"baseline: {len(known.unused) - _MOST:,} more occur no more (-o json names all)"


def _summary(found: "Leaked") -> str:
    looked = found.looked
    texts = {What.FILES: "file", What.HISTORY: "version", What.INDEX: "staged file"}[found.wish.what]
    left = ", ".join(f"{count:,} {_LEFT[why]}" for why, count in looked.left.items() if count)
    dead, doubtful = sum(one.dead for one in found.findings), sum(one.doubtful for one in found.leaks)
    accepted = sum(one.accepted for one in found.leaks)
    said = [words.count(len(found.findings), "key") + " found"]
    said += [f"{dead:,} of them dead"] if dead else []
    said += [f"{accepted:,} in the baseline"] if accepted else []
    said += [f"{doubtful:,} that look fabricated"] if doubtful else []
    inventory = "" if found.inventory else "; no inventory to compare with" if found.wish.inventory else ""
    read = f"{words.count(looked.read, texts)} read, {_megabytes(looked.size)}{f'; left out: {left}' if left else ''}"
    return f"{', '.join(said)}{inventory}. {read}."


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
