"""Every screen at every size and in every kind of terminal: readable, nothing out of the window, and it says in which world it is."""

from dataclasses import replace

import pytest
from rich.color import ColorType

from keyward.desk.beginning import Beginning, Choice
from keyward.desk.configured import Setting
from keyward.desk.wish import Check
from keyward.ledger.records import Statement
from keyward.model.errors import NotConfigured
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.tui.screens.leaf import Leaf
from keyward.tui.screens.stating import StatingScreen
from keyward.tui.screens.subject import SubjectScreen
from keyward.tui.screens.welcome import WelcomeScreen
from keyward.tui.widgets.agree import Agree
from keyward.tui.widgets.dialog import Confirm
from keyward.tui.widgets.head import INCOMPLETE
from keyward.tui.widgets.pane import Fact
from tests.parts import found, proved
from tests.parts.desk import DENIED, NOW, OK, Desk, app, loaded, row, shown
from tests.parts.font import MONO, characters

LONG = "a text that is longer than a narrow terminal is wide, so that it has to be wrapped or cut where it stands"
HERE = Beginning(
    (Check("env", "/h/apps", "yes", LONG), Check("keyring", "keyring", "no", LONG, LONG)), NOW, exists=False, proposed="",
    commands=(), choices=(Choice("env", "/h/apps"), None),
)  # fmt: skip
SIZES = ((60, 16), pytest.param((80, 24), marks=pytest.mark.slow), (300, 80))
DIALOGS = {"Confirm", "Agree", "Leaf", "SubjectScreen", "StatingScreen", "local", "help", "sort", "columns"}
DARK, LIGHT = "textual-dark", "textual-light"
ANSI = ("ansi-dark", pytest.param("ansi-light", marks=pytest.mark.slow))


def desk():
    nothing = NotConfigured(LONG, hint="do that")

    def doctor(hear, _stop):
        hear([Check("google", f"permissions in {number}", state, LONG, LONG) for number, state in enumerate(
            ("yes", "no", "unknown"))])  # fmt: skip

    return Desk(
        [row(number, source_status="stale" if number == 3 else "ok") for number in range(60)],
        [OK, DENIED],
        show=nothing,
        plan=nothing,
        rotations=nothing,
        doctor=doctor,
        troubles=(Trouble(Wrong.ORPHAN, "an id", LONG, mending=LONG), Trouble(Wrong.STUCK, "another", LONG, todo=LONG)),
        configured=[Setting(f"scan.name-{one}", LONG, "default", "built in", LONG, LONG) for one in range(40)],
        judge=(found.checked((replace(found.OLD, evidence=(LONG,)), *found.ALL)), ()),
        **found.catalog(),
        **proved.lists(),
        look_here=HERE,
        look_at_google=([Check("google", "credentials", "no", LONG)], False),
    )


async def every(made, pilot):
    """Go through the screens; gives the name of each when it is there."""
    yield "inventory"
    for name, key in (("coverage", "d"), ("key", "enter"), ("plan", "r"), ("findings", "2"), ("providers", "3"), ("history", "4"), ("doctor", "5"), ("settings", "6"), ("checklists", "7")):  # fmt: skip
        await pilot.press(key)
        await loaded(made, pilot)
        yield name
        await pilot.press("escape")
        await pilot.pause()
    await pilot.press("5", "m")
    await loaded(made, pilot)
    yield "mending"
    await pilot.press("7", "enter")
    await loaded(made, pilot)
    yield "checklist"
    made.action_inventory()
    for screen in (
        WelcomeScreen(),
        Confirm("Apply", LONG, "a phrase"),
        Agree("Write", LONG, f"# {LONG}\n[[env]]\n", "Write and scan"),
        Leaf("A title", [Fact("means", LONG)], LONG),
        SubjectScreen(proved.LIST),
        StatingScreen(proved.answers()[3], Statement.ATTESTED, "gemini", LONG),
    ):
        made.push_screen(screen)
        await loaded(made, pilot)
        yield type(screen).__name__
        made.pop_screen()
        await pilot.pause()
    for name, key in (("help", "question_mark"), ("local", "o"), ("sort", "s"), ("columns", "C")):
        await pilot.press(key)
        await loaded(made, pilot)
        yield name
        await pilot.press("escape")
        await pilot.pause()


