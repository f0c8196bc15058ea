"""A PostgreSQL cluster of its own: made in a throw-away folder, reached over its own socket folder and a free port of this machine.

One cluster serves a whole session; every test gets an empty database. `initdb` refuses to run as root, so there it runs as the
system's user `postgres`.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.parts.need import missing

ADMIN = "admin"
_numbers = itertools.count(1)


def programs() -> Path:  # noqa: RET503  # `missing` never returns
    """The folder of initdb and pg_ctl; skips (or fails) when there is none."""
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(asked.stdout.strip()))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # Debian keeps them off the PATH
    for folder in folders:
        if all((folder / name).is_file() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    missing("PostgreSQL (initdb, pg_ctl, postgres) is not installed")


def _as_postgres() -> list[str]:
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        missing("a system user `postgres`, as which root can start PostgreSQL")
    if shutil.which("setpriv") is None:
        missing("setpriv is not installed")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


@dataclass
class Cluster:
    """A running server. Its administrator `admin` is let in over the socket folder by anybody of this machine who can enter it."""

    folder: Path
    port: int
    bin: Path

    def url(self, database: str, user: str = ADMIN) -> str:
        """An address over the Unix socket."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def sql(self, *statements: str, database: str = "postgres", user: str = ADMIN) -> list[tuple]:
        """Run statements behind keyward's back; gives the rows of the last one."""
        import psycopg

        with psycopg.connect(self.url(database, user), autocommit=True) as link:
            for statement in statements:
                cursor = link.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """An empty database for as long as the block lasts; gives its name."""
        name = f"kw_{os.getpid()}_{next(_numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def control(self, *words: str) -> None:
        """Run pg_ctl."""
        subprocess.run(
            [*_as_postgres(), self.bin / "pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", *words],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
        )


@contextlib.contextmanager
def running(*settings: str) -> Iterator[Cluster]:
    """Make and start a cluster; `settings` are such as `ssl=on`."""
    found, who = programs(), _as_postgres()
    # Paths of sockets are short, and those of pytest long; the folder must be open to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="kwpg.", dir="/tmp"))
    try:
        if who:
            shutil.chown(folder, "postgres")
        making = [*who, found / "initdb", "-D", folder / "data", "-U", ADMIN]
        making += ["-A", "scram-sha-256", "--auth-local=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(making, capture_output=True, text=True, check=False, cwd=folder)
        assert made.returncode == 0, made.stderr
        cluster = Cluster(folder, _free_port(), found)
        options = ["listen_addresses=127.0.0.1", f"port={cluster.port}", f"unix_socket_directories={folder}"]
        options += ["fsync=off", "full_page_writes=off", "autovacuum=off", "jit=off", "shared_buffers=32MB", *settings]
        with (folder / "data" / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, _, value in (option.partition("=") for option in options))
        cluster.control("start")
        with _ended_with_this_process(cluster):
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _ended_with_this_process(cluster: Cluster) -> Iterator[None]:
    """Stop the server at the end, also when this process is killed: a shell waits for the end of a pipe that only this process holds."""
    stop = [*_as_postgres(), cluster.bin / "pg_ctl", "-D", cluster.folder / "data", "-m", "immediate", "stop"]
    ending = 'read -r _; cd /; "$@" >/dev/null 2>&1; rm -rf "$0"'
    with subprocess.Popen(
        ["sh", "-c", ending, cluster.folder, *stop], stdin=subprocess.PIPE, start_new_session=True
    ) as watching:
        try:
            yield
        finally:
            assert watching.stdin is not None
            watching.stdin.close()
            watching.wait(30)


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One cluster for the whole session."""
    if find_spec("psycopg") is None:
        missing("psycopg, the driver for PostgreSQL")
    with running() as cluster:
        yield cluster
