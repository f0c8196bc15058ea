"""`keyward provider list|show`: what is known of providers, and what they do with what is sent to them."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json, write_table

provider = typer.Typer(help="Providers: who issues keys, and what they do with what is sent.", no_args_is_help=True)

_CSV = (
    *("provider", "id", "topic", "tiers", "surface", "answer", "days", "said", "control", "where", "proof", "shows"),
    *("evidence", "source", "checked", "stale", "unverified"),
)


@provider.callback()
def _group() -> None:
    """Providers: who issues keys, and what they do with what is sent."""


@provider.command("list")
def list_providers(context: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """List every provider of the catalog, with how many statements about it are stale or were never looked up."""
    invocation: Invocation = context.obj
    document = invocation.desk.hygiene.providers()
    found = document["providers"]
    if form is Format.JSON:
        write_json(document)
    elif form is Format.IDS:
        sys.stdout.writelines(f"{one['id']}\n" for one in found)
    elif form is Format.CSV:
        names = ("id", "label", "lifecycle", "rotation", "statements", "stale", "unverified", "checked")
        write_csv([[str(one[name]) for name in names] for one in found], names)
    else:
        header = ("ID", "NAME", "KEYS BY API", "ROTATION", "DATA HANDLING", "CHECKED")
        write_table([_row(one) for one in found], header)


def _row(one: Mapping[str, Any]) -> Sequence[str]:
    words = (("stale", "STALE"), ("unverified", "unverified"))
    doubts = ", ".join(f"{one[name]} {word}" for name, word in words if one[name])
    count = f"{one['statements']} statements" if one["statements"] else "not looked up"
    told = f"{count} ({doubts})" if doubts else count
    return (one["id"], one["label"], one["lifecycle"], one["rotation"], told, one["checked"])


@provider.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="An id, another name of it, or the beginning of one.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show one provider: its keys and pages and, by tier, what it does with what is sent, each with source and date."""
    invocation: Invocation = context.obj
    document = invocation.desk.hygiene.provider(name)
    if form is Format.JSON:
        write_json(document)
    elif form is Format.IDS:
        typer.echo(document["id"])
    elif form is Format.CSV:
        write_csv(
            [[_cell({"provider": document["id"], **one}[column]) for column in _CSV] for one in document["statements"]],
            _CSV,
        )
    else:
        write_fields(dict(_fields(document)))
        for line in (*_handling(document), "", "Sources", *_sources(document)):
            sys.stdout.write(f"{line}\n")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def _fields(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "id", document["id"]
    yield "name", document["label"]
    yield "also", ", ".join(document["aliases"]) or "-"
    if document["issuers"] != [document["id"]]:
        yield "keys of", ", ".join(document["issuers"])
    if document["service"]:
        yield "API", document["service"]
    yield "shapes", ", ".join(document["kinds"]) or "-"
    yield "variables", ", ".join(document["variables"]) or "-"
    yield "keys by API", document["lifecycle"]
    yield "rotation", f"{document['rotation']} ({document['automation']})"
    if document["limits"]:
        yield "limits", document["limits"]
    yield "page", document["pages"]["create"]
    if document["seen"]:
        yield "last use", document["seen"]
    yield "checked", document["checked"]


def _handling(document: Mapping[str, Any]) -> Iterator[str]:
    """The statements, those for everybody first, then tier by tier."""
    from keyward.desk.provider_words import beside, by_tier, says, topic  # only the table is told in words

    if not document["statements"]:
        yield ""
        yield "Data handling: nothing was looked up."
    for told in by_tier(document):
        yield ""
        yield told.heading
        if told.shown_by:
            yield f"  {told.shown_by}"
        for one in told.statements:
            yield f"  {topic(one)}: {says(one)}"
            yield from (f"      {line}" for line in beside(one))


def _sources(document: Mapping[str, Any]) -> Iterator[str]:
    from keyward.desk.data_words import EVIDENCE

    for one in document["sources"]:
        as_of = f", {one['as_of']}" if one["as_of"] else ""
        yield f"  {EVIDENCE[one['evidence']]}{as_of}: {one['url']}"
