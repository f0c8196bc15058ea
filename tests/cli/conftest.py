"""Stories on one small world: an emulated cloud, a folder, sometimes a keyring, and the command line as its own process."""

import hashlib
import sqlite3

import pytest

from tests.parts.scene import Scene

READS = ("GET", "HEAD")
READ_RPCS = ("Get", "List", "Access", "TestIamPermissions", "Search", "getIamPolicy")


@pytest.fixture
def scene(tmp_path):
    """A world without a keyring."""
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        yield scene


@pytest.fixture
def ringed(tmp_path, own_secret_service):
    """A world with a keyring, whose cloud's clock runs 1000 times faster."""
    with Scene(tmp_path / "scene", own_secret_service, rate=1000) as scene:
        scene.settings()
        yield scene


def files_of(folder):
    """Every file with a digest of its content and its mode."""
    return {
        str(file.relative_to(folder)): (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mode)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.endswith(("-wal", "-shm"))  # SQLite makes them for readers too
    }


def ledger_rows(scene):
    """All rows of the ledger but leases."""
    with sqlite3.connect(f"file:{scene.home / 'state' / 'ledger.db'}?mode=ro", uri=True) as ledger:
        tables = ("rotation", "event", "target", "placement", "probe")
        rows = {table: ledger.execute(f"SELECT * FROM {table}").fetchall() for table in tables}  # noqa: S608  # constants
    ledger.close()
    return rows


def changes_in(log):
    """The requests that change something."""
    return [
        entry
        for entry in log
        if not (
            entry["method"] in READS
            or "testIamPermissions" in entry["path"]
            or "getIamPolicy" in entry["path"]
            or entry["path"] == "/token"
            or (
                entry["method"] == "GRPC"
                and entry["rpc"].rpartition(".")[2].lower().startswith(("get", "list", "access", "test"))
            )
        )
    ]
