"""Which commands there are. One file a command; this list is the only place that knows them all."""

import typer

from keyward.cli.config import config
from keyward.cli.demo import demo


def register(app: typer.Typer) -> None:
    """Add every command to the program, in the order of the help page."""
    app.command()(demo)
    app.add_typer(config, name="config")
