"""Acts in the ledger: an intent before, an outcome after, and a note of what was begun, so that a stopped run is found again."""

from collections.abc import Iterator

from keyward.ledger.interface import Ledger
from keyward.ledger.records import EventRow
from keyward.rotation.codec import encode
from keyward.rotation.history import Line, Trail, lines_of
from keyward.rotation.reach import Reach

BEGUN = "act:"
"""What the name of a note of an act that was begun starts with; the key's id follows."""

STEPS = frozenset({"revoke", "restore", "disable", "enable", "import", "reveal", "copy-value"})


def unfinished(ledger: Ledger, key: str) -> str:
    """The act on that key that was begun and of which nobody knows the end; empty when there is none."""
    return ledger.meta(BEGUN + key) or ""


def begin(reach: Reach, key: str, step: str, what: str, **detail: object) -> None:
    """Put down that something is about to be done."""
    reach.ledger.set_meta(BEGUN + key, step)
    reach.ledger.append([_event(reach, "intent", key, step, {"what": what, **detail})])


def note(reach: Reach, kind: str, key: str, step: str, **detail: object) -> None:
    """Add a line about that key."""
    reach.ledger.append([_event(reach, kind, key, step, detail)])


def end(reach: Reach, key: str, step: str, *, ok: bool, **detail: object) -> None:
    """Put down what came of it."""
    note(reach, "outcome", key, step, ok=ok, **detail)
    reach.ledger.set_meta(BEGUN + key, None)


def _event(reach: Reach, kind: str, key: str, step: str, detail: dict[str, object]) -> EventRow:
    data = {"credential": key, "identity": reach.identity, **detail}
    return EventRow(
        kind=kind,
        step=step,
        target=key,
        detail={name: encode(value) for name, value in data.items()},
        actor=reach.actor,
        host=reach.host,
        at=reach.ctx.now,
    )


def acts_in(ledger: Trail, key: str = "") -> Iterator[Line]:
    """What was done to single keys, oldest first; with a key's id, to that one."""
    for line in lines_of(ledger.events(rotation="")):
        if line.step in STEPS and key in ("", line.target):
            yield line
