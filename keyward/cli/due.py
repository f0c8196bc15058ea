"""`keyward due`: what an unattended run would start now or soon, and why the rest is left alone."""

import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json, write_table

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from keyward.desk.due import Outlook
    from keyward.rotation.due import Due

SCHEMA = "keyward.due/1"
_COLUMNS = ("id", "name", "project", "stands", "because", "due_at", "age_days", "age_is", "rule", "starts", "why")


def due(
    context: typer.Context,
    within: Annotated[str, typer.Option(help="Only what is due within this time, such as 14d.", show_default="")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also keys that no rule matches.")] = False,
    form: FormatOption = Format.TABLE,
) -> int:
    """Say of every key that falls under a rule whether it is due, from the last scan; nothing is asked or changed."""
    from keyward.desk.due import outlook
    from keyward.settings.values import option_duration

    invocation: Invocation = context.obj
    horizon = option_duration(within) if within else None
    view = outlook(invocation.desk)
    shown = [key for key in view.keys if _wanted(key, view.now, horizon, every=every)]
    shown.sort(key=lambda key: (key.standing.value != "due", key.at is None, key.at, key.key))
    starts = _starts(view)
    if form is Format.JSON:
        write_json(_document(view, shown, starts))
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{key.key}\n" for key in shown))
    elif form is Format.CSV:
        rows = [_entry(key, starts) for key in shown]
        write_csv([["" if row[name] is None else str(row[name]) for name in _COLUMNS] for row in rows], _COLUMNS)
    else:
        _table(view, shown, starts)
    return 0


def _wanted(key: "Due", now: "datetime", horizon: "timedelta | None", *, every: bool) -> bool:
    if horizon is not None:
        return key.standing.value != "never" and key.at is not None and key.at <= now + horizon
    return every or key.rule is not None


def _starts(view: "Outlook") -> dict[str, str]:
    """When each due key is started: by the next run, or why not."""
    found = {key.key: "next run" for unit in view.choice.start for key in unit}
    return {**found, **{one.key.key: one.why for one in view.choice.later}}


def _table(view: "Outlook", shown: "list[Due]", starts: dict[str, str]) -> None:
    from keyward.cli import words

    if shown:
        write_table([_line(key, view, starts) for key in shown], ("STANDS", "DUE", "AGE", "KEY", "NAME", "WHY"))
    counts = Counter(key.because.value for key in view.keys if key.standing.value == "never")
    said = [f"{count} {because}" for because, count in sorted(counts.items())]
    head = f"{words.count(len(view.due), 'key')} due, {words.count(view.rules, 'rule')}"
    sys.stderr.write(f"\n{'; '.join([head, *said])}.\n")
    if not view.rules:
        sys.stderr.write("Without a [[rotation.rule]] in keyward.toml nothing is ever due.\n")
    if view.scanned_at is None:
        sys.stderr.write("Nothing was scanned yet. Run: keyward scan [FOLDER]\n")
    else:
        sys.stderr.write(f"From the scan {words.span(view.now - view.scanned_at)} ago.\n")
    if view.closed_until is not None:
        sys.stderr.write(f"Blackout until {words.moment(view.closed_until)}: nothing is started or retired.\n")
    for pause in view.books.pauses:
        sys.stderr.write(f"Paused ({pause.id}): {pause.query or 'everything'}, {pause.said}\n")


def _line(key: "Due", view: "Outlook", starts: dict[str, str]) -> tuple[str, ...]:
    from keyward.cli import words

    age = "-" if key.age is None else f"{'' if key.exact else '>= '}{words.span(key.age)}"
    when = "-" if key.at is None else ("now" if key.at <= view.now else f"in {words.span(key.at - view.now)}")
    held = starts.get(key.key, "")
    why = key.why if held in ("", "next run") else f"{key.why}; {held}"
    stands = key.standing.value if key.standing.value != "never" else f"never: {key.because.value}"
    return (stands, when, age, key.key, key.name or "-", why)


def _entry(key: "Due", starts: dict[str, str]) -> dict[str, object]:
    return {
        "id": key.key,
        "name": key.name or None,
        "project": key.scope,
        "stands": key.standing.value,
        "because": key.because.value,
        "due_at": key.at.isoformat() if key.at else None,
        "age_days": None if key.age is None else key.age.days,
        "age_is": None if key.age is None else "exact" if key.exact else "at_least",
        "rule": key.rule.number if key.rule else None,
        "starts": starts.get(key.key),
        "why": key.why,
    }


def _document(view: "Outlook", shown: "list[Due]", starts: dict[str, str]) -> dict[str, object]:
    counts = Counter((key.standing.value, key.because.value) for key in view.keys)
    return {
        "schema": SCHEMA,
        "at": view.now.isoformat(),
        "scanned_at": view.scanned_at.isoformat() if view.scanned_at else None,
        "rules": view.rules,
        "blackout_until": view.closed_until.isoformat() if view.closed_until else None,
        "pauses": [{"id": one.id, "query": one.query, "said": one.said} for one in view.books.pauses],
        "counts": [
            {"stands": stands, "because": because, "keys": count} for (stands, because), count in sorted(counts.items())
        ],
        "keys": [_entry(key, starts) for key in shown],
    }
