"""Every character that the app says by itself is one that a plain terminal font has."""

import ast
from pathlib import Path

import pytest

from tests.parts.font import MONO, characters

ROOT = Path(__file__).parents[2] / "keyward"
SPOKEN = ("tui", "desk", "rotation", "inventory", "settings", "providers", "stores", "google", "ledger", "cli")
"""Packages whose words can come to a screen; the emulator's sample has odd names on purpose."""


def docstrings(tree):
    """What nobody is shown."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for one in body if isinstance(body, list) else ():
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                yield one.value


def said(file):
    """The texts of a module, without its docstrings."""
    tree = ast.parse(file.read_text("utf-8"))
    silent = {id(node) for node in docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.value


def own():
    """Every printable character, with the file that has it first."""
    found = {}
    for package in SPOKEN:
        for file in sorted((ROOT / package).rglob("*.py")):
            for text in said(file):
                for one in text:
                    if one.isprintable():
                        found.setdefault(one, file.relative_to(ROOT))
    return found


@pytest.mark.skipif(not MONO.exists(), reason="fonts-dejavu-core is not installed")
def test_every_character_of_the_apps_own_words_is_in_dejavu_sans_mono():
    font = characters(MONO)
    assert {"A", "é", "✓", "─", "█"} <= font, "the font was not read"
    assert (
        not {
            "\N{CJK UNIFIED IDEOGRAPH-4E00}",
            "\N{PILE OF POO}",
        }
        & font
    )
    found = own()
    assert {"✓", "✗", "◐", "◷", "·", "▲", "▼", "…", "└"} <= set(found), "they were not collected"
    assert {one: str(file) for one, file in found.items() if one not in font} == {}
