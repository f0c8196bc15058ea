"""`keyward usage`: when a key was called, day by day, also longer ago than its provider remembers."""

from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.desk.using import KeyUsage
    from keyward.inventory.snapshots.days import DayCalls


def usage(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key, by id, unique prefix or display name.")],
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days, today included.")] = 42,
    form: FormatOption = Format.TABLE,
) -> int:
    """Show the calls of one key by day, service and response class, from what scans kept, and what that record cannot see."""
    from keyward.cli.keys import named  # the cache is opened when something is asked
    from keyward.desk.using import to_json

    invocation: Invocation = context.obj
    (full,) = named(invocation, [key])
    found = invocation.desk.keys.usage(full, days)
    if form is Format.JSON:
        write_json(to_json(found))
    elif form is Format.IDS:
        typer.echo(full)
    elif form is Format.CSV:
        write_csv(list(_rows(found)), ("day", "state", "service", "response", "calls"))
    else:
        _table(found)
    return 0


def _rows(found: "KeyUsage") -> "Iterator[tuple[str, str, str, str, str]]":
    from keyward.desk.using import day_text

    for one in found.days:
        head = (day_text(one.day), found.state(one))
        yield from ((*head, service, response, str(calls)) for service, response, calls in one.calls)
        if not one.calls:
            yield (*head, "", "", "" if head[1] in {"not_counted", "before_created"} else "0")


_WORDS = {"not_counted": "not counted", "before_created": "not made yet", "so_far": "", "counted": ""}


def _table(found: "KeyUsage") -> None:
    from keyward.cli import words
    from keyward.desk.using import day_text

    services = ", ".join(f"{name or 'unnamed'} {calls:,}" for name, calls in found.by_service().items())
    responses = ", ".join(f"{name or 'unnamed'} {calls:,}" for name, calls in found.by_response().items())
    use = found.last_use
    fields = {
        "key": found.key,
        "name": found.name or "-",
        "calls": "not known" if found.total is None else f"{found.total:,} in the days counted below",
        "services": services or "-",
        "responses": responses or "-",
        "last use": f"{use.status.value.replace('_', ' ')}{f' {words.moment(use.at)}' if use.at else ''}",
        "source": use.source or "-",
        "window": f"{use.window_days} d" if use.window_days is not None else "-",
        "cannot see": "\n".join(found.cannot_see()),
        "scanned": words.moment(found.scanned) if found.scanned else "never",
    }
    write_fields(fields)
    if not found.unknown:
        rows = [
            (day_text(one.day), _number(found.state(one), one), _by(one) or _WORDS[found.state(one)])
            for one in reversed(found.days)
        ]
        typer.echo()
        write_table(rows, ("DAY (UTC)", "CALLS", "BY SERVICE AND RESPONSE"))


def _number(state: str, one: "DayCalls") -> str:
    if state in {"not_counted", "before_created"}:
        return "?" if state == "not_counted" else "-"
    return f"{one.total:,}{' so far' if state == 'so_far' else ''}"


def _by(one: "DayCalls") -> str:
    return ", ".join(
        f"{service or 'unnamed'} {response} {calls:,}".replace("  ", " ") for service, response, calls in one.calls
    )
