"""The first run: what is on this machine, found without reading a value; what of it to look at; a settings file to agree to; the demo."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from keyward.tui.actions import Where, bindings
from keyward.tui.copying import hand_over
from keyward.tui.messages import Answer, Failed
from keyward.tui.screens.page import Page
from keyward.tui.widgets.grid import Column, Grid
from keyward.tui.widgets.pane import Fact, FactList
from keyward.tui.widgets.plain import Plain

if TYPE_CHECKING:
    from keyward.desk.beginning import Beginning, Choice
    from keyward.desk.wish import Check

_COLUMNS = (
    Column("chosen", "", 3, 0),
    Column("area", "AREA", 8, 0),
    Column("what", "WHAT", 14, 0, grows=True),
    Column("ready", "STATE", 5, 1),
    Column("found", "FOUND", 22, 0, grows=True),
)
_WORDS = {"yes": "found", "no": "none", "unknown": "?", "asking": "..."}
_TONES = {"yes": "grid--good", "no": "grid--dim", "unknown": "grid--warn", "asking": "grid--dim"}
GOOGLE = "google"


class _Line:
    """One line: what was found, what it would put into the settings, whether it is chosen."""

    def __init__(self, check: "Check", choice: "Choice | None") -> None:
        self.check, self.choice = check, choice
        self.chosen = choice is not None and choice.wanted


class WelcomeScreen(Page):
    """What was found. Nothing is written or scanned before somebody agrees."""

    where = Where.WELCOME
    heading = "First run"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Where.WELCOME)

    def __init__(self) -> None:
        super().__init__()
        self._here: list[_Line] = []
        self._google: list[_Line] = []
        self._begun: Beginning | None = None
        self._writing = False
        self._cloud = False
        self._idle: int | None = None
        """Where the cursor was put although nothing can be chosen there."""
        self._stop = threading.Event()

    def content(self) -> ComposeResult:
        """What this is, the lines, the whole of the one under the cursor."""
        yield Plain("", id="summary", classes="content name")
        yield Grid(_COLUMNS, self._cells, self._tone, id="found")
        yield FactList(id="line", classes="content below")

    def on_mount(self) -> None:
        """Look at this machine, and ask Google beside it."""
        from keyward.desk.wish import Check

        self._google = [_Line(Check(GOOGLE, "Google Cloud", "asking", "looking for credentials and projects"), None)]
        self.query_one(Grid).display = False
        self.say("Looking for keys on this machine ...", "No value is read. Nothing is written.")
        self._stop = stop = self.app.feed.stopper()
        self.app.feed.ask(self, lambda desk: desk.setup.look_here([Path()]))
        self.app.feed.ask(self, lambda desk: desk.setup.look_at_google(stop))

    def on_unmount(self) -> None:
        """Nobody waits for Google any more."""
        self._stop.set()

    def on_answer(self, event: Answer) -> None:
        """What was found here; what Google said; or the settings are written."""
        if isinstance(event.value, tuple):
            self._google_found(*event.value)
        elif isinstance(event.value, Path):
            self._written()
            return
        else:
            self._begun = event.value
            self._here = [_Line(*pair) for pair in zip(event.value.found, event.value.choices, strict=True)]
        self._show()

    def _google_found(self, checks: "list[Check]", usable: bool) -> None:
        from keyward.desk.beginning import Choice

        self._google = [_Line(check, None) for check in checks]
        if usable:  # chosen by the last line, which tells how many projects there are
            self._google[-1] = _Line(checks[-1], Choice(GOOGLE, "", wanted=checks[-1].ready == "yes"))

    def on_failed(self, event: Failed) -> None:
        """It could not be looked, or not be written: why, and what to do."""
        if self._writing:
            event.prevent_default()  # the page stays: what was chosen is still to be seen
            self._writing = False
            self.query_one("#summary", Plain).show(f"✗ {event.error.title}: {event.error}")
        else:
            self.query_one(Grid).display = False

    @property
    def _lines(self) -> list[_Line]:
        """What is on this machine, then what Google said, which comes later: a line keeps its number."""
        return [*self._here, *self._google]

    @property
    def _order(self) -> list[int]:
        """Google first."""
        here = len(self._here)
        return [*range(here, here + len(self._google)), *range(here)]

    def why_not(self, action: str) -> str:
        """Why an action of this screen cannot be done now; empty when it can."""
        if action in ("choose", "propose", "command") and self._begun is None:
            return "it is not known what is on this machine"
        return "the settings file is there and stays as it is" if action == "choose" and self._fixed else ""

    def _show(self) -> None:
        if self._begun is None:
            return
        grid, lines, key = self.query_one(Grid), self._lines, self.app.keymap.key_of
        grid.display = True
        self.say("")
        file = str(self._begun.file)
        if self._begun.exists:
            said = f"{file} is there and stays as it is. {key('welcome.propose')} scans what it names."
        elif any(line.choice for line in lines):
            choose, shows = key("welcome.choose"), key("welcome.propose")
            said = f"Found without reading a value. {choose} chooses, {shows} shows the settings file that this makes."
        else:
            said = self._nothing
        self.query_one("#summary", Plain).show(said)
        self.app.keys_follow()
        under = grid.row
        grid.repaint()
        order = self._order
        grid.show(order)
        if under in (None, self._idle):  # the first thing that can be chosen; what can be is not left for another
            row = next((row for row, line in enumerate(lines) if line.choice), order[0])
            self._idle = row if lines[row].choice is None else None
            grid.go_to(row)
        if under is None:
            grid.focus()
        self._tell()

    @property
    def _nothing(self) -> str:
        folder, demo = map(self.app.keymap.key_of, ("welcome.folder", "welcome.demo"))
        return f"Nothing was found that could be looked at: {folder} names a folder, {demo} opens the demo."

    def _cells(self, row: int) -> tuple[str, ...]:
        line = self._lines[row]
        chosen = "" if line.choice is None or self._fixed else "[x]" if line.chosen else "[ ]"
        return (chosen, line.check.area, line.check.what, _WORDS[line.check.ready], line.check.found)

    def _tone(self, row: int, column: str) -> str | None:
        if column == "ready":
            return _TONES[self._lines[row].check.ready]
        return "grid--dim" if column == "area" else None

    @property
    def _fixed(self) -> bool:
        return self._begun is not None and self._begun.exists

    def on_grid_moved(self) -> None:
        """The whole of the line under the cursor."""
        self._tell()

    def _chosen(self) -> "_Line | None":
        row = self.query_one(Grid).row
        return self._lines[row] if row is not None and row < len(self._lines) else None

    def _tell(self) -> None:
        if (line := self._chosen()) is not None:
            check = line.check
            facts = [Fact(check.area, check.what), Fact("found", check.found)]
            facts += [Fact("" if number else "do", text) for number, text in enumerate(check.fix.splitlines())]
            self.query_one("#line", FactList).tell([fact for fact in facts if fact.text])

    # Actions

    def action_choose(self) -> None:
        """Put the line under the cursor into the settings, or take it out, and move on."""
        line = self._chosen()
        if line is not None and line.choice is not None and not self._fixed:
            line.chosen = not line.chosen
            grid = self.query_one(Grid)
            grid.repaint()
            grid.action_move(1)

    def action_propose(self) -> None:
        """Show what would be written and scanned, and ask."""
        if self._begun is None or self._writing or not self.is_active:
            return
        from keyward.desk.beginning import proposal
        from keyward.tui.widgets.agree import Agree

        chosen = [line.choice for line in self._lines if line.choice is not None and line.chosen]
        cloud = any(choice.kind == GOOGLE for choice in chosen)
        begun = replace(self._begun, proposed="" if self._fixed else proposal(chosen))
        if not (begun.proposed or cloud or self._fixed):
            choose = self.app.keymap.key_of("welcome.choose")
            some = any(line.choice for line in self._lines)
            self.app.notify(f"{choose} chooses something." if some else self._nothing)
            return
        names = "keyward.toml" if self._fixed else "it"
        scans = f"Then what {names} names is looked at" + (
            ", and Google Cloud is asked." if cloud else "; no cloud is asked."
        )
        if begun.proposed:
            title, verb, text = f"Write {begun.file}", "Write and scan", f"For you alone (mode 0600). {scans}"
        else:
            title, verb, text = "Scan", "Scan", f"Nothing is written. {scans}"

        def answered(yes: bool | None) -> None:
            if yes:
                self._go(begun, cloud=cloud)

        self.app.push_screen(Agree(title, text, begun.proposed.rstrip(), verb), answered)

    def _go(self, begun: "Beginning", *, cloud: bool) -> None:
        self._cloud = cloud
        if begun.proposed:
            self._writing = True
            self.app.feed.write_settings(self, lambda desk: desk.setup.write_settings(begun))
        else:
            self._written()

    def _written(self) -> None:
        """Look there now."""
        self.app.feed.forget()
        self.dismiss()
        if self._cloud:
            self.app.scan_or_stop()
        else:
            self.app.scan_local()

    def action_folder(self) -> None:
        """Name another folder; it is written down and scanned."""
        if not self.is_active:
            return
        from keyward.tui.screens.local import LocalScreen

        def named(done: bool | None) -> None:
            if done:
                self.dismiss()

        self.app.push_screen(LocalScreen(), named)

    def action_demo(self) -> None:
        """Leave for the sample organisation."""
        if self.is_active:
            self.app.leave_for_the_demo()

    def action_command(self) -> None:
        """Hand over what helps with the line under the cursor."""
        line: Any = self._chosen()
        if line is None or not self.is_active:
            return
        if line.check.fix:
            hand_over(self.app, f"{line.check.area}, {line.check.what}", line.check.fix)
        else:
            self.app.notify("There is nothing to do for this line.")
