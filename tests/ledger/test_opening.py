"""A ledger is opened only where it is safe, sound, of this world and of a known version; else not a byte of it changes."""

import os
import sqlite3
import stat
from contextlib import closing

import pytest
import sqlalchemy as sa

from keyward.ledger import place as places
from keyward.ledger.migrate import upgrade
from keyward.ledger.opening import open_ledger
from keyward.ledger.reading import ReadOnlyLedger
from keyward.ledger.schema import metadata
from keyward.ledger.sqlite import SqliteDatabase
from keyward.model.errors import AnotherWorld, KeywardError, LedgerBroken, NotAllowed, NotConfigured
from tests.ledger.conftest import CHAIN_KEY, WORLD, event, meddle, placement, rotation
from tests.parts.mounts import fill, small_disk
from tests.parts.need import missing


@pytest.fixture
def backend(on_sqlite):
    return on_sqlite


def files(place):
    return {file.name: file.read_bytes() for file in place.parent.iterdir()}


def test_everything_in_the_folder_is_for_this_user_alone(ledger, place):
    ledger.append([event()])
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert {file.name for file in place.parent.iterdir()} == {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.parent.iterdir()} == {0o600}


def test_the_file_is_private_whatever_the_umask_says(place):
    before = os.umask(0)
    try:
        open_ledger(place, world=WORLD, create=True).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_what_sqlite_is_told(make_ledger):
    with make_ledger()._database.reading() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


def test_none_is_made_unless_asked(place):
    for folder in (False, True):
        if folder:
            place.parent.mkdir(mode=0o700)
        with pytest.raises(NotConfigured, match="There is no ledger at"):
            open_ledger(place, world=WORLD)
        with pytest.raises(NotConfigured, match="There is no ledger at"):
            ReadOnlyLedger(place)
    assert list(place.parent.iterdir()) == []


def test_a_making_that_was_killed_is_made_again(place):
    place.parent.mkdir(mode=0o700)
    place.touch(mode=0o600)
    with pytest.raises(NotConfigured, match="There is no ledger"):
        open_ledger(place, world=WORLD)
    meddle(place, "PRAGMA journal_mode = WAL", "CREATE TABLE x (y)", "DROP TABLE x")
    with pytest.raises(NotConfigured, match="There is no ledger"):
        open_ledger(place, world=WORLD)
    ledger = open_ledger(place, world=WORLD, create=True)
    assert ledger.fresh
    ledger.close()


@pytest.mark.parametrize("url", ["sqlite:////{}", "sqlite:///{}", "{}", "file://{}"])
def test_it_can_be_named_by_a_url(place, url):
    named = url.format(str(place) if url != "sqlite:////{}" else str(place).lstrip("/"))
    open_ledger(named, world=WORLD, create=True).close()
    assert place.exists()


def test_other_databases_are_not_supported_and_no_password_is_printed():
    with pytest.raises(NotConfigured) as refused:
        open_ledger("postgresql://me:hunter2@db/keyward", world=WORLD)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(ledger, place, mode):
    ledger.close()
    place.chmod(mode)
    for opening in (lambda: open_ledger(place, world=WORLD), lambda: ReadOnlyLedger(place)):
        with pytest.raises(NotAllowed, match="can be written by others"):
            opening()
    assert stat.S_IMODE(place.stat().st_mode) == mode


def test_a_file_that_others_can_read_is_closed(ledger, place):
    ledger.close()
    place.chmod(0o644)
    open_ledger(place, world=WORLD).close()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_a_folder_that_others_can_write_is_refused(ledger, place):
    ledger.close()
    place.parent.chmod(0o777)
    with pytest.raises(NotAllowed, match="others can write"):
        open_ledger(place, world=WORLD)
    with pytest.raises(NotAllowed, match="others can write"):
        open_ledger(place.parent / "inner" / "ledger.db", world=WORLD, create=True)


def test_a_file_of_another_user_is_refused(ledger, place):
    if os.geteuid() != 0:
        missing("root, to give a file away")
    ledger.close()
    os.chown(place, 12345, -1)
    with pytest.raises(NotAllowed, match="belongs to user id 12345"):
        open_ledger(place, world=WORLD)


