"""The value of one key, read at this moment from its provider or from a place that holds it. It is kept nowhere."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from keyward.inventory.link import BY_ID
from keyward.model.capability import Can
from keyward.model.errors import Gone, KeywardError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.model.context import Ctx
    from keyward.model.ids import CredentialRef
    from keyward.model.placement import Placement
    from keyward.model.secret import Secret
    from keyward.providers.interface import Provider
    from keyward.stores.interface import Store

StoreOf = Callable[[str], "Store"]
"""The store of that name."""


def readable(places: "Iterable[Placement]") -> "list[Placement]":
    """Those of the places in which the value itself is, and not only the key's id; current ones first."""
    held = (one for one in places if one.found_by != BY_ID or one.fingerprint)
    return sorted(held, key=lambda one: one.role.value != "current")


def read_value(
    provider: "Provider | None",
    ref: "CredentialRef | None",
    places: "Iterable[Placement]",
    store: StoreOf,
    ctx: "Ctx",
    *,
    fits: "Callable[[Secret], bool]" = lambda _: True,
) -> "tuple[Secret, str] | None":
    """The value and where it was read (the source `<provider>:<scope>`, or the id of a place); None when no place with it is known.

    Args:
        provider: whose key it is, as far as that is known.
        ref: the key, where that provider lists it.
        places: where it was seen.
        store: gives a store.
        ctx: how to ask.
        fits: whether a value from a place is the one that is wanted.

    Raises:
        Gone: its provider has no such key any more.
        KeywardError: it could not be read.
    """
    if provider is not None and ref is not None and Can.READ_VALUE in provider.can:
        return provider.read_value(ref, ctx), ref.source
    from keyward.model.parts import read_part

    trouble: KeywardError | None = None
    for place in readable(places):
        try:
            payload = store(place.at.secret.store).read(place.at.secret, ctx, place.at.version)
            value = read_part(payload.data.reveal(), place.at.part, payload.hint)
        except Gone:
            continue
        except KeywardError as error:
            trouble = error
            continue
        if value is not None and fits(value):
            return value, str(place.at)
    if trouble is not None:
        raise trouble
    return None
