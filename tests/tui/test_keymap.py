"""The user's own keys: read from settings, wrong ones refused with file and line, shown wherever keys are shown."""

import dataclasses
import os
from pathlib import Path

import pytest
from textual.widgets import Input

from keyward.model.errors import SettingsError
from keyward.settings import load
from keyward.settings.schema import KeyChoice
from keyward.tui import actions, keymap
from keyward.tui.keymap import read
from keyward.tui.screens.help import HelpScreen
from keyward.tui.screens.plan import PlanScreen
from keyward.tui.screens.sorting import SortScreen
from tests.parts import screens
from tests.parts.command import run
from tests.parts.desk import OK, Desk, loaded, row, shown


def chosen(*pairs):
    return tuple(KeyChoice(action, keys, "/home/ana/keyward.toml", at) for at, (action, keys) in enumerate(pairs, 3))


def written(folder: Path, text: str):
    file = folder / "keyward.toml"
    file.write_text(text)
    file.chmod(0o600)
    return load(file=file, explicit=True, environ={})


@pytest.mark.parametrize(
    ("pairs", "line", "said"),
    [
        ([("inventory.rotat", "R")], 3, "there is no action 'inventory.rotat'. Did you mean inventory.rotate?"),
        ([("plans.apply", "R")], 3, "Did you mean plan.apply?"),
        ([("plan.nonsense", "R")], 3, "Known are: plan.accept, plan.accept_all, plan.again, plan.apply,"),
        ([("nonsense", "R")], 3, "such as inventory.rotate"),
        ([("inventory.rotate", "banana")], 3, "there is no key 'banana'"),
        ([("inventory.rotate", "R,,x")], 3, "a key is missing"),
        ([("inventory.rotate", "R, R")], 3, "R stands there twice"),
        ([("inventory.rotate", "s")], 3, "inventory.rotate: s is the key of inventory.sort (Sort) too"),
        ([("inventory.rotate", "R"), ("inventory.sort", "R")], 4, "R is the key of"),
        ([("inventory.rotate", "q")], 3, "q is the key of app.leave"),
        ([("plan.again", "j")], 3, "j is the key of table.down"),
        ([("app.help", "g")], 3, "g is the key of table.first"),
        ([("app.leave", "tab")], 3, "'tab' cannot be given away"),
        ([("columns.switch", "j")], 3, "j is the key of list.down"),
        ([("list.down", "ctrl+x"), ("app.quit", "ctrl+x")], 4, "^X is the key of"),
    ],
)
def test_what_cannot_be_used_names_file_line_and_what_would_be_right(pairs, line, said):
    with pytest.raises(SettingsError) as error:
        read(chosen(*pairs))
    assert f"/home/ana/keyward.toml:{line}: [keys] " in str(error.value)
    assert said in str(error.value)
    assert error.value.line == line


def test_keys_may_be_swapped_taken_away_and_shared_by_screens_that_are_never_heard_together():
    made = read(chosen(("inventory.rotate", "s"), ("inventory.sort", "r, f5"), ("plan.apply", "s"), ("key.rotate", "")))
    by = {action.ref: action for action in actions.ACTIONS}
    assert made.keys(by["inventory.sort"]) == ("r", "f5")
    assert made.printed(by["inventory.sort"]) == "r F5"
    assert made.keys(by["key.rotate"]) == ()
    assert made.key_of("key.rotate") == "Plan rotation (no key)"
    assert made.keys(by["history.undo"]) == ("U",), "what is not chosen stays"


@pytest.mark.parametrize("key", ["z", "%", "space"])
def test_a_letter_starts_nothing_dangerous_that_asks_for_no_phrase(monkeypatch, key):
    bare = actions.Action("wipe", "f9", "Wipe", actions.Where.KEY, "Made up.", danger=True, phrase=False)
    for module in (actions, keymap):
        monkeypatch.setattr(module, "ACTIONS", (*actions.ACTIONS, bare))
    with pytest.raises(SettingsError, match="typed too easily"):
        read(chosen(("key.wipe", key)))
    assert read(chosen(("key.wipe", "ctrl+x")))
    monkeypatch.setattr(keymap, "ACTIONS", (*actions.ACTIONS[:-1], dataclasses.replace(bare, phrase=True)))
    assert read(chosen(("key.wipe", key))), "with a phrase it may"