def test_a_network_file_system_is_refused(ledger, place, tmp_path, monkeypatch):
    ledger.close()
    table = tmp_path / "mounts"
    monkeypatch.setattr(places, "MOUNTS", table)
    odd = f"{place.parent}/a\\040b"
    table.write_text(
        "/dev/vda / ext4 rw 0 0\n"
        f"server:/x {place.parent} nfs4 rw 0 0\n"
        f"me@host: {odd} fuse.sshfs rw 0 0\n"
        f"/dev/vdb {place.parent}/local ext4 rw 0 0\n"
    )
    with pytest.raises(NotAllowed, match="nfs4"):
        open_ledger(place, world=WORLD)
    with pytest.raises(NotAllowed, match="nfs4"):
        ReadOnlyLedger(place)
    assert places.network_kind(place.parent / "a b" / "x") == "fuse.sshfs"
    assert places.network_kind(place.parent / "local" / "x") == ""
    with table.open("a") as more:
        more.write(f"/dev/vdc {place.parent} xfs rw 0 0\n")  # mounted over it
    open_ledger(place, world=WORLD).close()


def test_another_world_is_named_with_this_one(ledger, place):
    ledger.close()
    before = files(place)
    for opening in (lambda: open_ledger(place, world="google"), lambda: ReadOnlyLedger(place, world="google")):
        with pytest.raises(AnotherWorld, match=r"'emulator:test'.*'google'") as refused:
            opening()
        assert refused.value.exit_code == 4
    assert files(place)["ledger.db"] == before["ledger.db"]


def broken_header(data):
    return b"not a database at all" + data[21:]


def broken_middle(data):
    return data[:4096] + bytes(byte ^ 0x5A for byte in data[4096:8192]) + data[8192:]


