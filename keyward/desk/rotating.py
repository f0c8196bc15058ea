"""Rotations, from the plan to the end: each method lets the engine work, and the cache know what changed."""

from dataclasses import replace
from typing import TYPE_CHECKING

from keyward.desk.agreeing import policy
from keyward.desk.engine import engine
from keyward.desk.refreshing import refresh
from keyward.desk.tfstate import tfstate
from keyward.model.ids import CredentialRef

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from keyward.desk.desk import Desk
    from keyward.desk.wish import Changes
    from keyward.model.events import Event
    from keyward.model.secret import Secret
    from keyward.rotation.engine import Engine
    from keyward.rotation.outcome import Outcome, Until
    from keyward.rotation.plan import Plan

    Report = Callable[[Event], None]
    Outcomes = tuple[Outcome, ...]


class Rotating:
    """Plans rotations and does them. With `calls`, every single request is reported too.

    Args:
        desk: whose parts, ledger and cache.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def plan(
        self, keys: "Sequence[str]", changes: "Changes | None" = None, cancel: "threading.Event | None" = None
    ) -> "Plan":
        """Read the world again and say what would be done for these keys (full ids). Changes nothing anywhere."""
        refs = [CredentialRef.parse(key) for key in keys]
        terraform = tfstate(changes.tfstate if changes is not None else ())
        with engine(self._desk, self._desk.parts.ctx(cancel=cancel), traceless=True, terraform=terraform) as made:
            return made.plan(refs, policy(self._desk.parts, changes))

    def apply(
        self,
        plan: "Plan",
        report: "Report | None" = None,
        cancel: "threading.Event | None" = None,
        *,
        wait: "Until | None" = None,
        timeout: "timedelta | None" = None,
        calls: bool = False,
    ) -> "Outcomes":
        """Do a plan that a person agreed to; one tick, or until it came so far.

        Raises:
            NeedsPerson: something is in the way; nothing was begun.
            Held: another rotation of such a key was begun meanwhile.
            Interrupted: cancelled; what was begun can be resumed.
        """
        return self._work(report, cancel, lambda engine: engine.run(plan, until=wait, timeout=timeout), calls=calls)

    def go_on(
        self,
        rotations: "Sequence[str]" = (),
        report: "Report | None" = None,
        cancel: "threading.Event | None" = None,
        *,
        wait: "Until | None" = None,
        timeout: "timedelta | None" = None,
        decided: "Changes | None" = None,
        calls: bool = False,
    ) -> "Outcomes":
        """Go on with these rotations (ids or unique prefixes), or with all open ones; empty when there is nothing to do.

        `decided` is what a person decided about them meanwhile.
        """
        ids = [*rotations] or sorted(row.id for row in self._desk.record.rotations(open_only=True))
        if not ids:
            return ()

        def go_on(engine: "Engine") -> "Outcomes":
            if decided is not None:
                engine.decide(ids, policy(self._desk.parts, decided))
            return engine.go_on(ids, until=wait, timeout=timeout)

        return self._work(report, cancel, go_on, calls=calls)

    def undo(
        self,
        rotation: str,
        reason: str = "",
        report: "Report | None" = None,
        cancel: "threading.Event | None" = None,
        *,
        wait: bool = False,
        timeout: "timedelta | None" = None,
        value: "Secret | None" = None,
        calls: bool = False,
    ) -> "Outcomes":
        """Turn a rotation round; `value` is the old key's, where it is kept nowhere any more.

        Raises:
            NeedsPerson: the old key cannot come back.
            NeedsValue: its value is kept nowhere any more.
        """
        return self._work(
            report,
            cancel,
            lambda engine: engine.undo(rotation, reason, wait=wait, timeout=timeout, value=value),
            calls=calls,
        )

    def hand_in(
        self,
        rotation: str,
        value: "Secret",
        report: "Report | None" = None,
        cancel: "threading.Event | None" = None,
        *,
        wait: "Until | None" = None,
        timeout: "timedelta | None" = None,
    ) -> "Outcomes":
        """Give a rotation the value of the key that a person made for it, and go on."""

        def do(engine: "Engine") -> "Outcomes":
            engine.hand_in(rotation, value)
            return engine.go_on([rotation], until=wait, timeout=timeout)

        return self._work(report, cancel, do)

    def _work(
        self,
        report: "Report | None",
        cancel: "threading.Event | None",
        do: "Callable[[Engine], Outcomes]",
        *,
        calls: bool = False,
    ) -> "Outcomes":
        desk = self._desk
        before = {row.id: row.updated for row in desk.record.rotations(open_only=True)}
        with engine(desk, replace(desk.parts.ctx(report, cancel), calls=calls)) as made:
            outcomes = do(made)
        refresh(desk, [one.rotation for one in outcomes], before)
        return outcomes
