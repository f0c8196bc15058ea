"""What happened in a rotation, as data for every face: each step with time, actor, target, versions, verdict, reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from keyward.ledger.records import EventRow, RotationRow
from keyward.rotation.codec import encode
from keyward.rotation.state import Rotation, from_row

_NAMED = ("before", "after", "verdict", "evidence", "reason", "ok", "what", "gate", "why")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a rotation's history. `before` and `after` are versions; `gate` names what was waived; `at` is UTC."""

    seq: int
    at: datetime | None
    actor: str
    host: str
    kind: str
    step: str
    target: str
    before: str = ""
    after: str = ""
    verdict: str = ""
    evidence: str = ""
    reason: str = ""
    gate: str = ""
    what: str = ""
    ok: bool | None = None
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """A rotation and its lines, oldest first. `undo_until` (UTC) is how long its provider can bring the old key back."""

    rotation: Rotation
    lines: tuple[Line, ...]
    began: datetime | None
    updated: datetime | None
    undo_until: datetime | None
    waived: tuple[str, ...]


class Trail(Protocol):
    """The part of a ledger that has the audit trail."""

    def events(self, *, rotation: str | None = None, after: int = 0) -> Iterator[EventRow]:
        """The audit trail in order."""
        ...


def history(ledger: Trail, row: RotationRow) -> History:
    """The history of one rotation."""
    rotation = from_row(row)
    lines = tuple(lines_of(ledger.events(rotation=row.id)))
    waived = tuple(dict.fromkeys(line.gate for line in lines if line.kind == "waived"))
    return History(rotation, lines, row.created, row.updated, rotation.undo_until, waived)


def to_json(found: History) -> dict[str, object]:
    """The history as JSON-ready data, without fingerprints."""
    rotation, old = found.rotation, found.rotation.old
    return {
        "id": rotation.id,
        "key": old.id,
        "successor": rotation.new.id if rotation.new else None,
        "state": rotation.state.value,
        "waiting_on": rotation.waiting_on.value,
        "why": rotation.why or rotation.failure,
        "due": encode(rotation.due),
        "awaits": list(rotation.awaits),
        "awaited_since": encode(rotation.awaited_since),
        "group": rotation.group,
        "actor": rotation.actor,
        "host": rotation.host,
        "reason": rotation.policy.reason,
        "began": encode(found.began),
        "updated": encode(found.updated),
        "cut_over": encode(rotation.cutover),
        "revoked": encode(rotation.revoked),
        "dead": encode(rotation.dead),
        "confirmed": rotation.confirmed,
        "undo_until": encode(found.undo_until),
        "waived": list(found.waived),
        "targets": [
            {
                "at": target.at,
                "status": target.status.value,
                "before": target.before,
                "after": target.after,
                "host": target.host,
                "read": encode(target.read),
            }
            for target in rotation.targets
        ],
        "notes": list(rotation.notes),
        "events": [line_json(line) for line in found.lines],
    }


def line_json(line: Line) -> dict[str, Any]:
    """One line as JSON-ready data."""
    data: dict[str, Any] = encode(line)
    return data


def lines_of(events: Iterable[EventRow]) -> Iterator[Line]:
    """Lines of the trail, what is known by name taken out of their details."""
    for event in events:
        detail = dict(event.detail)
        named = {name: detail.pop(name) for name in _NAMED if name in detail}
        ok = named.get("ok")
        yield Line(
            seq=event.seq,
            at=event.at,
            actor=event.actor,
            host=event.host,
            kind=event.kind,
            step=event.step,
            target=event.target,
            before=_text(named.get("before")),
            after=_text(named.get("after")),
            verdict=_text(named.get("verdict")),
            evidence=_text(named.get("evidence") or named.get("why")),
            reason=_text(named.get("reason")),
            gate=_text(named.get("gate")),
            what=_text(named.get("what")),
            ok=ok if isinstance(ok, bool) else None,
            more=detail,
        )


def _text(value: object) -> str:
    return "" if value is None else str(value)
