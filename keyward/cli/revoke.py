"""`keyward revoke`: delete keys at their provider."""

from typing import Annotated

import typer

from keyward.cli.acting import (
    DeletedOption,
    DryRunOption,
    ForeignOption,
    KeysArgument,
    ReasonOption,
    YesOption,
    act,
    wished,
)
from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption, TimeoutOption, Wait, timeout_of
from keyward.cli.output import Format

EvenIfUsedOption = Annotated[
    bool, typer.Option("--even-if-used", help="Although the key is in use, or nobody knows: its users fail.")
]
EvenIfBrokenOption = Annotated[
    bool, typer.Option("--even-if-broken", help="Although places still hold the key: their readers fail.")
]
WaiveOption = Annotated[
    list[str] | None, typer.Option(metavar="PLACE", help="Leave this place out, on your word. Repeatable.")
]
DeadOption = Annotated[
    Wait | None,
    typer.Option("--wait", help="Probe the key until it is dead (`--wait` alone means dead).", show_default="no"),
]


def revoke(
    context: typer.Context,
    keys: KeysArgument,
    unused: Annotated[
        bool, typer.Option("--unused", help="The key is said to be unused: its provider refuses if it saw use lately.")
    ] = False,
    even_if_used: EvenIfUsedOption = False,
    even_if_broken: EvenIfBrokenOption = False,
    even_if_foreign: ForeignOption = False,
    waive: WaiveOption = None,
    deleted: DeletedOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
    wait: DeadOption = None,
    timeout: TimeoutOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Delete keys at their provider, unless they are in use or a place still holds them; says until when that can be undone."""
    from keyward.model.capability import Act
    from keyward.model.errors import UsageError
    from keyward.rotation.acts.wish import Wish

    invocation: Invocation = context.obj
    if unused and even_if_used:
        raise UsageError("--unused and --even-if-used contradict each other.", hint="Leave one of them out.")
    if wait not in (None, Wait.DEAD):
        raise UsageError(f"--wait={wait} means nothing here.", hint="Use --wait=dead.")
    wish = Wish(
        Act.REVOKE,
        unused=unused,
        even_if_used=even_if_used,
        even_if_broken=even_if_broken,
        even_if_foreign=even_if_foreign,
        gone=deleted,
    )
    wish = wished(invocation, wish, reason=reason, yes=yes, waive=waive)
    limit = timeout_of(timeout, wait)
    return act(invocation, keys, wish, form, dry_run=dry_run, wait=wait is not None, timeout=limit)
