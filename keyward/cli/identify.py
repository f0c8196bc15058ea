"""`keyward identify`: whose is this value, and where else is it."""

import sys
from typing import TYPE_CHECKING

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.inventory.identify import Identity
    from keyward.model.secret import Secret

SCHEMA = "keyward.identity/1"
_LONGEST = 1_000_000


def identify(context: typer.Context, form: FormatOption = Format.TABLE) -> int:
    """Say whose value is on stdin (or typed at a hidden prompt), where else it is kept, and what is not known."""
    invocation: Invocation = context.obj
    found = invocation.desk.values.identify(_value(interactive=sys.stdin.isatty()))
    if form is Format.JSON:
        write_json(_document(found))
    elif form is Format.IDS:
        typer.echo("\n".join(found.keys))
    elif form is Format.CSV:
        write_csv(list(_fields(found).items()), ("field", "value"))
    else:
        write_fields(_fields(found))
    return 0


def _value(*, interactive: bool) -> "Secret":
    from keyward.model.errors import UsageError
    from keyward.model.secret import Secret

    if interactive:
        import getpass

        raw = getpass.getpass("Value (not shown): ").encode()
    else:
        raw = sys.stdin.buffer.read(_LONGEST + 1)
    if len(raw) > _LONGEST:
        raise UsageError(f"That is no key: it is longer than {_LONGEST:,} bytes.")
    value = raw.strip()
    if not value:
        raise UsageError("No value was given.", hint="For example: keyward identify < file")
    return Secret(value)


def _moment(at: "datetime | None") -> str | None:
    from keyward.inventory.times import stamp

    return stamp(at.timestamp()) if at is not None else None


def _document(found: "Identity") -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "shape": found.shape or None,
        "label": found.label or None,
        "issuer": found.issuer or None,
        "confidence": found.confidence or None,
        "kind": found.kind.value,
        "account": found.account or None,
        "expires_at": _moment(found.expires),
        "keys": list(found.keys),
        "listed": found.listed,
        "placements": [
            {"at": str(one.at), "role": one.role.value, "host": one.host or None, "accepted": one.accepted}
            for one in found.placements
        ],
        "not_looked": found.not_looked,
        "unread": found.unread,
    }


def _fields(found: "Identity") -> dict[str, str]:
    from keyward.cli.words import count

    shape = f"{found.label}, issued by {found.issuer} ({found.confidence})" if found.shape else "no known shape"
    keys = "\n".join(found.keys) or ("not known to any scan" if found.shape else "nothing is known of it")
    listed = "" if found.listed or not found.keys else "\nnobody who was asked lists it; it is known by its shape"
    places = "\n".join(
        f"{one.at} ({one.role.value}{f', on {one.host}' if one.host else ''})" for one in found.placements
    )
    unsure = []
    if found.not_looked:
        unsure.append(f"{count(found.not_looked, 'payload')} not searched")
    if found.unread:
        unsure.append(f"{count(found.unread, 'listed key')} whose value nobody was allowed to read")
    says = {
        "account": found.account,
        "expires": _moment(found.expires),
    }
    return {
        "shape": shape,
        **{name: f"{said} (the value says so itself)" for name, said in says.items() if said},
        "key": keys + listed,
        "places": places or "none found",
        "not known": "; ".join(unsure) or "nothing was left out",
    }
