"""Every state that can be reached: breadth first, each judged once."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from keyward.ledger.records import RotationState as S
from keyward.ledger.records import WaitingOn
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.machine import advance
from tests.rotation.explore.effects import QUIET, Held, Rules, Violation, answers, ended
from tests.rotation.explore.programs import Me, Stop, tell
from tests.rotation.explore.world import (
    FOREIGN,
    GONE,
    NOW,
    OLD,
    ON,
    Budget,
    Key,
    State,
    Worker,
    World,
    advanced,
    begin,
    key_of,
    later,
    number,
    rotation,
    wanted,
)

IDLE = ("rest", "nothing")


@dataclass
class Explored:
    """How many states and steps, and the way to the first broken promise."""

    states: int = 0
    steps: int = 0
    closed: int = 0
    stuck: int = 0
    broken: str = ""
    way: list[str] = field(default_factory=list)


class Search:
    """One exploration."""

    def __init__(self, rules: Rules, budget: Budget, *, targets: int = 1, slot: bool | None = None) -> None:
        self.rules = rules
        self.start = begin(rules.crash, targets, slot=rules.crash != "A" if slot is None else slot)
        self.start = self.start._replace(budget=budget)
        self._next: dict[Worker, tuple] = {}

    # one process ---------------------------------------------------------------------------------------------------------------

    def _ask(self, worker: Worker) -> tuple:
        """What a process asks for next, told again from the beginning of its step; ("end", row, given) when it is through."""
        if worker not in self._next:
            me = Me(worker.row, worker.given, self.rules.crash, self.rules.proof, self.rules.flaws)
            program = tell(worker.action, me)
            try:
                op = next(program)
                for answer in worker.heard:
                    op = program.send(answer)
            except (StopIteration, Stop):
                op = ("end", me.row)
            self._next[worker] = (op, me.row, (me.value, me.gate, me.made))
        return self._next[worker]

    def _run(self, state: State, who: int, worker: Worker | None) -> State:
        """Go through looks that nothing can come in between of, to the next request that matters."""
        world, workers, budget = state
        while worker is not None:
            op, row, given = self._ask(worker)
            if op[0] == "end":
                if worker.action == "take-back":
                    worker = None
                    continue
                rests = wanted(row) in IDLE or rotation(row).waiting_on is not WaitingOn.NOTHING
                worker = None if rests else Worker(wanted(row), row, given)
                if rests and world.leased == who:
                    world = world._replace(leased=None, valid=False)
                continue
            if op[0] not in QUIET or workers[1 - who] is not None:
                break
            world, answer, _ = next(answers(world, op, world.leased == who, budget, self.rules))
            worker = worker._replace(heard=(*worker.heard, answer))
        pair = (worker, workers[1]) if who == 0 else (workers[0], worker)
        return State(world, pair, budget)

    # everything that can happen next -------------------------------------------------------------------------------------------

    def after(self, state: State) -> Iterator[tuple[str, bool, State]]:
        """(what, whether it helps, the state then): whatever can happen."""
        for who in (0, 1):
            if state.workers[who] is not None:
                yield from self._goes_on(state, who)
        yield from self._begins(state)
        yield from self._person(state)
        yield from self._time(state)
        yield from self._others(state)

    def _goes_on(self, state: State, who: int) -> Iterator[tuple[str, bool, State]]:
        world, workers, budget = state
        worker = workers[who]
        assert worker is not None
        op, _, given = self._ask(worker)
        mine = world.leased == who
        try:
            for done, answer, less in answers(world, op, mine, budget, self.rules):
                heard = worker._replace(heard=(*worker.heard, answer))
                helps = less == budget
                yield f"{who}: {op[0]} {op[1:]} -> {answer}", helps, self._run(State(done, workers, less), who, heard)
        except Held:
            fenced = Worker("take-back", worker.row, given)
            yield f"{who}: fenced at {op[0]}", True, self._run(state, who, fenced)
        if budget.crashes:
            died = world._replace(for_doctor=world.for_doctor or not (mine and world.valid))
            if mine:
                died = died._replace(leased=None, valid=False)
            pair = (None, workers[1]) if who == 0 else (workers[0], None)
            yield f"{who}: dies before {op[0]}", False, State(died, pair, budget._replace(crashes=budget.crashes - 1))
        if budget.pauses and mine and world.valid:
            less = budget._replace(pauses=budget.pauses - 1)
            yield f"{who}: frozen before {op[0]}", False, State(world._replace(valid=False), workers, less)

    def _free(self, state: State) -> int | None:
        """Which process could begin: one that is idle, when nobody has the lease or it has run out."""
        if state.world.valid or rotation(state.world.row).closed:
            return None
        return next((who for who in (0, 1) if state.workers[who] is None), None)

    def _begins(self, state: State) -> Iterator[tuple[str, bool, State]]:
        who = self._free(state)
        if who is None:
            return
        row = state.world.row
        value = 0
        action = wanted(row)
        if action == "create" and self.rules.crash == "E":
            made = [index for index, key in enumerate(state.world.keys) if key.who == "person"]
            if made:
                yield self._starts(state, who, action, (made[0], False, 0))
            world = state.world._replace(keys=(*state.world.keys, Key(ON, "person")))
            if not made:
                yield self._starts(state._replace(world=world), who, action, (len(world.keys) - 1, False, 0))
            return
        if self.rules.crash == "E" and rotation(row).waiting_on is WaitingOn.PERSON and rotation(row).new:
            value = key_of(rotation(row).new)  # handed in again
        if action not in IDLE:
            yield self._starts(state, who, action, (value, False, 0))
        budget = state.budget
        if budget.undos and not rotation(row).failure:
            less = state._replace(budget=budget._replace(undos=budget.undos - 1))
            yield self._starts(less, who, "undo", (0, False, 0))

    def _starts(self, state: State, who: int, action: str, given: tuple) -> tuple[str, bool, State]:
        world = state.world._replace(leased=who, valid=True)
        worker = Worker(action, world.row, given)
        return f"{who}: begins {action}", action != "undo", self._run(state._replace(world=world), who, worker)

    def _person(self, state: State) -> Iterator[tuple[str, bool, State]]:
        """What a person is asked for and does: decide whose a key is, delete the old one."""
        world, row = state.world, rotation(state.world.row)
        if row.waiting_on is not WaitingOn.PERSON or world.valid:
            return
        policy = row.policy
        if self.rules.crash == "D":
            live = [
                (str(index), key) for index, key in enumerate(world.keys) if index and key.state == ON and key.listed
            ]
            new = str(key_of(row.new)) if row.new else ""
            owned = tuple(name for name, key in live if key.who == "keyward" and name != new)
            disowned = tuple(name for name, key in live if key.who != "keyward")
            policy = replace(policy, owned=owned, disowned=disowned)
        elif self.rules.crash == "E" and row.state is S.RETIRING and not policy.old_gone:
            policy = replace(policy, old_gone=True)
            # Whoever put the old key back after keyward's last look is told by the next one, and not by this person.
            world = world._replace(
                places=tuple(one._replace(edit="fresh") if one.edit else one for one in world.places)
            )
            world = ended(world, OLD, GONE)
        if policy != row.policy:
            decided = advance(row, Happened(Kind.AMENDED, NOW, policy=policy))
            yield "a person decides", True, state._replace(world=world._replace(row=number(decided)))

    def _time(self, state: State) -> Iterator[tuple[str, bool, State]]:
        """Time goes by: deadlines pass, readers read again, lists catch up. Not while a process with a lease is in a step."""
        world = state.world
        if world.valid:
            return
        places = tuple(
            place._replace(
                remembered=FOREIGN if place.edit else place.value,
                edit="known" if place.edit == "fresh" else place.edit,  # there was time enough to see it
            )
            for place in world.places
        )
        keys = tuple(key._replace(listed=True) for key in world.keys)
        workers = tuple(worker and worker._replace(row=later(worker.row)) for worker in state.workers)
        if any(worker and worker.heard for worker in state.workers):
            workers = state.workers  # in the middle of a step it goes by what it read
        passed = world._replace(row=later(world.row), places=places, keys=keys, used="")
        if passed != world:
            yield "time goes by", True, State(passed, workers, state.budget)  # type: ignore[arg-type]  # two, as before

    def _others(self, state: State) -> Iterator[tuple[str, bool, State]]:
        """People and programs that know nothing of keyward."""
        world, budget = state.world, state.budget
        if rotation(world.row).closed:
            return
        if budget.edits:
            less = budget._replace(edits=budget.edits - 1)
            for index, place in enumerate(world.places):
                for what, edited in self._edits(world, place):
                    places = (
                        *world.places[:index],
                        edited._replace(version=place.version + 1),
                        *world.places[index + 1 :],
                    )
                    yield (
                        f"somebody {what} in place {index}",
                        False,
                        State(world._replace(places=places), state.workers, less),
                    )
            if self.rules.crash in "CD" and all(key.who != "stranger" for key in world.keys):
                keys = (*world.keys, Key(ON, "stranger"))
                yield "somebody makes a key", False, State(world._replace(keys=keys), state.workers, less)
        if budget.uses and world.keys[OLD].state == ON and not world.used and rotation(world.row).cutover:
            used = state._replace(world=world._replace(used="used"), budget=budget._replace(uses=budget.uses - 1))
            yield "the old key is used", False, used
        if budget.sweeps:
            # The doctor of the rotation before this one, whose successor is the old key of this.
            keys = tuple(key._replace(state=GONE) if key.marks > 1 else key for key in world.keys)
            if keys != world.keys:
                less = budget._replace(sweeps=budget.sweeps - 1)
                yield "the rotation before is swept", False, State(world._replace(keys=keys), state.workers, less)

    def _edits(self, world: World, place):
        yield "writes another value", place._replace(value=FOREIGN, remembered=FOREIGN, edit="known")
        if place.side == 0:
            yield "writes beside the key", place._replace(side=1)
        if place.value != OLD:
            dead = world.keys[OLD].state != ON
            yield "puts the old key", place._replace(value=OLD, edit="excused" if dead else "fresh")

    # judging -------------------------------------------------------------------------------------------------------------------

    def judge(self, state: State) -> None:
        """Raises Violation when a promise does not hold in this state."""
        world = state.world
        if world.leak:
            raise Violation("a value is in the ledger")
        for index, place in enumerate(world.places):
            for what, value in (("value", place.value), ("readers' value", place.remembered)):
                dead = value != FOREIGN and world.keys[value].state != ON
                if dead and place.edit != "excused" and not (value == OLD and world.late_end):
                    raise Violation(f"outage: the {what} of place {index} is a key that is off")
        row = rotation(world.row)
        if row.closed and state.workers == (None, None):
            self._judge_end(world, row)

    def _judge_end(self, world: World, row) -> None:
        done = row.state is S.DONE
        keep = key_of(row.new) if done else OLD
        if world.keys[keep].state != ON and not (keep == OLD and world.late_end):
            raise Violation("the key that is to stay is off")
        if done and world.keys[OLD].state == ON:
            raise Violation("both keys work at the end")
        for index, key in enumerate(world.keys):
            orphan = key.who == "keyward" and index != keep and key.state == ON
            if orphan and not (key.late and (world.for_doctor or self.rules.lag)):
                raise Violation("a key that nobody knows is left")
        if world.slot is not None and not world.for_doctor:
            raise Violation("a pending secret is left")
        for place in world.places:
            if place.value != keep and not place.edit:
                raise Violation("a place does not hold the key that stays")

    def explore(self, *, most: int = 3_000_000) -> Explored:
        """Visit every state. Stops at the first broken promise, with the way to it."""
        found = Explored()
        came: dict[State, tuple[State | None, str]] = {self.start: (None, "")}
        helped: list[tuple[State, State]] = []
        queue = deque([self.start])
        while queue:
            state = queue.popleft()
            try:
                for what, helps, then in self.after(state):
                    found.steps += 1
                    if helps:
                        helped.append((state, then))
                    if then in came:
                        continue
                    came[then] = (state, what)
                    self.judge(then)
                    queue.append(then)
            except Violation as error:
                last = then if str(error) and then in came and came[then][0] is state else state
                found.broken, found.way = str(error), _way(came, last)
                break
            if len(came) > most:
                raise AssertionError(f"more than {most} states")
        found.states = len(came)
        found.closed = sum(rotation(state.world.row).closed for state in came)
        if not found.broken:
            found.stuck = self._stuck(came, helped, found)
        return found

    def _stuck(self, came: dict, helped: list, found: Explored) -> int:
        """How many states cannot come to an end any more when nothing else goes wrong, and no person is asked."""
        back: dict[State, list[State]] = {}
        for state, then in helped:
            back.setdefault(then, []).append(state)
        good = [state for state in came if self._ended(state)]
        reached = set(good)
        while good:
            for state in back.get(good.pop(), ()):
                if state not in reached:
                    reached.add(state)
                    good.append(state)
        lost = [state for state in came if state not in reached]
        if lost:
            found.way = _way(came, lost[0])
        return len(lost)

    def _ended(self, state: State) -> bool:
        row = rotation(state.world.row)
        asked = row.waiting_on in (WaitingOn.PERSON, WaitingOn.CONFLICT) and state.workers == (None, None)
        return row.closed or asked


def _way(came: dict, state: State | None) -> list[str]:
    way = []
    while state is not None:
        state, what = came[state]
        way.append(what)
    return way[::-1]


__all__ = ["Explored", "Rules", "Search", "advanced"]
