"""`keyward explain`: what a rule of hygiene looks at, why it matters, where that can be read, and how it can be changed."""

from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json, write_table

if TYPE_CHECKING:
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
        from keyward.desk.rule_words import exception, fields, policy

        write_fields({**fields(chosen[0]), "change it": policy(chosen[0]), "accept it": exception(chosen[0])})
    else:
        write_table([_row(one) for one in chosen], [name.upper() for name in _COLUMNS])
    return 0


def _row(one: "Rule") -> tuple[str, ...]:
    return one.id, one.severity.value, one.of.value, one.title


def _document(one: "Rule") -> dict[str, object]:
    from keyward.desk.rule_words import controls, limit

    return {
        "id": one.id,
        "title": one.title,
        "why": one.why,
        "severity": one.severity.value,
        "of": one.of.value,
        "source": one.source,
        "controls": list(controls(one)),
        "limit": limit(one) or None,
        "limit_is": one.limit_is or None,
        "needs": one.needs or None,
    }
