"""`keyward report` and `keyward metrics`: a check for people and machines that read something else than a terminal."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import SinceOption
from keyward.model.errors import Exit

if TYPE_CHECKING:
    from keyward.hygiene.checked import Checked


class ReportFormat(StrEnum):
    """What a report is written as; JSON and CSV are formats of `keyward check`."""

    HTML = "html"
    MARKDOWN = "markdown"
    SARIF = "sarif"
    PROMETHEUS = "prometheus"


def report(
    context: typer.Context,
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUERY]...", help="Only keys, secrets and projects such as project:acme-prod."),
    ] = None,
    form: Annotated[ReportFormat, typer.Option("--format", "-o", help="What to write.")] = ReportFormat.MARKDOWN,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, readable by you alone.")] = None,
    since: SinceOption = "",
) -> int:
    """Write what `keyward check` finds as HTML, Markdown, SARIF 2.1.0 or Prometheus text; a line in each says what was seen."""
    return _written(context.obj, " ".join(query or ()), form, to, since)


def metrics(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Such as /var/lib/node_exporter/keyward.prom.")
    ] = None,
) -> int:
    """Write the numbers of `keyward check` for Prometheus, such as for the textfile collector of node_exporter."""
    return _written(context.obj, "", ReportFormat.PROMETHEUS, to, None)


def _written(invocation: Invocation, query: str, form: ReportFormat, to: Path | None, since: str | None) -> int:
    from keyward.hygiene.reports import FORMATS  # loads every format

    found = invocation.desk.hygiene.check(query, since=since)
    text = FORMATS[form.value](found)
    if to is None:
        sys.stdout.write(text)
    else:
        _write(to, text, shared=form is ReportFormat.PROMETHEUS)
        typer.echo(f"{to}: {found.coverage}", err=True)
    return int(_status(found))


def _write(to: Path, text: str, *, shared: bool) -> None:
    """Replace the file as a whole: a reader never sees half of it. Metrics name no key, so other users may read them.

    Raises:
        Refused: it cannot be written there.
    """
    from keyward.files import replace

    replace(to.absolute(), text.encode("utf-8", "replace"), mark="report")
    to.chmod(0o644 if shared else 0o600)


def _status(found: "Checked") -> Exit:
    """A report was written, whatever is in it; 3 where it does not tell everything."""
    return Exit.PARTIAL if found.partial else Exit.OK
