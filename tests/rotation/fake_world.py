"""A small world with the real interfaces: a provider that forgets answers, stores that conflict, and a judge after every effect."""

import hashlib
import hmac
import json
import secrets
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from keyward.model.capability import Act, Can, CrashClass, Readiness, Ready
from keyward.model.context import Ctx
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused
from keyward.model.ids import CredentialRef, SecretRef
from keyward.model.placement import Placement, Role
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload, SecretInfo, Version, VersionState
from keyward.model.usage import UsageReport, UseBucket, UseStatus
from keyward.model.verdict import Verdict, VerdictKind
from keyward.providers.interface import Created
from keyward.rotation.reach import Coverage

if TYPE_CHECKING:
    from collections.abc import Callable

GHOST = timedelta(minutes=6)
YOUNG = timedelta(seconds=25)
READER_LAG = timedelta(seconds=60)


class Crash(BaseException):
    """The process is gone at this very point."""


class Fingerprints:
    def fingerprint(self, value: Secret) -> str:
        return hmac.new(b"test", value.reveal().strip(), "sha256").hexdigest()


@dataclass
class Key:
    ref: CredentialRef
    material: str
    created: datetime
    state: State = State.ACTIVE
    marker: str = ""
    deleted: datetime | None = None
    etag: int = 1
    annotations: dict = field(default_factory=dict)


class World:
    """Everything outside of keyward. `hook(point)` runs before and after every effect and may raise `Crash`."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 9, 7, tzinfo=UTC)
        self.keys: dict[str, Key] = {}
        self.hook: Callable[[str], None] = lambda point: None
        self.lose: Callable[[str], bool] = lambda what: False
        self.violations: list[str] = []
        self.effects: list[str] = []
        self.watched: list[Callable[[], str]] = []
        self.readers: dict[int, tuple[str, list]] = {}
        self.crashed = False
        self.calls: list[str] = []

    def ctx(self, cancel=None):
        return Ctx(clock=lambda: self.now, wait=self.wait, cancel=cancel or threading.Event())

    def wait(self, seconds):
        self.advance(timedelta(seconds=seconds))
        return True

    def advance(self, span):
        end = self.now + span
        while self.now < end:
            self.now = min(end, self.now + timedelta(seconds=20))
            self.judge()

    def judge(self):
        """No value that somebody reads, in a store or in a reader's memory, is a key that is off."""
        for number, current in enumerate(self.watched):
            value = current()
            held, coming = self.readers.get(number, (value, []))
            if value != (coming[-1][1] if coming else held):
                coming.append((self.now + READER_LAG, value))
            while coming and coming[0][0] <= self.now:
                held = coming.pop(0)[1]
            self.readers[number] = (held, coming)
            for what, material in (("current value", value), ("reader's value", held)):
                key = self.by_material(material)
                if key is None or key.state is not State.ACTIVE:
                    self.violations.append(f"OUTAGE {what} of place {number} is no live key after {self.effects[-1:]}")

    def by_material(self, material):
        return next((key for key in self.keys.values() if key.material == material), None)

    def effect(self, what, do, *, may_lose=True):
        self.hook(f"before {what}")
        result = do()
        self.effects.append(what)
        self.judge()
        self.hook(f"after {what}")
        if may_lose and self.lose(what):
            raise Ambiguous(f"no answer to {what}")
        return result

    def add_key(self, name, **more):
        ref = CredentialRef("fake-keys", "acme", (name,))
        key = Key(ref, f"FAKE{secrets.token_hex(16)}", self.now - timedelta(days=90), **more)
        self.keys[name] = key
        return key

    def live(self):
        return [key for key in self.keys.values() if key.state is State.ACTIVE]


