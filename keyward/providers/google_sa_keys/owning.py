"""Recognises the keys of a rotation: by the public half, by the certificate's serial number, or by Google's audit log."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyward.google import audit
from keyward.model.errors import Gone, SourceError
from keyward.providers.google_sa_keys import material, wire
from keyward.providers.google_sa_keys.audit import CREATES
from keyward.providers.google_sa_keys.making import LIST_LAG, LOOK, certificate_of, credential_of, email_of_want, ref_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.providers.google_sa_keys.iam import Iam
    from keyward.providers.interface import Clues, Marker, Want

_SKEW = timedelta(minutes=1)


def own(iam: "Iam", want: "Want", marker: "Marker", ctx: "Ctx", clues: "Clues") -> "Sequence[Credential]":
    """What this rotation surely made; a list that is a few seconds behind is waited for.

    Raises:
        SourceError: it could not be found out.
    """
    until = clues.tried + LIST_LAG if clues.tried is not None else None
    while True:
        found = tuple(_own(iam, want, marker, ctx, clues))
        if found or until is None or ctx.now >= until or not ctx.wait(LOOK):
            return found


def _own(iam: "Iam", want: "Want", marker: "Marker", ctx: "Ctx", clues: "Clues") -> "Iterator[Credential]":
    public = material.public_half(clues.material) if clues.material is not None else b""
    candidates = _since(iam, want, ctx, clues)
    # Without a time nothing was ever asked for, so the log has nothing of ours.
    logged = any(item.get("keyOrigin") == wire.MADE_BY_GOOGLE for item in candidates) and clues.since is not None
    ids = _log(iam, want).made_by(marker.rotation, clues.since, ctx).ids if logged else frozenset()
    for item in candidates:
        if item.get("keyOrigin") == wire.UPLOADED:
            data = certificate_of(iam, item, want, ctx)
            ours = material.same_pair(data, public) if public else material.made_by(data, marker.rotation)
        else:
            ours = wire.key_id(item) in ids
        if ours:
            yield credential_of(item, want, ctx)


def suspects(iam: "Iam", want: "Want", marker: "Marker", ctx: "Ctx", clues: "Clues") -> "Sequence[Credential]":
    """Keys that Google made since then and of which the audit log does not say who asked for them.

    Uploaded ones are not among them: their certificates tell.

    Raises:
        SourceError: it could not be found out, or the log may be behind.
    """
    if clues.since is None:
        return ()
    begun = clues.since - _SKEW
    fresh = [
        credential_of(item, want, ctx)
        for item in _since(iam, want, ctx, clues)
        if item.get("keyOrigin") != wire.UPLOADED
    ]
    fresh = [one for one in fresh if one.live and (one.created is None or one.created >= begun)]
    if not fresh:
        return ()
    told = _log(iam, want).made_by(marker.rotation, clues.since, ctx)
    unproved = [one for one in fresh if one.uid not in told.ids and one.uid not in told.others]
    young = [one for one in unproved if one.created is None or ctx.now - one.created < audit.LAG]
    if told.readable and young:
        raise SourceError(
            f"{young[0].id} is not in the audit log yet, which tells who made it.",
            api="logging.googleapis.com",
            retry_after=audit.LAG.total_seconds() / 4,
        )
    return tuple(unproved)


def _log(iam: "Iam", want: "Want") -> audit.Log:
    return audit.Log(iam.parts, want.scope, CREATES)


def _since(iam: "Iam", want: "Want", ctx: "Ctx", clues: "Clues") -> list[dict[str, Any]]:
    """The keys that were not there before."""
    try:
        items = iam.list_keys(want.scope, email_of_want(want), ctx)
    except Gone as gone:
        raise SourceError(gone.message) from None
    return [item for item in items if str(ref_of(item, want)) not in clues.baseline]
