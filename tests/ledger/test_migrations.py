"""A ledger of every earlier version, with a row in every table, is brought up to date with all that it holds."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from keyward.ledger.address import address, is_postgres
from keyward.ledger.chain import link, noted
from keyward.ledger.migrate import upgrade
from keyward.ledger.sqlite import SqliteDatabase
from keyward.ledger.version import SCHEMA
from keyward.model.errors import KeywardError
from tests.ledger.conftest import CHAIN_KEY, WORLD, event, rotation

OLDER = range(1, SCHEMA)
WORDS = {"state": "overlap", "waiting_on": "time", "data": '{"step":"none"}', "detail": '{"n":1}'}
TIMES = {"at", "due", "created", "updated", "first_seen", "last_read", "gone", "until", "expires"}


def _database(backend):
    if is_postgres(backend.where):
        from keyward.ledger.postgres import PostgresDatabase

        return PostgresDatabase(address(backend.where))
    backend.where.parent.mkdir(mode=0o700)
    backend.where.touch(mode=0o600)
    return SqliteDatabase(backend.where)


def _row(table):
    """A row that the table takes, by the kinds of its columns."""
    values = {}
    for column in table.columns:
        if isinstance(column.type, sa.Text):
            of_time = column.name in TIMES
            values[column.name] = (
                "2026-01-01T00:00:00.000000Z" if of_time else WORDS.get(column.name, f"{table.name}.{column.name}")
            )
        else:
            values[column.name] = 1
    if table.name == "event":  # the trail proves that the target was accepted
        values |= {"kind": "accepted", "target": "target.target"}
        before = {name: value for name, value in values.items() if name != "chain"}
        values["chain"] = link(CHAIN_KEY, "", before)
    return values


def _rows(database):
    """Every table with its rows, as the database itself tells them."""

    def look(connection):
        tables = sa.MetaData()
        tables.reflect(connection)
        return {
            name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for name, table in tables.tables.items()
            if name != "alembic_version"
        }

    return database.read(look)


def older(backend, version):
    """Make a ledger as that version made it, and fill it."""
    database = _database(backend)

    def make(connection):
        if backend.name == "postgres":
            connection.exec_driver_sql("CREATE SCHEMA keyward")
        upgrade(connection, to=version)
        tables = sa.MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name not in ("alembic_version", "meta"):
                connection.execute(sa.insert(table), _row(table))
        facts = {"world": WORLD, "created": "2026-01-01T00:00:00.000000Z", "paused": "yes"}
        facts["head"] = noted(1, _row(tables.tables["event"])["chain"])
        connection.execute(
            sa.insert(tables.tables["meta"]), [{"name": name, "value": value} for name, value in facts.items()]
        )

    database.write(make)
    return database


@pytest.mark.parametrize("version", OLDER)
def test_what_it_holds_is_kept(backend, version):
    database = older(backend, version)
    before = _rows(database)
    assert all(before.values()), "a table is empty, so nothing is shown for it"
    assert {row["value"] for row in before["meta"] if row["name"] == "schema"} == {str(version)}
    ledger = backend.open(world=WORLD, chain_key=CHAIN_KEY)
    after = _rows(database)
    database.close()
    for name, rows in before.items():
        kept = [{column: row.get(column) for column in rows[0]} for row in after[name]]
        if name == "meta":
            kept = [row for row in kept if row["name"] != "schema"]
            rows = [row for row in rows if row["name"] != "schema"]  # noqa: PLW2901  # all but the one that has to change
        assert sorted(map(str, kept)) == sorted(map(str, rows))
    assert (ledger.meta("schema"), ledger.meta("paused"), ledger.fresh) == (str(SCHEMA), "yes", False)
    assert ledger.verify_chain() == (1, None)
    ledger.close()


@pytest.mark.parametrize("version", OLDER)
def test_it_is_read_and_used_afterwards(backend, version):
    older(backend, version).close()
    with backend.reading(world=WORLD) as found:
        assert not found.current
        assert [row.credential for row in found.rotations(open_only=True)] == ["rotation.credential"]
        assert [line.seq for line in found.events()] == [1]
        assert found.attestations() == []
    ledger = backend.open(world=WORLD, chain_key=CHAIN_KEY)
    [row] = ledger.rotations(open_only=True)
    lease = ledger.acquire(f"rotation:{row.id}", "one", 60)
    ledger.commit(lease, row, [event("resumed")])
    ledger.open_rotation(rotation(), [event("begun")], lease_seconds=60, owner="one")
    ledger.release(lease)
    assert (len(ledger.targets()), len(ledger.placements(include_gone=True)), ledger.verify_chain()) == (
        1,
        1,
        (3, None),
    )
    with backend.reading(world=WORLD) as found:
        assert found.current
    ledger.close()


@pytest.mark.parametrize("version", OLDER)
def test_the_audit_trail_is_guarded_in_every_version(backend, version):
    database = older(backend, version)
    with pytest.raises((IntegrityError, backend.refusal), match="only grows"):
        backend.meddle("UPDATE event SET actor = 'other'")
    database.close()


def test_an_upgrade_that_fails_leaves_everything_as_it_was(backend):
    database = older(backend, 1)
    backend.meddle("CREATE TABLE attestation (x integer)")  # stands in the way after the other table was made
    before = _rows(database)
    with pytest.raises(KeywardError, match="attestation"):
        backend.open(world=WORLD)
    assert _rows(database) == before
    assert "accepted_risk" not in before
    with backend.reading() as found:
        assert found.meta("schema") == "1"
    database.close()
