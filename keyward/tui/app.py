"""The app: how it begins and ends, what its top lines say, scans, and whether anything may be changed."""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType

from keyward.model.gap import Gap
from keyward.model.source import SourceReport
from keyward.tui import coverage, looks, words
from keyward.tui.actions import Where, bindings
from keyward.tui.feed import Feed, MakeSeat
from keyward.tui.garbage import Garbage
from keyward.tui.keeping import EVERY, Keeping
from keyward.tui.lives import LiveSaid
from keyward.tui.messages import Progress, Stood
from keyward.tui.rooms import RoomsApp
from keyward.tui.widgets.head import Standing

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType
    from textual.command import Provider

    from keyward.tui.runs import Runs
    from keyward.tui.screens.inventory import InventoryScreen


def _actions() -> "type[Provider]":
    from keyward.tui.palette import Actions  # loaded when the palette opens

    return Actions


class KeywardApp(RoomsApp):
    """keyward in a terminal.

    Args:
        make_seat: makes parts and desk; called in threads.
        write: start in write mode; without it nothing can be applied.
        kept: gives the file in which it is kept how the app was left; called in threads. Without it nothing is kept.
    """

    TITLE = "keyward"
    CSS_PATH = Path(__file__).with_name("styles") / "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.APP)
    COMMANDS: "ClassVar[set[type[Provider] | Callable[[], type[Provider]]]]" = App.COMMANDS | {_actions}
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (100, "-normal"), (120, "-wide")]  # noqa: RUF012  # as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (10, "-low"), (20, "-tall")]  # noqa: RUF012  # Textual declares it as an instance variable

    def __init__(self, make_seat: MakeSeat, *, write: bool = False, kept: "Callable[[], Path] | None" = None) -> None:
        # Without colours nothing but bold, underlined and reversed text is sent: greys would be colours.
        super().__init__(ansi_color=True if looks.no_colour(os.environ) else None)
        self.feed = Feed(self, make_seat)
        self.standing = Standing(write=write)
        self.feed.read_only = not write
        self.keeping = Keeping(self, kept) if kept is not None else None
        self.feed.before_rows = self.keeping.read if self.keeping is not None else None
        self.sources: Sequence[SourceReport] = ()
        self.gaps: Mapping[str, Gap] = {}
        self._scanned: float | None = None
        self._epoch = (time.time(), time.monotonic())
        self._asked_first = False
        self.garbage = Garbage()
        self.demo = False
        """Whether the demo is to be opened when this has ended."""

    @property
    def write(self) -> bool:
        """Whether plans may be applied."""
        return self.standing.write

    def on_mount(self) -> None:
        """Open the inventory: the shell first, cached rows next, the network last."""
        from keyward.tui.screens.inventory import InventoryScreen  # each screen is loaded when it opens

        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._told_to_end, number)
        self.push_screen(InventoryScreen())
        self.set_interval(0.1, self._pulse)
        self.set_interval(30, self._say_age)
        if self.keeping is not None:
            self.set_interval(EVERY, self.keeping.pulse)

    def exit(self, result: None = None, return_code: int = 0, message: "RenderableType | None" = None) -> None:
        """Leave; how it is left is kept."""
        if self.keeping is not None:
            self.keeping.look()
        super().exit(result, return_code, message)

    def _told_to_end(self, number: int) -> None:
        """SIGTERM, or SIGHUP when the terminal is gone: leave as with q, the terminal as it was, and say so in the exit status."""
        self.exit(return_code=128 + number)

    def stop_work(self) -> None:
        """What is under way in threads stops at the next safe place."""
        self.feed.close()

    def on_unmount(self) -> None:
        """What is under way in threads stops at the next safe place; a copied value leaves the clipboard."""
        self.copying.end()
        self.garbage.end()
        self.stop_work()

    def now(self) -> float:
        """The present of this world, seconds since 1970, without asking anyone."""
        there, here = self._epoch
        return there + time.monotonic() - here

    def moment(self) -> datetime:
        """The same as a moment in UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    def hear_time(self, at: datetime) -> None:
        """The engine's time at this moment: an emulator's clock may have been moved since the world was asked for it."""
        self._epoch = (at.timestamp(), time.monotonic())

    # What every screen says

    def stood(self, event: Stood) -> None:
        """The world is known."""
        self._epoch = (event.now, time.monotonic())
        if not event.motion:
            self.animation_level = "none"
        self.take_keys(event.keymap)
        self.tell(world="" if event.emulated else event.world, emulated=event.emulated)

    def tell(
        self,
        *,
        sources: Sequence[SourceReport] | None = None,
        gaps: Mapping[str, Gap] | None = None,
        scanned: float | None = None,
        **said: Any,
    ) -> None:
        """Change what the top lines say: fields of `Standing`, and what they are made from."""
        if sources is not None:
            self.sources, self.gaps = sources, gaps or {}
            said["coverage"] = coverage.summary(sources, self.gaps)
            self._scanned = scanned
            said["age"] = words.ago(scanned, self.now())
        standing = replace(self.standing, **said)
        if standing == self.standing and sources is None:
            return
        self.standing = standing
        if not self.is_running:
            return  # it ends, and screens have lost their widgets before they are gone themselves
        for screen in self.screen_stack:
            if stand := getattr(screen, "stand", None):
                stand(self.standing)

    def _say_age(self) -> None:
        if self.sources:
            self.tell(age=words.ago(self._scanned, self.now()))

    # Scans

    def scan(self, to: "InventoryScreen", wish: Any = None) -> None:  # the desk's own type
        """Ask every source, or those of the wish."""
        self.tell(busy="scanning ...")
        self.feed.scan(to, wish)
        to.show_rows()

    def scan_or_stop(self) -> None:
        """Ask every source again, or stop asking."""
        if self.feed.scanning:
            self.feed.stop_scan()
            self.tell(busy="stopping ...")
        else:
            self.scan(self.inventory)

    def reload(self) -> None:
        """Read again what is known: something was changed."""
        self.feed.load(self.inventory)

    def scan_local(self) -> None:
        """Look into the folders and the keyring that the settings name, not into any cloud."""
        from keyward.desk.wish import ScanWish  # only when it is wanted

        self.scan(self.inventory, ScanWish(local=True))

    async def on_event(self, event: events.Event) -> None:
        """Something was typed, or anything else happened."""
        if isinstance(event, events.InputEvent):
            self.garbage.typed()
        await super().on_event(event)

    def _pulse(self) -> None:
        self.keys_follow()
        self.garbage.rested()
        if self.feed.scanning:
            self.feed.drain(self.inventory, self.moment())

    def on_progress(self, event: Progress) -> None:
        """A scan goes on."""
        if self.feed.scanning:
            self.tell(busy=coverage.progress(event.done, event.total, event.waiting))

    def production(self, key: str) -> bool:
        """Whether the key of that id is one of production, as the settings say."""
        return self.inventory.production(key)

    @property
    def inventory(self) -> "InventoryScreen":
        """The list of keys, which is always there."""
        return self.screen_stack[1]  # type: ignore[return-value]  # pushed first, never popped

    def nothing_known(self, screen: "InventoryScreen") -> None:
        """Nothing is cached: the demo scans by itself, once; otherwise a person says where to look."""
        if self._asked_first:
            return
        self._asked_first = True
        if self.standing.emulated:
            self.scan(screen)
        elif self._scanned is None:
            self.open_welcome()

    def empty_words(self) -> tuple[str, str]:
        """What stands where there are no keys, and what to do."""
        return coverage.no_keys(self.keymap, scanning=self.feed.scanning, scanned=self._scanned is not None)

    # What is changed

    @cached_property
    def runs(self) -> "Runs":
        """The rotations that this app is at work on."""
        from keyward.tui.runs import Runs  # loaded with the first of them

        return Runs(self)

    def on_live_said(self, event: LiveSaid) -> None:
        """A run goes on, whatever screen is shown."""
        self.runs.said(event.live, event.said)

    def may_write(self) -> bool:
        """Whether something may be changed; says why not."""
        if not self.write:
            self.notify(
                f"This app is read-only: {self.keymap.key_of('app.write_mode')} switches to write mode.",
                severity="warning",
            )
        return self.write

    def action_write_mode(self) -> None:
        """Allow plans to be applied, after a typed word; or no longer, at once."""
        if self.write:
            self.feed.read_only = True
            self.tell(write=False)
            return
        from keyward.tui.widgets.dialog import Confirm

        key = self.keymap.key_of("app.write_mode")
        text = f"In write mode plans can be applied, each after a phrase of its own, and checklists answered. {key} leaves it again."
        self.push_screen(Confirm("Switch to write mode", text, "write", "Switch"), self._switch)

    def _switch(self, yes: bool | None) -> None:
        if yes:
            self.feed.read_only = False
            self.tell(write=True)

    def leave_for_the_demo(self) -> None:
        """End, and have the demo opened in this terminal."""
        self.demo = True
        self.exit()

    def action_leave(self) -> None:
        """Quit; ask first while a rotation is being worked on here. What is under way is on disk."""
        if not self.feed.acting:
            self.exit()
            return
        from keyward.tui.widgets.question import Question

        if not isinstance(self.screen, Question):
            text = (
                "A rotation is being worked on. The rotation stays resumable: it stops at the next safe place, and "
                "`keyward resume`, or the history in this app, goes on with it."
            )
            self.push_screen(Question("Leave?", text, no="Stay", yes="Leave"), self._leave)

    async def action_quit(self) -> None:
        """The same, from dialogs and fields too."""
        self.action_leave()

    def _leave(self, yes: bool | None) -> None:
        if yes:
            self.exit()