def test_settings_tell_where_each_key_stands(tmp_path):
    text = '# mine\n[keys]\n"inventory.rotate" = "R"\ninventory.sort = "f5"\n\n[keys.app]\nleave = "Q, ctrl+x"\n'
    found = written(tmp_path, text)
    assert [(one.action, one.keys, one.line) for one in found.settings.keys] == [
        ("inventory.rotate", "R", 3), ("inventory.sort", "f5", 4), ("app.leave", "Q, ctrl+x", 7)
    ]  # fmt: skip
    assert str(found.origin("keys.inventory.rotate")) == f"file {tmp_path / 'keyward.toml'}:3"
    assert read(found.settings.keys).key_of("app.leave") == "Q"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("keys = 3\n", 1, "must be a section"),
        ('[keys]\n"a.b" = 3\n', 2, "not a text"),
        ("[keyz]\n", 1, "Did you mean keys?"),
    ],
)
def test_a_table_of_another_form_is_refused(tmp_path, text, line, said):
    with pytest.raises(SettingsError, match=said) as error:
        written(tmp_path, text)
    assert error.value.line == line


def test_the_command_line_finds_what_the_app_would_refuse_and_lists_the_keys(tmp_path):
    def keyward(*words):
        environ = {"HOME": str(tmp_path), "KEYWARD_CONFIG": str(tmp_path / "keyward.toml"), "PATH": os.environ["PATH"]}
        return run(["config", *words], environ, tmp_path)

    written(tmp_path, '[keys]\n"plan.aply" = "A"\n')
    done = keyward("validate")
    assert done.returncode == 4
    assert "keyward.toml:2: [keys] there is no action 'plan.aply'" in done.stderr
    assert "Did you mean plan.apply?" in done.stderr
    written(tmp_path, '[keys]\n"plan.apply" = "A, f4"\n')
    assert keyward("validate").returncode == 0
    assert [line.split()[:3] for line in keyward("show").stdout.splitlines() if "keys.plan" in line] == [
        ["keys.plan.apply", "A,", "f4"]
    ]


def test_a_file_in_the_working_folder_may_choose_keys_and_wins_one_by_one(tmp_path):
    own, folder = tmp_path / "own", tmp_path / "work"
    for place, text in ((own, '"inventory.rotate" = "R"\n"app.leave" = "Q"'), (folder, '"inventory.rotate" = "P"')):
        place.mkdir()
        (place / "keyward.toml").write_text(f"[keys]\n{text}\n")
        (place / "keyward.toml").chmod(0o600)
    found = load(file=own / "keyward.toml", explicit=True, environ={}, folder=folder)
    assert {one.action: one.keys for one in found.settings.keys} == {"inventory.rotate": "P", "app.leave": "Q"}
    assert str(folder) in str(found.origin("keys.inventory.rotate"))
    assert str(own) in str(found.origin("keys.app.leave"))


async def test_the_users_keys_work_and_are_shown_in_footer_help_palette_and_sentences(opened):
    keys = chosen(("inventory.rotate", "R, f7"), ("app.write_mode", "M"), ("table.down", "b"), ("inventory.sort", ""))
    async with opened(screens.desk(), keys=keys, size=(150, 50)) as (app, pilot):
        assert "R Plan rotation" in shown(app)
        assert "s Sort" not in shown(app), "an action without a key is not in the footer"
        await pilot.press("question_mark")
        await loaded(app, pilot)
        assert "R F7      Plan rotation" in shown(app)
        await pilot.press("escape", "colon", *"rotation")
        await loaded(app, pilot)
        assert "inventory.rotate  R F7" in shown(app)
        await pilot.press("escape")
        await loaded(app, pilot)
        await pilot.press("b")
        assert app.screen.grid.cursor == 1
        await pilot.press("j", "s", "r")
        await loaded(app, pilot)
        assert (app.screen.grid.cursor, app.screen.view.column, len(app.screen_stack)) == (1, "age", 2), (
            "old keys are off"
        )
        await pilot.press("f7")
        await loaded(app, pilot)
        assert isinstance(app.screen, PlanScreen)
        await pilot.press("space")
        await loaded(app, pilot)
        assert "this app is read-only: M switches to write mode" in shown(app)


async def test_an_action_without_a_key_is_in_the_palette(opened):
    async with opened(screens.desk(), keys=chosen(("inventory.sort", "")), size=(150, 50)) as (app, pilot):
        await pilot.press("colon", *"inventory.sort")
        await loaded(app, pilot)
        await pilot.press("enter")
        await loaded(app, pilot)
        assert isinstance(app.screen, SortScreen)