class FakeKeys:
    name = "fake-keys"
    crash = CrashClass.NAMED

    def __init__(self, world):
        self.world = world
        self.can = frozenset({Can.CREATE, Can.READ_VALUE, Can.RESTORE, Can.USAGE, Can.VERIFY, Can.DELETE})
        self.uses: list[tuple[datetime, str]] = []
        self.usage_status = UseStatus.USED
        self.ready: list[Readiness] = [Readiness("create", Ready.YES, permission="keys.create")]
        self.verdicts: dict[str, VerdictKind] = {}
        self.refuse_create: Refused | None = None
        self.own_lag = False
        self.deleted_readable = True

    def _credential(self, key):
        until = key.deleted + timedelta(days=30) if key.deleted else None
        return Credential(
            key.ref,
            Kind.API_KEY,
            key.state,
            f"projects/1/keys/{key.ref.local[0]}",
            f"uid-{key.ref.local[0]}",
            key.ref.local[0],
            created=key.created,
            deleted=key.deleted,
            restorable_until=until,
            restrictions=Restrictions(apis=("one.example.com",), raw={"apiTargets": [{"service": "one.example.com"}]}),
            etag=str(key.etag),
            annotations=key.annotations,
        )

    def _key(self, ref):
        key = self.world.keys.get(ref.local[0])
        if key is None:
            raise Gone(f"{ref} does not exist.")
        return key

    def list(self, scope, ctx):
        yield from (self._credential(key) for key in self.world.keys.values())

    def get(self, ref, ctx):
        self.world.calls.append("get")
        return self._credential(self._key(ref))

    def preflight(self, want, ctx):
        return self.ready

    def create(self, want, marker, ctx):
        world = self.world
        if self.refuse_create is not None:
            raise self.refuse_create
        known = world.keys.get(marker.name)
        if known is not None:
            if known.marker != marker.rotation:
                raise Refused("that name is taken", reason="taken")
            if known.state is not State.ACTIVE:
                raise Refused("that name was used and deleted", reason="spent")
            return Created(self._credential(known), adopted=True)

        def do():
            if marker.name in world.keys:  # somebody was quicker while this request was on its way
                return world.keys[marker.name]
            key = world.add_key(marker.name, marker=marker.rotation)
            key.created = world.now
            return key

        return Created(self._credential(world.effect(f"create {marker.name}", do)))

    def own(self, scope, marker, ctx):
        self.world.calls.append("own")
        return [self._credential(key) for key in self.world.keys.values() if key.marker == marker.rotation]

    def read_value(self, ref, ctx):
        key = self._key(ref)
        if key.deleted and not self.deleted_readable:
            raise Gone("deleted")
        return Secret.of(key.material)

    def update(self, ref, change, ctx, *, etag):
        raise NotImplementedError

    def act(self, act, ref, ctx, *, etag="", check_usage=False):
        key = self._key(ref)
        if etag and etag != str(key.etag):
            raise Conflict("it changed")
        states = {
            Act.REVOKE: State.RESTORABLE,
            Act.RESTORE: State.ACTIVE,
            Act.ENABLE: State.ACTIVE,
            Act.DISABLE: State.DISABLED,
        }
        if key.state is states[act]:
            return

        def do():
            key.state = states[act]
            key.etag += 1
            key.deleted = self.world.now if act is Act.REVOKE else None

        self.world.effect(f"{act.value} {ref.local[0]}", do)

    def verify(self, value, ref, ctx):
        world = self.world
        key = world.by_material(value.reveal().decode())
        self.world.calls.append("verify")
        if key is None:
            return Verdict(VerdictKind.DEAD, "400 unknown key", world.now)
        if key.material in self.verdicts:
            return Verdict(self.verdicts[key.material], "as told", world.now)
        self.uses.append((world.now, f"uid-{key.ref.local[0]}"))
        if key.state is State.ACTIVE:
            young = key.marker and world.now - key.created < YOUNG
            kind = VerdictKind.NOT_YET if young else VerdictKind.WORKS
            return Verdict(kind, "400 not valid" if young else "200", world.now)
        ghost = key.deleted is not None and world.now - key.deleted < GHOST
        return Verdict(VerdictKind.WORKS if ghost else VerdictKind.DEAD, "ghost" if ghost else "400 expired", world.now)

    def usage(self, scope, since, ctx):
        hour = timedelta(hours=1)
        buckets: dict[str, dict[datetime, int]] = {}
        for at, uid in self.uses:
            start = at.replace(minute=0, second=0, microsecond=0)
            mine = buckets.setdefault(uid, {})
            mine[start] = mine.get(start, 0) + 1
        by_key = {
            uid: tuple(UseBucket(start, start + hour, count) for start, count in sorted(found.items(), reverse=True))
            for uid, found in buckets.items()
        }
        now = self.world.now
        return UsageReport(
            self.usage_status, since, now, by_key, "fake record", hour, timedelta(minutes=30), detail="told so"
        )

    def dead_after(self, credential):
        return (60.0, 120.0)


