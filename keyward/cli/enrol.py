"""`keyward enrol`: accept the places of keys as targets, so that rules can rotate them. Nothing is rotated."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk.enrolling import Enrolment, Place

SCHEMA = "keyward.enrolment/1"


def enrol(
    context: typer.Context,
    query: Annotated[
        list[str] | None, typer.Argument(metavar="QUERY...", help="Such as: project:acme-prod kind:api-key")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    accept_targets: Annotated[
        bool, typer.Option("--accept-targets", help="Accept every place that is shown, except NEW ones.")
    ] = False,
    accept_target: Annotated[
        list[str] | None, typer.Option(metavar="PLACE", help="Accept this place. Repeatable.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> int:
    """Show under which rule keys fall and where they are kept, and accept these places as ones to write to."""
    from keyward.desk import enrolling

    invocation: Invocation = context.obj
    text = _query(query)
    found = enrolling.enrolments(invocation.desk, text)
    if form is Format.TABLE:
        _show(found, sys.stderr if invocation.interactive and not yes else sys.stdout)
    wanted = _wanted(found, accept_targets=accept_targets, named=accept_target or ())
    if invocation.interactive and not yes:
        wanted = _asked(found, wanted)
    elif wanted and not yes:
        _refuse()
    if wanted:
        enrolling.accept(invocation.desk, wanted, [one.key for one in found], "keyward enrol")
    _print(found, wanted, form)
    left = [place.at for one in found for place in one.places if place.open and place.at not in wanted]
    if left and form is Format.TABLE:
        sys.stderr.write("".join(f"not accepted: {at} (--accept-target {at})\n" for at in left))
    return 0 if found else 1


def _query(words: list[str] | None) -> str:
    """The query, which decides where keyward writes, so it never rests on a display name.

    Raises:
        UsageError: it does, or there is none.
    """
    from keyward.model.errors import UsageError
    from keyward.model.query import parse

    text = " ".join(words or ())
    terms = parse(text).terms
    if not terms:
        raise UsageError("Say which keys: a query.", hint="For example: keyward enrol project:acme-prod kind:api-key")
    for term in terms:
        if term.field in ("", "name"):
            what = f"{term.values[0].text!r} is bare text" if not term.field else "name: is a display name"
            raise UsageError(f"{what}, which commands that write do not take.", hint="Use id:, project: or kind:.")
    return text


def _wanted(found: "Sequence[Enrolment]", *, accept_targets: bool, named: "Sequence[str]") -> list[str]:
    """The places to accept. NEW ones only by name.

    Raises:
        UsageError: a place is named that is none of these, or cannot be accepted.
    """
    from keyward.model.errors import UsageError
    from keyward.model.ids import PlacementRef

    places = {place.at: place for one in found for place in one.places}
    chosen = [at for at, place in places.items() if accept_targets and place.open and not place.new]
    for name in named:
        at = str(PlacementRef.parse(name))
        if at not in places:
            raise UsageError(f"None of these keys was found in {at}.", hint=f"Places: {', '.join(sorted(places))}")
        if places[at].why_not:
            raise UsageError(f"{at} cannot be accepted: {places[at].why_not}.")
        chosen.append(at)
    return [at for at in dict.fromkeys(chosen) if not places[at].accepted]


def _asked(found: "Sequence[Enrolment]", wanted: list[str]) -> list[str]:
    """What a person at the terminal accepts: place by place, unless options said so, and then by typing it."""
    from keyward.cli.ask import typed, yes
    from keyward.cli.words import count

    if not wanted:
        places = {place.at: place for one in found for place in one.places if place.open}
        wanted = [
            at for at, place in places.items() if yes(f"Write to {at}{' (NEW)' if place.new else ''} from now on?")
        ]
    if wanted:
        typed(f"accept {count(len(wanted), 'place')}", "Rotations will write to them without asking again.")
    return wanted


def _refuse() -> None:
    from keyward.model.errors import UsageError

    raise UsageError("There is no terminal to ask at, so nothing was accepted.", hint="Add --yes.")


def _show(found: "Sequence[Enrolment]", to: "typing.TextIO") -> None:
    for one in found:
        name = f'  "{one.name}"' if one.name else ""
        rule = f"{one.rule.said}, at {one.rule.max_age.days} d" if one.rule else "none: it is never due by itself"
        to.write(f"{one.key}{name}\n  rule    {rule}\n")
        for place in one.places:
            to.write(f"  place   {place.at}: {_stands(place)}\n")
        if not one.places:
            to.write("  place   none is known\n")
        for what in one.in_the_way:
            to.write(f"  in the way: {what}\n")
    if not found:
        sys.stderr.write("No key of the last scan matches.\n")


def _stands(place: "Place") -> str:
    return place.accepted or place.why_not or ("NEW, not accepted" if place.new else "not accepted yet")


def _print(found: "Sequence[Enrolment]", accepted: "Sequence[str]", form: Format) -> None:
    if form is Format.JSON:
        write_json(
            {
                "schema": SCHEMA,
                "accepted_now": list(accepted),
                "keys": [
                    {
                        "id": one.key,
                        "name": one.name or None,
                        "rule": one.rule.number if one.rule else None,
                        "places": [
                            {
                                "at": place.at,
                                "accepted": bool(place.accepted) or place.at in accepted,
                                "new": place.new,
                                "why_not": place.why_not or None,
                            }
                            for place in one.places
                        ],
                        "in_the_way": list(one.in_the_way),
                    }
                    for one in found
                ],
            }
        )
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{one.key}\n" for one in found))
    elif form is Format.CSV:
        rows = [
            (one.key, place.at, "accepted" if place.at in accepted else _stands(place))
            for one in found
            for place in one.places
        ]
        write_csv(rows, ("key", "place", "stands"))
    else:
        sys.stdout.write("".join(f"accepted {at}\n" for at in accepted))


if TYPE_CHECKING:
    import typing