def segments(made):
    for strip in made.screen._compositor.render_strips():
        yield from (segment for segment in strip if segment.text.strip())


@pytest.mark.parametrize("size", SIZES)
async def test_each_screen_says_its_world_its_mode_and_that_something_is_missing_and_fits(size):
    font = characters(MONO) if MONO.exists() else None
    made, seen = app(desk()), []
    async with made.run_test(size=size) as pilot:
        await loaded(made, pilot)
        async for name in every(made, pilot):
            seen.append(name)
            screen = shown(made)
            lines = screen.splitlines()
            assert "EMULATOR" in lines[0], name
            assert "READ-ONLY" in lines[0], name
            assert "denied" in lines[0] or INCOMPLETE in lines[0], name
            assert max(map(len, lines)) <= size[0], name
            if name not in DIALOGS:
                assert "? Help" in lines[-1], (name, screen)
            if name in {"Confirm", "Agree", "SubjectScreen", "StatingScreen"}:
                assert "Cancel" in screen, (name, "the buttons are in the window")
            if font is not None:
                assert set(screen) - font - {"\n"} == set(), name
    assert len(seen) == 22


def ratio(one, other):
    """The contrast of two colours as WCAG has it: 1 for the same, 21 for black on white."""

    def light(colour):
        parts = [part / 255 for part in colour]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


BLANK = frozenset("▁▂▃▄▅▆▇█▊▎▕▏▔━─│┃╸╺╭╮╰╯┌┐└┘ ")
"""Lines, bars and frames, which are not read."""


@pytest.mark.parametrize("theme", [DARK, LIGHT])
async def test_no_text_is_like_its_background(theme):
    made = app(desk())
    faint = []
    async with made.run_test(size=(100, 30)) as pilot:
        made.theme = theme
        await loaded(made, pilot)
        await pilot.press("space", "slash", *"maps")  # a mark, and the cursor without the focus
        await pilot.pause()
        assert list(faint_in(made)) == [], "the filter has the focus"
        await pilot.press("escape")
        async for name in every(made, pilot):
            if name not in DIALOGS:  # what lies below a dialog is faint on purpose
                faint += [(name, *one) for one in faint_in(made)]
    assert faint == []


def faint_in(made):
    for segment in segments(made):
        style = segment.style
        if style.color is None or style.bgcolor is None or not set(segment.text) - BLANK:
            continue
        found = ratio(style.color.get_truecolor(), style.bgcolor.get_truecolor())
        if found < 2.5:
            yield (segment.text, round(found, 1), style.color.name, style.bgcolor.name)


@pytest.mark.parametrize("theme", ANSI)
async def test_with_the_terminals_own_palette_nothing_is_written_in_its_own_colour(theme):
    made = app(desk())
    async with made.run_test(size=(80, 24)) as pilot:
        made.theme = theme
        await loaded(made, pilot)
        async for name in every(made, pilot):
            for segment in segments(made):
                style = segment.style
                if not set(segment.text) - BLANK or style.color is None or style.bgcolor is None:
                    continue
                assert style.color.type is not ColorType.TRUECOLOR, (name, segment)
                same = style.color.name == style.bgcolor.name
                assert not same or style.color.is_default, (name, segment)


async def test_without_colours_only_bold_reverse_and_the_like_are_left(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    made = app(desk())
    async with made.run_test(size=(80, 24)) as pilot:
        await loaded(made, pilot)
        async for name in every(made, pilot):
            for segment in segments(made):
                for colour in (segment.style and segment.style.color, segment.style and segment.style.bgcolor):
                    assert colour is None or colour.is_default, (name, segment)
        await pilot.press("space")
        await pilot.pause()
        marked, cursor = shown(made).splitlines()[3:5]
        assert marked[1] == "✓"
        assert cursor[0] == ">"
        assert any(segment.style.reverse for segment in segments(made) if segment.text.startswith(">"))