class FakeStore:
    """Versioned or not, decided by `can`. Payloads are texts in the clear: this is the outside world."""

    def __init__(self, world, name, *, versions, local=False):
        self.world = world
        self.name = name
        base = {Can.READ, Can.WRITE, Can.LIST}
        self.can = frozenset(
            base | ({Can.VERSIONS, Can.ALIASES, Can.CAS} if versions else set()) | ({Can.LOCAL} if local else set())
        )
        self.secrets: dict[tuple, list] = {}
        self.aliases: dict[tuple, dict] = {}
        self.labels: dict[tuple, dict] = {}
        self.hints: dict[tuple, str] = {}
        self.left: dict[tuple, str] = {}
        self.denied: set[tuple] = set()
        self.deny_after_write: set[tuple] = set()
        self.refuse: set[tuple] = set()
        self.before_write: Callable[[tuple], None] = lambda locator: None
        self.marks: list[str] = []

    def put(self, *locator, payload, hint=""):
        ref = SecretRef(self.name, locator, locator[0])
        self.secrets.setdefault(locator, []).append([payload, VersionState.ENABLED])
        self.hints[locator] = hint
        self.aliases.setdefault(locator, {})
        return ref

    def current(self, locator):
        return self.secrets[locator][-1][0]

    def _versioned(self):
        return Can.VERSIONS in self.can

    def _id(self, locator, index):
        if self._versioned():
            return str(index + 1)
        if self.name == "ring":
            return "current"  # a store that cannot tell one value from the next without reading it
        return hashlib.sha256(self.secrets[locator][index][0].encode()).hexdigest()[:8]

    def _token(self, locator, index):
        return hashlib.sha256(f"{index} {self.secrets[locator][index][0]}".encode()).hexdigest()

    def list(self, scope, ctx):
        yield from (self.get(SecretRef(self.name, locator, locator[0]), ctx) for locator in self.secrets)

    def get(self, ref, ctx):
        found = self.secrets.get(ref.locator)
        if found is None:
            raise Gone(f"{ref} does not exist.")
        indexes = range(len(found)) if self._versioned() else [len(found) - 1]
        versions = tuple(Version(self._id(ref.locator, i), found[i][1]) for i in reversed(indexes))
        return SecretInfo(
            ref,
            current=versions[0].id,
            versions=versions,
            aliases=dict(self.aliases[ref.locator]),
            labels=self.labels.get(ref.locator, {}),
        )

    def read(self, ref, ctx, version=None):
        if ref.locator in self.denied:
            raise Refused("denied by policy", reason="denied", permission="store.read")
        found = self.secrets.get(ref.locator)
        if found is None:
            raise Gone(f"{ref} does not exist.")
        index = len(found) - 1 if version is None or not self._versioned() else int(version) - 1
        payload, state = found[index]
        if state is not VersionState.ENABLED:
            raise Refused("disabled")
        token = self._token(ref.locator, index)
        return Payload(Secret.of(payload), self._id(ref.locator, index), token, self.hints[ref.locator])

    def write(self, ref, data, ctx, *, expect, mark):
        self.before_write(ref.locator)
        if ref.locator in self.refuse:
            raise Refused("too large")
        found = self.secrets[ref.locator]
        if self._token(ref.locator, len(found) - 1) != expect:
            raise Conflict(f"{ref} is another one by now.")
        self.marks.append(mark)

        def stage():
            self.left[ref.locator] = mark

        def do():
            found.append([data.reveal().decode(), VersionState.ENABLED])
            self.left.pop(ref.locator, None)

        if not self._versioned():
            self.world.effect(f"stage {ref}", stage, may_lose=False)
        self.world.effect(f"write {ref}", do)
        if ref.locator in self.deny_after_write:
            self.denied.add(ref.locator)
        return Version(self._id(ref.locator, len(found) - 1))

    def set_state(self, ref, version, state, ctx):
        entry = self.secrets[ref.locator][int(version) - 1]

        def do():
            entry[1] = state

        self.world.effect(f"set {ref}@{version} {state.value}", do)

    def remove(self, ref, ctx):
        raise NotImplementedError

    def create(self, ref, like, ctx):
        raise NotImplementedError

    def move_alias(self, ref, alias, version, ctx):
        if self.aliases[ref.locator].get(alias) == version:
            return
        self.world.effect(f"alias {ref} {alias}", lambda: self.aliases[ref.locator].__setitem__(alias, version))

    def sweep(self, ref, mark, ctx):
        if self.left.get(ref.locator) == mark:
            self.world.effect(f"sweep {ref}", lambda: self.left.pop(ref.locator), may_lose=False)
            return True
        return False

    def preflight(self, ref, want, ctx):
        return [Readiness("read", Ready.YES), Readiness("write", Ready.YES)]


