"""Pending secrets by their names, whoever made them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from keyward.model.capability import Can
from keyward.model.errors import SourceError
from keyward.model.ids import SecretRef
from keyward.rotation.reach import Reach
from keyward.rotation.slot import rotation_of


def called_pending(reach: Reach, scopes: Mapping[str, Sequence[str]]) -> Iterator[SecretRef]:
    """Every secret of these scopes that is called like one; what a store cannot list is passed over."""
    for name, of_store in scopes.items():
        store = reach.stores[name]
        if Can.SECRET_STORE not in store.can or Can.LOCAL in store.can:
            continue
        for scope in of_store:
            found: list[SecretRef] = []
            with suppress(SourceError):  # what came before it counts
                found.extend(info.ref for info in store.list(scope, reach.ctx) if rotation_of(info.ref))
            yield from found
