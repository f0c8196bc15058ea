"""The control plane below `/emulator/v1`: what tests and the demo use to move the world and to look into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import micros, parse
from keyward.emulator.errors import refuse
from keyward.emulator.faults import Fault
from keyward.emulator.routing import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.emulator.world import World

PRODUCT = "keyward-emulator"


class Control:
    """Answers the control plane of a world.

    Args:
        world: the state.
        violations: gives the answers that broke Google's schema so far.
    """

    def __init__(self, world: World, violations: Callable[[], list[dict[str, Any]]]) -> None:
        self._world = world
        self._violations = violations
        self._actions: dict[tuple[str, str], Callable[[Request], dict[str, Any]]] = {
            ("GET", ""): self._about,
            ("POST", "/clock"): self._clock,
            ("GET", "/log"): self._log,
            ("POST", "/faults"): self._add_faults,
            ("DELETE", "/faults"): self._clear_faults,
            ("GET", "/dump"): lambda _: world.dump(),
            ("POST", "/use"): self._use,
            ("POST", "/project"): self._project,
            ("POST", "/behaviour"): self._behaviour,
            ("GET", "/violations"): lambda _: {"violations": violations()},
        }

    def answer(self, request: Request) -> Response:
        """Give the answer to a control request.

        Raises:
            ApiError: an unknown path or a malformed body.
        """
        action = self._actions.get((request.method, request.path.removeprefix("/emulator/v1").rstrip("/")))
        if action is None:
            raise refuse("NOT_FOUND", f"The control plane has no {request.method} {request.path}.")
        try:
            return Response(action(request))
        except (KeyError, TypeError, ValueError) as error:
            raise refuse("INVALID_ARGUMENT", f"Malformed control request: {error!r}") from error

    def _about(self, _: Request) -> dict[str, Any]:
        clock = self._world.clock
        now, rate = micros(clock.now()), clock.rate
        return {"product": PRODUCT, "instance": self._world.instance, "now": now, "rate": rate}

    def _clock(self, request: Request) -> dict[str, Any]:
        clock, body = self._world.clock, request.json()
        if "now" in body:
            clock.set_now(parse(body["now"]))
        if "rate" in body:
            clock.set_rate(float(body["rate"]))
        clock.advance(float(body.get("advance_seconds", 0)))
        return self._about(request)

    def _log(self, request: Request) -> dict[str, Any]:
        return {"entries": self._world.log.since(request.number("since"))}

    def _add_faults(self, request: Request) -> dict[str, Any]:
        body = request.json()
        self._world.faults.add(*[Fault.load(rule) for rule in body["rules"]])
        return {}

    def _clear_faults(self, _: Request) -> dict[str, Any]:
        self._world.faults.clear()
        return {}

    def _behaviour(self, request: Request) -> dict[str, Any]:
        with self._world.lock:
            self._world.behaviour.change(request.json())
        return {}
