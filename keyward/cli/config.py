"""`keyward config show|validate`: the settings and where each of them came from."""

from typing import Annotated

import typer

from keyward.cli.invocation import Invocation
from keyward.cli.output import Format, write_csv, write_json, write_table

config = typer.Typer(help="The settings: what holds, and where each value came from.", no_args_is_help=True)


@config.command()
def show(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", "-o", help="How to print.")] = Format.TABLE,
) -> None:
    """Print every setting with its value, and where it came from."""
    invocation: Invocation = context.obj
    rows = list(invocation.parts.setting_rows())
    if form is Format.JSON:
        write_json(
            {
                "schema": "keyward.settings/1",
                "settings": [{"name": name, "value": value, "origin": origin} for name, value, origin in rows],
            }
        )
    elif form is Format.IDS:
        typer.echo("\n".join(name for name, _, _ in rows))
    elif form is Format.CSV:
        write_csv(rows, ("name", "value", "origin"))
    else:
        write_table(rows, ("SETTING", "VALUE", "FROM"))


@config.command()
def validate(context: typer.Context) -> None:
    """Read the settings and say whether they can be used; exit 4 when not."""
    invocation: Invocation = context.obj
    file = invocation.parts.loaded.file
    if invocation.parts.settings.keys:
        from keyward.tui.keymap import read  # only settings with keys are checked against the app's actions

        read(invocation.parts.settings.keys)
    typer.echo(
        f"{file}: fine."
        if file
        else f"No settings file ({invocation.parts.paths.config_file} does not exist); the defaults hold.",
        err=True,
    )