@pytest.mark.parametrize(
    ("where", "keys", "said"),
    [
        (actions.Where.MENDING, (("app.write_mode", "M"),), "M switches to write mode"),
        (actions.Where.DOCTOR, (("doctor.command", "f4"),), " F4"),
        (actions.Where.WELCOME, (("welcome.choose", "f4"), ("welcome.propose", "f6")), "F4 chooses, F6 shows"),
    ],
)
async def test_sentences_name_the_users_keys(opened, where, keys, said):
    async with opened(screens.desk(), keys=chosen(*keys), size=(150, 40)) as (app, pilot):
        app.push_screen(screens.made()[where]())
        await loaded(app, pilot)
        assert said in "\n".join(shown(app).splitlines()[:-1]), "besides the bottom line"


async def test_small_lists_go_by_the_users_keys_and_say_them(opened):
    keys = chosen(("list.down", "n"), ("list.leave", "r"), ("columns.switch", "u"), ("columns.later", "m"))
    async with opened(screens.desk(), keys=keys, size=(120, 40)) as (app, pilot):
        await pilot.press("C")
        await loaded(app, pilot)
        assert "u: on or off · m K: move" in shown(app)
        assert "r: as it was" in shown(app)
        await pilot.press("n", "u", "m", "enter")
        await loaded(app, pilot)
        names = app.inventory.choice.names
        assert (names[:2], "kind" in names) == (("name", "scope"), False), "the second, kind, is off"
        await pilot.press("s")
        await loaded(app, pilot)
        assert "r leaves it" in shown(app)
        await pilot.press("j", "q", "escape")
        assert isinstance(app.screen, SortScreen), "old keys are off"
        await pilot.press("r")
        await loaded(app, pilot)
        assert not isinstance(app.screen, SortScreen)


async def test_two_actions_that_swap_their_keys_both_work(opened):
    async with opened(screens.desk(), keys=chosen(("inventory.rotate", "s"), ("inventory.sort", "r"))) as (app, pilot):
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(app.screen, SortScreen)
        await pilot.press("escape", "s")
        await loaded(app, pilot)
        assert isinstance(app.screen, PlanScreen)


async def test_a_letter_chosen_for_the_filter_is_still_a_letter_in_it(opened):
    async with opened(Desk([row(1)], [OK]), keys=chosen(("inventory.filter", "f"))) as (app, pilot):
        await pilot.press("f", "o", "f", "f")
        await loaded(app, pilot)
        assert app.screen.query_one("#filter", Input).value == "off"


async def test_keys_that_cannot_be_used_are_said_by_the_app_with_file_and_line(opened):
    async with opened(Desk([row(1)], [OK]), keys=chosen(("inventory.rotat", "R")), size=(90, 20)) as (app, pilot):
        screen = " ".join(shown(app).split())
        assert "EMULATOR" in screen, "that is known all the same"
        assert "/home/ana/keyward.toml:3: [keys] there is no action 'inventory.rotat'" in screen
        assert "Did you mean inventory.rotate?" in screen
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


async def test_help_lists_the_screens_keys_first_then_those_of_tables_and_everywhere(opened):
    async with opened(screens.desk(), size=(120, 60)) as (app, pilot):
        await pilot.press("question_mark")
        await loaded(app, pilot)
        screen = shown(app)
        places = [screen.index(f"Keys: {where}") for where in ("inventory", "in tables", "everywhere")]
        assert places == sorted(places)
        for said in ("PgUp ^B", "Down j", "Home g", "^U", "not now: no key is marked; Space marks one"):
            assert said in screen, said


async def test_the_palette_leads_back_to_open_screens_and_does_what_keys_do(opened):
    async with opened(screens.desk(), size=(120, 60)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        await pilot.press("r")
        await loaded(app, pilot)
        await pilot.press("ctrl+p", *"go back to key")
        await loaded(app, pilot)
        await pilot.press("enter")
        await loaded(app, pilot)
        assert app.screen.where is actions.Where.KEY
        await pilot.press("escape")
        await loaded(app, pilot)
        await pilot.press("colon", *"table.last")
        await loaded(app, pilot)
        await pilot.press("enter")
        await loaded(app, pilot)
        assert app.screen.grid.cursor == 1
