"""Typing a query: what is offered, what is said to be wrong, and how earlier ones come back."""

from keyward.tui.completing import after, known, suggestions
from keyward.tui.rows import Rows
from keyward.tui.widgets.filterbar import Query
from tests.parts.desk import OK, Desk, columns, loaded, row, shown


def rows(number):
    return [row(at) for at in range(number)]


def dim(app):
    """What stands dim behind the cursor."""
    field = app.screen.query_one("#filter")
    return field._suggestion[len(field.value) :]


def hint(app):
    return shown(app).splitlines()[2]


async def test_fields_and_values_that_exist_are_offered_and_taken_with_tab_or_the_right_arrow(opened):
    made = [*rows(8), row(9, scope="two words")]
    async with opened(Desk(made, [OK])) as (app, pilot):
        field = app.screen.query_one("#filter")
        await pilot.press("slash", "p", "r", "o", "j")
        await loaded(app, pilot)
        assert dim(app) == "ect:"
        await pilot.press("tab")
        await loaded(app, pilot)
        assert field.value == "project:"
        assert "acme-data  acme-dev  acme-prod  acme-stg" in hint(app)
        assert "column" not in hint(app), "a word that is being typed is not wrong yet"
        await pilot.press(*"acme-s")
        await loaded(app, pilot)
        assert dim(app) == "tg"
        await pilot.press("right")
        await loaded(app, pilot)
        assert field.value == "project:acme-stg"
        assert len(app.screen.grid.order) == 2
        assert app.focused is field
        await pilot.press("tab")
        assert app.focused is not field, "with nothing to complete Tab goes on"


async def test_the_hint_goes_when_the_query_is_left_and_an_error_stays(opened):
    async with opened(Desk(rows(8), [OK])) as (app, pilot):
        assert "NAME" in hint(app)
        await pilot.press("slash")
        await pilot.pause()
        assert "Tab completes" in hint(app)
        await pilot.press(*"prod", "enter")
        await loaded(app, pilot)
        assert "NAME" in hint(app)
        await pilot.press("slash", *" agee:3d", "enter")
        await loaded(app, pilot)
        assert "column 6: There is no field 'agee'. Did you mean age?" in hint(app)
        assert app.screen.view.query == "prod agee", "the rows are those of the last query that could be read"
        assert isinstance(app.focused, Query), "there are no rows of it to go to"
        await pilot.press("escape", "escape")
        await loaded(app, pilot)
        assert "NAME" in hint(app)


async def test_up_and_down_go_through_earlier_queries_and_keep_what_was_being_typed(opened):
    async with opened(Desk(rows(8), [OK])) as (app, pilot):
        field = app.screen.query_one("#filter")
        await pilot.press("slash", *"maps", "enter", "escape")
        await pilot.press("slash", *"etl", "escape")
        assert field.value == ""
        await pilot.press("b", "up")
        assert field.value == "etl"
        await pilot.press("up", "up", "up")
        assert field.value == "maps"
        await pilot.press("down", "down", "down")
        await loaded(app, pilot)
        assert field.value == "b"
        assert app.screen.view.query == "b"


async def test_a_second_escape_leaves_and_one_in_the_table_clears(opened):
    async with opened(Desk(rows(8), [OK])) as (app, pilot):
        field, grid = app.screen.query_one("#filter"), app.screen.grid
        await pilot.press("slash", *"maps", "escape")
        assert (field.value, app.focused) == ("", field)
        await pilot.press("escape")
        assert app.focused is grid
        await pilot.press("slash", *"maps", "enter", "escape")
        await loaded(app, pilot)
        assert (field.value, app.focused) == ("", grid)
        assert len(grid.order) == 8


def test_what_exists_comes_first_and_what_is_typed_already_is_not_offered():
    held = Rows()
    held.put(columns([row(1, kind="sa-key", stores=("keyring", "env")), row(2, scope="it's", stores=())]))
    values = known(held)
    assert values["store"] == ["env", "keyring"]

    def offered(text):
        return [one.insert for one in suggestions(text, len(text), values)]

    assert offered("kind:")[:2] == ["api-key", "sa-key"]
    assert len(offered("kind:")) > 5, "the others are words of the language all the same"
    assert offered("!kind:sa-key") == []
    assert offered("project:i") == ['"it\'s"']
    assert offered("store:env,k") == ["keyring"]
    assert offered('"kind:') == []
    text = "age>90d prov"
    assert after(text, suggestions(text, len(text), values)) == "age>90d provider:"
    assert after("age>90d ", suggestions("age>90d ", 8, values)) == "", "nothing is guessed before a letter is typed"


async def test_enter_leaves_the_query_where_no_key_matches_too_and_the_rows_get_the_focus_when_they_come_back(opened):
    async with opened(Desk(rows(8), [OK])) as (app, pilot):
        await pilot.press("slash", *"zzzz")
        await loaded(app, pilot)
        await pilot.press("enter", "w")
        assert app.screen.choice.preset == "wide", "w is a key, not a letter of the query"
        await pilot.press("escape")
        await loaded(app, pilot)
        await pilot.press("j")
        assert app.screen.grid.cursor == 1
