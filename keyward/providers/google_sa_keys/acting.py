"""Disables, enables and deletes keys. All three can be repeated without harm."""

from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import writing
from keyward.model.capability import Act
from keyward.model.errors import Gone, KeywardError, Refused
from keyward.providers.google_sa_keys import wire
from keyward.providers.google_sa_keys.iam import API, KEYS, resource

if TYPE_CHECKING:
    from keyward.google.refusals import Asked
    from keyward.model.context import Ctx
    from keyward.model.ids import CredentialRef
    from keyward.providers.google_sa_keys.iam import Iam

_NO_WAY_BACK = "Google deletes keys of service accounts for good."


def act(iam: "Iam", what: Act, ref: "CredentialRef", ctx: "Ctx") -> None:
    """Do it; returns when it is so already.

    Raises:
        Gone, Refused, SourceError, Ambiguous: as `Provider.act` says.
    """
    if what is Act.RESTORE:
        raise Refused(f"{ref} cannot be restored: {_NO_WAY_BACK}", reason="unsupported", hint="Make a new key.")
    if what is Act.REVOKE:
        _send(
            iam,
            iam.keys.delete(name=resource(ref)),
            ref,
            ctx,
            iam.asked(f"Deleting {ref}", ref.scope, f"{KEYS}.delete"),
        )
        return
    wanted = what is Act.DISABLE
    item = iam.get_key(ref, ctx)
    if bool(item.get("disabled")) == wanted:
        return
    if not wanted and (why := wire.exposed(item)):
        raise Refused(
            f"{ref} was not enabled: {why}.", reason="exposed", hint="Whoever found it can use it. Make a new key."
        )
    method = iam.keys.disable if wanted else iam.keys.enable
    asked = iam.asked(f"{'Disabling' if wanted else 'Enabling'} {ref}", ref.scope, f"{KEYS}.{what.value}")
    _send(iam, method(name=resource(ref), body={}), ref, ctx, asked, wanted=wanted)


def _send(
    iam: "Iam", request: Any, ref: "CredentialRef", ctx: "Ctx", asked: "Asked", *, wanted: bool | None = None
) -> None:
    """Send a change; after trouble the key itself tells. `wanted` None means that it is to be gone."""
    try:
        iam.execute(request, ctx, Call(API, ref.scope, "write"))
    except GoogleFailure as failure:
        trouble = writing(failure.error, asked)
    else:
        return
    if isinstance(trouble, Gone) and wanted is None:
        return
    try:
        now = iam.get_key(ref, ctx)
    except Gone:
        if wanted is None:
            return
        raise trouble from None
    except KeywardError:
        raise trouble from None
    if wanted is None or bool(now.get("disabled")) != wanted:
        raise trouble
