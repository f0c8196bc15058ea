"""The keys of all projects and the operations on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.apikeys.key import Key
from keyward.emulator.clock import micros, parse
from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from keyward.emulator.projects import Project
    from keyward.emulator.world import World


@dataclass(frozen=True, slots=True)
class Operation:
    """A change that was accepted."""

    name: str
    ready: datetime
    """When it says `done`."""
    response: dict[str, Any]


class ApiKeys:
    """What API Keys v2 knows. Callers hold the world's lock."""

    slot: ClassVar[str] = "apikeys"

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_project: dict[int, dict[str, Key]] = {}
        self._by_string: dict[str, Key] = {}
        self._by_uid: dict[str, Key] = {}
        self._operations: dict[str, Operation] = {}

    def plant(
        self,
        project: Project,
        *,
        key_id: str = "",
        uid: str = "",
        display_name: str = "",
        restrictions: dict[str, Any] | None = None,
        annotations: dict[str, str] | None = None,
        service_account: str = "",
        create_time: datetime | None = None,
        key_string: str = "",
        fresh_seconds: float = 0.0,
    ) -> Key:
        """Put a key into a project without any check or operation; missing values are made up.

        Services do not know it until `fresh_seconds` (emulated) after `create_time`.
        """
        ids = self._world.ids
        uid = uid or ids.uuid()
        born = create_time or self._world.clock.now()
        key = Key(
            project=project.number,
            key_id=key_id or uid,
            uid=uid,
            key_string=key_string or (ids.auth_key() if service_account else ids.standard_key()),
            create_time=born,
            update_time=born + timedelta(microseconds=48_125),
            works_from=born + timedelta(seconds=fresh_seconds),
            etag=ids.weak_etag(),
            display_name=display_name,
            annotations=dict(annotations or {}),
            restrictions=restrictions or {},
            service_account=service_account,
        )
        self._put(key)
        return key

    def keys(self, number: int) -> dict[str, Key]:
        """Give the keys of a project by id, soft-deleted ones included; purges those whose time is over."""
        keys = self._by_project.setdefault(number, {})
        limit = self._world.clock.now() - timedelta(seconds=self._world.behaviour.purge_seconds)
        for key in [one for one in keys.values() if one.delete_time and one.delete_time < limit]:
            key.purged = True
            del keys[key.key_id]
            del self._by_uid[key.uid]
        return keys

    def find(self, number: int, key_id: str) -> Key:
        """Give a key by project and id (or uid).

        Raises:
            ApiError: 404.
        """
        key = self.keys(number).get(key_id) or self._by_uid.get(key_id)
        if key is None or key.project != number:
            raise refuse("NOT_FOUND", "Requested entity was not found.")
        return key

    def by_string(self, key_string: str) -> Key | None:
        """Give the key of a string; purged ones too."""
        return self._by_string.get(key_string)

    def by_uid(self, uid: str) -> Key | None:
        """Give a key by its uid; not the purged ones."""
        return self._by_uid.get(uid)

    def is_purged(self, key: Key) -> bool:
        """Say whether a key is gone for good by now."""
        self.keys(key.project)
        return key.purged

    def delete(self, key: Key) -> None:
        """Soft-delete a key; it may go on working for a while, see `propagation`."""
        now, behaviour = self._world.clock.now(), self._world.behaviour
        window = behaviour.ghost_auth if key.service_account else behaviour.ghost_standard
        draw = self._world.ids.fixed("ghost", key.uid, micros(key.create_time)).uniform(*window)
        key.delete_time = now
        key.update_time = now + timedelta(microseconds=44_757)
        key.dies_at = now + timedelta(seconds=draw)
        key.probes = 0

    def undelete(self, key: Key) -> None:
        """Take back a soft deletion: the same string works again at once."""
        now = self._world.clock.now()
        key.delete_time = key.dies_at = None
        key.update_time = key.works_from = now

    def start(self, code: str, key: Key, *, with_string: bool) -> dict[str, Any]:
        """Record an operation on a key and give the answer that starts it, which is never done.

        `code` is Google's for the kind of change: p7 create, p10 update, p12 delete, p13 undelete.
        """
        name = f"operations/akmf.{code}-{key.project}-{self._world.ids.uuid()}"
        resource = {"@type": "type.googleapis.com/google.api.apikeys.v2.Key"} | key.resource(with_string=with_string)
        ready = self._world.clock.now() + timedelta(seconds=self._world.behaviour.operation_seconds)
        self._operations[name] = Operation(name, ready, resource)
        return {"name": name}

    def operation(self, name: str) -> dict[str, Any]:
        """Give an operation as it is now.

        Raises:
            ApiError: 404.
        """
        operation = self._operations.get(name)
        if operation is None:
            raise refuse("NOT_FOUND", "Requested entity was not found.")
        if self._world.clock.now() < operation.ready:
            return {"name": name}
        return {"name": name, "done": True, "response": operation.response}

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values, key strings included."""
        operations = [
            {"name": one.name, "ready": micros(one.ready), "response": one.response}
            for one in self._operations.values()
        ]
        return {"keys": [key.dump() for key in self._by_string.values()], "operations": operations}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        for item in data["keys"]:
            self._put(Key.load(item))
        for item in data["operations"]:
            ready = parse(item["ready"])
            self._operations[item["name"]] = Operation(item["name"], ready, item["response"])

    def _put(self, key: Key) -> None:
        self._by_string[key.key_string] = key
        if not key.purged:
            self._by_project.setdefault(key.project, {})[key.key_id] = key
            self._by_uid[key.uid] = key
        self._world.dirty = True
