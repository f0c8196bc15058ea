"""Every action of the app, once: bindings, footer, help, palette and the README's table of keys come from here.

A plain letter never starts anything irreversible: `r` only opens a plan, and a plan is applied by a typed phrase.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import Binding, BindingType


class Where(StrEnum):
    """On which screen an action works."""

    APP = "everywhere"
    TABLE = "in tables"
    INVENTORY = "inventory"
    KEY = "key"
    COVERAGE = "coverage"
    PLAN = "plan"
    ROTATION = "rotation"
    FINDINGS = "findings"
    PROVIDERS = "providers"
    CHECKLISTS = "checklists"
    CHECKLIST = "one checklist"
    HISTORY = "history"
    RECORD = "record"
    DOCTOR = "doctor"
    MENDING = "mending"
    SETTINGS = "settings"
    WELCOME = "first run"
    LIST = "in small lists"
    COLUMNS = "choosing columns"


_ABOVE = frozenset({Where.LIST, Where.COLUMNS})
"""Scopes of what stands above a screen and is answered first; of everywhere's actions only those that come `first` are heard there."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action: what it is called in its scope, the keys that start it (separated by commas), a title, the scope, what it does.

    `footer` shows it at the bottom. `write` says that a read-only app does not do it; `danger`, which includes that, that it begins
    something that changes the world, after a phrase that is typed. One of danger that asks for no `phrase` may not stand on a letter.
    `first` has the app do it before the next key is looked at, so that letters typed right behind it go where they were meant to.
    `run` is the action as Textual knows it, where that is another one than `id`. Why it cannot be done at a moment says `why_not` of
    the screen, or of the app.
    """

    id: str
    keys: str
    title: str
    where: Where
    doc: str
    footer: bool = False
    danger: bool = False
    first: bool = False
    write: bool = False
    phrase: bool = True
    run: str = ""

    @property
    def ref(self) -> str:
        """Its stable, unique id, such as `inventory.rotate`: by it a `keyward.toml` gives it other keys."""
        return f"{self.where.name.lower()}.{self.id}"

    @property
    def changes(self) -> bool:
        """Whether only an app in write mode does it."""
        return self.write or self.danger

    @property
    def binding(self) -> "Binding":
        """The key binding."""
        from textual.binding import Binding  # the command line checks keys without the app

        return Binding(
            self.keys,
            self.run or self.id,
            self.title,
            show=self.footer,
            priority=self.first,
            id=self.ref,
            tooltip=self.doc,
        )


_BACK = "Back to where you came from."
_EXPORT = "Writes the rotation's audit trail as JSON lines into a new file that you name."

ACTIONS: tuple[Action, ...] = (
    Action(
        "filter",
        "slash",
        "Filter",
        Where.INVENTORY,
        "Type a query; Escape clears it, once more leaves it.",
        footer=True,
        first=True,
    ),
    Action("open", "enter", "Open", Where.INVENTORY, "Everything known of the key under the cursor.", footer=True),
    Action(
        "rotate",
        "r",
        "Plan rotation",
        Where.INVENTORY,
        "Shows the plan for the marked keys, or the one under the cursor; changes nothing.",
        footer=True,
    ),
    Action(
        "mark", "space", "Mark", Where.INVENTORY, "Marks the key, or takes its mark away, and moves on.", footer=True
    ),
    Action(
        "sort",
        "s",
        "Sort",
        Where.INVENTORY,
        "Asks by which column; so does a click on a heading, at once.",
        footer=True,
    ),
    Action("scan", "ctrl+r", "Scan", Where.INVENTORY, "Asks every source again; once more stops it.", footer=True),
    Action("coverage", "d", "Coverage", Where.INVENTORY, "What was read, what was not, and why.", footer=True),
    Action("reverse", "S", "Reverse", Where.INVENTORY, "Turns the order round."),
    Action("mark_all", "asterisk", "Mark all", Where.INVENTORY, "Marks every key in view."),
    Action("unmark", "u", "Unmark all", Where.INVENTORY, "Takes every mark away."),
    Action(
        "range", "V", "Mark range", Where.INVENTORY, "Begins a range that follows the cursor; V or Space closes it."
    ),
    Action(
        "preset",
        "w",
        "Columns",
        Where.INVENTORY,
        "Other columns: usual, wide, age, usage, where, data, findings, then your own.",
    ),
    Action("choose", "C", "Choose columns", Where.INVENTORY, "Which columns, in which order, how wide."),
    Action("pane", "i", "Side pane", Where.INVENTORY, "Shows or hides the pane that follows the cursor."),
    Action("local", "o", "Local keys", Where.INVENTORY, "Names a folder and the keyring as places to look at."),
    Action("copy", "y", "Copy", Where.INVENTORY, "Copies id, name, a command line or the record; never a value."),
    Action("clear", "escape", "Clear", Where.INVENTORY, "Takes an open range back, else clears the filter."),
    Action("inventory", "1", "Inventory", Where.APP, "Back to the list of keys."),
    Action("findings", "2", "Findings", Where.APP, "What is wrong, what nobody can tell, and what mends it."),
    Action(
        "providers", "3", "Providers", Where.APP, "What providers do with what is sent to them, with source and date."
    ),
    Action("history", "4", "History", Where.APP, "Rotations and their audit trail.", footer=True),
    Action("doctor", "5", "Doctor", Where.APP, "What is missing or wrong, and the command that mends it."),
    Action("settings", "6", "Settings", Where.APP, "Every setting, where its value came from, what it means."),
    Action("checklists", "7", "Checklists", Where.APP, "Lists to go through, proved by keyward or stated by a person."),
    Action(
        "suspend_process",
        "ctrl+z",
        "To the shell",
        Where.APP,
        "Rests and gives the terminal back; `fg` comes back here.",
        first=True,
    ),
    Action(
        "write_mode",
        "W",
        "Write mode",
        Where.APP,
        "Asks for the typed word, then allows plans to be applied; back at once.",
    ),
    Action(
        "commands",
        "colon,ctrl+p",
        "Commands",
        Where.APP,
        "Every action and open screen, by name.",
        footer=True,
        run="command_palette",
    ),
    Action("help", "question_mark", "Help", Where.APP, "What can be done here, and with which key.", footer=True),
    Action(
        "leave",
        "q",
        "Quit",
        Where.APP,
        "Leaves; asks while a rotation is being worked on, which stays resumable.",
        footer=True,
    ),
    Action("quit", "ctrl+q", "Quit from anywhere", Where.APP, "The same, also from dialogs and fields.", first=True),
    Action(
        "copy", "y", "Copy", Where.KEY, "Copies id, name, a command line or the record; never a value.", footer=True
    ),
    Action(
        "reveal",
        "x",
        "Reveal",
        Where.KEY,
        "Asks, then shows the value for ten seconds; the audit trail tells.",
        footer=True,
    ),
    Action(
        "next_section",
        "right",
        "Next section",
        Where.KEY,
        "Overview, usage, where used, timeline, findings.",
        footer=True,
        first=True,
    ),
    Action("last_section", "left", "Section before", Where.KEY, "The same the other way.", first=True),
    Action("overview", "o", "Overview", Where.KEY, "What is known of the key."),
    Action("usage", "u", "Usage", Where.KEY, "Calls by day, response class and service."),
    Action(
        "where_used", "w", "Where used", Where.KEY, "The places that hold it, who is told of a change, on which hosts."
    ),
    Action("timeline", "t", "Timeline", Where.KEY, "What happened to it, newest first."),
    Action("findings", "f", "Findings", Where.KEY, "The rules that it breaks, and those that nobody can tell of."),
    Action("rotate", "r", "Plan rotation", Where.KEY, "Shows the plan for this key; changes nothing.", footer=True),
    Action("around", "ctrl+r", "Ask around", Where.KEY, "Asks for billing, APIs, labels and who may read its secrets."),
    Action("back", "escape", "Back", Where.KEY, _BACK, footer=True),
    Action(
        "scan",
        "ctrl+r",
        "Scan",
        Where.COVERAGE,
        "Asks every source again; once more stops it, and what was read is kept.",
        footer=True,
    ),
    Action("back", "escape", "Back", Where.COVERAGE, _BACK, footer=True),
    Action(
        "accept",
        "space",
        "Accept target",
        Where.PLAN,
        "Accepts the place under the cursor as one that keyward writes to.",
        footer=True,
    ),
    Action(
        "accept_all",
        "asterisk",
        "Accept all",
        Where.PLAN,
        "Accepts every place that was found, except NEW ones.",
        footer=True,
    ),
    Action(
        "leave_out",
        "x",
        "Leave out",
        Where.PLAN,
        "Leaves the key under the cursor out of the plan, or takes it back.",
        footer=True,
    ),
    Action(
        "leave_out_blocked", "X", "Leave out blocked", Where.PLAN, "Leaves out every key that cannot be rotated now."
    ),
    Action("edit", "e", "Edit", Where.PLAN, "How long both keys work, when the old one goes, and why.", footer=True),
    Action(
        "waive",
        "w",
        "Leave place out",
        Where.PLAN,
        "Leaves the place under the cursor out of the plan, or takes it back; it keeps the old key.",
    ),
    Action("again", "ctrl+r", "Plan again", Where.PLAN, "Reads the world again and plans anew."),
    Action(
        "apply",
        "a",
        "Apply",
        Where.PLAN,
        "Asks for the typed phrase, then does what the plan says.",
        footer=True,
        danger=True,
    ),
    Action(
        "copy_command", "y", "Copy command", Where.PLAN, "Copies the command line that does exactly this.", footer=True
    ),
    Action("back", "escape", "Back", Where.PLAN, "Leaves the plan; nothing has happened.", footer=True),
    Action("go_on", "R", "Resume", Where.ROTATION, "Does what can be done now.", footer=True, write=True),
    Action(
        "calls",
        "L",
        "Requests",
        Where.ROTATION,
        "Shows or hides the requests that are made: method, path, status, milliseconds; never a value.",
        footer=True,
    ),
    Action("back", "escape", "Back", Where.ROTATION, "Leaves the view; the rotation goes on.", footer=True),
    Action("open", "enter", "Open", Where.HISTORY, "The steps of the rotation under the cursor.", footer=True),
    Action(
        "undo",
        "U",
        "Undo",
        Where.HISTORY,
        "Asks for the typed phrase, then brings the old key back.",
        footer=True,
        danger=True,
    ),
    Action(
        "go_on",
        "R",
        "Resume",
        Where.HISTORY,
        "Shows the run that is at work on the rotation under the cursor; where none is, does what can be done now.",
        footer=True,
    ),
    Action(
        "filter",
        "slash",
        "Filter",
        Where.HISTORY,
        "Leaves only rotations with these words; Escape clears it.",
        footer=True,
        first=True,
    ),
    Action("export", "e", "Export", Where.HISTORY, _EXPORT),
    Action("audit", "ctrl+r", "Check trail", Where.HISTORY, "Checks every line of the audit trail again."),
    Action("back", "escape", "Back", Where.HISTORY, _BACK, footer=True),
    Action(
        "undo",
        "U",
        "Undo",
        Where.RECORD,
        "Asks for the typed phrase, then brings the old key back.",
        footer=True,
        danger=True,
    ),
    Action(
        "go_on",
        "R",
        "Resume",
        Where.RECORD,
        "Shows the run that is at work on this rotation; where none is, does what can be done now.",
        footer=True,
    ),
    Action("export", "e", "Export", Where.RECORD, _EXPORT, footer=True),
    Action("back", "escape", "Back", Where.RECORD, _BACK, footer=True),
    Action(
        "open",
        "enter",
        "Open",
        Where.FINDINGS,
        "Shows the key, secret or rotation; of a project, its keys.",
        footer=True,
    ),
    Action(
        "explain",
        "e",
        "Explain",
        Where.FINDINGS,
        "Why the rule matters, what mends it, controls, source, and how it is accepted.",
        footer=True,
    ),
    Action("fix", "y", "Fix", Where.FINDINGS, "Hands over the commands that mend it.", footer=True),
    Action(
        "rotate",
        "r",
        "Plan rotation",
        Where.FINDINGS,
        "Shows the plan of the rotation that mends it; changes nothing.",
        footer=True,
    ),
    Action(
        "find", "slash", "Filter", Where.FINDINGS, "Leaves only findings with these words.", footer=True, first=True
    ),
    Action("again", "ctrl+r", "Judge again", Where.FINDINGS, "Asks every rule again; no provider is asked."),
    Action("back", "escape", "Back", Where.FINDINGS, "Clears the filter, then goes back.", footer=True),
    Action(
        "open", "enter", "Statements", Where.PROVIDERS, "Everything that is known, with source and date.", footer=True
    ),
    Action("command", "y", "Command", Where.PROVIDERS, "Hands over the command that tells the same.", footer=True),
    Action("find", "slash", "Filter", Where.PROVIDERS, "Leaves only lines with these words.", footer=True, first=True),
    Action("back", "escape", "Back", Where.PROVIDERS, "Clears the filter, then goes back.", footer=True),
    Action(
        "open", "enter", "Run", Where.CHECKLISTS, "Runs the list for what the line says, or asks for what.", footer=True
    ),
    Action(
        "other", "o", "Run for", Where.CHECKLISTS, "Asks for another project, provider, person or key.", footer=True
    ),
    Action("command", "y", "Command", Where.CHECKLISTS, "Hands over the command that runs it.", footer=True),
    Action("find", "slash", "Filter", Where.CHECKLISTS, "Leaves only lists with these words.", footer=True, first=True),
    Action("again", "ctrl+r", "Look again", Where.CHECKLISTS, "Reads lists and statements again."),
    Action("back", "escape", "Back", Where.CHECKLISTS, "Clears the filter, then goes back.", footer=True),
    Action("next", "n", "Next open", Where.CHECKLIST, "To the next item that is open, round at the end.", footer=True),
    Action("before", "N", "Open before", Where.CHECKLIST, "To the item before that is open."),
    Action(
        "open",
        "enter",
        "Item",
        Where.CHECKLIST,
        "Everything about the item: found, stated, who proves it, source.",
        footer=True,
    ),
    Action("fix", "y", "Fix", Where.CHECKLIST, "Hands over the commands that mend it.", footer=True),
    Action(
        "state",
        "s",
        "State",
        Where.CHECKLIST,
        "Asks for the words that say that it holds, where it can be seen, and until when.",
        footer=True,
        write=True,
    ),
    Action(
        "skip",
        "p",
        "Put off",
        Where.CHECKLIST,
        "Asks why; it stays open, and is passed over for 30 days.",
        footer=True,
        write=True,
    ),
    Action("agree", "A", "Agree", Where.CHECKLIST, "Agrees with what somebody else stated.", write=True),
    Action("withdraw", "X", "Withdraw", Where.CHECKLIST, "Asks why what was stated holds no more.", write=True),
    Action("compare", "c", "Compare", Where.CHECKLIST, "Shows the items at which the subjects differ."),
    Action("find", "slash", "Filter", Where.CHECKLIST, "Leaves only items with these words.", footer=True, first=True),
    Action("again", "ctrl+r", "Judge again", Where.CHECKLIST, "Judges every item again; no provider is asked."),
    Action("back", "escape", "Back", Where.CHECKLIST, "Clears the filter, then goes back.", footer=True),
    Action("command", "y", "Command", Where.DOCTOR, "Hands over the command that mends this line.", footer=True),
    Action(
        "mend", "m", "Mend", Where.DOCTOR, "Shows what could be mended around rotations; changes nothing.", footer=True
    ),
    Action("again", "ctrl+r", "Look again", Where.DOCTOR, "Looks at everything anew.", footer=True),
    Action("back", "escape", "Back", Where.DOCTOR, _BACK, footer=True),
    Action(
        "apply",
        "a",
        "Mend these",
        Where.MENDING,
        "Asks for the typed phrase, then does what stands behind each arrow.",
        footer=True,
        danger=True,
    ),
    Action("again", "ctrl+r", "Look again", Where.MENDING, "Looks for trouble anew.", footer=True),
    Action(
        "back", "escape", "Back", Where.MENDING, "Leaves; nothing was done that is not listed as done.", footer=True
    ),
    Action("open", "enter", "Explain", Where.SETTINGS, "What the setting means, and the line to write.", footer=True),
    Action(
        "find", "slash", "Filter", Where.SETTINGS, "Type a part of a name, value or place.", footer=True, first=True
    ),
    Action("line", "y", "Line", Where.SETTINGS, "Hands over the lines for keyward.toml.", footer=True),
    Action("back", "escape", "Back", Where.SETTINGS, "Clears the filter, then goes back.", footer=True),
    Action(
        "choose", "space", "Choose", Where.WELCOME, "Puts the line into the settings, or takes it out.", footer=True
    ),
    Action(
        "propose",
        "enter",
        "Settings file",
        Where.WELCOME,
        "Shows the file before it is written, and asks.",
        footer=True,
    ),
    Action("folder", "o", "Folder", Where.WELCOME, "Names another folder to look at.", footer=True),
    Action("demo", "D", "Demo", Where.WELCOME, "Leaves this and opens the sample organisation.", footer=True),
    Action("command", "y", "Command", Where.WELCOME, "Hands over the command of this line.", footer=True),
    Action("back", "escape", "Later", Where.WELCOME, "Leaves without changing anything; o asks again.", footer=True),
    Action("up", "up,k", "Up", Where.TABLE, "One row up.", run="move(-1)"),
    Action("down", "down,j", "Down", Where.TABLE, "One row down.", run="move(1)"),
    Action("page_up", "pageup,ctrl+b", "Page up", Where.TABLE, "One page up.", run="page(-1)"),
    Action("page_down", "pagedown,ctrl+f", "Page down", Where.TABLE, "One page down.", run="page(1)"),
    Action("half_up", "ctrl+u", "Half a page up", Where.TABLE, "Half a page up.", run="half(-1)"),
    Action("half_down", "ctrl+d", "Half a page down", Where.TABLE, "Half a page down.", run="half(1)"),
    Action("first", "home,g", "First row", Where.TABLE, "To the first row.", run="go(0)"),
    Action("last", "end,G", "Last row", Where.TABLE, "To the last row.", run="go(-1)"),
    Action("leave", "escape,q", "Leave", Where.LIST, "Closes the list; all stays as it was."),
    Action("up", "k", "Up", Where.LIST, "One line up, as the arrow does; Enter takes the line.", run="step(-1)"),
    Action("down", "j", "Down", Where.LIST, "One line down, as the arrow does.", run="step(1)"),
    Action("switch", "space", "On or off", Where.COLUMNS, "Shows the column, or does not."),
    Action("sooner", "K,shift+up", "Move up", Where.COLUMNS, "Gives the column an earlier place.", run="carry(-1)"),
    Action("later", "J,shift+down", "Move down", Where.COLUMNS, "Gives the column a later place.", run="carry(1)"),
    Action("wider", "right,greater_than_sign", "Wider", Where.COLUMNS, "One cell wider.", first=True, run="widen(1)"),
    Action(
        "narrower",
        "left,less_than_sign",
        "Narrower",
        Where.COLUMNS,
        "One cell narrower; at the least it is as wide as there is room.",
        first=True,
        run="widen(-1)",
    ),
)


def of(where: Where) -> list[Action]:
    """The actions of one scope."""
    return [action for action in ACTIONS if action.where is where]


def bindings(where: Where) -> "list[BindingType]":
    """The bindings of one scope, by the registry's own keys; the app lays the user's over them."""
    return [action.binding for action in of(where)]


def found(where: Where, name: str) -> Action | None:
    """The action of that scope which Textual knows by that name; None for what is no entry here."""
    return next((action for action in of(where) if (action.run.partition("(")[0] or action.id) == name), None)


def meet(one: Action, other: Action) -> bool:
    """Whether these two are heard at the same time, so that they cannot share a key."""
    scopes = {one.where, other.where}
    if not scopes & _ABOVE:
        return len(scopes) == 1 or bool(scopes & {Where.APP, Where.TABLE})
    return scopes <= _ABOVE or any(action.where is Where.APP and action.first for action in (one, other))
