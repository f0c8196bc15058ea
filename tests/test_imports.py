"""Who imports whom, and what an import does not load: proved in fresh processes."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import keyward.model

ROOT = Path(__file__).parents[1]
HEAVY = {
    "textual", "rich", "typer", "click", "sqlalchemy", "alembic", "googleapiclient", "google", "grpc", "keyring", "secretstorage", "httplib2",
    "requests", "tomlkit", "humanize", "platformdirs", "sqlite3", "socket", "ssl", "http", "asyncio", "multiprocessing", "subprocess",
}  # fmt: skip
MODEL = sorted(f"keyward.model.{each.name}" for each in pkgutil.iter_modules(keyward.model.__path__))


def loaded_by(statement):
    """The names of the modules that a fresh interpreter loads for that statement, above those that it starts with."""
    code = f"import sys, json; before = set(sys.modules); {statement}; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout))


def tops(modules):
    return {name.partition(".")[0] for name in modules}


def test_the_model_loads_the_standard_library_and_itself_only():
    loaded = loaded_by(f"import {', '.join(MODEL)}")
    assert tops(loaded) - {"keyward"} <= sys.stdlib_module_names
    assert {name for name in loaded if name.startswith("keyward")} == {"keyward", "keyward.model", *MODEL}
    assert not tops(loaded) & HEAVY


def test_the_root_loads_nothing_but_itself():
    assert {name for name in loaded_by("import keyward") if name.startswith("keyward")} == {"keyward"}
    assert not tops(loaded_by("import keyward")) & HEAVY


def test_the_test_would_see_a_heavy_import():
    assert "sqlite3" in loaded_by("import sqlite3")


@pytest.mark.parametrize("package", ["providers.interface", "stores.interface", "ledger.interface", "plugins"])
def test_interfaces_load_no_client_library(package):
    heavy = HEAVY - {"http", "socket", "ssl", "asyncio", "subprocess"}  # importlib.metadata may bring small ones
    assert not tops(loaded_by(f"import keyward.{package}")) & heavy


def test_the_contracts_of_who_imports_whom_hold():
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
