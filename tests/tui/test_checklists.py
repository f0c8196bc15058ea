"""Checklists: which there are and how far each is; one of them run, item by item; and what people say, which only write mode writes down."""

from dataclasses import replace
from datetime import date

import pytest
from textual.widgets import Button, Input

from keyward.checklists.result import Word
from keyward.desk.checklists import Saying
from keyward.ledger.records import Statement
from keyward.model.errors import Interrupted, UsageError
from keyward.tui.screens.checklist import ChecklistScreen
from keyward.tui.screens.checklists import ChecklistsScreen, command
from keyward.tui.screens.leaf import Leaf
from keyward.tui.screens.stating import StatingScreen
from keyward.tui.screens.subject import SubjectScreen
from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.grid import Grid
from tests.parts import proved, screens
from tests.parts.desk import loaded, shown


@pytest.fixture
def lists(opened):
    """The app with these lists, opened on them or, with `keys`, further."""

    def make(write=False, size=(140, 40), **more):
        return opened(screens.desk(**proved.lists(**more)), size=size, write=write)

    return make


async def press(app, pilot, *keys):
    for key in keys:
        await pilot.press(key)
        await loaded(app, pilot)


async def heard(pilot):
    """Wait until a dialog hears what is typed."""
    await pilot.pause(ARMED_AFTER + 0.05)


def said(app):
    """What was written down."""
    return [args[0] for name, args, _ in app.feed.desk.asked if name == "state"]


async def test_each_list_says_for_what_it_was_begun_how_much_holds_and_when_that_ends(lists):
    async with lists() as (app, pilot):
        await press(app, pilot, "7")
        assert isinstance(app.screen, ChecklistsScreen)
        lines = shown(app).splitlines()
        assert lines[3].split()[1:10] == [
            "Gemini",
            "in",
            "production",
            "project:acme-prod",
            "1",
            "of",
            "4",
            "in",
            "12d",
        ]
        assert "3d ago" in lines[4]
        assert "/h/lists/ours" in lines[4]
        assert " -  " in lines[5], "of what nobody began nothing is stated, which is not the same as 0"
        assert "the first ends on 2026-12-02" in shown(app)
        await press(app, pilot, "y")
        assert "keyward checklist run gemini --project acme-prod" in shown(app).splitlines()


def test_the_command_line_names_projects_as_projects_and_everything_else_with_its_kind():
    assert (
        command("x", ["project:a b", "person:m@a.example"])
        == "keyward checklist run x --project 'a b' --for person:m@a.example"
    )


async def test_a_list_that_was_not_begun_asks_for_what_it_is_run(lists):
    async with lists() as (app, pilot):
        await press(app, pilot, "7", "j", "j", "enter")
        assert isinstance(app.screen, SubjectScreen)
        assert "Known: acme-dev, acme-prod." in shown(app)
        await heard(pilot)
        await press(app, pilot, *"acme-d", "right", "enter")
        assert isinstance(app.screen, ChecklistScreen)
        assert "Gemini in production · project:acme-dev" in shown(app), "the kind is added, the name was proposed"


async def test_what_is_nothing_says_so_and_stays_to_be_corrected(lists):
    def refuse(_list, named):
        raise UsageError(f"{named[0]!r} is no subject.", hint="It is KIND:NAME.")

    async with lists(subjects=refuse) as (app, pilot):
        await press(app, pilot, "7", "j", "o")
        await heard(pilot)
        await press(app, pilot, *"acme", "enter")
        assert "✗ 'acme' is no subject. It is KIND:NAME." in shown(app), "of several kinds none is added"
        await press(app, pilot, "escape")
        assert isinstance(app.screen, ChecklistsScreen)


