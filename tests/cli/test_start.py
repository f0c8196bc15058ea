"""What starting costs: nothing heavy is loaded for help, version and lists, and none of them takes long."""

import os
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from keyward.inventory.cache_write import CacheWriter
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.ids import CredentialRef

HEAVY = (
    "google",
    "googleapiclient",
    "grpc",
    "keyring",
    "secretstorage",
    "sqlalchemy",
    "alembic",
    "textual",
    "tomlkit",
    "keyward.rotation",
    "keyward.emulator",
    "keyward.inventory.scan",
    "rich",
)
KEYS = 10_000
EMPTY = "import typer\napp = typer.Typer()\n@app.command()\ndef main() -> None:\n    pass\napp()\n"


@pytest.fixture
def environ(tmp_path):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "KEYWARD_HOME": str(tmp_path / "state"),
        "LANG": "C.UTF-8",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


def loaded(arguments, environ):
    """The heavy modules that a command line loads."""
    code = (
        "import sys\nfrom keyward.cli.main import run\n"
        "status = run(sys.argv[1:])\n"
        f"sys.stderr.write('loaded: ' + ' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environ, capture_output=True, text=True, check=True
    )
    return done.stderr.rpartition("loaded: ")[2].split()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["rotate", "--help"],
        ["list", "-o", "json"],
        ["list", "-o", "ids"],
        ["config", "show", "-o", "json"],
    ],
    ids=" ".join,
)
def test_what_needs_nothing_loads_nothing(arguments, environ):
    assert loaded(arguments, environ) == []


@pytest.mark.parametrize("arguments", [["history"], ["resume"], ["status"]], ids=" ".join)
def test_what_only_reads_the_ledger_loads_no_database_library(arguments, environ):
    assert {"sqlalchemy", "alembic", "google", "keyring", "textual"} & set(loaded(arguments, environ)) == set()


def test_a_command_line_builds_the_command_that_it_begins_with_and_is_the_same_program():
    from keyward.cli.main import _program

    whole = _program([]).commands
    assert len(whole) > 30
    for name, command in whole.items():
        ((alone, its),) = _program([name, "--help"]).commands.items()
        assert (alone, its.help, its.hidden, _options(its)) == (name, command.help, command.hidden, _options(command))
    for arguments in (["--config", "list", "list"], ["lst"], ["--help"], ["-h", "list"]):
        assert _program(arguments).commands.keys() == whole.keys()


def _options(command):
    """What can be said to it, and to those below it."""
    below = {name: _options(one) for name, one in getattr(command, "commands", {}).items()}
    return [(one.name, one.opts, one.required) for one in command.params], below


def test_a_list_of_ten_thousand_keys_takes_little_longer_than_an_empty_program(environ, tmp_path):
    cache = tmp_path / "state" / "cache"
    cache.mkdir(parents=True, mode=0o700)
    now = datetime.now(UTC)
    writer = CacheWriter(cache / "inventory.db", "google", print)
    with writer.batch():
        writer.keys(
            "google-api-keys:acme",
            [
                Credential(
                    CredentialRef("google-api-keys", f"acme-{number % 500}", (f"{number:08d}",)),
                    Kind.API_KEY,
                    State.ACTIVE,
                    uid=f"{number:08d}",
                    name=f"key {number}",
                    created=now - timedelta(days=number % 900),
                    restrictions=Restrictions(("generativelanguage.googleapis.com",)),
                )
                for number in range(KEYS)
            ],
            now,
        )
        writer.order()
    writer.close()
    # The bars of the benchmarks are 1.5 and 1.6 on a quiet machine; twice that is wrong on any.
    empty = best([sys.executable, "-c", EMPTY], environ)
    assert best([sys.executable, "-m", "keyward", "--version"], environ) < 3.0 * empty
    assert best([sys.executable, "-m", "keyward", "list", "-o", "json"], environ) < 3.2 * empty


def best(command, environ):
    """The least processor time of a few runs, in seconds: a busy machine does not change that. The benchmarks look at the clock."""
    times = []
    for _ in range(4):
        begun = _spent()
        subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(_spent() - begun)
    return min(times)


def _spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
