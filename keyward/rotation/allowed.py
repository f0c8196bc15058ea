"""Places that settings accept by `[targets] allow`, those of other hosts included, as each told its own in the ledger.

What another host told is enough to plan with, and never a reason to write: it judges its own places itself (`keyward.rotation.acceptance`).
"""

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from keyward.ledger.interface import Ledger

ALLOWED = "allowed by the settings"
_PREFIX = "allow:"


def allowed(allow: Sequence[str], *names: str) -> bool:
    """Whether one of these names of a place is one that patterns accept."""
    return any(fnmatchcase(name, mask) for mask in allow for name in names)


def tell_allowed(ledger: Ledger, host: str, allow: Sequence[str]) -> None:
    """Tell the other hosts which places of its own the settings of this one accept."""
    told = json.dumps(list(allow)) if allow else None
    if ledger.meta(_PREFIX + host) != told:
        ledger.set_meta(_PREFIX + host, told)


def allowed_elsewhere(ledger: Ledger) -> Mapping[str, tuple[str, ...]]:
    """What each host told last. What cannot be read allows nothing."""
    found = {}
    for name, value in ledger.metas(_PREFIX).items():
        try:
            masks = json.loads(value)
        except ValueError:
            continue
        if isinstance(masks, list):
            found[name.removeprefix(_PREFIX)] = tuple(str(mask) for mask in masks)
    return found
