"""What only a ledger on PostgreSQL does: who may make and change it, how hosts meet in it, what a failing server means."""

import contextlib
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from keyward.ledger.opening import open_ledger, open_with_key
from keyward.ledger.opening_to_read import open_to_read
from keyward.ledger.owner import this_process
from keyward.ledger.place import NoLedger
from keyward.ledger.records import RotationState, TargetRow
from keyward.model.errors import (
    AnotherWorld,
    FingerprintKeyMissing,
    Held,
    KeywardError,
    LedgerBroken,
    NotAllowed,
    NotConfigured,
)
from tests.ledger.conftest import CHAIN_KEY, NOW, WORLD, event, placement, rotation
from tests.ledger.wire import retune


@pytest.fixture
def backend(on_postgres):
    return on_postgres


# Making and opening


def test_none_is_made_unless_asked(backend):
    for opening in (lambda: backend.open(world=WORLD), backend.reading):
        with pytest.raises(NoLedger, match=r"There is no ledger at postgresql://\(/tmp/kwpg"):
            opening()
    assert backend.cluster.sql(
        "SELECT count(*) FROM pg_namespace WHERE nspname = 'keyward'", database=backend.database
    ) == [(0,)]


def test_hosts_that_make_it_at_the_same_time_make_one(backend):
    program = (
        "import sys; from keyward.ledger.opening import open_ledger\n"
        "sys.stdin.readline(); print(open_ledger(sys.argv[1], world='w', create=True).fresh)"
    )
    hosts = [
        subprocess.Popen(
            [sys.executable, "-c", program, backend.where], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    answers = [host.communicate("\n", timeout=60)[0].strip() for host in hosts]
    assert sorted(answers) == ["False", "False", "False", "True"]


def test_another_world_is_named_with_this_one(ledger, backend):
    for opening in (lambda: backend.open(world="google"), lambda: backend.reading(world="google")):
        with pytest.raises(AnotherWorld, match=r"'emulator:test'.*'google'"):
            opening()


def test_a_newer_ledger_is_left_alone(ledger, backend):
    backend.meddle("UPDATE meta SET value = '99' WHERE name = 'schema'")
    for opening in (lambda: backend.open(world=WORLD), backend.reading):
        with pytest.raises(LedgerBroken, match=r"newer keyward \(its version is 99.*Upgrade keyward"):
            opening()


def test_tables_of_another_program_are_left_alone(backend):
    backend.cluster.sql("CREATE SCHEMA keyward", "CREATE TABLE keyward.mine (x int)", database=backend.database)
    with pytest.raises(LedgerBroken, match="another program"):
        backend.open(world=WORLD, create=True)
    assert backend.cluster.sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'keyward'", database=backend.database
    ) == [("mine",)]


def test_the_steps_make_the_tables_that_the_statements_use(ledger):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from keyward.ledger.schema import metadata

    def compare(connection):
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        sorted_otherwise = connection.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'keyward' "
            "AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'alembic_version'"
        ).all()
        index = connection.exec_driver_sql(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'one_open_rotation'"
        ).scalar_one()
        return differences, sorted_otherwise, index

    differences, sorted_otherwise, index = ledger._database.read(compare)
    assert (differences, sorted_otherwise) == ([], [])
    assert "UNIQUE" in index
    assert "WHERE (state <> ALL (ARRAY['done'::text, 'aborted'::text]))" in index


def test_without_the_driver_it_says_what_to_install(backend):
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from keyward.model.errors import NotConfigured\n"
        "from keyward.ledger.opening import open_ledger\nfrom keyward.ledger.opening_to_read import open_to_read\n"
        "for opening in (lambda: open_ledger(sys.argv[1], world='w', create=True), lambda: open_to_read(sys.argv[1])):\n"
        "    try: opening()\n"
        "    except NotConfigured as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, backend.where], capture_output=True, text=True, check=True)
    assert done.stdout.count("pip install 'keyward[postgres]'") == 2


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (("/kw_", "/absent_"), NotConfigured, "there is no such database.*createdb"),
        (("admin@", "stranger@"), NotAllowed, "does not let this user in"),
        (("port=", "port=1"), NotConfigured, "nothing listens there|cannot be read"),
        (("@/", "@127.0.0.1/"), NotAllowed, "did not accept the user or its password.*pgpass"),
        (("@/", "@no-such-host.invalid/"), NotConfigured, "name of its host is not known"),
    ],
    ids=["database", "user", "port", "password", "host"],
)
def test_why_it_cannot_be_reached(backend, change, kind, words):
    where = backend.where.replace(*change)
    if "127." in where or "invalid" in where:
        where = where.replace(f"host={backend.cluster.folder}&", "")
    for opening in (lambda: open_ledger(where, world=WORLD, create=True), lambda: open_to_read(where)):
        with pytest.raises(NotConfigured, match=words) as refused:
            opening()
        assert isinstance(refused.value, kind)
        assert "stranger" not in str(refused.value)


