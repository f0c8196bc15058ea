"""`keyward disable`: switch keys off, so that they can be switched on again."""

import typer

from keyward.cli.acting import DryRunOption, ForeignOption, KeysArgument, ReasonOption, YesOption, act, wished
from keyward.cli.invocation import Invocation
from keyward.cli.options import FormatOption
from keyward.cli.output import Format
from keyward.cli.revoke import EvenIfBrokenOption, EvenIfUsedOption, WaiveOption


def disable(
    context: typer.Context,
    keys: KeysArgument,
    even_if_used: EvenIfUsedOption = False,
    even_if_broken: EvenIfBrokenOption = False,
    even_if_foreign: ForeignOption = False,
    waive: WaiveOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    reason: ReasonOption = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Switch keys off where their provider can, unless they are in use or a place still holds them; `enable` takes it back."""
    from keyward.model.capability import Act
    from keyward.rotation.acts.wish import Wish

    invocation: Invocation = context.obj
    wish = Wish(Act.DISABLE, even_if_used=even_if_used, even_if_broken=even_if_broken, even_if_foreign=even_if_foreign)
    wish = wished(invocation, wish, reason=reason, yes=yes, waive=waive)
    return act(invocation, keys, wish, form, dry_run=dry_run)