async def test_a_run_shows_the_first_open_item_with_why_and_what_mends_it_and_n_goes_to_the_next(lists):
    async with lists() as (app, pilot):
        await press(app, pilot, "7", "enter")
        lines = shown(app).splitlines()
        assert "4 of 7 done · 1 fail · 1 warn · 3 unknown" in lines[1]
        assert "pass" not in lines[1]
        assert "4 of 4 sources seen" in lines[2]
        for text in ("KW-401 maps: it may call every API", "keyward rotate maps", "An open key calls every API."):
            assert text in shown(app)
        at = []
        for key in ("n", "n", "n", "N"):
            await press(app, pilot, key)
            at.append(app.screen.chosen)
        assert at == [1, 3, 0, 3], "what holds, only warns or was put off is passed over; round at the end"
        await press(app, pilot, "g", "j")
        assert "permission secretmanager.secrets.getIamPolicy is missing" in shown(app)


async def test_an_item_opens_whole_and_its_fix_is_handed_over(lists):
    async with lists() as (app, pilot):
        await press(app, pilot, "7", "enter", "enter")
        assert isinstance(app.screen, Leaf)
        for text in (
            "proved by",
            "KW-401",
            "never: keyward proves it",
            "article: keys",
            "https://acme.example/keys, compared 2026-11-20",
        ):
            assert text in shown(app), text
        await press(app, pilot, "escape", "y")
        assert "keyward rotate maps" in shown(app).splitlines()
        await press(app, pilot, "escape", "j", "j", "j", "j", "enter")
        for text in ("by mary@acme.example on 2026-09-21, until 2026-12-20: all were told", "https://acme.example/t/1"):
            assert text in shown(app), text


@pytest.mark.parametrize("key", ["s", "p", "A", "X"])
async def test_a_read_only_app_asks_for_no_words(lists, key):
    async with lists() as (app, pilot):
        await press(app, pilot, "7", "enter", "j", "j", "j", key)
        assert isinstance(app.screen, ChecklistScreen)
        assert any("read-only" in note.message for note in app._notifications)


@pytest.mark.parametrize(
    ("row", "action", "why"),
    [
        (0, "state", "keyward proves it, so nobody can state it"),
        (0, "skip", "keyward proves it, so nobody can state it"),
        (1, "fix", "no command mends it"),
        (2, "state", "a statement helps only when what keyward looks at holds"),
        (3, "state", ""),
        (3, "agree", ""),
        (4, "state", ""),
        (4, "skip", "it is stated"),
        (4, "agree", "nobody's statement waits for somebody who agrees"),
        (5, "withdraw", "nobody stated it"),
        (6, "state", "the list leaves it out"),
        (0, "compare", "it is run for one only"),
    ],
)
async def test_what_cannot_be_said_of_an_item_says_why(lists, row, action, why):
    async with lists(write=True) as (app, pilot):
        await press(app, pilot, "7", "enter")
        app.screen.query_one(Grid).go_to(row)
        await pilot.pause()
        assert app.screen.why_not(action) == why


async def test_a_statement_is_written_with_its_answers_link_and_last_day_and_the_list_is_judged_again(lists):
    async with lists(write=True) as (app, pilot):
        await press(app, pilot, "7", "enter", "j", "j", "j", "s")
        assert isinstance(app.screen, StatingScreen)
        await heard(pilot)
        assert app.screen.focused.id == "cancel"
        for text in ("looked at, x", "GDPR", "t/2", "https://a.example/1", "2027-01-31"):
            await pilot.press(*text)
            await press(app, pilot, "enter")
        assert said(app) == [], "Enter in a field only moves on"
        assert app.screen.focused.id == "say"
        runs = sum(name == "run" for name, _, _ in app.feed.desk.asked)
        await press(app, pilot, "enter")
        assert said(app) == [
            Saying(
                "any.law", "project:acme-prod", Statement.ATTESTED, "looked at, x", "https://a.example/1", date(2027, 1, 31),
                {"laws": "GDPR", "deletion_route": "t/2"}, "gemini",
            )
        ]  # fmt: skip
        assert isinstance(app.screen, ChecklistScreen)
        assert app.screen.chosen == 3, "the cursor stays"
        assert sum(name == "run" for name, _, _ in app.feed.desk.asked) == runs + 1


