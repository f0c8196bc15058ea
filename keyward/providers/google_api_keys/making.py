"""Makes keys: a name that only this rotation can have makes a create that is repeated harmless."""

from typing import TYPE_CHECKING, Any

from keyward.google.errors import GoogleFailure
from keyward.google.refusals import writing
from keyward.model.errors import Ambiguous, Gone, Refused, SourceError
from keyward.model.text import clean
from keyward.providers.google_api_keys import wire
from keyward.providers.interface import Created

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyward.google.errors import GoogleError
    from keyward.google.refusals import Asked
    from keyward.model.context import Ctx
    from keyward.providers.google_api_keys.keys import Keys
    from keyward.providers.interface import Marker, Want

_MOST_ATTEMPTS = 50


def create(keys: "Keys", want: "Want", marker: "Marker", ctx: "Ctx") -> Created:
    """Make the key, or adopt the one that this very rotation made under this name before.

    Raises:
        Refused: not made; "taken": the name is somebody else's, "spent": the key of this name was deleted.
        SourceError: not made; Google could not be reached or has no quota left for now.
        Ambiguous: perhaps made.
    """
    asked = keys.asked(f"Creating API key {marker.name} in {clean(want.scope)}", want.scope, "create")
    parent = f"projects/{want.scope}/locations/global"
    request = keys.collection.create(parent=parent, keyId=marker.name, body=wire.body(want, marker))
    try:
        item = keys.change(request, ctx, asked)
    except GoogleFailure as failure:
        if failure.error.status == "ALREADY_EXISTS" or failure.error.code == 409:
            return _adopt(keys, want.scope, marker, ctx, failure.error)
        raise _refusal(failure.error, asked) from None
    if wire.key_id(item) != marker.name:
        # The operation was done, but its answer does not show the key: look at it.
        try:
            item = keys.by_id(want.scope, marker.name, ctx)
        except (Gone, SourceError) as error:
            raise Ambiguous(f"{asked.what}: done, but the key cannot be read ({error.message})") from None
    keys.remember(want.scope, item)
    return Created(wire.credential(item, want.scope, ctx.now))


def _refusal(error: "GoogleError", asked: "Asked") -> Exception:
    found = writing(error, asked)
    # A project that does not exist: `Gone` would speak of the key.
    return Refused(found.message, reason=error.status) if isinstance(found, Gone) else found


def _adopt(keys: "Keys", scope: str, marker: "Marker", ctx: "Ctx", error: "GoogleError") -> Created:
    try:
        item = keys.by_id(scope, marker.name, ctx)
    except Gone:
        raise Refused(
            f"The name {marker.name} is taken in {clean(scope)}, by a key that cannot be seen ({error}).",
            reason="taken",
        ) from None
    except SourceError as unread:
        raise Ambiguous(
            f"The name {marker.name} is taken in {clean(scope)}; by whom cannot be read: {unread.message}"
        ) from None
    if not _ours(item, marker):
        raise Refused(f"The name {marker.name} is taken in {clean(scope)} by a key of somebody else.", reason="taken")
    found = wire.credential(item, scope, ctx.now)
    if found.deleted is not None:
        raise Refused(f"The key {marker.name} of this rotation was deleted in {clean(scope)}.", reason="spent")
    return Created(found, adopted=True)


def own(keys: "Keys", scope: str, marker: "Marker", ctx: "Ctx") -> "Iterator[dict[str, Any]]":
    """The keys that this rotation made, over all attempts, deleted ones included.

    Names are tried from the first attempt on; a gap before `marker.attempt` (a key that is gone for good) does not end the search.

    Raises:
        SourceError: one could not be read.
    """
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        try:
            item = keys.by_id(scope, type(marker)(marker.rotation, attempt).name, ctx)
        except Gone:
            if attempt >= marker.attempt:
                return
            continue
        if _ours(item, marker):
            yield item


def _ours(item: dict[str, Any], marker: "Marker") -> bool:
    return (item.get("annotations") or {}).get(wire.ANNOTATION) == marker.rotation
