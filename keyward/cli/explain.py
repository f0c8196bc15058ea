"""`keyward explain`: what a rule of hygiene looks at, why it matters, where that can be read, and how it can be changed."""

from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.hygiene.rule import Rule

SCHEMA = "keyward.rules/1"
_COLUMNS = ("id", "severity", "of", "title")


def explain(
    rule: Annotated[str, typer.Argument(metavar="[KW-...]", help="A rule; without one all are listed.")] = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Explain a rule: why it matters, its source, its limit and how to change or accept it."""
    from keyward.desk.checking import chosen_rules  # loads every rule

    chosen = chosen_rules([rule] if rule else [])
    if form is Format.JSON:
        write_json({"schema": SCHEMA, "rules": [_document(one) for one in chosen]})
    elif form is Format.IDS:
        for one in chosen:
            typer.echo(one.id)
    elif form is Format.CSV:
        write_csv([_row(one) for one in chosen], _COLUMNS)
    elif rule:
        write_fields(_fields(chosen[0]))
    else:
        write_table([_row(one) for one in chosen], [name.upper() for name in _COLUMNS])
    return 0


def _row(one: "Rule") -> tuple[str, ...]:
    return one.id, one.severity.value, one.of.value, one.title


def _document(one: "Rule") -> dict[str, object]:
    return {
        "id": one.id,
        "title": one.title,
        "why": one.why,
        "severity": one.severity.value,
        "of": one.of.value,
        "source": one.source,
        "controls": list(_controls(one)),
        "limit": _limit(one) or None,
        "limit_is": one.limit_is or None,
        "needs": one.needs or None,
    }


def _controls(one: "Rule") -> "Iterator[str]":
    """Such as `cis-gcp-5.0 1.16`."""
    from keyward.hygiene.controls import frameworks

    for framework in frameworks().values():
        yield from (f"{framework.id} {number}" for number in framework.of(one.id))


def _limit(one: "Rule") -> str:
    from keyward.settings.values import show_duration

    if one.limit is None:
        return ""
    return str(one.limit) if isinstance(one.limit, int) else show_duration(one.limit)


def _fields(one: "Rule") -> dict[str, str]:
    limit = f"{_limit(one)}: {one.limit_is}" if one.limit is not None else "none"
    policy = [f'[[policy]]\nrule = "{one.id}"\nmatch = "project:acme-dev"', 'severity = "info"      # or off = true']
    if one.limit is not None:
        policy[-1:] = [f'limit = "{_limit(one)}"' if not isinstance(one.limit, int) else f"limit = {one.limit}"]
    exception = f'[[exception]]\nrule = "{one.id}"\nmatch = "id:..."\nowner = "mary@acme.example"\nuntil = 2027-01-31\nwhy = "..."'
    return {
        "rule": f"{one.id}  {one.title}",
        "severity": one.severity.value,
        "looks at": one.of.value,
        "why": one.why,
        "limit": limit,
        "needs": one.needs or "a scan",
        "controls": "\n".join(_controls(one)) or "none",
        "source": one.source,
        "change it": "\n".join(policy),
        "accept it": exception,
    }