def test_a_database_that_can_only_be_read_says_so(ledger, backend):
    backend.cluster.sql(f"ALTER DATABASE {backend.database} SET default_transaction_read_only = on")
    try:
        with backend.reading() as found:
            assert found.rotations() == []
        fresh = backend.open(world=WORLD)
        with pytest.raises(NotAllowed, match=r"can only be read.*default_transaction_read_only"):
            fresh.set_meta("a", "1")
        fresh.close()
    finally:
        backend.cluster.sql(f"ALTER DATABASE {backend.database} RESET default_transaction_read_only")


def test_two_hosts_with_different_fingerprint_keys(backend, tmp_path):
    """The second host is told, changes nothing, and makes no key of its own."""
    here, there = tmp_path / "here", tmp_path / "there"
    first, key = open_with_key(backend.where, world=WORLD, create=True, folder=here)
    head = first.head()
    there.mkdir(mode=0o700)
    with pytest.raises(
        FingerprintKeyMissing, match=rf"{key.id} that the ledger names is not.*copy it from a host"
    ) as missing:
        open_with_key(backend.where, world=WORLD, create=True, folder=there)
    assert missing.value.exit_code == 4
    assert list(there.iterdir()) == []
    other, _ = open_with_key(tmp_path / "own" / "ledger.db", world=WORLD, create=True, folder=there)
    other.close()
    with pytest.raises(
        FingerprintKeyMissing, match=rf"names the fingerprint key {key.id}; the one found .* is another"
    ) as another:
        open_with_key(backend.where, world=WORLD, folder=there)
    assert another.value.exit_code == 4
    shared, same = open_with_key(backend.where, world=WORLD, folder=there, key_file=here / "fingerprint.key")
    assert (same.id, shared.head()) == (key.id, head)
    first.close()
    shared.close()


def test_of_hosts_that_begin_together_one_names_the_fingerprint_key(backend, tmp_path):
    found = []

    def begin(number):
        try:
            opened, key = open_with_key(backend.where, world=WORLD, create=True, folder=tmp_path / f"host-{number}")
            found.append(key.id)
            opened.close()
        except FingerprintKeyMissing:
            found.append(None)

    _together(begin, 4)
    assert len([one for one in found if one]) == 1
    with backend.reading() as ledger:
        assert ledger.meta("fingerprint_key_id") in found


# Hosts that meet


def _together(work, number):
    """Run it at the same time, numbered; what one raises is raised here."""
    wrong = []
    start = threading.Barrier(number)

    def run(one):
        start.wait()
        try:
            work(one)
        except BaseException as error:  # noqa: BLE001  # it is raised below
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


@pytest.fixture
def hosts(make_ledger):
    return [make_ledger() for _ in range(6)]


def test_a_lease_that_was_never_taken_is_taken_by_one(hosts):
    for turn in range(10):
        taken = []

        def take(number, turn=turn, taken=taken):
            with contextlib.suppress(Held):
                taken.append(hosts[number].acquire(f"new-{turn}", f"host-{number}", 60).fence)

        _together(take, len(hosts))
        assert taken == [1]


def test_a_rotation_is_opened_by_one_and_the_others_are_told_which(hosts):
    for turn in range(10):
        opened, refused = [], []

        def begin(number, turn=turn, opened=opened, refused=refused):
            row = rotation(turn * 100 + number, f"key-{turn}")
            try:
                hosts[number].open_rotation(row, [event("begun", row.id)], lease_seconds=60, owner=f"host-{number}")
                opened.append(row.id)
            except Held as held:
                refused.append(str(held))

        _together(begin, len(hosts))
        assert len(opened) == 1
        assert all(opened[0] in words for words in refused)
    assert hosts[0].verify_chain() == (10, None)


def test_a_rotation_that_was_closed_meanwhile_is_told_as_held(ledger, monkeypatch):
    lease = ledger.open_rotation(rotation(1), [], lease_seconds=60, owner="one")
    read = ledger._database.read

    def closed_meanwhile(ask):
        ledger.commit(lease, replace(rotation(1), state=RotationState.DONE))
        return read(ask)

    monkeypatch.setattr(ledger._database, "read", closed_meanwhile)
    with pytest.raises(Held, match="just rotated"):
        ledger.open_rotation(rotation(2), [], lease_seconds=60, owner="two")


def test_facts_places_and_targets_from_many_hosts_at_once(hosts):
    places = [placement(f"gsm:acme/{number}") for number in range(40)]
    claimed = []

    def work(number):
        mine = hosts[number]
        order = places if number % 2 else places[::-1]
        for turn in range(4):
            mine.set_meta("paused", f"{number}")
            if mine.claim_meta({f"a-{turn}": f"{number}", f"b-{turn}": f"{number}"}):
                claimed.append(turn)
            mine.see("gsm:acme", "", iter(order), NOW, complete=True)
            mine.accept([TargetRow("env:/x#y", f"host-{number}", NOW, "asked")])

    _together(work, len(hosts))
    assert sorted(claimed) == [0, 1, 2, 3]
    assert all(hosts[0].meta(f"a-{turn}") == hosts[0].meta(f"b-{turn}") for turn in range(4))
    assert len(hosts[0].placements()) == len(places)
    assert [line.kind for line in hosts[0].events()] == ["accepted"]


