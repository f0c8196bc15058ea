"""Checklists: which there are, one that is run, and what people say of its items."""

from dataclasses import replace

from keyward.ledger.records import Statement
from keyward.model.errors import NotAllowed, SettingsError, UsageError
from keyward.tui.screens.checklist import ChecklistScreen
from keyward.tui.screens.checklists import ChecklistsScreen
from keyward.tui.screens.stating import StatingScreen
from keyward.tui.screens.subject import SubjectScreen
from tests.parts import proved
from tests.parts.states import Shown, State
from tests.parts.states.lists import AWAY, DENIED, OLD, PARTLY, READ, known, pressing

WRONG = SettingsError("item acme.reviewed has no title.", file="/h/lists/acme.toml", line=7, hint="Give it one.")
SHUT = NotAllowed("/h/ledger.db can be read by others.", hint="chmod 600 /h/ledger.db")
NOBODY = UsageError("'acme' is no subject.", hint="It is KIND:NAME; kinds are project, person.")


def with_lists(rows=None, sources=READ, **more):
    """A desk with lists."""
    return known(*(() if rows is None else (rows, sources)), **proved.lists(**more))


def then(text, *keys):
    """The lists are opened, this text comes, these keys are pressed."""

    async def go(stage):
        await pressing("7")(stage)
        await stage.shows(text)
        await stage.press(*keys)

    return go


def _lists():
    there, all_there = pressing("7"), ("Gemini in production", "1 of 4", "in 12d", "3d ago", "any project")
    return {
        "normal": State(with_lists(), there, all_there),
        "loading": State(with_lists(places="held"), there, ("Reading ...",)),
        "empty": State(with_lists(), pressing("7", "slash", *"zebra"), ("No list has these words; Esc clears the filter.",)),
        "denied": State(with_lists(places=SHUT), there, ("can be read by others", "chmod 600", "^R tries again.")),
        "error": State(with_lists(places=WRONG), there, ("/h/lists/acme.toml:7", "has no title", "^R tries again.")),
        "nobody said for what": State(with_lists(), then("any project", "j", "j"), ("Enter asks which, and runs it",)),
    }  # fmt: skip


def _one():
    there = then("in 12d", "enter")
    seen = ("Gemini in production · project:acme-prod", "4 of 7 done", "1 fail", "KW-401 maps", "keyward rotate maps")

    def covered(text, found=None):
        return lambda _list, subjects, _heard: proved.run(found, tuple(subjects), coverage=text)

    none = replace(proved.LIST, items=(), file="/h/lists/ours.toml")
    return {
        "normal": State(with_lists(), there, seen),
        "loading": State(with_lists(run="held"), there, ("Judging ...", "Nobody is asked")),
        "empty": State(with_lists(run=lambda *_: proved.run((), checklist=none)), there, ("This list has no items.",)),
        "partial": State(with_lists(OLD, (*READ, *PARTLY), run=covered("6 of 7 sources seen.")), there, ("6 of 7 sources seen", *seen)),
        "denied": State(
            with_lists(OLD, (*READ, DENIED), run=covered("4 of 5 sources seen.")), then("in 12d", "enter", "n"),
            ("4 of 5 sources seen", "unknown", "permission secretmanager.secrets.getIamPolicy is missing"),
        ),
        "offline": State(with_lists(OLD, (*READ, AWAY), run=covered("4 of 5 sources seen.")), there, ("4 of 5 sources seen", *seen)),
        "error": State(with_lists(run=WRONG), there, ("/h/lists/acme.toml:7", "^R tries again.")),
        "put off": State(with_lists(), then("in 12d", "enter", "G", "k"), ("unknown, later", "skipped by ana")),
        "several": State(
            with_lists(), then("in 12d", "o", *"acme-prod", "space", *"acme-dev", "enter"),
            ("project:acme-prod, project:acme-dev", "9 of 14 done"),
        ),
    }  # fmt: skip


def _subject():
    asking = then("in 12d", "o")
    reads = dict.fromkeys(("empty", "partial", "denied", "offline"), "what is known is only proposed")
    return {
        "normal": State(with_lists(), asking, ("for which project?", "Known: acme-dev, acme-prod.", "Cancel")),
        "loading": State(with_lists(names="held"), asking, ("for which project?", "Run")),
        "error": State(
            with_lists(subjects=NOBODY), _asked, ("✗ 'acme' is no subject.", "kinds are project, person"),
        ),
    }, reads  # fmt: skip


async def _asked(stage):
    await then("in 12d", "j", "o")(stage)
    await stage.shows("for which person or project?")
    await stage.press(*"acme", "enter")


def _saying(key, *keys, to=("j", "j", "j")):
    async def go(stage):
        await then("in 12d", "enter")(stage)
        await stage.shows("4 of 7 done")
        await stage.press("g", *to, key)
        await stage.shows("Cancel")
        await stage.press(*keys)

    return go


def _stating():
    late = UsageError("any.law is stated for 365 days at most.", hint="Not after 2027-11-20.")
    law = ("any.law at project:acme-prod, by ana@acme.example", "laws", "deletion route", "365 days from now", "Cancel")
    asks = dict.fromkeys(("empty", "partial", "denied", "offline"), "it asks, and reads nothing")
    return {
        "normal": State(with_lists(), _saying("s"), ("State that it holds: GDPR", *law)),
        "loading": State(with_lists(state="held"), _saying("s", "x", "shift+tab", "enter"), ("Writing ...",)),
        "error": State(with_lists(state=late), _saying("s", "x", "shift+tab", "enter"), ("✗ any.law is stated for 365 days",)),
        "put off": State(with_lists(), _saying("p"), ("Put it off for 30 days; it stays open", "Why it is put off")),
        "agree": State(with_lists(), _saying("A"), ("Agree with what was stated", "mary@acme.example stated on 2026-09-21: looked at")),
        "withdraw": State(with_lists(), _saying("X", to=("j",) * 4), ("Say that it holds no more", "Why it holds no more")),
    }, asks  # fmt: skip


def shown():
    """The screens of this module."""
    own = "lists are a part of the program and of the settings, statements of the ledger: nobody is asked for them"
    assert set(Statement) == {Statement.ATTESTED, Statement.AGREED, Statement.SKIPPED, Statement.WITHDRAWN}
    return (
        Shown(ChecklistsScreen, _lists(), dict.fromkeys(("partial", "offline"), own)),
        Shown(ChecklistScreen, _one(), {}),
        Shown(SubjectScreen, *_subject()),
        Shown(StatingScreen, *_stating(), write=True),
    )