def truncated(data):
    return data[: len(data) // 2 + 100]


@pytest.mark.parametrize("damage", [broken_header, broken_middle, truncated])
@pytest.mark.parametrize("create", [True, False])
def test_a_damaged_file_is_left_as_it_is(ledger, place, damage, create):
    ledger.append([event(detail={"n": "x" * 200}) for _ in range(50)])
    ledger.close()
    place.write_bytes(damage(place.read_bytes()))
    before = place.read_bytes()
    for opening in (lambda: open_ledger(place, world=WORLD, create=create), lambda: ReadOnlyLedger(place)):
        with pytest.raises(LedgerBroken, match="cannot be read") as refused:
            opening()
        assert refused.value.exit_code == 4
        assert str(place) in str(refused.value)
    assert place.read_bytes() == before


def test_damage_that_shows_later_is_told_as_well(ledger, place, make_ledger):
    ledger.append([event(detail={"n": "x" * 200}) for _ in range(200)])
    ledger.close()
    found, written = ReadOnlyLedger(place), make_ledger()
    found._db.execute("PRAGMA shrink_memory")  # what it has read already would hide the damage
    data = place.read_bytes()
    for page in range(8192, len(data), 4096):
        with place.open("r+b") as file:
            file.seek(page)
            file.write(b"\xff" * 64)
    with pytest.raises(LedgerBroken):
        list(found.events())
    with pytest.raises(LedgerBroken):
        list(written.events())
    found.close()


def test_a_database_of_another_program_is_left_alone(place):
    place.parent.mkdir(mode=0o700)
    meddle(place, "CREATE TABLE mine (x)")
    place.chmod(0o600)
    before = place.read_bytes()
    with pytest.raises(LedgerBroken, match="another program"):
        open_ledger(place, world=WORLD, create=True)
    assert place.read_bytes() == before


@pytest.mark.parametrize("state", ["no-such-word", ""])
def test_a_row_that_cannot_be_read_is_told(ledger, place, state):
    ledger.open_rotation(rotation(), [], lease_seconds=60, owner="one")
    meddle(place, f"UPDATE rotation SET state = '{state}'")  # noqa: S608  # made up here
    with pytest.raises(LedgerBroken, match="RotationRow that cannot be read"):
        ledger.rotations()


def test_a_newer_ledger_is_left_alone(ledger, place):
    ledger.close()
    meddle(place, "UPDATE meta SET value = '99' WHERE name = 'schema'")
    for opening in (lambda: open_ledger(place, world=WORLD), lambda: ReadOnlyLedger(place)):
        with pytest.raises(LedgerBroken, match=r"newer keyward \(its version is 99.*Upgrade keyward"):
            opening()


def old_ledger(place):
    """A ledger as the first version made it."""
    place.parent.mkdir(mode=0o700)
    place.touch(mode=0o600)
    database = SqliteDatabase(place)
    with database.writing() as connection:
        upgrade(connection, to=1)
        connection.exec_driver_sql("INSERT INTO meta VALUES ('world', 'emulator:test'), ('head', '')")
        connection.exec_driver_sql(
            "INSERT INTO target VALUES ('env:/x#y', 'me', '2026-01-01T00:00:00.000000Z', 'asked')"
        )
    database.close()


def tables(place):
    with closing(sqlite3.connect(place)) as db:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_an_older_ledger_is_brought_up_to_date_with_what_it_holds(place):
    old_ledger(place)
    with ReadOnlyLedger(place) as found:
        assert not found.current
        assert list(found.targets()) == ["env:/x#y"]
    ledger = open_ledger(place, world=WORLD)  # without the key: no trail proves that old target
    assert (ledger.meta("schema"), ledger.fresh) == ("3", False)
    assert list(ledger.targets()) == ["env:/x#y"]
    assert ledger.risks() == []
    ledger.close()


def test_an_upgrade_that_fails_leaves_everything_as_it_was(place):
    old_ledger(place)
    meddle(place, "CREATE TABLE attestation (x)")  # stands in the way after the other table was made
    before = tables(place)
    with pytest.raises(KeywardError, match="attestation already exists"):
        open_ledger(place, world=WORLD)
    assert tables(place) == before
    assert "accepted_risk" not in before
    with ReadOnlyLedger(place) as found:
        assert found.meta("schema") == "1"


def test_the_steps_make_the_tables_that_the_statements_use(ledger, place):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger._database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    for table in (
        metadata.sorted_tables
    ):  # the comparison does not look at which columns may be empty, nor at the index's condition
        ours = {column["name"]: column["nullable"] for column in sa.inspect(engine).get_columns(table.name)}
        with ledger._database.reading() as connection:
            made = {column["name"]: column["nullable"] for column in sa.inspect(connection).get_columns(table.name)}
        assert made == ours
    engine.dispose()
    with closing(sqlite3.connect(place)) as db:
        [(index,)] = db.execute("SELECT sql FROM sqlite_master WHERE name = 'one_open_rotation'")
    assert "UNIQUE" in index
    assert "WHERE state NOT IN ('done', 'aborted')" in index


def test_a_ledger_that_vanished_is_not_made_anew(ledger, place, make_ledger):
    ledger.close()
    place.rename(place.with_name("away"))
    with pytest.raises(NotAllowed, match="cannot be opened"):
        ledger.rotations()
    assert not place.exists()


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir(mode=0o700)
    with small_disk(folder, "1m"):
        ledger = open_ledger(folder / "ledger.db", world=WORLD, chain_key=CHAIN_KEY, create=True)
        row = rotation()
        lease = ledger.open_rotation(row, [event("state", row.id)], lease_seconds=60, owner="one")
        before = ledger.head()
        fill(folder)
        big = [event(detail={"n": "x" * 5000}) for _ in range(100)]
        with pytest.raises(KeywardError, match=r"could not be written.*Make room"):
            ledger.commit(lease, row, big, placements=[placement()])
        assert (ledger.head(), ledger.placements(), ledger.rotation(row.id)) == (before, [], row)
        (folder / "filler").unlink()
        ledger.commit(lease, row, [event()], placements=[placement()])
        assert ledger.verify_chain() == (2, None)
        ledger.close()
    with small_disk(folder):
        fill(folder)
        with pytest.raises(KeywardError):
            open_ledger(folder / "ledger.db", world=WORLD, create=True)
        assert [file.name for file in folder.iterdir()] == ["filler"]
