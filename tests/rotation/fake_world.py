"""A small world with the real interfaces: a provider that forgets answers, stores that conflict, and a judge after every effect."""

import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
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
from keyward.providers.interface import NO_CLUES, Created
from keyward.providers.plain import Plain
from keyward.rotation.reach import Coverage

if TYPE_CHECKING:
    from collections.abc import Callable

GHOST = timedelta(minutes=6)
YOUNG = timedelta(seconds=25)
READER_LAG = timedelta(seconds=60)


class Crash(BaseException):
    """The process is gone at this very point."""


def undisturbed(point):
    """Nothing happens at a point."""


def heard(what):
    """No answer is lost."""
    return False


class Fingerprints:
    def fingerprint(self, value: Secret) -> str:
        return hmac.new(b"test", value.reveal().strip(), "sha256").hexdigest()

    def seal(self, document: bytes) -> str:
        return hmac.new(b"test seal", document, "sha256").hexdigest()


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
    account: str = "app"
    public: str = ""
    made: bool = False
    pair_id: str = ""

    @property
    def known_before(self):
        """Whether it was there before keyward did anything."""
        return not self.made


_one_at_a_time = threading.RLock()
"""What happens in a world happens there one after the other, also when rotations are worked on side by side."""


class World:
    """Everything outside of keyward. `hook(point)` runs before and after every effect and may raise `Crash`."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 9, 7, tzinfo=UTC)
        self.keys: dict[str, Key] = {}
        self.hook: Callable[[str], None] = undisturbed
        self.lose: Callable[[str], bool] = heard
        self.violations: list[str] = []
        self.effects: list[str] = []
        self.watched: list[Callable[[], str]] = []
        self.readers: dict[int, tuple[str, list]] = {}
        self.crashed = False
        self.strict, self.blind = True, False
        self.calls: list[str] = []
        self.values = 0

    def __getstate__(self):
        """What outlives every process; of what was done, only the last is ever told."""
        return {
            **self.__dict__,
            "hook": undisturbed,
            "lose": heard,
            "crashed": False,
            "calls": [],
            "effects": self.effects[-1:],
        }

    def material(self):
        """The value of the next key: the same one whenever the same story is told."""
        self.values += 1
        return "FAKE" + hashlib.sha256(f"value {self.values}".encode()).hexdigest()[:32]

    def ctx(self, cancel=None):
        return Ctx(clock=lambda: self.now, wait=self.wait, cancel=cancel or threading.Event())

    def wait(self, seconds):
        self.advance(timedelta(seconds=seconds))
        return True

    def advance(self, span):
        end = self.now + span
        while self.now < end:
            with _one_at_a_time:
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

    def made_one(self):
        """A create was sent; another one without a look at what came of it is wrong. `strict` is off where two processes create."""
        if self.strict and self.blind:
            self.violations.append("a create was sent again without looking what came of the one before")
        self.blind = True

    def looked(self):
        """Somebody looked at which keys there are."""
        self.blind = False

    def by_material(self, material):
        for key in list(self.keys.values()):
            if key.material == material:
                return key
        return None

    def effect(self, what, do, *, may_lose=True):
        self.hook(f"before {what}")
        with _one_at_a_time:
            result = do()
            self.effects.append(what)
            self.judge()
        self.hook(f"after {what}")
        if may_lose and self.lose(what):
            raise Ambiguous(f"no answer to {what}")
        return result

    def add_key(self, name, **more):
        ref = CredentialRef("fake-keys", "acme", (name,))
        fields = {"material": self.material(), "created": self.now - timedelta(days=90), **more}
        key = Key(ref, **fields)
        self.keys[name] = key
        return key

    def live(self):
        return [key for key in list(self.keys.values()) if key.state is State.ACTIVE]


class FakeKeys(Plain):
    name = "fake-keys"
    crash = CrashClass.NAMED

    def halves(self):
        """What a new key has beside its name; random material when that says nothing."""
        return {}

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
            pair_id=key.pair_id,
        )

    def _key(self, ref):
        key = self.world.keys.get(ref.local[0])
        if key is None:
            raise Gone(f"{ref} does not exist.")
        return key

    def list(self, scope, ctx):
        yield from (self._credential(key) for key in list(self.world.keys.values()))

    def get(self, ref, ctx):
        self.world.calls.append("get")
        return self._credential(self._key(ref))

    def preflight(self, want, ctx):
        return self.ready

    def create(self, want, marker, ctx, *, material=None):
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

    def own(self, want, marker, ctx, clues=NO_CLUES):
        self.world.calls.append("own")
        return [self._credential(key) for key in list(self.world.keys.values()) if key.marker == marker.rotation]

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
            base
            | ({Can.VERSIONS, Can.ALIASES, Can.CAS, Can.SECRET_STORE, Can.REMOVE} if versions else set())
            | ({Can.LOCAL} if local else set())
        )
        self.secrets: dict[tuple, list] = {}
        self.aliases: dict[tuple, dict] = {}
        self.labels: dict[tuple, dict] = {}
        self.hints: dict[tuple, str] = {}
        self.left: dict[tuple, str] = {}
        self.denied: set[tuple] = set()
        self.deny_after_write: set[tuple] = set()
        self.refuse: set[tuple] = set()
        self.before_write: Callable[[tuple], None] = undisturbed
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

    def get(self, ref, ctx, *, versions=True):
        found = self.secrets.get(ref.locator)
        if found is None:
            raise Gone(f"{ref} does not exist.")
        indexes = range(len(found)) if self._versioned() else [len(found) - 1]
        versions = tuple(Version(self._id(ref.locator, i), found[i][1]) for i in reversed(indexes))
        return SecretInfo(
            ref,
            current=versions[0].id if versions else "",
            versions=versions,
            aliases=dict(self.aliases[ref.locator]),
            labels=self.labels.get(ref.locator, {}),
        )

    def read(self, ref, ctx, version=None):
        if ref.locator in self.denied:
            raise Refused("denied by policy", reason="denied", permission="store.read")
        found = self.secrets.get(ref.locator)
        if not found:
            raise Gone(f"{ref} does not exist, or has no version yet.")
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
        found = self.secrets.get(ref.locator)
        if found is None:
            raise Gone(f"{ref} does not exist.")
        self.marks.append(mark)

        def stage():
            self.left[ref.locator] = mark

        def do():
            # Compared at the very moment of the write: a process that was frozen on its way comes too late.
            found = self.secrets.get(ref.locator)
            if found is None:
                raise Gone(f"{ref} does not exist.")
            if (self._token(ref.locator, len(found) - 1) if found else "") != expect:
                self.left.pop(ref.locator, None)  # a live process takes away what it began
                raise Conflict(f"{ref} is another one by now.")
            found.append([data.reveal().decode(), VersionState.ENABLED])
            self.left.pop(ref.locator, None)
            return Version(self._id(ref.locator, len(found) - 1))

        if not self._versioned():
            self.world.effect(f"stage {ref}", stage, may_lose=False)
        version = self.world.effect(f"write {ref}", do)
        if ref.locator in self.deny_after_write:
            self.denied.add(ref.locator)
        return version

    def set_state(self, ref, version, state, ctx):
        entry = self.secrets[ref.locator][int(version) - 1]

        def do():
            entry[1] = state

        self.world.effect(f"set {ref}@{version} {state.value}", do)

    def remove(self, ref, ctx):
        if ref.locator in self.secrets:
            self.world.effect(f"remove {ref}", lambda: self.secrets.pop(ref.locator, None))

    def create(self, ref, like, ctx):
        def do():
            self.secrets.setdefault(ref.locator, [])
            self.hints.setdefault(ref.locator, "")
            self.aliases.setdefault(ref.locator, {})

        if ref.locator not in self.secrets:
            self.world.effect(f"make {ref}", do)
        return self.get(ref, ctx)

    def move_alias(self, ref, alias, version, ctx):
        if self.aliases[ref.locator].get(alias) == version:
            return
        self.world.effect(f"alias {ref} {alias}", lambda: self.aliases[ref.locator].__setitem__(alias, version))

    def sweep(self, ref, mark, ctx):
        if self.left.get(ref.locator) == mark:
            self.world.effect(f"sweep {ref}", lambda: self.left.pop(ref.locator), may_lose=False)
            return True
        return False

    def preflight(self, ref, want, ctx, known=None):
        return [Readiness("read", Ready.YES), Readiness("write", Ready.YES)]


class Stage:
    """A world with one old key in a JSON secret (and an env file and a keyring entry), and the ways to look at it.

    Args:
        provider: makes the provider of the world.
        targets: 1 or 3.
    """

    def __init__(self, provider=FakeKeys, targets=3):
        self.world = World()
        self.keys = provider(self.world)
        self.vault = FakeStore(self.world, "vault", versions=True)
        self.files = FakeStore(self.world, "files", versions=False, local=True)
        self.ring = FakeStore(self.world, "ring", versions=False, local=True)
        self.old = self.world.add_key("old", **self.keys.halves())
        self.beside = self.world.add_key("beside", account="another")
        self.json = self.vault.put(
            "acme", "app", payload=json.dumps({"a": self.old.material, "b": self.beside.material, **self._id("a_id")})
        )
        self.vault.aliases["acme", "app"]["prod"] = "1"
        self.copies: list[Placement] = []
        self.world.watched.append(self.json_value)
        self.all_stores = (self.vault, self.files, self.ring)
        self.hosts = {"files": "here", "ring": "here"}
        self.twins: dict[str, FakeStore] = {}
        if targets == 1:
            return
        self.env = self.files.put(
            "/w/.env",
            payload=f"# mine\nexport KEY='{self.old.material}'\nPORT=1\n{self._id_line()}",
            hint="dotenv",
        )
        payload = json.dumps({"secret": self.old.material, **self._id("id")}) if self.old.pair_id else self.old.material
        self.entry = self.ring.put("service", "user", payload=payload)
        self.world.watched += [self.env_value, self.ring_value]

    def _id(self, name):
        return {name: self.old.pair_id} if self.old.pair_id else {}

    def _id_line(self):
        return f"KEY_ID='{self.old.pair_id}'\n" if self.old.pair_id else ""

    def _whole(self, text, before, before_id):
        """The value behind these words; of a key that is an id and a secret only with the id that belongs to it."""
        value = text.partition(before)[2].partition(before[-1])[0]
        key = self.world.by_material(value)
        beside = text.partition(before_id)[2].partition(before[-1])[0]
        return value if key is None or key.pair_id in ("", beside) else f"{value} with {beside}"

    def json_value(self):
        return self._whole(self.vault.current(("acme", "app")), '"a": "', '"a_id": "')

    def env_value(self):
        return self._whole(self.files.current(("/w/.env",)), "KEY='", "KEY_ID='")

    def ring_value(self):
        text = self.ring.current(("service", "user"))
        return self._whole(text, '"secret": "', '"id": "') if self.old.pair_id else text

    def twin_value(self, twin):
        return self._whole(twin.current(("/w/.env",)), "KEY='", "KEY_ID='")

    def twin(self, host):
        """Give another host an env file of the same path that holds the same key."""
        twin = self.twins[host] = FakeStore(self.world, "files", versions=False, local=True)
        twin.put("/w/.env", payload=f"KEY='{self.old.material}'\n{self._id_line()}", hint="dotenv")
        self.world.watched.append(partial(self.twin_value, twin))

    @property
    def kept(self):
        """Every store with the host that has it; none for what all share."""
        own = [(store, self.hosts.get(store.name, "")) for store in self.all_stores]
        return [*own, *((twin, host) for host, twin in self.twins.items())]

    def store_of(self, ref):
        """The store that keeps that secret."""
        return next(store for store in self.all_stores if store.name == ref.store)

    def values(self):
        """What each place gives its readers now."""
        return [current() for current in self.world.watched]

    def placements(self, credential):
        """What a scan would find of that key now."""
        key = self.world.keys[credential.ref.local[0]]
        found = []
        for store, host in self.kept:
            for locator, versions in store.secrets.items():
                if locator in store.denied or not versions:
                    continue
                part = self.part_of(store, locator, key)
                if part is not None and key.material in versions[-1][0]:
                    ref = SecretRef(store.name, locator, locator[0])
                    at = ref.at(store._id(locator, len(versions) - 1), part)
                    found.append(Placement(at, credential.ref, Role.CURRENT, host=host))
        return found

    def part_of(self, store, locator, key):
        if store is self.vault:
            data = json.loads(store.current(locator))
            return next((f"/{name}" for name, value in data.items() if value == key.material), None)
        if store.name == "files":
            return next(
                (
                    line.partition("=")[0].removeprefix("export ")
                    for line in store.current(locator).splitlines()
                    if key.material in line
                ),
                None,
            )
        return "/secret" if key.pair_id else ""

    def look(self, credential):
        return Coverage(tuple(self.placements(credential)))

    def look_on(self, host):
        """The look of one host: what it has and what all share."""
        return lambda credential: Coverage(
            tuple(place for place in self.look(credential).placements if place.host in ("", host))
        )

    def stores_of(self, host):
        """Every store as that host has it; what is kept in one of another host's is not there."""
        found = {
            store.name: store if self.hosts.get(store.name, host) == host else Elsewhere(self.world, store)
            for store in self.all_stores
        }
        return found | ({"files": self.twins[host]} if host in self.twins else {})


class Elsewhere:
    """A local store as another host has it: of the same kind, and to ask it about a place of the first host is wrong."""

    def __init__(self, world, store):
        self._world, self._store = world, store
        self.name, self.can = store.name, store.can

    def __getattr__(self, what):
        def wrong(*_, **__):
            self._world.violations.append(f"{what} of {self.name} on a host that does not have it")
            raise Gone(f"{self.name} of another host")

        return wrong


def fresh_copy(row, **changes):
    return replace(row, **changes)
