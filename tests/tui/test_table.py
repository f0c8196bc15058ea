"""The table of keys: columns that are chosen, sorting with what is not known last, marks in ranges, cells that flash."""

import pytest

from keyward.tui import cells
from keyward.tui.columns import ALL, OWN, PRESETS, Choice, known
from keyward.tui.messages import Arrived
from keyward.tui.rows import Rows
from keyward.tui.sorting import ordered, sort_keys
from keyward.tui.widgets.column import fitting
from keyward.tui.widgets.grid import Grid
from tests.parts.desk import DAY, NOW, OK, Desk, columns, loaded, row, shown

STATUSES = ("used", "not_seen", "never", "unsupported", "not_scanned", "denied", "failed")


def rows(number):
    return [row(at) for at in range(number)]


def held(made):
    found = Rows()
    found.put(columns(made))
    return found


def heading(app):
    return next(line for line in shown(app).splitlines() if "NAME" in line or "AGE" in line)


def marked(app):
    return set(app.screen.rows.ids(app.screen.grid.marks))


# Columns


async def test_w_goes_through_the_sets_of_columns_and_comes_back(opened):
    async with opened(Desk(rows(3), [OK]), size=(200, 20)) as (app, pilot):
        await pilot.press("i")
        first, seen = heading(app), set()
        for name in (*list(PRESETS)[1:], "usual"):
            await pilot.press("w")
            await pilot.pause()
            seen.add(heading(app))
            assert app.screen.choice.preset == name
            assert (f"columns: {name}" in shown(app)) is (name != "usual")
        assert heading(app) == first
        assert len(seen) == len(PRESETS)
        await pilot.press("w", "w", "w", "w")
        assert "SECRETS" in heading(app)
        assert "gsm:acme-data/secret-1" in shown(app)


async def test_the_chooser_takes_moves_and_widens_and_escape_leaves_all_as_it_was(opened):
    async with opened(Desk(rows(3), [OK]), size=(160, 30)) as (app, pilot):
        before = heading(app)
        await pilot.press("C", "space", "J", "shift+down", "right", "escape")
        await pilot.pause()
        assert heading(app) == before
        await pilot.press("C", "down", "space", "up", "J", "greater_than_sign", "greater_than_sign", "enter")
        await pilot.pause()
        names = tuple(name for name in PRESETS["usual"] if name != "kind")
        assert app.screen.choice == Choice(OWN, names, {"name": 20})
        assert heading(app).index("PROJECT") == 3 + 20 + 1
        assert "KIND" not in heading(app)
        await pilot.press("C", "K", "K", "down", "J", "enter")  # the second down the list
        await pilot.pause()
        assert app.screen.choice.names[:3] == ("name", "age", "scope")


async def test_a_table_without_columns_is_not_taken(opened):
    async with opened(Desk(rows(3), [OK]), size=(120, 40)) as (app, pilot):
        await pilot.press("C", *("space", "down") * len(PRESETS["usual"]), "enter")
        assert len(app.screen_stack) == 3
        assert "one column at least" in shown(app)
        await pilot.press("escape")
        assert app.screen.choice == Choice()


@pytest.mark.parametrize("room", [10, 37, 57, 77, 117, 297])
@pytest.mark.parametrize("preset", [*PRESETS, OWN])
def test_no_choice_makes_a_column_narrower_than_it_can_be_read(preset, room):
    choice = Choice(preset, tuple(reversed(ALL)), {"id": 3, "kind": 40})
    made = choice.columns()
    for index, width in fitting(made, room):
        assert width >= ALL[made[index].name].width
    assert preset == "usual" or [index for index, _ in fitting(made, room)] == list(range(len(fitting(made, room))))


def test_columns_from_a_file_are_those_that_exist():
    assert known("own", ["age", "nothing", 3, "age", "id"], {"id": 30, "age": True, "x": 1, "name": -1}) == Choice(
        OWN, ("age", "id"), {"id": 30}
    )
    assert known(["x"], "name", [1]) == Choice()
    assert known("own", [], {}) == Choice()


# Cells


