"""A ledger in memory that keeps the promises of the interface: fences, one open rotation a key, JSON only, events in order."""

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.ledger.records import Lease
from keyward.model.errors import Held
from keyward.rotation.codec import encode

if TYPE_CHECKING:
    from keyward.ledger.records import EventRow, ProbeRow, RotationRow, TargetRow


class MemoryLedger:
    """Survives the death of a process, as the real one does. `world.hook` runs around every commit."""

    def __init__(self, world):
        self.world = world
        self.rows: dict[str, RotationRow] = {}
        self.leases: dict[str, list] = {}
        self.trail: list[EventRow] = []
        self.accepted: dict[str, TargetRow] = {}
        self.seen: dict[tuple, object] = {}
        self.uses: list[ProbeRow] = []
        self.facts: dict[str, str] = {}
        self.dead: set[str] = set()
        self.fence = 0
        self._lock = threading.RLock()

    def __getstate__(self):
        """What is on disk; the leases of the dead are free."""
        return {name: value for name, value in self.__dict__.items() if name not in ("leases", "dead", "_lock")}

    def __setstate__(self, state):
        self.__dict__.update(state, leases={}, dead=set(), _lock=threading.RLock())

    @contextmanager
    def _commit(self, what):
        # A process that is frozen there holds up nobody else.
        self.world.hook(f"before commit {what}")
        with self._lock:
            yield
        self.world.hook(f"after commit {what}")

    def meta(self, name):
        return self.facts.get(name)

    def metas(self, prefix):
        return {name: value for name, value in sorted(self.facts.items()) if name.startswith(prefix)}

    def set_meta(self, name, value):
        self.facts.pop(name, None)
        if value is not None:
            self.facts[name] = value

    def _free(self, name, owner):
        held = self.leases.get(name)
        alive = held and held[0].split("/")[0] not in self.dead and held[2] > self.world.now.timestamp()
        return not alive or held[0] == owner

    def acquire(self, name, owner, seconds):
        with self._lock:
            if not self._free(name, owner):
                raise Held(f"{name} is held")
            self.fence += 1
            self.leases[name] = [owner, self.fence, self.world.now.timestamp() + seconds]
            return Lease(name, owner, self.fence)

    def _mine(self, lease):
        held = self.leases.get(lease.name)
        if held is None or held[1] != lease.fence:
            raise Held(f"{lease.name} was lost")
        return held

    def renew(self, lease, seconds):
        with self._lock:
            self._mine(lease)[2] = self.world.now.timestamp() + seconds

    def release(self, lease):
        if self.world.crashed:
            return  # the process is gone: nobody gives anything back
        with self._lock:
            held = self.leases.get(lease.name)
            if held is not None and held[1] == lease.fence:
                del self.leases[lease.name]

    def _store(self, row, events, placements=()):
        row = replace(row, data=json.loads(json.dumps(row.data)))
        for event in events:
            self.trail.append(replace(event, seq=len(self.trail) + 1, detail=json.loads(json.dumps(event.detail))))
        self.rows[row.id] = row
        self.remember(placements)

    def open_rotation(self, row, events, *, lease_seconds, owner):
        with self._commit("open"):
            if any(known.credential == row.credential and not known.state.closed for known in self.rows.values()):
                raise Held("open already")
            self._store(row, events)
            return self.acquire(f"rotation:{row.id}", owner, lease_seconds)

    def commit(self, lease, row, events=(), *, placements=(), probes=(), lease_seconds=None):
        with self._commit(f"{row.state.value} {[event.step for event in events]}"):
            self._mine(lease)
            if lease_seconds is not None:
                self.renew(lease, lease_seconds)
            self._store(row, events, placements)
            self.uses += probes

    def rotation(self, rotation_id):
        found = [row for name, row in self.rows.items() if name.startswith(rotation_id)]
        return found[0] if len(found) == 1 else None

    def rotations(self, *, open_only=False, credential=None, group=None):
        return [
            row
            for row in sorted(self.rows.values(), key=lambda row: row.id, reverse=True)
            if not (open_only and row.state.closed)
            and credential in (None, row.credential)
            and group in (None, row.group)
        ]

    def append(self, events):
        self.trail.extend(events)

    def events(self, *, rotation=None, after=0):
        return iter([e for e in self.trail if rotation in (None, e.rotation) and e.seq > after])

    def verify_chain(self):
        return len(self.trail), None

    def accept(self, rows):
        with self._commit("accept"):
            for row in rows:
                known = self.accepted.setdefault(row.target, row)
                self.accepted[row.target] = replace(known, hosts=tuple(sorted({*known.hosts, *row.hosts})))

    def targets(self, wanted=None):
        return {name: row for name, row in self.accepted.items() if wanted is None or name in wanted}

    def remember(self, rows):
        for row in rows:
            name = (row.secret, row.version, row.part, row.host, row.credential)
            known = self.seen.get(name)
            self.seen[name] = replace(row, first_seen=known.first_seen if known else row.first_seen)

    def see(self, source, host, rows, at, *, complete):
        self.remember(replace(row, first_seen=row.first_seen or at, last_read=at) for row in rows)

    def placements(self, *, credential=None, include_gone=False):
        return [
            row
            for row in tuple(self.seen.values())
            if credential in (None, row.credential) and (include_gone or row.gone is None)
        ]

    def probe(self, row):
        self.uses.append(row)

    def probes(self, credential, since):
        return [row for row in self.uses if row.credential == credential and row.at >= since]

    def close(self):
        pass

    def text(self):
        """Everything that it holds, as text, to search for values."""
        return json.dumps(
            [encode(item) for item in (*self.rows.values(), *self.trail, *self.seen.values(), *self.uses)]
        )
