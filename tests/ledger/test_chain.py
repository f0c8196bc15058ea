"""Whoever changes the audit trail without the key is found."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyward.ledger.chain import chain_key, first_misfit, link, noted
from keyward.model.detectors import DETECTORS
from keyward.model.errors import LedgerBroken
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret
from tests.ledger.conftest import CHAIN_KEY, event

FIELDS = ("at", "kind", "rotation", "step", "target", "actor", "host", "detail")


@pytest.fixture
def filled(ledger):
    ledger.append([event("step", f"r{number}", detail={"n": number}) for number in range(5)])
    return ledger


COPY = "SELECT {}, at, kind, rotation, step, target, detail, actor, host, chain FROM event WHERE seq = 2"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'other' WHERE seq = 3",
        "DELETE FROM event WHERE seq = 5",
        "DELETE FROM event",
        "REPLACE INTO event SELECT * FROM event WHERE seq = 2",
        f"INSERT INTO event {COPY.format(9)}",
        "TRUNCATE event",
        f"INSERT INTO event {COPY.format(2)} ON CONFLICT (seq) DO UPDATE SET actor = 'other'",
    ],
)
def test_the_database_itself_refuses(filled, backend, statement):
    if statement.split()[0] == {"sqlite": "TRUNCATE", "postgres": "REPLACE"}[backend.name]:
        return  # not a word of this database
    with pytest.raises(backend.refusal, match="only grows"):
        backend.meddle(statement)
    assert filled.verify_chain() == (5, None)


def test_a_hidden_key_cannot_be_put_back_unnoticed(ledger, backend):
    value = DETECTORS[0].sample(random.Random(3)).decode()
    ledger.append([event(step=value)])
    backend.meddle(*backend.free, f"UPDATE event SET step = '{value}'")  # noqa: S608  # made up here
    assert ledger.verify_chain() == (1, 1)


@pytest.mark.parametrize("field", [*FIELDS, "chain"])
def test_a_changed_field_is_found(filled, backend, field):
    backend.meddle(*backend.free, f"UPDATE event SET {field} = {field} || ' ' WHERE seq = 3")  # noqa: S608  # made up here
    assert filled.verify_chain() == (3, 3)


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("DELETE FROM event WHERE seq = 2", 2),
        ("DELETE FROM event WHERE seq = 1", 1),
        ("DELETE FROM event WHERE seq = 5", 5),
        ("DELETE FROM event", 1),
        ("UPDATE event SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE seq END", 1),
    ],
)
def test_missing_and_moved_lines_are_found(filled, backend, statement, first):
    backend.meddle(*backend.free, statement)
    assert filled.verify_chain()[1] == first


def test_nothing_is_added_to_a_trail_that_lost_lines(filled, backend):
    backend.meddle(*backend.free, "DELETE FROM event WHERE seq = 5")
    with pytest.raises(LedgerBroken, match="removed from outside"):
        filled.append([event()])


def test_another_key_does_not_fit(filled, make_ledger):
    assert make_ledger(chain_key=Secret(b"other" * 8)).verify_chain() == (1, 1)


def test_the_head_kept_outside_shows_a_trail_that_was_cut_and_written_again(filled, backend, make_ledger):
    outside = filled.head()
    shorter = list(filled.events())[3].chain
    note = f"UPDATE meta SET value = '4:{shorter}' WHERE name = 'head'"  # noqa: S608  # made up here
    backend.meddle(*backend.free, "DELETE FROM event WHERE seq = 5", note)
    assert filled.verify_chain() == (4, None)  # this alone cannot tell
    assert filled.head() != outside


def test_the_chains_key_is_neither_the_fingerprint_key_nor_that_of_another_ledger():
    key = Secret(bytes(range(32)))
    one, other = chain_key(FingerprintKey("one", key)), chain_key(FingerprintKey("other", key))
    assert key != one != other


def test_lines_of_two_histories_cannot_be_mixed():
    """A restored backup that grew on has lines under the same key and with the same numbers."""
    one, other = (grown(["same", middle, "same"]) for middle in ("this", "that"))
    assert first_misfit(CHAIN_KEY, one, noted(3, one[2]["chain"])) == (3, None)
    assert first_misfit(CHAIN_KEY, [*one[:2], other[2]], noted(3, other[2]["chain"])) == (3, 3)


def grown(kinds):
    before, chain = "", []
    for seq, kind in enumerate(kinds, 1):
        line = dict.fromkeys(FIELDS, "") | {"kind": kind, "seq": seq}
        before = link(CHAIN_KEY, before, line)
        chain.append(line | {"chain": before})
    return chain


lines = st.lists(st.fixed_dictionaries({name: st.text(max_size=5) for name in FIELDS}), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines, st.data())
def test_any_change_of_any_line_is_found_at_that_line(made, data):
    before, chain = "", []
    for seq, line in enumerate(made, 1):
        full = line | {"seq": seq}
        before = link(CHAIN_KEY, before, full)
        chain.append(full | {"chain": before})
    head = noted(len(chain), before)
    assert first_misfit(CHAIN_KEY, chain, head) == (len(chain), None)
    at = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from([*FIELDS, "chain"]))
    other = data.draw(st.text(max_size=70).filter(lambda found: found != chain[at][name]))
    changed = [*chain[:at], chain[at] | {name: other}, *chain[at + 1 :]]
    assert first_misfit(CHAIN_KEY, changed, head) == (at + 1, at + 1)
    assert first_misfit(CHAIN_KEY, chain[:at], head)[1] == at + 1
