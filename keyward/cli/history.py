"""`keyward history`: what was done, by whom, to what, with which proof."""

import sys
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.rotation.history import History, Line

SCHEMA = "keyward.history/1"
_CSV = (
    "rotation",
    "seq",
    "at",
    "actor",
    "host",
    "kind",
    "step",
    "target",
    "before",
    "after",
    "verdict",
    "evidence",
    "reason",
    "gate",
    "ok",
)


def history(
    context: typer.Context,
    rotation: Annotated[
        str, typer.Argument(metavar="[ROTATION|KEY]", help="One rotation, by id or unique prefix, or one key, by id.")
    ] = "",
    limit: Annotated[int, typer.Option(min=0, help="Only so many of the newest rotations; 0: all.")] = 20,
    form: FormatOption = Format.TABLE,
) -> int:
    """Show rotations, newest first, each step with time, actor, target, versions, verdict, evidence and reason.

    Then what was done to single keys: revoke, restore, disable, enable, import, values that were shown or copied.
    """
    from keyward.desk.acts_done import acts_done, touched

    invocation: Invocation = context.obj
    desk = invocation.desk
    acts: tuple[Line, ...] = ()
    if ":" in rotation:
        acts = acts_done(desk, rotation)
        found = desk.record.histories([row.id for row in desk.record.rotations() if rotation in touched(row)])
    elif rotation:
        found = [desk.record.history(rotation)]
    else:
        acts = acts_done(desk)
        rows = desk.record.rotations()
        shown = rows[:limit] if limit else rows
        found = desk.record.histories([row.id for row in shown])
        if len(shown) < len(rows):
            typer.echo(f"The newest {len(shown)} of {len(rows)} rotations; --limit 0 shows all.", err=True)
    if form is Format.JSON:
        from keyward.rotation.history import line_json, to_json

        rotations, done = [to_json(one) for one in found], [line_json(line) for line in acts]
        write_json({"schema": SCHEMA, "world": desk.parts.world, "rotations": rotations, "acts": done})
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{one.rotation.id}\n" for one in found))
    elif form is Format.CSV:
        lines = [_row(one.rotation.id, line) for one in found for line in one.lines]
        write_csv([*lines, *(_row("", line) for line in acts)], _CSV)
    else:
        blocks = ["".join(f"{line}\n" for line in _text(one)) for one in found]
        if acts:
            blocks.append(
                "".join(f"{text}\n" for text in ("single keys", *(it for line in acts for it in _line(line))))
            )
        sys.stdout.write("\n".join(blocks))
        if not found and not acts:
            typer.echo(
                "Nothing was done to this key yet." if ":" in rotation else "No rotation was made yet.", err=True
            )
    return 0


def _row(rotation: str, line: "Line") -> list[str]:
    at = line.at.isoformat() if line.at else ""
    cells = [getattr(line, name) for name in _CSV[3:]]
    return [rotation, str(line.seq), at, *("" if cell is None else str(cell) for cell in cells)]


def _text(one: "History") -> "Iterator[str]":
    from keyward.cli import words

    yield from _head(one)
    for _, alike in groupby(one.lines, lambda line: (line.kind, line.step, line.target, line.verdict, line.evidence)):
        first, *more = alike
        yield from _line(first)
        if more:  # a run that waits proves the same thing again and again
            yield f"      and {len(more)} more like it, until {words.moment(more[-1].at)}"


def _head(one: "History") -> "Iterator[str]":
    from keyward.cli import words

    rotation = one.rotation
    waiting = f", waiting on {rotation.waiting_on.value}" if rotation.waiting_on.value else ""
    yield f"rotation {rotation.id}: {rotation.state.value}{waiting}"
    name = f'  "{rotation.old.name}"' if rotation.old.name else ""
    facts = [
        ("key", f"{rotation.old.id}{name}"),
        ("new key", rotation.new.id if rotation.new else ""),
        ("why", rotation.why or rotation.failure),
        (
            "awaits",
            f"{', '.join(rotation.awaits)} since {words.moment(rotation.awaited_since)}" if rotation.awaits else "",
        ),
        ("reason", rotation.policy.reason),
        *(("waived", gate) for gate in one.waived),
        *(
            ("target", f"{it.named}: {it.status.value}{_versions(it.before, it.back or it.after)}")
            for it in rotation.targets
        ),
        ("dead", f"{words.moment(rotation.dead)}: {rotation.confirmed}" if rotation.dead else ""),
        ("undo until", words.moment(one.undo_until) if one.undo_until else ""),
        *(("note", note) for note in rotation.notes),
    ]
    yield from (f"  {word:<10} {fact}" for word, fact in facts if fact)


def _line(line: "Line") -> "Iterator[str]":
    from keyward.cli import words

    sign = {True: "ok", False: "NOT OK", None: ""}[line.ok]
    facts = [fact for fact in (line.target, _versions(line.before, line.after).strip(), line.gate, sign) if fact]
    yield f"  {words.moment(line.at)}  {line.actor}@{line.host}  {line.kind:<8} {line.step:<12} {'  '.join(facts)}".rstrip()
    said = [text for text in (line.what, line.verdict, line.evidence, line.reason and f"reason: {line.reason}") if text]
    if said:
        yield f"      {'; '.join(dict.fromkeys(said))}"


def _versions(before: str, after: str) -> str:
    if before and after and before != after:
        return f" {before} -> {after}"
    return f" {before or after}" if before or after else ""