@pytest.mark.parametrize(
    ("key", "row", "kind"), [("p", 3, Statement.SKIPPED), ("A", 3, Statement.AGREED), ("X", 4, Statement.WITHDRAWN)]
)
async def test_putting_off_agreeing_and_taking_back_are_asked_alike(lists, key, row, kind):
    async with lists(write=True) as (app, pilot):
        await press(app, pilot, "7", "enter", "g", *["j"] * row, key)
        await heard(pilot)
        assert len(app.screen.query(Input)) == 1
        await press(app, pilot, *"because", "enter", "enter")
        (one,) = said(app)
        assert (one.kind, one.text, one.item) == (kind, "because", proved.LIST.items[row].id)


async def test_letters_and_enters_typed_ahead_say_nothing_and_are_forgotten(lists, monkeypatch):
    monkeypatch.setattr("keyward.tui.widgets.deaf.ARMED_AFTER", 2.0)
    async with lists(write=True) as (app, pilot):
        await press(app, pilot, "7", "enter", "j", "j", "j")
        await pilot.press("s", "x", "tab", "y", "enter")
        assert isinstance(app.screen, StatingScreen)
        while not app.screen.armed:
            await pilot.pause(0.1)
        await loaded(app, pilot)
        assert [field.value for field in app.screen.query(Input)] == ["", "", "", "", ""]
        assert said(app) == []


@pytest.mark.parametrize(
    ("typed", "answer", "says"),
    [
        ("31.1.2027", proved.SAID, "✗ '31.1.2027' is not a date such as 2027-01-31."),
        ("", UsageError("any.law asks for laws.", hint="Name them."), "✗ any.law asks for laws. Name them."),
    ],
)
async def test_what_is_wrong_is_said_and_everything_typed_stays(lists, typed, answer, says):
    async with lists(write=True, state=answer) as (app, pilot):
        await press(app, pilot, "7", "enter", "j", "j", "j", "s")
        await heard(pilot)
        await pilot.press(*"holds")
        app.screen.query_one("#until", Input).value = typed
        app.screen.query_one("#say", Button).press()
        await loaded(app, pilot)
        assert says in shown(app)
        assert app.screen.query_one("#says", Input).value == "holds"
        assert not app.screen.query_one("#say", Button).disabled


async def test_subjects_are_compared_where_they_differ(lists):
    async with lists() as (app, pilot):
        await press(app, pilot, "7", "o")
        await heard(pilot)
        await press(app, pilot, *"acme-prod", "space", *"acme-dev", "enter")
        assert "9 of 14 done" in shown(app)
        await press(app, pilot, "c")
        screen = shown(app)
        for text in ("project:acme-prod: fail", "project:acme-dev: pass", "6 items ended alike"):
            assert text in screen, text
        assert "keyward checklist run gemini --project acme-prod --project acme-dev --compare" in screen.splitlines()
        assert "getIamPolicy" not in screen.partition("compared")[2].partition("Esc closes")[0]


async def test_leaving_stops_the_judging_and_a_list_with_everything_done_says_so(lists):
    ended = []

    def run(_list, subjects, heard_one):
        answers = [replace(one, word=Word.PASS, put_off=False) for one in proved.answers()]
        heard_one(answers[0])
        ended.append(heard_one)
        return proved.run(answers, subjects)

    async with lists(run=run) as (app, pilot):
        await press(app, pilot, "7", "enter")
        assert "7 of 7 done · 7 pass" in shown(app)
        assert app.screen.why_not("next") == "nothing is open"
        await press(app, pilot, "escape")
        with pytest.raises(Interrupted):
            ended[0](proved.answers()[0])


async def test_the_lists_are_read_again_when_one_is_left(lists):
    async with lists() as (app, pilot):
        await press(app, pilot, "7", "j")
        before = sum(name == "places" for name, _, _ in app.feed.desk.asked)
        await press(app, pilot, "enter", "escape")
        assert sum(name == "places" for name, _, _ in app.feed.desk.asked) == before + 1
        assert app.screen.chosen == 1, "the cursor stays"
