"""Providers of the other crash classes over the same world: own material (B), shown once (C, D), made by a person (E).

Each forgets what a real one forgets: a list that lags, an audit log that lags or cannot be read, a limit of keys, no undelete.
"""

import hashlib
import random
from datetime import timedelta

from keyward.model.capability import Act, Can, CrashClass
from keyward.model.credential import Credential, Kind, State
from keyward.model.detectors import BY_KIND
from keyward.model.errors import Conflict, Gone, Refused
from keyward.model.ids import DECLARED, CredentialRef
from keyward.model.secret import Secret
from keyward.model.verdict import Verdict, VerdictKind
from keyward.providers.interface import NO_CLUES, Created
from tests.rotation.fake_world import FakeKeys, Fingerprints, Key

NOTHING = timedelta(0)
HALVES = {"material": "aws-secret-key", "pair_id": "aws-access-key-id"}
NUMBERS = "abcdefghijklmnopqrstuvwxyz"


def public(material):
    """What the provider gets of a key pair."""
    return hashlib.sha256(b"public half of " + material.encode()).hexdigest()


class FakeMakers(FakeKeys):
    """What B, C and D share: no undelete, values never shown again, lists that may lag."""

    name = "fake-keys"
    limit = 10

    def __init__(self, world):
        super().__init__(world)
        self.lag = NOTHING
        self.can = frozenset({Can.CREATE, Can.DISABLE, Can.DELETE, Can.USAGE, Can.VERIFY})

    def account(self):
        """The keys of the account whose key is rotated."""
        return [
            key
            for key in self.world.keys.values()
            if key.account in {"app", "stranger"} and key.state is not State.DELETED
        ]

    def listed(self):
        """What a list shows by now: a young key may be missing."""
        return [key for key in self.account() if key.known_before or self.world.now - key.created >= self.lag]

    def list(self, scope, ctx):
        yield from (self._credential(key) for key in self.listed())

    def siblings(self, want, ctx):
        return [self._credential(key) for key in self.listed()]

    def _key(self, ref):
        key = super()._key(ref)
        if key.state is State.DELETED:
            raise Gone(f"{ref} is deleted.")
        return key

    def read_value(self, ref, ctx):
        raise Refused("values are shown once")

    def _new(self, want, **more):
        if len(self.account()) >= self.limit:
            raise Refused(f"there are {self.limit} keys already", reason="limit")
        number = len(self.world.keys)
        fields = {"material": self.world.material(), **self.halves(), **more}
        ref = CredentialRef("fake-keys", "acme", (f"made-{number}",))
        key = Key(ref, created=self.world.now, account="app", made=True, **fields)
        self.world.keys[key.ref.local[0]] = key
        return key

    def act(self, act, ref, ctx, *, etag="", check_usage=False):
        try:
            key = self._key(ref)
        except Gone:
            if act in (Act.REVOKE, Act.DISABLE):
                return
            raise
        if etag and etag != str(key.etag):
            raise Conflict("it changed")
        states = {Act.REVOKE: State.DELETED, Act.ENABLE: State.ACTIVE, Act.DISABLE: State.DISABLED}
        if act not in states:
            raise Refused("there is no undelete")
        if act is Act.REVOKE:
            self.world.looked()  # whoever deletes a key knows of it
        if key.state is states[act]:
            return

        def do():
            if key.state is not State.DELETED:
                key.state = states[act]
                key.etag += 1
                key.deleted = self.world.now if act is Act.REVOKE else None

        self.world.effect(f"{act.value} {ref.local[0]}", do)


class FakeUploads(FakeMakers):
    """Class B: takes the public half of a pair that was made elsewhere; the same one twice makes two keys."""

    crash = CrashClass.OWN_MATERIAL

    def __init__(self, world):
        super().__init__(world)
        self.can |= {Can.UPLOAD}

    def material(self, want, ctx):
        return Secret.of(self.world.material())

    def create(self, want, marker, ctx, *, material=None):
        def do():
            key = self._new(want, public=public(material.reveal_text()))
            key.material = self._composed(key, material.reveal_text())
            return key

        self.world.made_one()
        return Created(self._credential(self.world.effect("create by upload", do)))

    @staticmethod
    def _composed(key, material):
        return f"{material}-{key.ref.local[0]}"

    def compose(self, credential, material, ctx):
        return Secret.of(self._composed(self.world.keys[credential.ref.local[0]], material.reveal_text()))

    def own(self, want, marker, ctx, clues=NO_CLUES):
        if clues.material is None:
            return []
        self.world.looked()
        wanted = public(clues.material.reveal_text())
        return [self._credential(key) for key in self.listed() if key.public == wanted]


