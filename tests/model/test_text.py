"""Text from outside cannot move the cursor, reorder a line or hide a part of a name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.text import REPLACEMENT, clean, clean_lines

HOSTILE = [
    "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "a\rb", "a\nb", "a\tb", "\x00", "\x7f", "\u202eevil", "\u2066x\u2069", "\u200b", "\u200d", "\ufeff",
    "\u2028", "\u2029", "\xad", "\U000e0041", "\ud800", "\u061c", "\u180e", "\u2060", "\x85",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_characters_are_replaced(text):
    assert REPLACEMENT in clean(text)
    assert clean(text).isprintable()


@given(st.text(alphabet=st.characters(), max_size=200))
def test_what_comes_out_is_one_line_without_controls(text):
    out = clean(text)
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in out)
    assert not any(
        unicodedata.bidirectional(each) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for each in out
    )
    assert len(out) == len(text)
    assert clean(out) == out


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"], max_codepoint=0xDFFFF), max_size=50))
def test_plain_letters_of_all_scripts_stay(text):
    fillers = "\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters that show nothing
    assert clean(text) == "".join(REPLACEMENT if each in fillers else each for each in text)


def test_names_people_really_use_stay():
    for text in ("Web key (prod)", "[bold]markup[/]", "Schlüssel für Köln", "東京の鍵", "ключ", "a" * 2000):
        assert clean(text) == text


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_limit_is_kept_and_shown(text, limit):
    out = clean(text, limit)
    assert len(out) <= limit
    assert out.endswith("…") or len(text) <= limit


def test_lines_stay_lines():
    assert clean_lines("a\r\nb\x1b\nc") == f"a\nb{REPLACEMENT}\nc"
    assert clean_lines("a\rb") == f"a{REPLACEMENT}b"


def test_a_tower_of_accents_is_cut_and_a_few_stay():
    assert clean("e" + "\u0301" * 4) == "e" + "\u0301" * 4
    assert clean("Z" + "\u0301\u0323" * 500 + "w") == "Z" + "\u0301\u0323" * 2 + "\ufffdw"