def test_a_deadlock_is_undone_by_the_server_and_tried_again(hosts):
    from sqlalchemy import text

    first, met = hosts[0], threading.Barrier(2, timeout=20)
    first.set_meta("a", "0")
    first.set_meta("b", "0")
    tries = []

    def add(number):
        names = ("a", "b") if number else ("b", "a")

        def change(connection):
            tries.append(number)
            for name in names:
                connection.execute(
                    text("UPDATE meta SET value = (value::int + 1)::text WHERE name = :name"), {"name": name}
                )
                if len(tries) <= 2 and name == names[0]:
                    met.wait()

        hosts[number]._database.write(change)

    _together(add, 2)
    assert len(tries) == 3
    assert (first.meta("a"), first.meta("b")) == ("2", "2")


def test_a_host_of_the_same_name_is_another_host(ledger, backend):
    """Names of hosts and numbers of processes repeat; only the boot tells which machine it was."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    dead = this_process("here").rsplit(":", 2)
    owner = f"here:{process.pid}:{dead[2]}"
    ledger.acquire("x", owner, 60)
    backend.meddle("UPDATE lease SET boot = 'of another machine' WHERE name = 'x'")
    with pytest.raises(Held):
        ledger.acquire("x", this_process("here"), 60)
    ledger.acquire("y", owner, 60)
    assert ledger.acquire("y", this_process("here"), 60).fence == 2


def test_who_waits_too_long_for_a_lock_is_told(ledger, backend, monkeypatch):
    import psycopg

    retune(monkeypatch, "'15s'", "'300ms'")
    with psycopg.connect(backend.where) as other:
        other.execute("SELECT * FROM keyward.meta WHERE name = 'head' FOR UPDATE")
        with pytest.raises(Held, match="for too long"):
            ledger.append([event()])
    ledger.append([event()])
    assert ledger.verify_chain() == (1, None)


# What lasts, and what a failing server means


def test_what_is_committed_is_durable_even_where_the_server_is_lax(ledger, backend):
    backend.cluster.sql(f"ALTER DATABASE {backend.database} SET synchronous_commit = off")
    backend.cluster.sql(f"ALTER DATABASE {backend.database} SET default_transaction_isolation = 'serializable'")
    try:
        fresh = backend.open(world=WORLD)
        ask = "SELECT current_setting('synchronous_commit'), current_setting('transaction_isolation'), current_setting('search_path')"
        assert fresh._database.write(lambda link: tuple(link.exec_driver_sql(ask).one())) == (
            "on",
            "read committed",
            "keyward, pg_catalog, pg_temp",
        )
        assert fresh._database.read(lambda link: tuple(link.exec_driver_sql(ask).one()))[1] == "repeatable read"
        fresh.close()
    finally:
        backend.cluster.sql(f"ALTER DATABASE {backend.database} RESET ALL")


def test_a_connection_that_was_cut_between_two_steps_is_made_again(ledger, backend):
    row = rotation()
    lease = ledger.open_rotation(row, [event()], lease_seconds=60, owner="one")
    for use in (ledger.rotations, lambda: ledger.commit(lease, row, [event()])):
        ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        backend.cluster.sql(ending, database=backend.database)
        use()
    assert ledger.verify_chain() == (2, None)


def test_an_abandoned_transaction_ends_by_itself(ledger):
    ask = "SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('statement_timeout')"
    assert ledger._database.write(lambda link: tuple(link.exec_driver_sql(ask).one())) == ("20s", "1min")


def test_a_server_that_was_stopped_is_told_and_its_return_noticed(postgres, tmp_path):
    from tests.parts.postgres import running

    with running() as cluster, cluster.database() as database:
        ledger = open_ledger(cluster.url(database), world=WORLD, chain_key=CHAIN_KEY, create=True)
        ledger.append([event()])
        cluster.control("-m", "immediate", "stop")
        for use in (ledger.head, lambda: ledger.append([event()]), lambda: open_to_read(cluster.url(database))):
            begun = time.monotonic()
            with pytest.raises(KeywardError, match=r"cannot be used: nothing listens there|was lost"):
                use()
            assert time.monotonic() - begun < 30, "it waits for a server that is not there"
        cluster.control("start")
        ledger.append([event()])
        assert ledger.verify_chain() == (2, None)
        ledger.close()


def test_looking_again_uses_the_connection_again_and_makes_a_new_one_when_it_is_gone(ledger, backend):
    spare = []
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%keyward.meta%'"
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    for number in range(3):
        with (
            open_to_read(backend.where, world=WORLD, spare=spare) as first,
            open_to_read(backend.where, spare=spare) as second,
        ):
            assert first.rotations() == second.rotations() == []
        assert len(spare) == 1
        if number == 1:
            backend.cluster.sql(ending, database=backend.database)
        ledger.append([event()])
        with open_to_read(backend.where, spare=spare) as found:
            assert len(list(found.events())) == number + 1, "it shows what was there before"
    assert backend.cluster.sql(count, database=backend.database)[0][0] <= 2
    spare.pop().close()
