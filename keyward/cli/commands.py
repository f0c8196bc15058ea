"""Which commands there are. One file a command; this list is the only place that knows them all."""

import typer

from keyward.cli.apply import apply
from keyward.cli.audit import audit
from keyward.cli.check import check
from keyward.cli.checklist import checklist
from keyward.cli.config import config
from keyward.cli.demo import demo
from keyward.cli.diff import diff
from keyward.cli.disable import disable
from keyward.cli.doctor import doctor
from keyward.cli.due import due
from keyward.cli.enable import enable
from keyward.cli.enrol import enrol
from keyward.cli.explain import explain
from keyward.cli.history import history
from keyward.cli.identify import identify
from keyward.cli.import_key import import_key
from keyward.cli.init import init
from keyward.cli.leaks import leaks
from keyward.cli.listing import list_keys
from keyward.cli.notify import notify
from keyward.cli.pause import pause, unpause
from keyward.cli.provider import provider
from keyward.cli.report import metrics, report
from keyward.cli.restore import restore
from keyward.cli.resume import resume
from keyward.cli.revoke import revoke
from keyward.cli.rotate import rotate
from keyward.cli.scan import scan
from keyward.cli.schedule import schedule
from keyward.cli.show import show
from keyward.cli.status import status
from keyward.cli.swap import swap
from keyward.cli.undo import undo
from keyward.cli.usage import usage
from keyward.cli.verify import verify


def register(app: typer.Typer) -> None:
    """Add every command to the program, in the order of the help page."""
    app.command()(demo)
    app.command()(init)
    app.command()(doctor)
    app.command()(scan)
    app.command("list")(list_keys)
    app.command("ls", hidden=True)(list_keys)
    app.command()(show)
    app.command("describe", hidden=True)(show)
    app.command()(usage)
    app.command()(diff)
    app.command()(check)
    app.command()(explain)
    app.command()(report)
    app.command()(metrics)
    app.command()(identify)
    app.command()(verify)
    app.add_typer(leaks, name="leaks")
    app.add_typer(checklist, name="checklist")
    app.command()(rotate)
    app.command()(swap)
    app.command()(apply)
    app.command()(resume)
    app.command()(undo)
    app.command()(revoke)
    app.command()(restore)
    app.command()(disable)
    app.command()(enable)
    app.command("import")(import_key)
    app.command()(history)
    app.command()(status)
    app.command()(due)
    app.command()(enrol)
    app.command()(pause)
    app.command()(unpause)
    app.add_typer(provider, name="provider")
    app.add_typer(schedule, name="schedule")
    app.add_typer(notify, name="notify")
    app.add_typer(audit, name="audit")
    app.add_typer(config, name="config")
