"""Threads that write at once share one trip to the disk, and nothing else."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from keyward.ledger.opening import open_ledger
from keyward.ledger.schema import meta


@pytest.fixture
def database(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.db", world="test", create=True)
    yield ledger._database
    ledger.close()


def _adding(name):
    return lambda connection: connection.execute(insert(meta), {"name": name, "value": "x"}).rowcount


def _names(database):
    return set(database.read(lambda connection: connection.execute(select(meta.c.name)).scalars().all()))


def test_threads_share_commits_and_each_gets_its_own_answer(database, monkeypatch):
    begun, release, trips = threading.Event(), threading.Event(), []
    real = database.writing

    def counted():
        trips.append(1)
        return real()

    monkeypatch.setattr(database._together, "_writing", counted)

    def slow(connection):
        begun.set()
        assert release.wait(10)
        return _adding("first")(connection)

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(database.write, slow)
        assert begun.wait(10)
        others = [pool.submit(database.write, _adding(f"n{number}")) for number in range(8)]
        while len(database._together._waiting) < 8:
            pass
        release.set()
        assert [first.result(), *(one.result() for one in others)] == [1] * 9
    assert len(trips) == 2
    assert _names(database) >= {"first", *(f"n{number}" for number in range(8))}


def test_a_change_that_fails_takes_no_other_with_it(database):
    with ThreadPoolExecutor(12) as pool:
        wishes = [pool.submit(database.write, _adding(f"n{number % 6}")) for number in range(12)]
        errors = [one.exception() for one in wishes]
    assert sum(isinstance(error, IntegrityError) for error in errors) == 6
    assert sum(error is None for error in errors) == 6
    assert _names(database) >= {f"n{number}" for number in range(6)}


def test_half_of_a_change_is_nothing_of_it(database):
    def half(connection):
        _adding("half")(connection)
        raise RuntimeError("no further")

    with pytest.raises(RuntimeError, match="no further"):
        database.write(half)
    assert "half" not in _names(database)
    assert database.write(_adding("next")) == 1
