"""`keyward show` (`describe`): everything known of one key, or of one secret."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_fields, write_json


def show(
    context: typer.Context,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="A key, by id, unique prefix or display name; or the id of a secret.")
    ],
    refresh: Annotated[
        bool, typer.Option("--refresh", help="First ask around it: billing, APIs, labels, readers of its secrets.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> int:
    """Show one key: age, last use, restrictions, every place that holds it, rotations, and what is known around it. Or one secret."""
    from keyward.cli.keys import named  # the cache is opened when something is asked

    invocation: Invocation = context.obj
    desk, found = invocation.desk, key
    secret = desk.keys.show_secret(key)
    if secret is None:
        (found,) = named(invocation, [key])
    if refresh:
        desk.keys.ask_around(found)
    document = desk.keys.show(found) if secret is None else desk.keys.show_secret(found) or secret
    if form is Format.JSON:
        write_json(document)
    elif form is Format.IDS:
        typer.echo(found)
    elif form is Format.CSV:
        write_csv(list(_fields(document)), ("field", "value"))
    else:
        write_fields(dict(_fields(document)))
    return 0


def _fields(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from keyward.desk import secret_words  # only the table is told in words

    yield from _key_fields(document) if "key" in document else secret_words.fields(document)


def _key_fields(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from keyward.desk.secret_words import around

    key = document["key"]
    yield "id", key["id"]
    yield "name", key["name"] or "-"
    yield "kind", key["kind"]
    yield "state", f"{key['state']}: {key['state_why']}" if key.get("state_why") else key["state"]
    if key["resource"]:
        yield "resource", key["resource"]
    yield "age", _age(key)
    yield "last use", _use(key["last_used"])
    if key["expires_at"]:
        yield "expires", key["expires_at"]
    yield "restrictions", _restrictions(key["restrictions"], key["kind"])
    if key["bound_identity"]:
        yield "bound to", key["bound_identity"]
    yield "places", "\n".join(_place(one) for one in key["placements"]) or "none found"
    looked = key["placements_looked"]
    yield "looked", f"in {looked['read']:,} payloads; not in {looked['not_read']:,}"
    yield "coverage", "\n".join(f"{one['status']}: {one['id']}" for one in document["sources"]) or "-"
    yield from around(document)
    yield from _data(document)
    yield "findings", _findings(key["findings"], key["rules_unknown"], document["judged"])
    for one in document["rotations"]:
        waiting = f", waiting on {one['waiting_on']}" if one["waiting_on"] else ""
        yield f"rotation {one['id']}", f"{one['state']}{waiting}"
    yield "scanned", document["scanned_at"] or "never"


def _data(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from keyward.desk.data_words import lines  # only the table is told in words

    yield "data", "\n".join(line.text for line in lines(document))


def _findings(rules: Sequence[str] | None, unknown: int | None, judged: Mapping[str, Any] | None) -> str:
    """The rules that it breaks; never to be taken for none where nobody asked."""
    from keyward.desk.judged_mark import STALE  # only the table is told in words

    if rules is None or judged is None:
        return "not judged -> keyward check"
    doubts = f"; nobody can tell of {unknown} more" if unknown else ""
    stale = f"; {STALE[judged['stale']]} -> keyward check" if judged["stale"] else ""
    return f"{', '.join(rules) or 'none'}{doubts} (judged {judged['at']}{stale})"


def _age(key: Mapping[str, Any]) -> str:
    age = f"{key['age_days']} d"
    return (
        f"{age}, since {key['created_at']}" if key["age_is"] == "exact" else f"at least {age} (first seen by keyward)"
    )


def _use(used: Mapping[str, Any]) -> str:
    source = f", {used['source']}" if used["source"] else ""
    window = f" (record of {used['window_days']} d{source})" if used["window_days"] is not None else ""
    said = {
        "used": f"{used['at']}{window}",
        "never": f"never{window}",
        "not_seen": f"not seen in {used['window_days']} d{source and f' ({source[2:]})'}",
        "not_scanned": "unknown (not asked)",
        "unsupported": "unknown (no record)",
    }
    return said.get(used["status"], f"unknown ({used['status']})")


def _restrictions(found: Mapping[str, Any] | None, kind: str) -> str:
    if kind in {"sa-key", "access-key"}:
        return "none of its own: it may do what its account may"
    if found is None:
        return "unknown"
    parts = [*found["apis"], *([f"client: {found['client']}"] if found["client"] else [])]
    return "\n".join(parts) or "none: every API, from everywhere"


def _place(one: Mapping[str, Any]) -> str:
    version = f" version {one['version']}" if one["version"] and one["store"] == "gsm" else ""
    part = f"#{one['part']}" if one["part"] else ""
    notes = [one["role"]]
    if one["version_state"] and one["version_state"] != "enabled":
        notes.append(one["version_state"])
    notes.append("accepted" if one["accepted"] else "not accepted")
    if one["host"]:
        notes.append(f"on {one['host']}")
    return f"{one['secret']}{part}{version} ({', '.join(notes)})"
