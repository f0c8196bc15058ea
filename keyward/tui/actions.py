"""Every action of the app, once: bindings, footer and the help page come from here.

A plain letter never starts anything irreversible: `r` only opens a plan, and a plan is applied by a typed phrase.
"""

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType


class Where(StrEnum):
    """On which screen an action works."""

    APP = "everywhere"
    INVENTORY = "inventory"
    KEY = "key"
    COVERAGE = "coverage"
    PLAN = "plan"
    ROTATION = "rotation"
    HISTORY = "history"
    RECORD = "record"
    DOCTOR = "doctor"
    MENDING = "mending"
    SETTINGS = "settings"
    WELCOME = "first run"


@dataclass(frozen=True, slots=True)
class Action:
    """One action: a stable id, the keys that start it, and what to call it.

    `footer` shows it at the bottom; `danger` says that it begins something that changes the world (after a plan and a phrase). `first`
    has the app do it before the next key is looked at, so that letters typed right behind it go where they were meant to.
    """

    id: str
    keys: str
    title: str
    where: Where
    doc: str
    footer: bool = False
    danger: bool = False
    first: bool = False

    @property
    def binding(self) -> Binding:
        """The key binding."""
        return Binding(
            self.keys,
            self.id,
            self.title,
            show=self.footer,
            priority=self.first,
            id=f"{self.where.name.lower()}.{self.id}",
        )


_BACK = "Back to where you came from."

ACTIONS: tuple[Action, ...] = (
    Action("filter", "slash", "Filter", Where.INVENTORY, "Type a query; Escape clears it.", footer=True, first=True),
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
        "sort", "s", "Sort", Where.INVENTORY, "Sorts by the next column; so does a click on a heading.", footer=True
    ),
    Action("scan", "ctrl+r", "Scan", Where.INVENTORY, "Asks every source again; once more stops it.", footer=True),
    Action("coverage", "d", "Coverage", Where.INVENTORY, "What was read, what was not, and why.", footer=True),
    Action("reverse", "S", "Reverse", Where.INVENTORY, "Turns the order round."),
    Action("mark_all", "asterisk", "Mark all", Where.INVENTORY, "Marks every key in view."),
    Action("unmark", "u", "Unmark all", Where.INVENTORY, "Takes every mark away."),
    Action("pane", "i", "Side pane", Where.INVENTORY, "Shows or hides the pane that follows the cursor."),
    Action("local", "o", "Local keys", Where.INVENTORY, "Names a folder and the keyring as places to look at."),
    Action("clear", "escape", "Clear", Where.INVENTORY, "Clears the filter."),
    Action("inventory", "1", "Inventory", Where.APP, "Back to the list of keys."),
    Action("history", "4", "History", Where.APP, "Rotations and their audit trail.", footer=True),
    Action("doctor", "5", "Doctor", Where.APP, "What is missing or wrong, and the command that mends it."),
    Action("settings", "6", "Settings", Where.APP, "Every setting, where its value came from, what it means."),
    Action(
        "suspend_process",
        "ctrl+z",
        "To the shell",
        Where.APP,
        "Rests and gives the terminal back; `fg` comes back here.",
    ),
    Action(
        "write_mode",
        "W",
        "Write mode",
        Where.APP,
        "Asks for the typed word, then allows plans to be applied; back at once.",
    ),
    Action("help", "question_mark", "Help", Where.APP, "This page.", footer=True),
    Action("leave", "q", "Quit", Where.APP, "Leaves; a rotation under way stays resumable.", footer=True),
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
    Action("go_on", "g", "Go on", Where.ROTATION, "Does what can be done now.", footer=True),
    Action("back", "escape", "Back", Where.ROTATION, "Leaves the view; the rotation stays where it is.", footer=True),
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
        "g",
        "Go on",
        Where.HISTORY,
        "Does what can be done now for the rotation under the cursor.",
        footer=True,
    ),
    Action("back", "escape", "Back", Where.HISTORY, _BACK, footer=True),
    Action("back", "escape", "Back", Where.RECORD, _BACK, footer=True),
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
)

_NAMES = {"slash": "/", "question_mark": "?", "asterisk": "*", "escape": "Esc", "enter": "Enter", "space": "Space"}


def key_name(key: str) -> str:
    """What is printed on the key."""
    return _NAMES.get(key, key.replace("ctrl+", "^"))


def bindings(where: Where) -> list[BindingType]:
    """The bindings of one screen."""
    return [action.binding for action in ACTIONS if action.where is where]


def footer_actions(where: Where) -> list[Action]:
    """What the bottom line offers on one screen, everywhere's actions last."""
    chosen = [action for action in ACTIONS if action.where is where]
    everywhere = [action for action in ACTIONS if action.where is Where.APP]
    return [action for action in (*chosen, *everywhere) if action.footer]


def help_rows(where: Where) -> list[tuple[str, str, str]]:
    """(key, title, what it does) of one screen and of everywhere, the screen's own first."""
    chosen = [action for action in ACTIONS if action.where is where]
    everywhere = [action for action in ACTIONS if action.where is Where.APP and where is not Where.APP]
    return [(key_name(action.keys), action.title, action.doc) for action in (*chosen, *everywhere)]
