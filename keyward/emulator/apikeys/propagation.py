"""What the services know about a key at a moment: new keys are not known yet, deleted ones are still known.

Sources: ten public trials of deleted keys (8 to 23 minutes for standard keys, about one for bound ones, with a
success ratio that falls but not steadily) and the console's "up to five minutes" for changes.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.emulator.apikeys.key import Key
    from keyward.emulator.world import World


class Known(Enum):
    """How a service sees a key string."""

    WORKS = "works"
    NOT_YET = "not yet"
    EXPIRED = "expired"


def known(world: World, key: Key) -> Known:
    """Give how a request made now sees the key; requests in the ghost window are drawn one by one."""
    now = world.clock.now()
    if now < key.works_from:
        return Known.NOT_YET
    if key.delete_time is None or key.dies_at is None:
        return Known.WORKS
    if now >= key.dies_at:
        return Known.EXPIRED
    key.probes += 1
    passed = (now - key.delete_time).total_seconds() / (key.dies_at - key.delete_time).total_seconds()
    mood = world.ids.fixed("mood", key.uid, str(int(now.timestamp() // 60))).uniform(0.3, 1.0)
    draw = world.ids.fixed("probe", key.uid, str(key.probes)).random()
    return Known.WORKS if draw < (1 - passed) * mood else Known.EXPIRED
