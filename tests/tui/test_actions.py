"""The registry of actions: ids, keys, and that everything else is made from it."""

import string
from pathlib import Path

import pytest
from textual.keys import Keys, _character_to_key

from keyward.tui import keytable
from keyward.tui.actions import ACTIONS, Action, Where, bindings, meet, of
from keyward.tui.keymap import Keymap
from keyward.tui.keynames import canonical, character_of, key_name
from keyward.tui.widgets.grid import Grid
from tests.parts import screens
from tests.parts.desk import loaded

README = Path(__file__).parents[2] / "README.md"


def test_ids_are_unique_and_stable():
    refs = [action.ref for action in ACTIONS]
    assert len(refs) == len(set(refs))
    assert {"inventory.rotate", "plan.apply", "history.undo", "app.write_mode", "table.down"} <= set(refs)


def test_no_two_actions_that_are_heard_together_share_a_key():
    keymap = Keymap()
    shared = [
        (one.ref, other.ref, keys)
        for number, one in enumerate(ACTIONS)
        for other in ACTIONS[number + 1 :]
        if meet(one, other) and (keys := set(keymap.keys(one)) & set(keymap.keys(other)))
    ]
    assert shared == []


def test_every_key_is_one_that_a_terminal_sends_and_is_written_as_the_app_knows_it():
    for action in ACTIONS:
        for key in action.keys.split(","):
            if key != "ctrl+q":
                assert canonical(key) == key, action.ref
            assert key_name(key), action.ref


def test_no_letter_starts_anything_dangerous_without_a_phrase():
    assert [action.ref for action in ACTIONS if action.danger and not action.phrase and character_of(action.keys)] == []
    assert {action.ref for action in ACTIONS if action.danger} >= {"plan.apply", "history.undo"}


def test_a_plain_entry_is_enough():
    plain = Action("id", "key", "Title", Where.KEY, "Doc.", footer=True)
    assert (plain.ref, plain.changes, plain.binding.action, plain.binding.id) == ("key.id", False, "id", "key.id")


def last_of(kind):
    """The classes that nothing is derived from."""
    return [one for more in kind.__subclasses__() for one in last_of(more)] or [kind]


def test_bindings_come_from_the_registry_and_every_action_has_somebody_who_does_it():
    from keyward.tui.app import KeywardApp
    from keyward.tui.screens.inventory import InventoryScreen
    from keyward.tui.screens.lists import ListScreen
    from keyward.tui.screens.page import Page

    assert screens.made(), "the imports make every screen known"
    nodes = {Where.APP: KeywardApp, Where.TABLE: Grid, Where.INVENTORY: InventoryScreen}
    nodes |= {screen.where: screen for screen in (*last_of(Page), *last_of(ListScreen))}
    assert set(nodes) == set(Where)
    for where, node in nodes.items():
        assert bindings(where) == node.BINDINGS, where
        for action in of(where):
            name = (action.run or action.id).partition("(")[0]
            assert callable(getattr(node, f"action_{name}", None)), f"nobody does {action.ref}"


def test_the_table_of_the_readme_is_the_registry():
    text = README.read_text("utf-8")
    assert keytable.BEGIN in text
    assert text == keytable.with_table(text), "run: python -m keyward.tui.keytable README.md"
    assert keytable.key_table() in text


@pytest.mark.parametrize("character", [*string.ascii_letters, *string.digits, *string.punctuation])
def test_a_character_is_the_key_that_the_app_hears(character):
    key = canonical(character)
    assert key == _character_to_key(character)
    assert character_of(key) == character
    assert key_name(key) == character


@pytest.mark.parametrize(
    ("written", "key"),
    [("ctrl+r", "ctrl+r"), ("^R", "ctrl+r"), ("Ctrl+R", "ctrl+r"), ("Esc", "escape"), ("PgDn", "pagedown"), ("F5", "f5"),
     ("space", "space"), ("question_mark", "question_mark"), ("alt+x", "alt+x"), ("shift+f3", "shift+f3"), ("ctrl+home", "ctrl+home")],
)  # fmt: skip
def test_keys_are_understood_as_people_write_them(written, key):
    assert canonical(written) == key


@pytest.mark.parametrize(
    ("written", "said"),
    [("banana", "no key"), ("ctrl+banana", "no key"), ("hyper+r", "no key"), ("ctrl+", "no key"), ("f25", "no key"), ("", "no key"),
     ("shift+r", "written 'R'"), ("ctrl+i", "sends Tab"), ("ctrl+m", "sends Enter"), ("tab", "part to part"), ("ctrl+c", "copies"),
     ("ctrl+1", "every terminal"), ("ctrl+enter", "every terminal"), (" ", "'space'"), ("\x07", "blank")],
)  # fmt: skip
def test_keys_that_do_not_exist_or_are_taken_are_refused(written, said):
    with pytest.raises(ValueError, match=said):
        canonical(written)


def test_named_keys_are_those_of_the_toolkit():
    known = {key.value for key in Keys}
    for name in ("escape", "enter", "pageup", "pagedown", "home", "end", "insert", "delete", "f1", "f24", "backspace"):
        assert canonical(name) in known


def test_there_is_a_screen_of_every_scope_to_walk_through():
    assert set(screens.made()) == set(Where) - {Where.APP, Where.TABLE}, "add the new screen to tests/parts/screens.py"


@pytest.mark.parametrize("where", sorted(set(Where) - {Where.APP, Where.TABLE}))
async def test_every_key_starts_its_action_on_its_screen(opened, where):
    heard = []
    async with opened(screens.desk(), write=True, size=(150, 44)) as (app, pilot):
        if (make := screens.made()[where]) is not None:
            app.push_screen(make())
        await loaded(app, pilot)
        assert app.screen.where is where

        async def spy(action, default_namespace=None, namespaces=None):  # as Textual calls it
            heard.append((action, type(default_namespace)))
            return True

        app.run_action = spy
        tables = of(Where.TABLE) if app.screen.query(Grid) else []
        nodes = {where: type(app.screen), Where.TABLE: Grid, Where.APP: type(app)}
        everywhere = [action for action in of(Where.APP) if action.first or not app.screen.is_modal]
        for action in (*of(where), *tables, *everywhere):
            for key in action.keys.split(","):
                heard.clear()
                await pilot.press(key)
                assert (action.run or action.id, nodes[action.where]) in heard, f"{key} does not start {action.ref}"


async def test_a_key_that_is_held_down_says_its_reason_once(opened):
    async with opened(screens.desk()) as (app, pilot):
        await pilot.press("u", "u", "u")
        await pilot.pause()
        assert [note.message for note in app._notifications] == ["Unmark all: no key is marked; Space marks one."]