def test_every_cell_says_something_and_which_kind_of_no_value_it_is():
    bare = {
        "name": "", "created": None, "first_seen": None, "last_used_window": None, "last_used_at": None, "stores": (),
        "secrets": (), "places": 0, "restrictions": None, "source_status": "", "expires": None, "kind": "", "scope": "",
        "state": "",
    }  # fmt: skip
    made = held([row(at, **bare, last_used_status=status) for at, status in enumerate(STATUSES[1:])])
    found = {name: [cells.cells(made, at, NOW.timestamp(), [name])[0] for at in range(6)] for name in ALL}
    assert all(text.strip() and text.strip() != "0" for texts in found.values() for text in texts)
    assert len(set(found["use"])) == 6, "each kind has its own word"
    assert found["window"] == ["not known", "not known", "no record", "not asked", "denied", "failed"]
    assert found["expires"][0] == "never", "a provider that lists keys would have said it"
    listed_by_none = held([row(1, provider="shape", expires=None)])
    assert cells.cells(listed_by_none, 0, NOW.timestamp(), ["expires"]) == ("not known",)
    assert found["restricted"][0] == "not known"
    assert cells.cells(held([row(1, restrictions=())]), 0, NOW.timestamp(), ["restricted"]) == ("none",)
    assert found["stores"][0] == found["secrets"][0] == found["places"][0] == "none seen"


async def test_a_stale_row_says_so_in_letters_whatever_columns_there_are(opened):
    made = [row(1, name="kept", source_status="stale"), row(2, name="fresh")]
    for size in ((60, 16), (160, 20)):
        async with opened(Desk(made, [OK]), size=size) as (app, pilot):
            for _ in PRESETS:
                await pilot.press("w")
                await pilot.pause()
                lines = shown(app).splitlines()
                assert any("kept" in line and "stale" in line for line in lines), lines
                assert not any("fresh" in line and "stale" in line for line in lines)


# Sorting


@pytest.mark.parametrize("column", ALL)
@pytest.mark.parametrize("reverse", [False, True])
def test_what_is_not_known_stays_last_in_a_fixed_order_and_equal_rows_stay_in_theirs(column, reverse):
    unknown = {
        "name": "", "created": None, "last_used_window": None, "stores": (), "secrets": (), "places": 0,
        "restrictions": None, "source_status": "", "kind": "", "scope": "", "state": "", "provider": "",
    }  # fmt: skip
    made = [row(at, **unknown, last_used_status=STATUSES[6 - at % 6]) for at in range(12)] + rows(30)
    made += [row(at, provider="shape", expires=None) for at in range(50, 54)]
    made += [row(at, expires=NOW.timestamp() + at * DAY) for at in range(60, 64)]
    found = held(made)
    order = ordered(found.numbers, sort_keys(found, column), reverse=reverse)
    assert sorted(order) == list(range(len(made)))
    texts = [cells.cells(found, at, NOW.timestamp(), [column])[0] for at in order]
    if column in ("id", "identity", "seen", "name", "age", "state"):
        return
    kinds = ["not known", "none seen", "none", "never", "no record", "not asked", "denied", "failed"]
    places = [at for at, text in enumerate(texts) if text in kinds or text.startswith("not ")]
    if column not in ("expires", "window"):
        assert places == list(range(len(texts) - len(places), len(texts)))
    if column == "use":
        rank = {status: at for at, status in enumerate(STATUSES)}
        statuses = [rank[found.text(at, "last_used_status")] for at in order]
        assert statuses == sorted(statuses), "used, not seen, never, and then why nothing is known: either way round"
    if column == "provider":
        same = [at for at in order if found.text(at, "provider") == "google-api-keys"]
        assert same == sorted(same), "equal rows stay in the order in which they came"
    if column == "expires":
        assert texts[-4:] == ["not known"] * 4
        assert texts[4] == "never"


async def test_the_picker_sorts_and_enter_on_the_present_column_turns_round(opened):
    async with opened(Desk(rows(20), [OK])) as (app, pilot):
        await pilot.press("s")
        await pilot.pause()
        assert "▼ AGE  now" in shown(app)
        await pilot.press("enter")
        assert (app.screen.view.column, app.screen.view.reversed) == ("age", True)
        await pilot.press("s", "k", "enter")
        assert (app.screen.view.column, app.screen.view.reversed) == ("scope", False)
        await pilot.press("s", "j", "escape")
        assert (app.screen.view.column, app.screen.view.reversed) == ("scope", False)


# Marks


async def test_a_range_follows_the_cursor_both_ways_and_keeps_what_was_marked(opened):
    async with opened(Desk(rows(30), [OK])) as (app, pilot):
        grid, ids = app.screen.grid, app.screen.rows.ids
        await pilot.press("j", "j", "j", "j", "j", "j", "space")  # the seventh
        await pilot.press("g", "j", "V", "j", "j", "j")
        await pilot.pause()
        assert marked(app) == set(ids([*grid.order[1:5], grid.order[6]]))
        assert "range · 5 marked" in shown(app)
        await pilot.press("k", "k", "k", "k")
        await pilot.pause()
        assert marked(app) == set(ids([*grid.order[0:2], grid.order[6]])), "what is left is unmarked again"
        await pilot.press("space", "G")
        await pilot.pause()
        assert marked(app) == set(ids([*grid.order[0:2], grid.order[6]])), "Space closes it"
        assert "Plan for 3 keys" in shown(app)
        await pilot.press("V", "k", "escape")
        await pilot.pause()
        assert len(marked(app)) == 3, "Escape takes the open range back"


