"""The command line: names, global options, and the way from an error to an exit status."""

import copy
import gc
import io
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.models import CommandInfo

from keyward import __version__
from keyward.cli import guard
from keyward.cli.invocation import Invocation
from keyward.cli.options import spelled_out
from keyward.model.errors import Exit, UsageError

app = typer.Typer(
    name="keyward",
    help="Find every API key you own and every place it is kept; replace it without an outage and without a loose end.",
    epilog="Without a command, keyward opens the app. stdout is data, stderr is for people.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help needs no second import and no colours
    pretty_exceptions_enable=False,  # guard tells errors, without locals
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"keyward {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="Use this settings file instead of your own keyward.toml.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Open the app in write mode: without a command, or with `demo`.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,  # its callback acts
) -> None:
    if write and context.invoked_subcommand != "demo":
        raise UsageError(
            f"--write is for the app, and {context.invoked_subcommand} opens none.",
            hint="Leave it out; what a command changes it asks for itself.",
        )
    context.obj = Invocation(config, write=write)


def _register() -> None:
    from keyward.cli import commands  # after `app` exists

    commands.register(app)


_register()


_GARBAGE_AFTER = 100_000
"""New objects before the collector of cycles looks: a command ends soon, and a scan makes millions that reference counts free by themselves."""


def run(arguments: list[str]) -> int:
    """Run a command line and return the process's exit status."""
    gc.set_threshold(_GARBAGE_AFTER, 50, 100)
    guard.harden()
    return guard.guarded(lambda: _invoke(arguments))


def _utf8(word: str) -> bool:
    return word == word.encode("utf-8", "replace").decode()


def _program(arguments: list[str]) -> Any:
    """What runs the arguments. Where they begin with a command, it knows that one only: to build them all takes longer than most of them."""
    known = copy.copy(app)
    known.registered_commands = [one for one in app.registered_commands if _name(one) in arguments[:1]]
    known.registered_groups = [one for one in app.registered_groups if one.name in arguments[:1]]
    return typer.main.get_command(known if known.registered_commands or known.registered_groups else app)


def _name(command: CommandInfo) -> str:
    return command.name or typer.main.get_command_name(command.callback.__name__ if command.callback else "")


def _invoke(arguments: list[str]) -> int:
    command = _program(arguments)
    try:
        result = command.main(args=spelled_out(arguments), prog_name="keyward", standalone_mode=False)
    except typer.TyperException as error:
        said = io.StringIO()
        show = getattr(error, "show", None)
        if show is not None:
            show(file=said)
        guard.told((said.getvalue() or error.format_message()).rstrip())
        return int(Exit.USAGE)
    except UnicodeEncodeError:
        # Names of files may be any bytes; in everything else such an argument is a mistake, wherever it first shows.
        if all(_utf8(word) for word in arguments):
            raise
        guard.told("Error: An argument holds bytes that are not UTF-8 text.")
        return int(Exit.USAGE)
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # the reader went away, as `head` does
            raise ended.__context__ from None
        raise
    except typer.Abort:
        raise KeyboardInterrupt from None
    return int(result) if isinstance(result, int) else 0
