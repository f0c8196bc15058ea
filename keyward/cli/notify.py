"""`keyward notify test`: whether everybody who is to be told can be."""

import sys

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json

SCHEMA = "keyward.notify/1"

notify = typer.Typer(help="Notifications about unattended runs.", no_args_is_help=True)


@notify.callback()
def _group() -> None:
    """Notifications about unattended runs."""


@notify.command("test")
def send_test(context: typer.Context, form: FormatOption = Format.TABLE) -> int:
    """Send a test to every address of the settings, and call the heartbeat; exit 1 when one fails."""
    from keyward.desk import notifying

    invocation: Invocation = context.obj
    sent = list(notifying.test(invocation.parts))
    if form is Format.JSON:
        channels = [{"channel": one.channel, "problem": one.problem or None} for one in sent]
        write_json({"schema": SCHEMA, "channels": channels})
    elif form is Format.CSV:
        write_csv([(one.channel, one.problem) for one in sent], ("channel", "problem"))
    else:
        for one in sent:
            sys.stdout.write(f"{'FAILED' if one.problem else 'ok':<7} {one.channel}  {one.problem}".rstrip() + "\n")
    return int(any(one.problem for one in sent))
