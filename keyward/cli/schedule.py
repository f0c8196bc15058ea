"""`keyward schedule install|status|remove`: have unattended runs started by systemd, cron or launchd."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json

if TYPE_CHECKING:
    from keyward.schedule.job import State

SCHEMA = "keyward.schedule/1"
_COLUMNS = ("scheduler", "what", "next_run", "problem")

schedule = typer.Typer(help="Have what is due rotated by itself: systemd, crontab or launchd.", no_args_is_help=True)


class By(StrEnum):
    """Who starts it."""

    SYSTEMD = "systemd"
    CRONTAB = "crontab"
    LAUNCHD = "launchd"


SystemdOption = Annotated[bool, typer.Option("--systemd", help="A systemd user timer.")]
CrontabOption = Annotated[bool, typer.Option("--crontab", help="A block in your crontab.")]
LaunchdOption = Annotated[bool, typer.Option("--launchd", help="A launchd agent (macOS).")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print what would be written and run.")]


def _by(*, systemd: bool, crontab: bool, launchd: bool) -> str:
    from keyward.model.errors import UsageError

    wanted = [name for name, on in ((By.SYSTEMD, systemd), (By.CRONTAB, crontab), (By.LAUNCHD, launchd)) if on]
    if len(wanted) > 1:
        raise UsageError("One scheduler is enough; two would only start runs that meet each other.")
    return str(wanted[0]) if wanted else ""


@schedule.command()
def install(
    context: typer.Context,
    every: Annotated[str, typer.Option(help="How often: 15m, 1h, ...")] = "15m",
    systemd: SystemdOption = False,
    crontab: CrontabOption = False,
    launchd: LaunchdOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Have `keyward rotate --due --yes` started from now on."""
    from keyward.desk import scheduling
    from keyward.settings.values import option_duration

    invocation: Invocation = context.obj
    job = scheduling.job_of(invocation.parts, option_duration(every), invocation.config)
    scheduler = scheduling.chosen(invocation.parts, _by(systemd=systemd, crontab=crontab, launchd=launchd))
    if dry_run:
        sys.stdout.write(scheduler.preview(job))
        return 0
    others = [one for one in scheduling.states(invocation.parts) if one.scheduler != scheduler.name]
    scheduler.install(job)
    sys.stderr.write(f"Installed with {scheduler.name}: {' '.join(job.command)}\n")
    for other in others:
        sys.stderr.write(f"It is also installed with {other.scheduler}: keyward schedule remove --{other.scheduler}\n")
    if not invocation.parts.settings.rules:
        sys.stderr.write("There is no [[rotation.rule]] yet, so nothing is due; what is open goes on.\n")
    if scheduler.name == By.SYSTEMD:
        sys.stderr.write("It runs while you are logged in; `loginctl enable-linger` lets it run always.\n")
    return 0


@schedule.command()
def status(context: typer.Context, form: FormatOption = Format.TABLE) -> int:
    """Say who starts it, when it runs next, and how the last run ended."""
    from keyward.cli.words import moment
    from keyward.desk import memory, scheduling

    invocation: Invocation = context.obj
    parts = invocation.parts
    found = scheduling.states(parts)
    last = memory.load(parts.paths.state, parts.world)
    if form is Format.JSON:
        write_json(
            {
                "schema": SCHEMA,
                "installed": [_entry(one) for one in found],
                "last_run": last.last_run.isoformat() if last.last_run else None,
                "last_result": last.result or None,
                "last_exit_code": last.exit_code if last.last_run else None,
            }
        )
    elif form is Format.CSV:
        write_csv([[str(_entry(one)[name] or "") for name in _COLUMNS] for one in found], _COLUMNS)
    elif form is Format.IDS:
        sys.stdout.write("".join(f"{one.scheduler}\n" for one in found))
    else:
        for one in found:
            sys.stdout.write(f"{one.scheduler}  {one.what}\n")
            if one.next_run:
                sys.stdout.write(f"  next run   {one.next_run}\n")
            if one.problem:
                sys.stdout.write(f"  PROBLEM    {one.problem}\n")
        if not found:
            sys.stdout.write("not installed (keyward schedule install)\n")
        ended = (
            f"{moment(last.last_run)}: {last.result} (exit {last.exit_code})" if last.last_run else "never on this host"
        )
        sys.stdout.write(f"last run   {ended}\n")
    return 4 if any(one.problem for one in found) else 0


@schedule.command()
def remove(
    context: typer.Context,
    systemd: SystemdOption = False,
    crontab: CrontabOption = False,
    launchd: LaunchdOption = False,
) -> int:
    """Take it out of the scheduler, or out of all that have it."""
    from keyward.desk import scheduling

    invocation: Invocation = context.obj
    name = _by(systemd=systemd, crontab=crontab, launchd=launchd)
    known = [scheduling.chosen(invocation.parts, name)] if name else scheduling.schedulers(invocation.parts)
    removed = [one.name for one in known if one.remove()]
    sys.stderr.write(f"Removed from {', '.join(removed)}.\n" if removed else "It was not installed.\n")
    return 0


def _entry(one: "State") -> dict[str, str | None]:
    return {name: getattr(one, name) or None for name in _COLUMNS}
