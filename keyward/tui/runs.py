"""Rotations that this app is at work on: begun here, seen from any screen, and on disk whatever becomes of the app."""

from typing import TYPE_CHECKING, Any

from keyward.model.events import CallMade
from keyward.tui import planned, words
from keyward.tui.live import KeyLive, Line, Live
from keyward.tui.lives import LiveSaid
from keyward.tui.messages import Answer, Failed, Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from keyward.desk import Desk
    from keyward.rotation.outcome import Until
    from keyward.rotation.plan import Plan
    from keyward.tui.app import KeywardApp

    Deed = Callable[[Desk, Any], Any]


class _Relay:
    """Takes the messages of a run's thread to the app, which outlives every screen."""

    def __init__(self, app: "KeywardApp", live: Live) -> None:
        self._app, self._live = app, live

    def post_message(self, message: "Message") -> bool:
        return self._app.post_message(LiveSaid(self._live, message))


class Runs:
    """Begins runs, and keeps what is heard of them.

    Args:
        app: whose threads they are.
    """

    def __init__(self, app: "KeywardApp") -> None:
        self._app = app
        self._lives: list[Live] = []

    def of(self, rotation: str) -> Live | None:
        """The run that is at work on that rotation."""
        return next((one for one in self._lives if one.busy and rotation in (one.rotation, *one.rotations)), None)

    def apply(self, plan: "Plan") -> Live:
        """Begin what a plan says, which a person agreed to."""
        keys = []
        for key in plan.keys:
            one = KeyLive(key.id, planned.name_of(key))
            for line in planned.step_lines(key):
                one.add(Line(line.step, line.target, line.what))
            keys.append(one)
        live = Live("rotate", keys)
        return self._begin(live, lambda desk, report: desk.rotating.apply(plan, report, wait=_until(), calls=True))

    def go_on(self, rotation: str, key: KeyLive | None = None) -> Live:
        """Do what can be done now for a rotation; `key` is the one that it replaces, where that is known."""
        live = Live("go on", [key] if key is not None else (), rotation)
        return self._begin(
            live,
            self._remembered(
                live, lambda desk, report: desk.rotating.go_on([rotation], report, wait=_until(), calls=True)
            ),
        )

    def again(self, live: Live) -> bool:
        """Do what can be done now for all that such a run was about; False when it began nothing that could be gone on with."""
        rotations = live.about
        if not rotations:  # to the desk, none means all that are open
            return False
        live.title = "go on"
        live.begin()
        self._begin(live, lambda desk, report: desk.rotating.go_on(rotations, report, wait=_until(), calls=True))
        return True

    def undo(self, rotation: str, key: KeyLive | None = None) -> Live:
        """Bring an old key back, which a person agreed to; `key` is that one, where it is known."""
        live = Live("undo", [key] if key is not None else (), rotation)
        why = "in the app"
        return self._begin(
            live,
            self._remembered(
                live, lambda desk, report: desk.rotating.undo(rotation, why, report, wait=True, calls=True)
            ),
        )

    def _begin(self, live: Live, deed: "Deed") -> Live:
        self._lives = [one for one in self._lives if one.busy and one is not live] + [live]
        self._app.feed.act(_Relay(self._app, live), deed)
        return live

    def _remembered(self, live: Live, deed: "Deed") -> "Deed":
        """The same, after what was done before was read from the audit trail."""
        relay = _Relay(self._app, live)

        def do(desk: "Desk", report: Any) -> Any:
            relay.post_message(Answer(_Before(desk.record.history(live.rotation))))
            return deed(desk, report)

        return do

    def said(self, live: Live, message: "Message") -> None:
        """Something was said of a run."""
        if isinstance(message, Heard):
            if isinstance(message.event, CallMade):
                self._app.hear_time(message.event.at)
            if live.hear(message.event, self._app.moment()):
                self._app.feed.ask(_Relay(self._app, live), lambda desk: _Whose(desk.record.rotations()))
        elif isinstance(message, Failed):
            self._over(live, lambda: live.failed(message.error), str(message.error.title))
        elif isinstance(message, Answer) and isinstance(message.value, _Whose):
            live.belongs({row.id: row.credential for row in message.value.rows})
        elif isinstance(message, Answer) and isinstance(message.value, _Before):
            live.remember(message.value.history, self._app.moment())
            if live.title == "undo":
                live.turn_back()
        elif isinstance(message, Answer):
            outcomes = list(message.value or ())
            self._over(live, lambda: live.ended(outcomes), rests(outcomes))

    def _over(self, live: Live, ended: "Callable[[], None]", how: str) -> None:
        ended()
        self._app.reload()
        if getattr(self._app.screen, "live", None) is not live:
            names = ", ".join(one.name for one in list(live.keys.values())[:3])
            self._app.notify(f"{names or live.rotation}: {how}", title=f"Rotation ({live.title})", timeout=12)


class _Whose:
    def __init__(self, rows: Any) -> None:
        self.rows = rows


class _Before:
    def __init__(self, history: Any) -> None:
        self.history = history


def _until() -> "Until":
    from keyward.rotation.outcome import Until  # called in a thread, which loads the engine

    return Until.CUT_OVER


def rests(outcomes: list[Any]) -> str:
    """Where it stands, in a few words."""
    if not outcomes:
        return "nothing was open"
    dues = [outcome.due for outcome in outcomes if outcome.due is not None]
    states = ", ".join(dict.fromkeys(outcome.state.value for outcome in outcomes))
    return f"{states}; rests until {words.moment(min(dues))} UTC" if dues else states
