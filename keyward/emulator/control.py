"""The control plane below `/emulator/v1`: what tests and the demo use to move the world and to look into it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from keyward.emulator.accountkeys import control as accountkeys
from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.clock import micros, parse
from keyward.emulator.errors import refuse
from keyward.emulator.faults import Fault
from keyward.emulator.routing import Response
from keyward.emulator.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.emulator.apikeys.key import Key
    from keyward.emulator.routing import Request
    from keyward.emulator.world import World

PRODUCT = "keyward-emulator"
_SETTABLE = (
    *("policies", "quotas", "blocked", "state", "labels", "name", "parent"),
    *("billing", "billing_open", "bindings"),
)
"""What of a project can be set."""


class Control:
    """Answers the control plane of a world.

    Args:
        world: the state.
        violations: gives the answers that broke Google's schema so far.
    """

    def __init__(self, world: World, violations: Callable[[], list[dict[str, Any]]]) -> None:
        self._world = world
        self._actions: dict[tuple[str, str], Callable[[Request], dict[str, Any]]] = {
            ("GET", ""): self._about,
            ("POST", "/clock"): self._clock,
            ("GET", "/log"): self._log,
            ("POST", "/faults"): self._add_faults,
            ("DELETE", "/faults"): self._clear_faults,
            ("GET", "/dump"): lambda _: world.dump(),
            ("POST", "/use"): self._use,
            ("POST", "/project"): self._project,
            ("POST", "/key"): self._key,
            ("POST", "/account-key"): lambda request: accountkeys.change(world, request.json()),
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
        body = json.loads(request.body)
        rules = body["rules"] if isinstance(body, dict) else body
        self._world.faults.add(*[Fault.load(rule) for rule in rules])
        return {}

    def _clear_faults(self, _: Request) -> dict[str, Any]:
        self._world.faults.clear()
        return {}

    def _behaviour(self, request: Request) -> dict[str, Any]:
        with self._world.lock:
            self._world.behaviour.change(request.json())
        return {}

    def _use(self, request: Request) -> dict[str, Any]:
        body = request.json()
        with self._world.lock:
            key = self._found(body)
            self._world.state(Usage).record(
                key.project,
                key.uid,
                body.get("service", "generativelanguage.googleapis.com"),
                code=int(body.get("code", 200)),
                count=int(body.get("count", 1)),
                when=parse(body["when"]) if "when" in body else None,
            )
        return {"uid": key.uid}

    def _key(self, request: Request) -> dict[str, Any]:
        body = request.json()
        with self._world.lock:
            key = self._found(body)
            key.blocked = str(body["blocked"])
            self._world.dirty = True
        return {"uid": key.uid}

    def _found(self, body: dict[str, Any]) -> Key:
        state = self._world.state(ApiKeys)
        key = state.by_uid(body["uid"]) if "uid" in body else state.by_string(body["key_string"])
        if key is None:
            raise refuse("NOT_FOUND", "The emulator knows no such key.")
        return key

    def _project(self, request: Request) -> dict[str, Any]:
        body = request.json()
        with self._world.lock:
            project = self._world.project(body.pop("id"))
            for name in ("denied", "api_off", "api_on"):
                if name in body:
                    setattr(project, name, set(body.pop(name)))
            if "denied_to" in body:
                project.denied_to = {caller: set(lacks) for caller, lacks in body.pop("denied_to").items()}
            for name in _SETTABLE:
                if name in body:
                    setattr(project, name, body.pop(name))
            if body:
                raise KeyError(*body)
            self._world.dirty = True
            return project.dump()
