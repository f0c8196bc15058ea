"""Sample organisations for the emulator: a curated one for people, plain ones of any size for measuring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyward.emulator.organisation import accounts, bulk, catalogue
from keyward.emulator.organisation.model import Organisation
from keyward.emulator.organisation.plant import plant
from keyward.emulator.organisation.truth import Truth, describe

if TYPE_CHECKING:
    from keyward.emulator.world import World

__all__ = ["Truth", "build"]


def build(world: World, size: str = "demo", seed: int | str | None = None) -> Truth:
    """Plants an organisation into a world and gives the truth about it.

    Args:
        world: Where it grows; times are relative to its clock.
        size: `demo` (curated), `empty`, or `PROJECTSxKEYSxSECRETS` such as `1000x10000x5000`; a fourth number asks
            for that many service account keys.
        seed: The same seed and time give the same organisation; None takes the world's.

    Raises:
        ValueError: The size is none of these.
    """
    seed = str(world.seed if seed in {None, ""} else seed)
    now = world.clock.now()
    counts = bulk.parse_size(size)
    if counts is not None:
        organisation = bulk.make(counts, now, seed)
    elif size == "demo":
        organisation = accounts.join(catalogue.read(now, seed), seed)
    elif size == "empty":
        organisation = Organisation("empty.example", now, ())
    else:
        raise ValueError(
            f"the sample organisation is `demo`, `empty` or PROJECTSxKEYSxSECRETS[xACCOUNTKEYS], not {size!r}"
        )
    truth = describe(organisation, size, seed)
    plant(world, organisation)
    return truth
