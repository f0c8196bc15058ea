"""The options of `rotate`, and what they mean together."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from keyward.cli.options import RetireWhen

if TYPE_CHECKING:
    from keyward.cli.invocation import Invocation
    from keyward.desk import Changes

_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{2,62}[a-z0-9]")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]*@[a-z0-9][a-z0-9.-]*[a-z0-9]")

AcceptTargets = Annotated[
    bool, typer.Option("--accept-targets", help="Accept every place that the plan lists, except NEW ones.")
]
AcceptTarget = Annotated[
    list[str] | None, typer.Option(metavar="PLACE", help="Accept this place as one to write to. Repeatable.")
]
To = Annotated[
    list[str] | None,
    typer.Option(metavar="PLACE", help="Write the new key here too: a secret that is empty or not there. Repeatable."),
]
AllowLessGuarded = Annotated[
    bool, typer.Option("--allow-less-guarded", help="With --to: although the place is less guarded than the others.")
]
Grace = Annotated[str, typer.Option(help="How long both keys work, such as 24h or 0s.", show_default="settings")]
RetireOption = Annotated[
    RetireWhen,
    typer.Option(help="The old key goes when it is quiet (auto), without waiting for quiet (now), or never."),
]
Waive = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PLACE", help="Leave this place out, on your word; 'PLACE on HOST' on that host alone. Repeatable."
    ),
]
AcceptUnproved = Annotated[
    bool, typer.Option("--accept-unproved", help="Go on although the new key cannot be tried from here.")
]
AcceptUnread = Annotated[
    bool,
    typer.Option("--accept-unread", help="Let the old key go although a place could be written but not read back."),
]
EvenIfForeign = Annotated[
    bool,
    typer.Option("--even-if-foreign", help="Go on although Terraform, another rotator or an app looks after the key."),
]
TfState = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="Look in this Terraform state for who manages keys and secrets. Repeatable."),
]
As = Annotated[str, typer.Option("--as", metavar="TYPE", help="Make the new key another type: auth-key.")]
ServiceAccount = Annotated[str, typer.Option(metavar="EMAIL", help="The account that an auth key is bound to.")]
RestrictTo = Annotated[
    list[str] | None,
    typer.Option(metavar="API[,API]", help="Restrict the new key to these services, such as vision.googleapis.com."),
]
ToProject = Annotated[str, typer.Option(metavar="PROJECT", help="Make the new key in another project.")]
Emergency = Annotated[
    bool,
    typer.Option(
        "--emergency",
        help="The key leaked: no overlap, the old one goes at once; waits until it is dead. Needs --reason.",
    ),
]
EvenIfBroken = Annotated[
    bool,
    typer.Option("--even-if-broken", help="With --emergency: the old key goes although a place still holds it."),
]
Owned = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY", help="This leftover is the rotation's own: delete it, nobody has its value. Repeatable."
    ),
]
NotOurs = Annotated[
    list[str] | None, typer.Option("--not-ours", metavar="KEY", help="Somebody else made this key. Repeatable.")
]
Reason = Annotated[
    str, typer.Option(help="Why; kept in the audit trail. Needed for --emergency, and for --retire now --yes.")
]


def places(typed: list[str] | None) -> tuple[str, ...]:
    """Place ids as they are written everywhere; what cannot be one is refused before anything is read."""
    from keyward.model.ids import PlacementRef

    return tuple(str(PlacementRef.parse(one)) for one in typed or ())


def left_out(typed: list[str] | None) -> tuple[str, ...]:
    """The same, each perhaps with `on HOST` behind it: the place of that name on that host alone."""
    split = (one.partition(" on ") for one in typed or ())
    return tuple(f"{place}{on}{host}" for at, on, host in split for place in places([at]))


def keys(typed: list[str] | None) -> tuple[str, ...]:
    """Full ids of keys; what cannot be one is refused."""
    from keyward.model.ids import CredentialRef

    return tuple(str(CredentialRef.parse(one)) for one in typed or ())


def services(typed: list[str] | None) -> tuple[str, ...]:
    """Names of services, each once.

    Raises:
        UsageError: one is none.
    """
    names = [name.strip() for one in typed or () for name in one.split(",") if name.strip()]
    for name in names:
        _fits(_SERVICE, name, "--restrict-to", "such as generativelanguage.googleapis.com")
    return tuple(dict.fromkeys(names))


def project(typed: str) -> str:
    """The id of a project, or nothing.

    Raises:
        UsageError: it cannot be one.
    """
    return _fits(_PROJECT, typed, "--to-project", "such as acme-prod")


def account(typed: str) -> str:
    """The e-mail address of a service account, or nothing.

    Raises:
        UsageError: it cannot be one.
    """
    return _fits(_ACCOUNT, typed, "--service-account", "such as app@acme-prod.iam.gserviceaccount.com")


def _fits(form: re.Pattern[str], typed: str, option: str, example: str) -> str:
    from keyward.model.errors import UsageError
    from keyward.model.text import clean

    if typed and not form.fullmatch(typed):
        raise UsageError(f"{option}: {clean(typed)!r} is none, {example}.")
    return typed


def check(changes: "Changes", invocation: "Invocation", *, dry_run: bool) -> None:
    """Make sure that the options fit together, before anything is read.

    Raises:
        UsageError: they do not.
    """
    from keyward.model.errors import UsageError
    from keyward.rotation.into import check as check_into
    from keyward.rotation.policy import Into

    check_into(Into(changes.as_kind, changes.account, changes.to_scope, changes.restrict_to))
    if changes.emergency:
        _check_emergency(changes)
    elif changes.even_if_broken:
        raise UsageError(
            "--even-if-broken belongs to --emergency.", hint="To leave one place out, name it with --waive PLACE."
        )
    if changes.allow_less_guarded and not changes.to:
        raise UsageError("--allow-less-guarded belongs to --to.", hint="Leave it out, or name a place with --to.")
    unattended = changes.yes or not invocation.interactive
    if changes.retire == RetireWhen.NOW and not changes.reason and unattended and not dry_run:
        raise UsageError(
            "--retire now without a person at the terminal needs a reason for the audit trail.",
            hint="Add --reason TEXT.",
        )


def _check_emergency(changes: "Changes") -> None:
    from keyward.model.errors import UsageError

    if not changes.reason:
        raise UsageError("--emergency needs a reason for the audit trail.", hint="Add --reason TEXT.")
    if changes.grace is not None:
        raise UsageError("--emergency gives up the overlap, so --grace makes no sense with it.", hint="Leave one out.")
    if changes.retire == RetireWhen.NEVER:
        raise UsageError("--emergency ends the old key, and --retire never keeps it.", hint="Leave one out.")
