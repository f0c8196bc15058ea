"""The HMAC keys of all projects."""

from __future__ import annotations

import dataclasses
import string
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.clock import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from keyward.emulator.iam import ServiceAccount
    from keyward.emulator.world import World

_TIMES = ("created", "updated", "settles")
_SECRET = string.ascii_letters + string.digits + "+/"
_SELF = "https://www.googleapis.com/storage/v1/projects"


@dataclass(slots=True)
class HmacKey:
    """One HMAC key of a service account."""

    access_id: str
    secret: str = field(repr=False)
    project_id: str
    email: str
    created: datetime
    updated: datetime
    etag: str
    state: str = "ACTIVE"
    """`ACTIVE`, `INACTIVE` or `DELETED`."""
    settles: datetime | None = None
    """Until then the last change has not reached every server."""
    before: bool = False
    """Whether the key worked before the last change."""

    def works(self, now: datetime) -> bool:
        """Say whether a signature by the key is taken."""
        return self.before if self.settles and now < self.settles else self.state == "ACTIVE"

    def resource(self) -> dict[str, Any]:
        """Give the JSON resource, without the secret."""
        return {
            "kind": "storage#hmacKeyMetadata",
            "id": f"{self.project_id}/{self.access_id}",
            "selfLink": f"{_SELF}/{self.project_id}/hmacKeys/{self.access_id}",
            "accessId": self.access_id,
            "projectId": self.project_id,
            "serviceAccountEmail": self.email,
            "state": self.state,
            "timeCreated": _millis(self.created),
            "updated": _millis(self.updated),
            "etag": self.etag,
        }

    def dump(self) -> dict[str, Any]:
        """Give the JSON form of a snapshot, secret included."""
        data = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return {**data, **{name: data[name].isoformat() for name in _TIMES if data[name]}}


class HmacKeys:
    """What Cloud Storage knows of HMAC keys. Callers hold the world's lock."""

    slot: ClassVar[str] = "hmackeys"

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: dict[str, HmacKey] = {}
        self._by_project: dict[str, list[HmacKey]] = {}

    def plant(
        self,
        account: ServiceAccount,
        *,
        created: datetime | None = None,
        state: str = "ACTIVE",
        access_id: str = "",
        secret: str = "",
    ) -> HmacKey:
        """Put a key into an account's project without any check; it is in force at once."""
        ids, born = self._world.ids, created or self._world.clock.now()
        key = HmacKey(
            access_id=access_id or "GOOG" + "1E" + ids.text(55, string.ascii_uppercase + string.digits),
            secret=secret or ids.text(40, _SECRET),
            project_id=account.project_id,
            email=account.email,
            created=born,
            updated=born,
            etag=self._etag(),
            state=state,
        )
        self._put(key)
        return key

    def change(self, key: HmacKey, state: str) -> None:
        """Give the key another state, which every server knows some time later."""
        self.spread(key, works=key.works(self._world.clock.now()))
        key.state, key.updated, key.etag = state, self._world.clock.now(), self._etag()

    def spread(self, key: HmacKey, *, works: bool) -> None:
        """Let the servers go on for a while as if the key worked, or did not."""
        now, window = self._world.clock.now(), self._world.behaviour.hmac_settle_seconds
        key.before, key.settles = works, now + timedelta(seconds=self._world.ids.between(*window))
        self._world.dirty = True

    def get(self, access_id: str) -> HmacKey | None:
        """Give a key, deleted or not, or None."""
        return self._keys.get(access_id)

    def of(self, project_id: str) -> list[HmacKey]:
        """Give the keys of a project, oldest first, deleted ones too."""
        return list(self._by_project.get(project_id, ()))

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values, secrets included."""
        return {"keys": [key.dump() for key in self._keys.values()]}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        for item in data["keys"]:
            self._put(HmacKey(**{**item, **{name: parse(item[name]) for name in _TIMES if item[name]}}))

    def _put(self, key: HmacKey) -> None:
        self._keys[key.access_id] = key
        self._by_project.setdefault(key.project_id, []).append(key)
        self._world.dirty = True

    def _etag(self) -> str:
        return self._world.ids.text(8)


def _millis(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
