"""`keyward enable`: switch disabled keys on again."""

import typer

from keyward.cli.acting import DryRunOption, ForeignOption, KeysArgument, ReasonOption, YesOption, act, wished
from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format


def enable(
    context: typer.Context,
    keys: KeysArgument,
    even_if_foreign: ForeignOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Switch disabled keys on again, and prove that they work."""
    from keyward.model.capability import Act
    from keyward.rotation.acts.wish import Wish

    invocation: Invocation = context.obj
    wish = wished(invocation, Wish(Act.ENABLE, even_if_foreign=even_if_foreign), reason=reason, yes=yes)
    return act(invocation, keys, wish, form, dry_run=dry_run)
