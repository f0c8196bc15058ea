"""Turning any comparison of a rule around is caught by the tests of that rule.

Each comparison of `keyward/hygiene/rules/*.py` is turned round in a forked copy of this process, which then runs that module's tests.
All of them: `pytest -m slow tests/hygiene/test_mutations.py`; by default every ninth.
"""

import ast
import importlib
import os
import sys
from pathlib import Path

import pytest

from keyward.hygiene import rules

TURNED = {
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
FOLDER = Path(rules.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
IN_CI = 9
ALONE = ("-x", "-q", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider")


def comparisons(tree):
    """Every comparison in the functions of a module, in order."""
    return [
        node
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Compare)
    ]


def places():
    """(module, number, line) of every comparison."""
    for module in MODULES:
        for number, node in enumerate(comparisons(ast.parse((FOLDER / f"{module}.py").read_text()))):
            yield module, number, node.lineno


ALL = tuple(places())
"""They are counted when tests are collected, so that each is a test of its own."""


def mutated(module, number):
    """Put the module with that comparison turned round in the place of the real one; only for a process that ends soon."""
    name = f"keyward.hygiene.rules.{module}"
    tree = ast.parse((FOLDER / f"{module}.py").read_text())
    node = comparisons(tree)[number]
    node.ops[0] = TURNED[type(node.ops[0])]()
    exec(compile(ast.fix_missing_locations(tree), name, "exec"), vars(sys.modules[name]))  # noqa: S102  # our own source, turned round
    importlib.reload(rules)


def passes(module, before=lambda: None):
    """Whether the tests of the module pass in a forked process, after something was done there."""
    child = os.fork()
    if child == 0:
        try:
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            before()
            file = Path(__file__).with_name(f"test_rules_{module}.py")
            sys.modules.pop(f"tests.hygiene.{file.stem}", None)
            os._exit(int(pytest.main([*ALONE, str(file)])))
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("module", MODULES)
def test_what_is_not_turned_round_passes_so_a_failure_means_something(module):
    assert passes(module)


@pytest.mark.parametrize(("module", "number", "line"), ALL[::IN_CI])
def test_a_comparison_turned_round_is_caught(module, number, line):
    assert not passes(module, lambda: mutated(module, number)), f"rules/{module}.py:{line}"


@pytest.mark.slow
@pytest.mark.parametrize(("module", "number", "line"), ALL)
def test_every_comparison_turned_round_is_caught(module, number, line):
    assert not passes(module, lambda: mutated(module, number)), f"rules/{module}.py:{line}"