class Stage:
    """A world with one old key in a JSON secret, an env file and a keyring entry, and the ways to look at it."""

    def __init__(self):
        self.world = World()
        self.keys = FakeKeys(self.world)
        self.vault = FakeStore(self.world, "vault", versions=True)
        self.files = FakeStore(self.world, "files", versions=False, local=True)
        self.ring = FakeStore(self.world, "ring", versions=False, local=True)
        self.old = self.world.add_key("old")
        self.beside = self.world.add_key("beside")
        self.json = self.vault.put(
            "acme", "app", payload=json.dumps({"a": self.old.material, "b": self.beside.material})
        )
        self.env = self.files.put(
            "/w/.env", payload=f"# mine\nexport KEY='{self.old.material}'\nPORT=1\n", hint="dotenv"
        )
        self.entry = self.ring.put("service", "user", payload=self.old.material)
        self.vault.aliases["acme", "app"]["prod"] = "1"
        self.copies: list[Placement] = []
        self.world.watched += [
            lambda: json.loads(self.vault.current(("acme", "app")))["a"],
            self.env_value,
            lambda: self.ring.current(("service", "user")),
        ]

    def env_value(self):
        return self.files.current(("/w/.env",)).split("'")[1]

    def placements(self, credential):
        """What a scan would find of that key now."""
        key = self.world.keys[credential.ref.local[0]]
        found = []
        for store in (self.vault, self.files, self.ring):
            for locator, versions in store.secrets.items():
                if locator in store.denied:
                    continue
                part = self.part_of(store, locator, key)
                if part is not None and key.material in versions[-1][0]:
                    ref = SecretRef(store.name, locator, locator[0])
                    at = ref.at(store._id(locator, len(versions) - 1), part)
                    host = "here" if Can.LOCAL in store.can else ""
                    found.append(Placement(at, credential.ref, Role.CURRENT, host=host))
        return found

    def part_of(self, store, locator, key):
        if store is self.vault:
            data = json.loads(store.current(locator))
            return next((f"/{name}" for name, value in data.items() if value == key.material), None)
        if store is self.files:
            return next(
                (
                    line.partition("=")[0].removeprefix("export ")
                    for line in store.current(locator).splitlines()
                    if key.material in line
                ),
                None,
            )
        return ""

    def look(self, credential):
        return Coverage(tuple(self.placements(credential)))


def fresh_copy(row, **changes):
    return replace(row, **changes)
