"""Which commands there are. One file a command; this list is the only place that knows them all."""

import typer

from keyward.cli.config import config
from keyward.cli.demo import demo
from keyward.cli.doctor import doctor
from keyward.cli.history import history
from keyward.cli.identify import identify
from keyward.cli.listing import list_keys
from keyward.cli.resume import resume
from keyward.cli.rotate import rotate
from keyward.cli.scan import scan
from keyward.cli.show import show
from keyward.cli.status import status
from keyward.cli.undo import undo
from keyward.cli.verify import verify


def register(app: typer.Typer) -> None:
    """Add every command to the program, in the order of the help page."""
    app.command()(demo)
    app.command()(doctor)
    app.command()(scan)
    app.command("list")(list_keys)
    app.command("ls", hidden=True)(list_keys)
    app.command()(show)
    app.command("describe", hidden=True)(show)
    app.command()(identify)
    app.command()(verify)
    app.command()(rotate)
    app.command()(resume)
    app.command()(undo)
    app.command()(history)
    app.command()(status)
    app.add_typer(config, name="config")
