"""Changes, deletes and restores keys."""

from typing import TYPE_CHECKING, Any

from keyward.google.errors import GoogleFailure
from keyward.google.refusals import writing
from keyward.model.capability import Act
from keyward.model.errors import Ambiguous, Conflict, Gone, KeywardError, Refused
from keyward.providers.google_api_keys import wire

if TYPE_CHECKING:
    from keyward.google.refusals import Asked
    from keyward.model.context import Ctx
    from keyward.model.ids import CredentialRef
    from keyward.providers.google_api_keys.keys import Keys
    from keyward.providers.interface import Change


def update(keys: "Keys", ref: "CredentialRef", change: "Change", ctx: "Ctx", etag: str) -> dict[str, Any]:
    """Change name, restrictions or annotations, if the key is still as `etag` says; returns the key as it is then.

    Raises:
        Conflict: it changed since `etag`.
        Gone: there is no such key.
        Refused: not done.
        SourceError: not done, it could not be asked.
        Ambiguous: perhaps done.
    """
    body, mask = wire.patch(change, etag)
    if not mask:
        return keys.find(ref, ctx)
    asked = keys.asked(f"Changing {ref}", ref.scope, "update")
    request = keys.collection.patch(name=keys.resource(ref, ctx), updateMask=mask, body=body)
    try:
        item = keys.change(request, ctx, asked)
    except GoogleFailure as failure:
        if failure.error.status == "FAILED_PRECONDITION":
            _explain(keys.find(ref, ctx), ref, etag)
        raise writing(failure.error, asked) from None
    return item if wire.local_id(item) == "/".join(ref.local) else keys.find(ref, ctx)


def act(keys: "Keys", what: Act, ref: "CredentialRef", ctx: "Ctx", *, etag: str, check_usage: bool) -> dict[str, Any]:
    """Delete or restore; returns when it is so already. Gives the key as it is then, or nothing where that was not told.

    Raises:
        Conflict, Gone, Refused, SourceError, Ambiguous: as `Provider.act` says.
    """
    if what is Act.REVOKE:
        return _delete(keys, ref, ctx, etag=etag, check_usage=check_usage)
    if what is Act.RESTORE:
        return _undelete(keys, ref, ctx)
    raise Refused(
        f"Google cannot {what} an API key, so {ref} was left as it is.",
        reason="unsupported",
        hint="Delete it: it can be restored for 30 days.",
    )


def _delete(keys: "Keys", ref: "CredentialRef", ctx: "Ctx", *, etag: str, check_usage: bool) -> dict[str, Any]:
    if not etag and _gone(keys, ref, ctx):
        return {}
    more = {"checkExistingUsage": "CHECK"} if check_usage else {}
    request = keys.collection.delete(name=keys.resource(ref, ctx), etag=etag or None, **more)
    asked = keys.asked(f"Deleting {ref}", ref.scope, "delete")
    try:
        return keys.change(request, ctx, asked)
    except (GoogleFailure, Ambiguous) as trouble:
        # The operation may be out of sight (its reading is a permission of its own) although the key is deleted.
        now = _look(keys, ref, ctx, trouble, asked)
        if now is None or _deleted(now):
            return now or {}
        if isinstance(trouble, GoogleFailure) and trouble.error.status == "FAILED_PRECONDITION":
            _explain(now, ref, etag)
            if check_usage:
                raise Refused(f"{ref} was used in the last 7 days; it was not deleted.", reason="in-use") from None
        raise _typed(trouble, asked) from None


def _gone(keys: "Keys", ref: "CredentialRef", ctx: "Ctx") -> bool:
    """Whether it is deleted already. With an etag the server compares, and what it answers tells."""
    try:
        return _deleted(keys.find(ref, ctx))
    except Gone:
        return True


def _undelete(keys: "Keys", ref: "CredentialRef", ctx: "Ctx") -> dict[str, Any]:
    now = keys.find(ref, ctx)
    if not _deleted(now):
        return now
    asked = keys.asked(f"Restoring {ref}", ref.scope, "undelete")
    request = keys.collection.undelete(name=keys.resource(ref, ctx), body={})
    try:
        return keys.change(request, ctx, asked)
    except (GoogleFailure, Ambiguous) as trouble:
        after = _look(keys, ref, ctx, trouble, asked)
        if after is None:
            raise Gone(f"{ref} is gone for good.", hint="Keys can be restored for 30 days.") from None
        if not _deleted(after):
            return after
        raise _typed(trouble, asked) from None


def _look(
    keys: "Keys", ref: "CredentialRef", ctx: "Ctx", trouble: KeywardError, asked: "Asked"
) -> dict[str, Any] | None:
    """The key after something went wrong; None when it is gone. What went wrong is raised when the key cannot be read."""
    try:
        return keys.find(ref, ctx)
    except Gone:
        return None
    except KeywardError:
        raise _typed(trouble, asked) from None


def _typed(trouble: KeywardError, asked: "Asked") -> KeywardError:
    return writing(trouble.error, asked) if isinstance(trouble, GoogleFailure) else trouble


def _deleted(item: dict[str, Any]) -> bool:
    return bool(item.get("deleteTime"))


def _explain(item: dict[str, Any], ref: "CredentialRef", etag: str) -> None:
    if etag and item.get("etag") != etag:
        raise Conflict(f"{ref} was changed meanwhile.", hint="Look at it again and decide anew.")
