"""One rotation in the small world, told life by life: processes that die, a person who is asked, and a judge who asks nobody.

A life is one process. It dies by an exception that nothing catches, at a numbered point: before or after an external effect or a
ledger commit. The person does what the rotation stands still for, and nothing else.
"""

import pickle
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from keyward.ledger.records import PlacementRow, TargetRow, WaitingOn
from keyward.model.credential import State
from keyward.model.errors import Held, NeedsPerson
from keyward.model.secret import Secret
from keyward.rotation.policy import OnFailure
from tests.rotation.conftest import Play, now_policy
from tests.rotation.fake_makers import provider_for
from tests.rotation.fake_world import Crash, Fingerprints, Stage, heard, undisturbed

CLASSES = ("A", "B", "C", "D", "D-", "pairs", "E")
ENDS = ("well", "undo", "rollback")
SHORT = timedelta(seconds=35)
LONG = timedelta(minutes=3)
MOST_LIVES = 60
LEASE_IS_OVER = timedelta(minutes=10)


class Story:
    """One rotation.

    Args:
        crash: the class of the key, `D-` is D without an audit log, `pairs` is D where a key is an id and a secret.
        targets: 1 or 3.
        end: all goes `well`, or a target fails for ever and a person asks for an `undo`, or the policy is `rollback`.
        lag: how long a new key is missing in lists.
        twice: whether the successor is rotated again.
        hosts: 2 gives the env file to a second host; the lives of both alternate.
        twin: the second host has an env file of the same path instead.
    """

    def __init__(
        self,
        crash="A",
        targets=3,
        end="well",
        *,
        lag=timedelta(0),
        twice=False,
        undo_at=None,
        hosts=1,
        twin=False,
        **policy,
    ):
        self.crash, self.targets, self.end, self.undo_at = crash, targets, end, undo_at
        stage = Stage(lambda world: provider_for(world, crash), targets)
        names = ("here", "there")[:hosts]
        if twin:
            stage.twin(names[-1])
        else:
            stage.hosts["files"] = names[-1]
        self.play = Play(stage=stage, hosts=names)
        self.stage, self.world, self.ledger = self.play.stage, self.play.world, self.play.ledger
        self.keys = self.stage.keys
        self.keys.lag = lag
        self.by_hand = None
        self.lives = self.deaths = self.points = self.answers = 0
        self.may_report = crash == "D-" and bool(lag)
        if end != "well":
            failing = self.stage.entry if targets == 3 else self.stage.json
            self.stage.store_of(failing).refuse.add(failing.locator)
        self.policy = now_policy(
            **{
                "grace": timedelta(minutes=2),
                "refresh": timedelta(seconds=90),
                "soak": timedelta(minutes=1),
                "interactive": crash == "E",
                "by_hand": crash == "E",
                "on_failure": OnFailure.ROLLBACK if end == "rollback" and crash != "E" else OnFailure.STAY,
                **policy,
            }
        )
        self._scanned(self.stage.old)
        if hosts > 1:
            for place in self.stage.placements(self.keys._credential(self.stage.old)):
                self.ledger.accept([TargetRow(str(place.at.current), "tester", self.world.now, "asked", (place.host,))])

    def _scanned(self, key):
        """What a scan told before: where the key is, by its fingerprint."""
        rows = []
        for found in self.stage.placements(self.keys._credential(key)):
            ref = found.at.secret
            fingerprint = Fingerprints().fingerprint(Secret.of(key.material))
            rows.append(
                PlacementRow(
                    secret=str(ref),
                    version=found.at.version,
                    part=found.at.part,
                    credential=str(key.ref),
                    fingerprint=fingerprint,
                    role="current",
                    version_state="enabled",
                    store=ref.store,
                    scope=ref.scope,
                    host=found.host,
                    first_seen=self.world.now,
                    last_read=self.world.now,
                )
            )
        self.ledger.remember(rows)

    def __getstate__(self):
        """What outlives every process, and where in the story it is."""
        return {**self.__dict__, "deaths": 0, "points": 0, "answers": 0}

    def kept(self):
        """The story as it is, without any process: what is left when all die now. The same bytes go on in the same way."""
        return pickle.dumps(self, pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def taken_up(kept):
        """A story that goes on from there."""
        return pickle.loads(kept)  # noqa: S301  # bytes of this very process

    @property
    def row(self):
        """The rotation as the ledger has it; None before it began."""
        return next(iter(self.ledger.rows.values()), None)

    @property
    def closed(self):
        return self.row is not None and self.row.state.closed

    def life(self, dies_at=None, lose=frozenset(), watch=None):
        """One process: it does what can be done now. Whether it died."""
        engine = self.play.life()
        self.lives += 1
        count, answers = [0], [0]

        def hook(point):
            count[0] += 1
            if watch is not None:
                watch(count[0], point)
            if dies_at is not None and count[0] == dies_at:
                self.world.crashed = True
                raise Crash(point)

        def loses(what):
            answers[0] += 1
            return answers[0] in lose

        self.world.hook, self.world.lose = hook, loses
        died = False
        try:
            self._turn(engine)
        except Crash:
            died = True
        finally:
            self.world.hook, self.world.lose = undisturbed, heard
        self.deaths += died
        self.points, self.answers = count[0], answers[0]
        return died

    def rest(self):
        """Time goes by until the next life."""
        self.world.advance(SHORT if self.lives < 7 else LONG)

    def finish(self):
        """Live on undisturbed until it is closed."""
        while not self.closed and self.lives < MOST_LIVES:
            self.rest()
            self.life()
        if self.by_hand is not None and self.row.state.value == "aborted":
            self._told_to_delete()

    def _turn(self, engine):
        row = self.row
        if row is None:
            engine.run(engine.plan([self.stage.old.ref], self.policy))
        elif self._wants_undo(row):
            with suppress(NeedsPerson):
                engine.undo(row.id, "test")
                return
            engine.go_on([row.id])
        elif row.waiting_on is WaitingOn.PERSON:
            self._asked(engine, row)
        else:
            engine.go_on([row.id])

    def _wants_undo(self, row):
        if row.data["failure"] or row.state.closed:
            return False
        if self.by_hand is not None and self.stage.old.state is State.DELETED:
            return False  # who has just deleted the old key does not ask for it back
        stuck = self.end == "undo" or (self.end == "rollback" and self.crash == "E")
        return (stuck and row.waiting_on is WaitingOn.REFUSED) or (
            self.undo_at is not None and self.lives > self.undo_at
        )

    def _asked(self, engine, row):
        """The person does what it says."""
        if "hands it in" in row.why:
            self.by_hand = self.by_hand or self.keys.make()
            engine.hand_in(row.id, Secret.of(self.by_hand.material))
            engine.go_on([row.id])
        elif "--old-deleted" in row.why:
            if self.stage.old.state is not State.DELETED:
                self.keys.delete(self.stage.old)
            self._decides(engine, old_gone=True)
        elif "--owned" in row.why:
            mine = [key for key in self.world.live() if str(key.ref) in row.why]
            owned = tuple(str(key.ref) for key in mine if key.made)
            self._decides(engine, owned=owned, disowned=tuple(str(key.ref) for key in mine if not key.made))
        else:
            engine.go_on([row.id])

    def _decides(self, engine, **said):
        engine.run(engine.plan([self.stage.old.ref], replace(self.policy, **said)))

    def _told_to_delete(self):
        told = " ".join(self.row.data["notes"])
        never_taken = not any(str(self.by_hand.ref) in str(event.detail) for event in self.ledger.trail)
        asked = never_taken or str(self.by_hand.ref) in told or "not taken over" in told
        if self.by_hand.state is State.ACTIVE and asked:
            self.keys.delete(self.by_hand)


def problems(story):
    """What is wrong with the world at the end; asked of the world alone, and of the ledger only whether it holds a value."""
    stage, world = story.stage, story.world
    found = story.play.tidy_problems()
    state = story.row.state.value if story.row else "never begun"
    undone = bool(story.row and story.row.data["failure"])
    if state != ("aborted" if undone else "done"):
        found.append(f"ended as {state}: {story.row.why if story.row else ''}")
    if story.end != "well" and not undone:
        found.append("a rotation with a target that fails for ever came to its end")
    strangers = [key for key in world.keys.values() if key.account == "stranger"]
    found += [f"{key.ref} of somebody else was touched" for key in strangers if key.state is not State.ACTIVE]
    live = [key for key in world.live() if key.account == "app"]
    for key in live:
        if sum(name.startswith("keyward-") for name in key.annotations) > 1:
            found.append(f"{key.ref.local[0]} carries the mark of another rotation too")
    if story.may_report:
        notes = " ".join(story.row.data["notes"])
        live = [key for key in live if str(key.ref) not in notes or key.material in stage.values()]
    if len(live) != 1 or (live[0] is stage.old) is not undone:
        found.append(f"live at the end: {sorted(key.ref.local[0] for key in live)}")
        return found
    found += [
        f"place {place} does not hold the live key" for place, v in enumerate(stage.values()) if v != live[0].material
    ]
    if '"b": "' + stage.beside.material not in stage.vault.current(("acme", "app")):
        found.append("the value beside it was lost")
    if story.targets == 3 and not stage.files.current(("/w/.env",)).startswith("# mine\nexport KEY='"):
        found.append("the lines beside it were lost")
    found += [f"pending secret {name} is there" for name in stage.vault.secrets if "pending" in name[-1]]
    aliases = stage.vault.aliases["acme", "app"]
    pinned = stage.vault.secrets["acme", "app"][int(aliases["prod"]) - 1][0]
    if live[0].material not in pinned:
        found.append("alias prod points at a version without the live key")
    return found


def zombie(story, point):
    """Freeze a life at that point, let another one finish, wake it up. Whether it was frozen at all, and whether it was fenced."""
    frozen, fenced = [], []

    def watch(count, _):
        if count == point and story.row is not None and not frozen:
            frozen.append(point)
            crashed, hook, lose = story.world.crashed, story.world.hook, story.world.lose
            story.world.hook = undisturbed
            dead, owner = set(story.ledger.dead), story.play.owner
            story.world.advance(LEASE_IS_OVER)
            story.life()
            story.finish()
            story.ledger.dead, story.play.owner = dead, owner
            story.world.crashed, story.world.hook, story.world.lose = crashed, hook, lose

    try:
        story.life(watch=watch)
    except Held:
        fenced.append(point)
    return bool(frozen), bool(fenced)
