"""The tree in the docstring of the errors is the tree of the classes, and every error says what to do."""

import inspect
import re

import pytest

from keyward.model import errors
from keyward.model.errors import Exit, KeywardError, QueryError, SettingsError

CLASSES = {
    name: each for name, each in vars(errors).items() if inspect.isclass(each) and issubclass(each, KeywardError)
}


def drawn():
    """(name, parent, exit code or None, description) of every line of the drawing."""
    parents = {}
    for line in errors.__doc__.splitlines():
        found = re.match(r"    (?P<bars>[│├└─ ]*)(?P<name>[A-Z][A-Za-z]+) +(?:exit (?P<exit>\d+))?(?P<about>.*)$", line)
        if found is None:
            continue
        depth = len(found["bars"]) // 4
        parents[depth] = found["name"]
        yield found["name"], parents.get(depth - 1), int(found["exit"]) if found["exit"] else None


def test_every_class_is_drawn_under_its_parent():
    tree = list(drawn())
    assert sorted(name for name, _, _ in tree) == sorted(CLASSES)
    for name, parent, _ in tree:
        assert CLASSES[name].__base__.__name__ == (parent or "Exception")


def test_the_drawn_exit_codes_are_the_real_ones():
    codes = {name: code for name, _, code in drawn() if code is not None}
    assert len(codes) >= 8
    for name, code in codes.items():
        assert CLASSES[name].exit_code == code


def test_exit_codes_are_those_of_the_design():
    assert [int(code) for code in Exit] == [0, 1, 2, 3, 4, 5, 6, 7, 130]


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_has_a_title_and_a_description(name):
    assert CLASSES[name].__doc__
    assert CLASSES[name].title[0].isupper()


def test_message_and_hint_are_one_text():
    assert str(KeywardError("It broke.")) == "It broke."
    assert str(KeywardError("It broke.", hint="Mend it.")) == "It broke. Mend it."


def test_places_in_queries_and_files_are_named():
    assert str(QueryError("Bad.", query="a:b", column=1)) == "Bad. (column 2 of 'a:b')"
    assert str(SettingsError("Bad.", file="f.toml", line=3)) == "f.toml:3: Bad."
    assert str(SettingsError("Bad.", file="f.toml")) == "f.toml: Bad."
    assert str(SettingsError("Bad.")) == "Bad."
