"""Ledgers for tests: every implementation, on a time of leases that tests move."""

import random
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from keyward.ledger.boot import Moment
from keyward.ledger.opening import open_ledger
from keyward.ledger.opening_to_read import open_to_read
from keyward.ledger.records import EventRow, PlacementRow, RotationRow, RotationState
from keyward.model.secret import Secret

NOW = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
CHAIN_KEY = Secret(random.Random(1).randbytes(32))
WORLD = "emulator:test"


class Moments:
    """A boot and its seconds."""

    def __init__(self):
        self.boot, self.seconds = "first-boot", 1000.0

    def __call__(self):
        return Moment(self.boot, self.seconds)


class OnSqlite:
    """A ledger in a file."""

    name = "sqlite"
    free = ("DROP TRIGGER event_never_update", "DROP TRIGGER event_never_delete", "DROP TRIGGER event_in_order")
    refusal = sqlite3.IntegrityError

    def __init__(self, place):
        self.where, self.moments = place, Moments()

    def open(self, **options):
        return open_ledger(self.where, **{"moments": self.moments, **options})

    def reading(self, **options):
        return open_to_read(str(self.where), **options)

    def pass_seconds(self, seconds):
        """Let time go by, for leases."""
        self.moments.seconds += seconds

    def meddle(self, *statements):
        meddle(self.where, *statements)

    def content(self):
        """All that is kept, as bytes."""
        return b"".join(file.read_bytes() for file in self.where.parent.iterdir())


class OnPostgres:
    """A ledger in a database of its own, which is empty at first."""

    name = "postgres"
    free = tuple(
        f"DROP TRIGGER event_{name} ON event" for name in ("never_update", "never_delete", "never_truncate", "in_order")
    )

    def __init__(self, cluster, database):
        import psycopg

        self.cluster, self.database, self.where = cluster, database, cluster.url(database)
        self.refusal = psycopg.IntegrityError
        cluster.sql("DROP SCHEMA IF EXISTS keyward CASCADE", database=database)

    def open(self, **options):
        return open_ledger(self.where, **options)

    def reading(self, **options):
        return open_to_read(self.where, **options)

    def pass_seconds(self, seconds):
        """Let time go by, for leases: the server's clock stays, and every lease ends so much earlier."""
        self.meddle(f"UPDATE lease SET until = until - {float(seconds)} WHERE until > 0")  # noqa: S608  # a number

    def meddle(self, *statements):
        self.cluster.sql("SET search_path = keyward", *statements, database=self.database)

    def content(self):
        """All that is kept, as bytes."""
        dump = [self.cluster.bin / "pg_dump", "--data-only", "--schema=keyward", self.where]
        return subprocess.run(dump, check=True, capture_output=True).stdout


@pytest.fixture
def place(tmp_path):
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def on_sqlite(place):
    return OnSqlite(place)


@pytest.fixture(scope="session")
def ledger_database(postgres):
    with postgres.database() as name:
        yield name


@pytest.fixture
def on_postgres(postgres, ledger_database):
    return OnPostgres(postgres, ledger_database)


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request):
    """Every kind of ledger; a file of tests for one of them overrides this."""
    return request.getfixturevalue(f"on_{request.param}")


@pytest.fixture
def moments(on_sqlite):
    return on_sqlite.moments


@pytest.fixture
def make_ledger(backend):
    """Opens the same ledger again and again; each is what another process would have."""
    opened = []

    def make(**options):
        ledger = backend.open(**{"world": WORLD, "chain_key": CHAIN_KEY, "create": True, **options})
        opened.append(ledger)
        return ledger

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(make_ledger):
    return make_ledger()


def rotation(number=1, credential="google-api-keys:acme/one", state=RotationState.PLANNED, **more):
    return RotationRow(f"{number:026d}", credential, state, {"step": "none"}, created=NOW, updated=NOW, **more)


def event(kind="intent", rotation="", **more):
    return EventRow(kind, rotation=rotation, at=NOW, actor="me", host="here", **more)


def placement(secret="gsm:acme/web", credential="google-api-keys:acme/one", **more):
    given = {"version": "1", "part": "", "fingerprint": "f" * 64, "role": "current", "version_state": "enabled"}
    return PlacementRow(secret, credential=credential, **(given | {"store": "gsm", "scope": "acme"} | more))


def later(**by):
    return NOW + timedelta(**by)


def meddle(place, *statements):
    """Change the file behind the ledger's back."""
    with closing(sqlite3.connect(place)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