async def test_the_count_says_how_many_marked_keys_the_filter_hides(opened):
    async with opened(Desk(rows(30), [OK]), size=(60, 16)) as (app, pilot):
        await pilot.press("asterisk")
        assert "30 marked" in shown(app)
        await pilot.press("slash", *"maps", "enter")
        await loaded(app, pilot)
        hidden = 30 - len(app.screen.grid.order)
        assert f"30 marked ({hidden} hidden)" in shown(app)
        await pilot.press("u")
        assert "marked" not in shown(app)


async def test_a_filter_closes_the_range_and_hides_marks_without_losing_them(opened):
    async with opened(Desk(rows(30), [OK])) as (app, pilot):
        await pilot.press("V", "G", "slash", *"maps", "enter", "j")
        await loaded(app, pilot)
        assert len(marked(app)) == 30
        assert not app.screen.marking.ranging


async def test_a_range_ends_when_its_beginning_goes_out_of_view(opened):
    async with opened(Desk(rows(30), [OK])) as (app, pilot):
        await pilot.press("V", "j", "j")
        await pilot.pause()
        before = marked(app)
        await pilot.press("slash", *"zzzz", "enter", "escape")
        await loaded(app, pilot)
        assert marked(app) == before
        assert not app.screen.marking.ranging


async def test_marked_keys_can_be_planned_where_the_filter_hides_them_and_a_range_needs_a_row(opened):
    async with opened(Desk(rows(30), [OK])) as (app, pilot):
        await pilot.press("space", "space", "slash", *"zzzz", "enter")
        await loaded(app, pilot)
        assert "r Plan for 2 keys" in shown(app)
        assert app.screen.why_not("rotate") == ""
        await pilot.press("V")
        await pilot.pause()
        assert [note.message for note in app._notifications] == ["Mark range: no key is listed."]
        await pilot.press("u")
        await pilot.pause()
        assert "none is marked" in app.screen.why_not("rotate")
        assert "(r Plan rotation)" in shown(app)


# Rows that change


async def test_a_changed_cell_flashes_once_and_the_cursor_stays_on_its_key(opened):
    made = rows(20)
    async with opened(Desk(made, [OK])) as (app, pilot):
        screen, grid = app.screen, app.screen.grid
        await pilot.press("j", "j")
        key, second = screen.rows.text(grid.row, "id"), grid.order[1]
        screen.on_arrived(Arrived(columns([row(second, state="disabled", created=NOW.timestamp() - 999 * DAY)])))
        await pilot.pause()
        assert grid.flashing == {second: frozenset({"state", "age"})}
        assert screen.rows.text(grid.row, "id") == key, "its row moved to the top, the cursor did not"
        line = next(at for at in range(1, 10) if grid.order[at - 1] == second)
        assert any(part.style.underline for part in grid.render_line(line) if "disabled" in part.text)
        grid.end_flash()
        assert not any(part.style.underline for part in grid.render_line(line))
        screen.on_arrived(Arrived(columns([row(second, state="disabled", created=NOW.timestamp() - 999 * DAY)])))
        assert not grid.flashing, "nothing changed"


async def test_nothing_flashes_where_nothing_may_move(opened, monkeypatch):
    from keyward.tui.messages import Arrived
    from tests.parts import desk as parts

    still = parts.parts(motion=False)
    monkeypatch.setattr(parts, "parts", lambda world, **_: still)
    async with opened(Desk(rows(5), [OK])) as (app, _):
        assert app.animation_level == "none"
        app.screen.on_arrived(Arrived(columns([row(1, state="disabled")])))
        assert not app.screen.query_one(Grid).flashing
        assert "disabled" in shown(app)


def test_whether_things_move_is_a_setting_that_a_working_folder_may_make_too(tmp_path):
    from keyward.settings import load

    for folder in (tmp_path / "own", tmp_path / "work"):
        folder.mkdir(mode=0o700)
    (tmp_path / "work" / "keyward.toml").write_text("[display]\nmotion = false\n")
    absent = tmp_path / "own" / "keyward.toml"
    assert load(file=absent, explicit=False, environ={}).settings.display.motion
    assert not load(file=absent, explicit=False, environ={}, folder=tmp_path / "work").settings.display.motion
