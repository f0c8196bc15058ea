"""`keyward leaks`: does a key lie in these files, in this history, or in what is about to be committed; `keyward leaks hook` for git."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format, write_csv, write_json
from keyward.model.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk.leaking import Leaked, LeakWish
    from keyward.hygiene.leaks.git import Git

_HOOK, _SEARCH = "hook", "search"
_CSV = (
    "id", "kind", "label", "confidence", "counts", "baseline", "path", "line", "commit", "in_head", "in_query", "key", "state", "advice",
)  # fmt: skip  # the columns


class _Searching(TyperGroup):
    """A group whose first word is a path, unless it is its one other command: a folder of that name is `./hook`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the search in front of its paths and options."""
        return super().parse_args(ctx, args if args[:1] == [_HOOK] else [_SEARCH, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The search has no name of its own on help pages."""
        name, command, rest = super().resolve_command(ctx, args)
        return "" if name == _SEARCH else name, command, rest


leaks = typer.Typer(cls=_Searching, help="Find keys in files, in a history, in what is about to be committed.")
hook = typer.Typer(help="The hook that refuses a commit that adds a key.", no_args_is_help=True)
leaks.add_typer(hook, name=_HOOK)


@leaks.command(_SEARCH, hidden=True)
def search(
    context: typer.Context,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH]...", help="Files and folders; with --git one repository.")
    ] = None,
    git: Annotated[
        bool, typer.Option("--git", help="The history of the repository there (or here): every version, once.")
    ] = False,
    revisions: Annotated[
        list[str] | None,
        typer.Option(
            "--range", metavar="REV..REV", help="With --git: only these commits, as git names them. Repeatable."
        ),
    ] = None,
    staged: Annotated[
        bool, typer.Option("--staged", help="What is about to be committed, where it adds a key; for hooks.")
    ] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Known leaks: they are no findings.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update-baseline", help="Write to --baseline exactly what is found now.")
    ] = False,
    no_ignore: Annotated[bool, typer.Option("--no-ignore", help="Look at what git ignores, too.")] = False,
    max_size: Annotated[
        int, typer.Option("--max-size", metavar="MB", min=1, max=2_000, help="The largest text that is read.")
    ] = 64,
    no_inventory: Annotated[
        bool, typer.Option("--no-inventory", help="Do not say whose a key is; opens neither ledger nor cache.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, max=256, help="Processes.", show_default="one a processor")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> int:
    """Find keys in files, in a history, in what is about to be committed, and say whose they are. Never prints a value.

    Exit 1 when a key was found, 3 when something could not be read, 0 when neither. `keyward leaks hook install` has git ask before
    every commit.
    """
    from keyward.cli.leak_text import Progress, tell, write_rows

    invocation: Invocation = context.obj
    wish = _wish(paths or [], revisions or [], git=git, staged=staged)
    wish = _with(
        wish, baseline, update=update, ignored=no_ignore, megabytes=max_size, inventory=not no_inventory, jobs=jobs
    )
    progress = Progress()
    found = invocation.desk.hygiene.leaks(wish, progress)
    progress.end()
    status = _status(found)
    if form is Format.JSON:
        from keyward.desk.leak_record import to_json

        write_json(to_json(found, int(status)))
    elif form is Format.IDS:
        sys.stdout.writelines(f"{one.mark.id}\n" for one in found.findings)
    elif form is Format.CSV:
        write_csv(_csv(found), _CSV)
    else:
        write_rows(found)
    tell(found, quiet=form is not Format.TABLE)
    return int(status)


def _wish(paths: "Sequence[str]", revisions: "Sequence[str]", *, git: bool, staged: bool) -> "LeakWish":
    from keyward.desk.leaking import LeakWish, What
    from keyward.model.errors import UsageError

    if git and staged:
        raise UsageError("--git and --staged are two different questions.", hint="Leave one out.")
    if revisions and not git:
        raise UsageError("--range names commits of a history.", hint="Add --git.")
    if staged and paths:
        raise UsageError("--staged looks at the index, not at paths.", hint="Leave the paths out.")
    if git and len(paths) > 1:
        raise UsageError("--git looks at one repository.", hint="Run it once for each.")
    if not (git or staged or paths):
        raise UsageError("Name files or folders, or say --git or --staged.", hint="For example: keyward leaks .")
    what = What.HISTORY if git else What.INDEX if staged else What.FILES
    return LeakWish(what, tuple(paths) or (".",), tuple(revisions))


def _with(
    wish: "LeakWish",
    baseline: Path | None,
    *,
    update: bool,
    ignored: bool,
    megabytes: int,
    inventory: bool,
    jobs: int | None,
) -> "LeakWish":
    from dataclasses import replace

    from keyward.desk.leaking import What
    from keyward.model.errors import UsageError
    from keyward.paths import expanded

    if update and baseline is None:
        raise UsageError("--update-baseline writes a file that nobody named.", hint="Add --baseline FILE.")
    if update and wish.what is What.INDEX:
        raise UsageError("What is staged is too little for a baseline.", hint="keyward leaks . --update-baseline")
    if ignored and wish.what is not What.FILES:
        raise UsageError("--no-ignore is about files: what git ignores is in no history.", hint="Leave it out.")
    known = expanded(str(baseline)) if baseline is not None else None
    return replace(
        wish, known=known, update=update, ignored=ignored, megabytes=megabytes, inventory=inventory, jobs=jobs
    )


def _status(found: "Leaked") -> Exit:
    """A finding weighs more than what was not read, and neither is ever a pass."""
    if found.findings:
        return Exit.FINDINGS
    return Exit.OK if found.looked.complete else Exit.PARTIAL


def _csv(found: "Leaked") -> "list[tuple[str, ...]]":
    from keyward.desk.leak_record import label

    def word(value: bool | None) -> str:
        return "" if value is None else str(value).lower()

    return [
        (
            one.mark.id, one.mark.kind, label(one), one.mark.confidence, word(one.counts), word(one.accepted), place.path,
            str(place.line or ""), place.commit, word(place.in_head), word(place.in_query), " ".join(key.id for key in one.keys),
            " ".join(key.state.value for key in one.keys), one.advice.command or one.advice.page or one.advice.text,
        )
        for one in found.leaks
        for place in one.leak.places
    ]  # fmt: skip  # one column a word


@hook.command()
def install(
    context: typer.Context,
    repository: Annotated[str, typer.Argument(metavar="[REPOSITORY]", help="A folder in it.")] = ".",
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Known leaks, for every commit.")
    ] = None,
    no_inventory: Annotated[
        bool, typer.Option("--no-inventory", help="Do not say whose a key is; opens neither ledger nor cache.")
    ] = False,
) -> int:
    """Have git ask `keyward leaks --staged` before every commit of one repository; an existing hook is left alone."""
    from keyward.hygiene.leaks.hook import install as put
    from keyward.paths import expanded

    script = Path(sys.executable).with_name("keyward")
    command = [str(script)] if script.exists() else [sys.executable, "-P", "-m", "keyward"]
    command += ["--config", str(context.obj.config.absolute())] if context.obj.config is not None else []
    command += ["leaks", "--staged"]
    command += ["--baseline", str(expanded(str(baseline)))] if baseline is not None else []
    command += ["--no-inventory"] if no_inventory else []
    file = put(_git(context, repository), command)
    _say(f"Installed: {file}")
    return 0


@hook.command()
def remove(
    context: typer.Context,
    repository: Annotated[str, typer.Argument(metavar="[REPOSITORY]", help="A folder in it.")] = ".",
) -> int:
    """Take keyward's hook out of one repository."""
    from keyward.hygiene.leaks.hook import remove as take

    file = take(_git(context, repository))
    _say(f"Removed: {file}" if file is not None else "There was no hook.")
    return 0


def _git(context: typer.Context, repository: str) -> "Git":
    from keyward.hygiene.leaks.git import Git

    invocation: Invocation = context.obj
    return Git(Path(repository), invocation.parts.environ)


def _say(text: str) -> None:
    from keyward.model.redact import label

    typer.echo(label(text), err=True)
