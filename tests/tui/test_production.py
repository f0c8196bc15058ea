"""Production has a name and a colour wherever one of its keys is shown."""

from dataclasses import replace

import pytest

from keyward.ledger.records import RotationState
from keyward.tui.actions import Where
from keyward.tui.columns import OWN, PRESETS, Choice
from keyward.tui.screens.rotation import RotationScreen
from keyward.tui.widgets.deaf import ARMED_AFTER
from tests.parts import screens
from tests.parts.desk import loaded, row, shown

GONE = "google-api-keys:acme-prod/99999999-0000"


def colour_of(app, text, line):
    """The colour of that text where it first stands on that line of the screen."""
    strip = app.screen._compositor.render_strips()[line]
    at = "".join(segment.text for segment in strip).index(text)
    for segment in strip:
        if at < len(segment.text):
            return segment.style.color
        at -= len(segment.text)
    return None


def line_with(app, text):
    return next(number for number, line in enumerate(shown(app).splitlines()) if text in line)


async def test_rows_and_pane_say_prod_in_colour_and_others_do_not(opened):
    async with opened(screens.desk(), size=(160, 24)) as (app, pilot):
        prod, plain = line_with(app, " maps "), line_with(app, " toys ")
        assert "PROD acme-prod" in shown(app).splitlines()[prod]
        assert "PROD" not in shown(app).splitlines()[plain]
        await pilot.press("down" if app.screen.rows.text(app.screen.grid.row, "name") == "maps" else "up")
        await pilot.pause()
        assert colour_of(app, "PROD", prod) not in (None, colour_of(app, "maps", prod))
        app.screen.grid.go_to(app.screen.rows.number(screens.KEY))
        app.screen._show_pane()
        await pilot.pause()
        assert "project     PROD acme-prod" in shown(app)


@pytest.mark.parametrize("size", [(60, 16), (160, 24)])
async def test_rows_say_prod_in_colour_whatever_columns_there_are(opened, size):
    async with opened(screens.desk(), size=size) as (app, pilot):
        grid = app.screen.grid
        grid.go_to(next(row for row in grid.order if app.screen.rows.text(row, "name") == "toys"))
        for choice in (*map(Choice, PRESETS), Choice(OWN, ("use", "name")), Choice(OWN, ("id",))):
            app.screen._choose(choice)
            await pilot.pause()
            where = "PROD acme-prod" if "scope" in grid.shown else "PROD"
            first, second = (grid.order.index(row) + 1 for row in sorted(grid.order))
            prod, plain = ("".join(part.text for part in grid.render_line(at)) for at in (first, second))
            assert where in prod, choice
            assert "PROD" not in plain, choice
            told = next(part for part in grid.render_line(first) if "PROD" in part.text)
            assert told.style.color == grid.get_component_rich_style("grid--prod").color, choice


@pytest.mark.parametrize("size", [(60, 16), (40, 10)])
@pytest.mark.parametrize("where", [Where.KEY, Where.PLAN, Where.ROTATION, Where.RECORD])
async def test_screens_about_a_key_of_production_say_so_in_the_top_line_at_any_size(opened, where, size):
    async with opened(screens.desk(), size=size) as (app, pilot):
        app.push_screen(screens.made()[where]())
        await loaded(app, pilot)
        top = shown(app).splitlines()[0]
        assert "PROD" in top
        assert "READ-ONLY" in top
        assert colour_of(app, "PROD", 0) not in (None, colour_of(app, "keyward", 0))


async def test_a_plan_and_a_rotation_of_several_keys_say_which_are_of_production(opened):
    dev = "google-api-keys:acme-dev/33333333-4444"
    async with opened(screens.desk(), write=True, size=(170, 50)) as (app, pilot):
        app.open_plan([screens.KEY])
        await loaded(app, pilot)
        assert "PROD · age" in shown(app)
        plan = app.screen._plan
        other = replace(plan.keys[0], id=dev)
        app.push_screen(RotationScreen(app.runs.apply(replace(plan, keys=(plan.keys[0], other)))))
        await loaded(app, pilot)
        names = [line.strip(" >").split()[0] for line in shown(app).split("WHY")[1].splitlines()[1:3]]
        assert names == ["PROD", "maps"]


async def test_a_plan_for_other_keys_says_nothing_of_it(opened):
    async with opened(screens.desk(), size=(120, 30)) as (app, pilot):
        app.open_plan([row(2, scope="acme-dev").id.replace("acme-data", "acme-dev")])
        await loaded(app, pilot)
        assert "PROD" not in shown(app)


async def test_history_names_it_also_for_keys_that_are_gone_and_undo_asks_with_the_word(opened):
    rows = [screens.rotation(key=GONE), screens.rotation(RotationState.DONE, "google-api-keys:acme-dev/1-2")]
    rows[1] = replace(rows[1], id="01m7ab0")
    async with opened(screens.desk(rotations=rows), size=(160, 30), write=True) as (app, pilot):
        await pilot.press("4")
        await loaded(app, pilot)
        lines = shown(app).splitlines()
        assert "PROD acme-prod" in lines[3]
        assert "PROD" not in lines[4]
        await pilot.press("down")
        await pilot.pause()
        assert colour_of(app, "PROD", 3) is not None
        await pilot.press("up", "U")
        await pilot.pause(ARMED_AFTER)
        assert "Undo rotation 01m7abc" in shown(app)
        assert " PRODUCTION " in shown(app), "the frame says it"
        assert "in production acme-prod  to go on" in shown(app), "and so does the phrase"