class FakeShown(FakeMakers):
    """Class C: the value is shown once; a label says who made it."""

    crash = CrashClass.MARKABLE

    def __init__(self, world):
        super().__init__(world)
        self.can -= {Can.DISABLE}

    def create(self, want, marker, ctx, *, material=None):
        def do():
            return self._new(want, annotations={**want.annotations, f"keyward-{marker.rotation}": "made"})

        self.world.made_one()
        key = self.world.effect("create shown once", do)
        return Created(self._credential(key), Secret.of(key.material))

    def own(self, want, marker, ctx, clues=NO_CLUES):
        self.world.looked()
        mine = [key for key in self.listed() if f"keyward-{marker.rotation}" in key.annotations]
        return [self._credential(key) for key in mine]


class FakeUnmarked(FakeMakers):
    """Class D: shown once, no label. An audit log (that lags) proves who made a key, or nothing does."""

    crash = CrashClass.UNMARKABLE

    def __init__(self, world, *, proof=True, limit=2):
        super().__init__(world)
        self.proof, self.limit = proof, limit
        self.log: dict[str, str] = {}
        self.log_lag = timedelta(seconds=50)

    def create(self, want, marker, ctx, *, material=None):
        def do():
            key = self._new(want)
            self.log[key.ref.local[0]] = marker.rotation
            return key

        self.world.made_one()
        key = self.world.effect("create shown once", do)
        return Created(self._credential(key), Secret.of(key.material))

    def _logged(self, key):
        readable = self.proof and self.world.now - key.created >= self.log_lag
        return self.log.get(key.ref.local[0], "somebody") if readable else None

    def own(self, want, marker, ctx, clues=NO_CLUES):
        self.world.looked()
        candidates = [key for key in self.listed() if str(key.ref) not in clues.baseline]
        return [self._credential(key) for key in candidates if self._logged(key) == marker.rotation]

    def suspects(self, want, marker, ctx, clues=NO_CLUES):
        since = clues.since or self.world.now
        young = [key for key in self.listed() if str(key.ref) not in clues.baseline and key.created >= since]
        return [self._credential(key) for key in young if self._logged(key) is None]


class FakePairs(FakeUnmarked):
    """Class D: a key is an id and a secret; the one is of no use, and proves nothing, without the other."""

    def halves(self):
        rng = random.Random(self.world.material())
        return {name: BY_KIND[kind].sample(rng).decode() for name, kind in HALVES.items()}

    def verify(self, value, ref, ctx):
        if ref is None:
            return Verdict(VerdictKind.UNPROVED, "a secret alone cannot be tried", self.world.now)
        key = self.world.keys.get(ref.local[0])
        if key is None or key.material != value.reveal_text():
            return Verdict(VerdictKind.DEAD, "403 the signature does not match", self.world.now)
        return super().verify(value, ref, ctx)


class FakeByHand(FakeMakers):
    """Class E: only a person makes and deletes keys; there is no list."""

    crash = CrashClass.PERSON

    def __init__(self, world):
        super().__init__(world)
        self.can = frozenset({Can.VERIFY})

    def _credential(self, key):
        state = State.ACTIVE  # whatever it is: nobody can be asked
        return Credential(key.ref, Kind.BY_SHAPE, state, name=key.ref.local[0], fingerprint=_fingerprint(key))

    def get(self, ref, ctx):
        return self._credential(FakeKeys._key(self, ref))

    def siblings(self, want, ctx):
        return []

    def own(self, want, marker, ctx, clues=NO_CLUES):
        return []

    def create(self, want, marker, ctx, *, material=None):
        raise Refused("a person makes these keys")

    def act(self, act, ref, ctx, *, etag="", check_usage=False):
        raise Refused("a person does that")

    def by_hand(self, act, ref):
        return "keys.example.com"

    def make(self):
        """What the person does at the console: a new key."""
        material = self.world.material()
        name = Fingerprints().fingerprint(Secret.of(material))[:16]
        key = Key(CredentialRef(DECLARED, "acme", (name,)), material, self.world.now, account="app", made=True)
        self.world.keys[name] = key
        return key

    def delete(self, key):
        """What the person does at the console: the end of a key."""
        key.state, key.deleted = State.DELETED, self.world.now
        self.world.effects.append(f"a person deletes {key.ref.local[0]}")
        self.world.judge()


def _fingerprint(key):
    return Fingerprints().fingerprint(Secret.of(key.material))


def provider_for(world, crash):
    """The provider of a class: A, B, C, D (with an audit log), D- (without), pairs (D, of an id and a secret), E."""
    made = {
        "A": FakeKeys,
        "B": FakeUploads,
        "C": FakeShown,
        "D": FakeUnmarked,
        "D-": lambda world: FakeUnmarked(world, proof=False),
        "pairs": FakePairs,
        "E": FakeByHand,
    }
    return made[crash](world)
