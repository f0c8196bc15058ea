"""The connection to PostgreSQL breaks in the moment of a commit: what was done is found out, and never done twice."""

import pytest

from keyward.ledger import postgres_link
from keyward.ledger.records import ProbeRow, TargetRow
from keyward.model.errors import KeywardError
from tests.ledger.conftest import CHAIN_KEY, NOW, WORLD, event, placement, rotation
from tests.ledger.wire import Wire, retune


@pytest.fixture
def backend(on_postgres):
    return on_postgres


@pytest.fixture
def wire(postgres):
    wire = Wire(postgres)
    yield wire
    wire.close()


@pytest.fixture
def far(ledger, backend, wire):
    """The ledger as a host behind the wire has it."""
    from keyward.ledger.opening import open_ledger

    far = open_ledger(wire.where(backend), world=WORLD, chain_key=CHAIN_KEY)
    far.wire = wire
    yield far
    far.close()


CHANGES = {
    "append": lambda it: it.append([event("once")]),
    "probe": lambda it: it.probe(ProbeRow("k", NOW, "works", "200", "r")),
    "claim": lambda it: it.claim_meta({"a": "1", "b": "2"}),
    "acquire": lambda it: it.acquire("x", "one", 60).fence,
    "accept": lambda it: it.accept([TargetRow("env:/x#y", "me", NOW, "asked")]),
    "see": lambda it: it.see("gsm:acme", "", [placement()], NOW, complete=True),
    "open": lambda it: it.open_rotation(rotation(), [event("begun")], lease_seconds=60, owner="one").fence,
}


def _traces(ledger):
    return (
        [line.kind for line in ledger.events()],
        len(ledger.probes("k", NOW)),
        (ledger.meta("a"), ledger.meta("b")),
        len(ledger.placements()),
        len(ledger.rotations()),
        ledger.acquire("x", "one", 60).fence,
        ledger.verify_chain()[1],
    )


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_made_once_wherever_the_answer_was_lost(far, ledger, change, how, on_sqlite):
    far.wire.cut = how
    answer = CHANGES[change](far)
    assert far.wire.cut is None, "nothing was cut"
    assert answer in (None, True, 1)
    found = _traces(ledger)
    undisturbed = on_sqlite.open(world=WORLD, chain_key=CHAIN_KEY, create=True)
    CHANGES[change](undisturbed)
    assert found == _traces(undisturbed)
    undisturbed.close()


def test_a_commit_is_recorded_once(far, ledger, wire):
    row = rotation()
    lease = far.open_rotation(row, [event("begun")], lease_seconds=60, owner="one")
    for how in ("before", "after"):
        wire.cut = how
        far.commit(lease, row, [event(how)], placements=[placement()])
    assert [line.kind for line in ledger.events()] == ["begun", "before", "after"]
    assert ledger.verify_chain() == (3, None)


@pytest.mark.parametrize("how", ["before", "after"])
def test_what_nobody_can_say_is_an_error_and_not_tried_again(far, ledger, wire, how, monkeypatch):
    monkeypatch.setattr(postgres_link, "_UNTIL_KNOWN", 0.5)
    wire.cut, wire.on_cut = how, lambda: setattr(wire, "refusing", True)
    with pytest.raises(KeywardError, match=r"not known whether this step was recorded.*Run the same command again"):
        far.append([event("once")])
    wire.refusing = False
    assert len(list(ledger.events())) == (how == "after")
    far.append([event("next")])
    assert [line.kind for line in ledger.events()] == ["once", "next"][how == "before" :]


def test_a_server_that_was_started_anew_is_not_asked_about_old_numbers(far, ledger, wire, backend, monkeypatch):
    """After a fail-over to a copy, the number of a transaction may belong to another one."""
    retune(monkeypatch, "pg_postmaster_start_time()::text", "'earlier'")
    wire.cut = "after"
    with pytest.raises(KeywardError, match="not known whether"):
        far.append([event("once")])
    assert [line.kind for line in ledger.events()] == ["once"]


def test_a_transaction_that_hangs_is_waited_for_until_the_server_ends_it(far, ledger, wire, monkeypatch):
    """The connection is half open: the server still waits for the commit, and says so until its patience ends."""
    retune(monkeypatch, "'20s'", "'700ms'")
    sockets = wire._open
    wire.cut = "hang"

    def hang_up():
        sockets[-2].shutdown(2)  # keyward's end breaks, the server's stays

    wire.on_cut = hang_up
    far.append([event("once")])
    assert [line.kind for line in ledger.events()] == ["once"]


def test_few_round_trips(far, wire):
    """Every one costs the way to the server and back, and a rotation makes some forty commits."""
    row = rotation()
    lease = far.open_rotation(row, [event()], lease_seconds=60, owner="one")
    counts = {}
    for name, use in {
        "commit": lambda: far.commit(lease, row, [event(), event()]),
        "commit with a place": lambda: far.commit(lease, row, [event()], placements=[placement()]),
        "acquire": lambda: far.acquire("x", "one", 60),
        "renew": lambda: far.renew(lease, 60),
        "rotation": lambda: far.rotation(row.id),
    }.items():
        use()
        wire.turns = 0
        use()
        counts[name] = wire.turns
    assert counts == {"commit": 6, "commit with a place": 7, "acquire": 3, "renew": 2, "rotation": 1}
