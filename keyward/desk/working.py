"""The part of an unattended run that acts: ticks of open rotations, then new ones, one after the other."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keyward.desk.agreeing import policy
from keyward.desk.engine import engine
from keyward.desk.refreshing import refresh
from keyward.desk.wish import Changes
from keyward.model.errors import Exit, Held, Interrupted, KeywardError, NeedsPerson
from keyward.model.ids import CredentialRef
from keyward.rotation.blockers import Why
from keyward.rotation.ladder import failing
from keyward.rotation.limits import Later
from keyward.rotation.rules import policy_under
from keyward.rotation.state import from_row
from keyward.rotation.tries import failed

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from keyward.desk.desk import Desk
    from keyward.desk.due import Outlook
    from keyward.ledger.records import RotationRow
    from keyward.model.events import Event
    from keyward.rotation.due import Due
    from keyward.rotation.engine import Engine
    from keyward.rotation.outcome import Outcome
    from keyward.rotation.plan import Plan
    from keyward.rotation.policy import Policy
    from keyward.rotation.tries import Try


@dataclass(frozen=True, slots=True)
class Worked:
    """What was done: how each try ended, which rotations are new, starts that failed, due keys left for later, all rows as they are now."""

    outcomes: tuple["Outcome", ...] = ()
    started: frozenset[str] = frozenset()
    tries: Mapping[str, "Try"] = field(default_factory=dict)
    later: tuple[Later, ...] = ()
    rows: tuple["RotationRow", ...] = ()


def work(
    desk: "Desk",
    view: "Outlook",
    moving: Sequence[str],
    report: "Callable[[Event], None] | None" = None,
    cancel: "threading.Event | None" = None,
) -> Worked:
    """Go on with these rotations, then start what was chosen, unless too much failed.

    Raises:
        Interrupted: cancelled; what was begun can be resumed.
        KeywardError: nothing could be done at all.
    """
    before = {row.id: row.updated for row in view.books.rows}
    ctx = desk.parts.ctx(report, cancel)
    with ExitStack() as stack:
        doer = stack.enter_context(engine(desk, ctx, unattended=True))
        outcomes = list(doer.turn(moving))
        failures = sum(_went_wrong(doer, one) for one in outcomes)
        starter = Starter(desk, view, doer)
        if view.choice.start:
            starter.planner = stack.enter_context(engine(desk, ctx, traceless=True))
        for unit in view.choice.start:
            if failures >= desk.parts.settings.rotation.stop_after_failures:
                starter.later += [Later(key, f"{failures} failures in this run (stop_after_failures)") for key in unit]
                continue
            ctx.check()
            failures += starter.start(unit)
        outcomes += starter.outcomes
        rows = _rows(doer, [one.rotation for one in outcomes])
    refresh(desk, [one.rotation for one in outcomes], before)
    started = frozenset(one.rotation for one in starter.outcomes) - before.keys()
    return Worked(tuple(outcomes), started, starter.tries, (*view.choice.later, *starter.later), rows)


def plans(desk: "Desk", view: "Outlook") -> list["Plan"]:
    """What would be started, one plan for each policy. Changes nothing anywhere."""
    by_policy: dict[Policy, list[str]] = {}
    for unit in view.choice.start:
        by_policy.setdefault(_policy(desk, unit), []).extend(key.key for key in unit)
    with engine(desk, desk.parts.ctx(), traceless=True) as made:
        return [made.plan(map(CredentialRef.parse, keys), how) for how, keys in by_policy.items()]


def _policy(desk: "Desk", unit: Sequence["Due"]) -> "Policy":
    rules = {key.rule.number: key.rule for key in unit if key.rule is not None}
    reason = f"due: {', '.join(rule.said for rule in rules.values())}"
    return policy_under(policy(desk.parts, Changes(yes=True, reason=reason)), rules.values())


def _went_wrong(doer: "Engine", outcome: "Outcome") -> bool:
    row = doer.reach.ledger.rotation(outcome.rotation)
    wrong = outcome.exit_code in (Exit.FINDINGS, Exit.NOT_CONFIGURED, Exit.PARTIAL)
    return wrong or (row is not None and failing(from_row(row), doer.reach.ctx.now))


def _rows(doer: "Engine", touched: Sequence[str]) -> tuple["RotationRow", ...]:
    """Every open rotation and those that were worked on, as they are now, oldest first."""
    ledger = doer.reach.ledger
    found = {row.id: row for row in ledger.rotations(open_only=True)}
    for name in touched:
        row = found.get(name) or ledger.rotation(name)
        if row is not None:
            found[row.id] = row
    return tuple(found[name] for name in sorted(found))


class Starter:
    """Starts due keys, and remembers in the ledger which starts failed.

    Args:
        desk: parts and books.
        view: what is due.
        doer: the engine that acts.
    """

    def __init__(self, desk: "Desk", view: "Outlook", doer: "Engine") -> None:
        self._desk, self._view, self._doer = desk, view, doer
        self.planner: Engine = doer
        self.outcomes: list[Outcome] = []
        self.tries: dict[str, Try] = {}
        self.later: list[Later] = []

    def start(self, unit: Sequence["Due"]) -> int:
        """Begin a rotation for each of these keys, all or none; how many failures that was."""
        try:
            plan = self.planner.plan([CredentialRef.parse(key.key) for key in unit], _policy(self._desk, unit))
            if any(key.under_way for key in plan.keys):
                self.later += [Later(key, "somebody else began a rotation just now") for key in unit]
                return 0
            if not plan.ready:
                return self._blocked(unit, plan)
            outcomes = self._doer.run(plan)
        except Interrupted:
            raise
        except Held as error:
            self.later += [Later(key, error.message) for key in unit]
            return 0
        except KeywardError as error:
            for key in unit:
                self._failed(key.key, str(error), person=isinstance(error, NeedsPerson))
            return int(not isinstance(error, NeedsPerson))
        self.outcomes += outcomes
        for key in unit:
            if key.key in self._view.books.tries:
                self._doer.reach.ledger.set_meta(self._view.books.tries[key.key].fact[0], None)
        return sum(_went_wrong(self._doer, one) for one in outcomes)

    def _blocked(self, unit: Sequence["Due"], plan: "Plan") -> int:
        wrong = 0
        by_id = {key.id: key for key in plan.keys}
        others = ", ".join(key.id for key in plan.keys if key.blockers)
        for key in unit:
            blockers = by_id[key.key].blockers
            if not blockers:
                self.later.append(Later(key, f"it shares a secret with {others}, which cannot begin"))
                continue
            person = any(one.why is not Why.BLOCKED for one in blockers)
            why = "; ".join(f"{one.what}. {one.hint}".strip() for one in blockers)
            self._failed(key.key, why, person=person)
            wrong += not person
        return wrong

    def _failed(self, key: str, why: str, *, person: bool) -> None:
        one = failed(key, self._view.books.tries.get(key), self._doer.reach.ctx.now, why, person=person)
        self.tries[key] = one
        self._doer.reach.ledger.set_meta(*one.fact)
