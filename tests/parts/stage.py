"""The app without a terminal, in a state that stays as it is until it was looked at: nothing moves, no time passes, answers can be held."""

import contextlib
import threading
import time
from types import SimpleNamespace

from textual.notifications import Notification
from textual.widgets import Input

from keyward.model.errors import Interrupted
from keyward.tui import action_app
from keyward.tui.app import KeywardApp
from tests.parts import desk as made
from tests.parts.picture import picture, words

SIZES = ((80, 24), (120, 36), (200, 50))
_PATIENCE = 30.0
"""Seconds until what is waited for must be there; a busy machine is no failure."""


@contextlib.contextmanager
def still(monkeypatch):
    """Everything stands still that would make two pictures of the same state different."""
    with monkeypatch.context() as patch:
        _stop(patch)
        time.tzset()
        yield
    time.tzset()


def _stop(monkeypatch):
    monkeypatch.setattr(KeywardApp, "now", lambda _: made.NOW.timestamp())
    monkeypatch.setattr(Notification, "time_left", 3_600.0)
    monkeypatch.setattr(KeywardApp, "_display", lambda *_: None)  # nobody reads what a terminal would get
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.setattr(action_app, "_alone", lambda: False)  # a shell started it, whoever started the tests
    for module in ("live", "screens.reveal"):
        monkeypatch.setattr(f"keyward.tui.{module}.time", SimpleNamespace(monotonic=lambda: 1_000.0))
    for name in ("NO_COLOR", "TMUX", "STY", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")  # times on the screen are UTC, wherever one is
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


class Stage:
    """The app, what presses its keys, and the answers that do not come."""

    def __init__(self, app, pilot, held):
        self.app, self.pilot, self._held = app, pilot, held

    async def press(self, *keys):
        """Press keys; each is done before the next."""
        await self.pilot.press(*keys)

    async def push(self, screen):
        """Open a screen."""
        self.app.push_screen(screen)
        await self.pilot.pause(0)

    async def resize(self, width, height):
        """Another size of the terminal."""
        if self.app.size != (width, height):
            await self.pilot.resize_terminal(width, height)

    async def shows(self, *texts):
        """Wait until all of these texts stand there and nothing changes any more."""
        before, until = None, time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            await self.pilot.pause(0.005)
            self.app.keys_follow()  # which the app does ten times a second
            now = self.app.screen._compositor.render_strips() if self._rests() else None
            if now is not None and now == before:
                said = words(self.app)
                if all(text in said for text in texts):
                    return
            before = now
        missing = [text for text in texts if text not in words(self.app)]
        raise AssertionError(f"{missing or 'it does not come to rest'}:\n{picture(self.app)}")

    def _rests(self):
        """Whether every answer is there but those that are held, nothing waits to be laid out or painted, and a dialog hears keys."""
        app, screen = self.app, self.app.screen
        at_work = sum(not worker.is_finished for worker in app.workers)
        if app.feed.scanning:  # it is followed to its end; nothing comes while that thread waits for news and has none
            following = app.feed._following
            at_work -= bool(following._news._waiters) and not following._changed
        if at_work > len(self._held):
            return False
        waits = screen._layout_required or screen._repaint_required or screen._dirty_widgets or screen._callbacks
        sized = app._resize_event is None and all(one.size == app.size for one in (screen, *app._background_screens))
        return not waits and sized and getattr(screen, "armed", True)


@contextlib.asynccontextmanager
async def stage(desk, *, world="emulator:test", write=False, size=SIZES[0]):
    """A stage for a desk: a function that is given what never answers, and makes one."""
    over, asked = threading.Event(), []

    def held(*_, **__):
        asked.append(None)
        over.wait(120)
        raise Interrupted("Nobody waits any more.")

    app = KeywardApp(lambda _: made.Seat(made.parts(world, motion=False), desk(held)), write=write)
    app.theme = "textual-dark"
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Stage(app, pilot, asked)
            over.set()
    finally:
        over.set()
