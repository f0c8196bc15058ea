"""The machine is total, and what must never happen cannot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyward.ledger.records import RotationState as S
from keyward.ledger.records import WaitingOn
from keyward.providers.interface import Want
from keyward.rotation.happened import Action, Happened, Kind
from keyward.rotation.machine import MOVES, advance
from keyward.rotation.next_action import next_action
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts, Rotation, Target, TargetStatus, from_row, to_row
from keyward.rotation.whose import holds_new

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD = KeyFacts("fake:p/old", fingerprint="f0")
NEW = KeyFacts("fake:p/new", fingerprint="f1")
TODO = Target("vault:p/s#/a", before="1")
DONE = replace(TODO, status=TargetStatus.DONE, after="2", intent=True)
BACK = replace(DONE, status=TargetStatus.BACK, back="3")


def rotation(**more):
    return Rotation("r1", OLD, Want("p"), Policy(), (TODO,), began=NOW, **more)


def happenings():
    return st.builds(
        Happened,
        st.sampled_from(Kind),
        st.integers(0, 100).map(lambda minutes: NOW + timedelta(minutes=minutes)),
        key=st.sampled_from([NEW]),
        target=st.sampled_from([None, TODO, DONE, BACK]),
        until=st.sampled_from([None, NOW + timedelta(minutes=50)]),
        alive=st.sampled_from([True, False, None]),
        waiting_on=st.sampled_from(WaitingOn),
        why=st.just("because"),
        verdict=st.just("works"),
    )


def test_every_state_has_moves_and_an_action():
    assert set(MOVES) == set(S)
    for state in S:
        assert next_action(rotation(state=state), NOW) in Action


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("kind", Kind)
def test_every_pair_is_answered(state, kind):
    start = rotation(state=state, new=NEW, revoking=True, revoked=NOW, dead=NOW, cutover=NOW, restored=NOW)
    after = advance(start, Happened(kind, NOW, key=NEW, target=DONE, why="x"))
    if kind not in MOVES[state]:
        assert after == start
    else:
        assert after.state in S


@settings(max_examples=600)
@given(st.lists(happenings(), max_size=40))
def test_whatever_happens_the_rules_hold(events):
    now = rotation()
    for event in events:
        before, now = now, advance(now, event)
        action = next_action(now, event.at)
        # The old key is switched off only after an overlap in which every target held the new key.
        if action is Action.REVOKE or (now.revoked and not before.revoked):
            assert now.cutover is not None
            assert now.state is S.RETIRING
        if before.state is S.OVERLAP and now.state is S.RETIRING:
            assert all(target.written for target in now.targets)
        # The new key is deleted only when no target can hold it.
        if action is Action.DELETE_NEW or now.state is S.ABORTED:
            assert not any(holds_new(target) for target in now.targets)
        if now.state is S.DONE and before.state is not S.DONE:
            assert now.dead
            assert now.revoked
        if before.state is S.ABORTED:
            assert now == before
        assert from_row(to_row(now, NOW)) == now


def test_the_order_of_a_good_rotation():
    steps = [
        (Kind.CREATING, {}, S.CREATING),
        (Kind.MADE, {"key": NEW}, S.CREATING),
        (Kind.PROVED, {"verdict": "works"}, S.VERIFIED),
        (Kind.TARGET, {"target": DONE}, S.DISTRIBUTING),
        (Kind.ALL_WRITTEN, {"until": NOW}, S.OVERLAP),
        (Kind.GATE_OPEN, {}, S.RETIRING),
        (Kind.REVOKING, {}, S.RETIRING),
        (Kind.REVOKED, {}, S.RETIRING),
        (Kind.DEAD, {"verdict": "dead"}, S.RETIRING),
        (Kind.TIDIED, {}, S.DONE),
    ]
    now = rotation()
    for kind, more, state in steps:
        now = advance(now, Happened(kind, NOW, **more))
        assert now.state is state


def test_no_cut_over_while_a_target_or_an_alias_is_missing():
    now = replace(rotation(state=S.DISTRIBUTING, new=NEW), targets=(replace(DONE, aliases=("prod",)),))
    assert advance(now, Happened(Kind.ALL_WRITTEN, NOW)).state is S.DISTRIBUTING
    moved = replace(now, targets=(replace(DONE, aliases=("prod",), moved=("prod",)),))
    assert advance(moved, Happened(Kind.ALL_WRITTEN, NOW)).state is S.OVERLAP


def test_no_cut_over_before_every_host_is_through():
    mine, theirs = replace(DONE, host="here"), replace(DONE, host="there")
    now = replace(rotation(state=S.DISTRIBUTING, new=NEW), targets=(mine, theirs))
    both = Happened(Kind.ALL_WRITTEN, NOW, host="here")
    assert advance(now, both).state is S.DISTRIBUTING, "its commands may not have been run there"
    through = advance(now, Happened(Kind.THROUGH, NOW, host="there", delay=timedelta(hours=1)))
    assert (advance(through, both).state, through.slowest) == (S.OVERLAP, timedelta(hours=1))
    todo = replace(theirs, status=TargetStatus.TODO, after="")
    assert advance(replace(through, targets=(mine, todo)), both).state is S.DISTRIBUTING
    waived = replace(now, targets=(mine, todo), policy=Policy(waive=(todo.named,)))
    assert advance(waived, both).state is S.OVERLAP


def test_what_drifted_on_one_host_is_written_there_and_told_by_it_alone():
    mine, theirs = replace(DONE, host="here"), replace(DONE, host="there")
    now = rotation(state=S.OVERLAP, new=NEW, cutover=NOW, through=("here", "there"))
    now = replace(now, targets=(mine, theirs))
    back = replace(theirs, status=TargetStatus.TODO)
    again = advance(now, Happened(Kind.DRIFTED, NOW, target=back))
    assert (again.state, again.through, again.targets) == (S.DISTRIBUTING, ("here",), (mine, back))
    shared = advance(replace(now, targets=(DONE, theirs)), Happened(Kind.DRIFTED, NOW, target=replace(DONE, why="x")))
    assert shared.through == ()


def test_since_when_a_host_is_awaited():
    def waits(now, hosts, hours, kind=Kind.HALTED):
        at = NOW + timedelta(hours=hours)
        return advance(now, Happened(kind, at, waiting_on=WaitingOn.HOST, why="w", hosts=hosts))

    now = waits(rotation(state=S.OVERLAP, new=NEW, cutover=NOW), ("there",), 0)
    later = waits(now, ("there",), 5)
    assert (later.awaits, later.awaited_since) == (("there",), NOW)
    read = advance(later, Happened(Kind.READ, NOW, host="here"))
    assert (read.waiting_on, read.awaited_since) == (WaitingOn.HOST, NOW), "a reading beside it changes nothing"
    assert waits(later, ("third",), 6).awaited_since == NOW + timedelta(hours=6)
    moved = advance(later, Happened(Kind.GATE_OPEN, NOW))
    assert (moved.awaits, moved.awaited_since) == ((), None)


def test_one_live_probe_starts_the_run_of_failed_ones_again():
    now = rotation(state=S.RETIRING, new=NEW, cutover=NOW, revoking=True, revoked=NOW)
    now = advance(now, Happened(Kind.PROBED, NOW, alive=False))
    now = advance(now, Happened(Kind.PROBED, NOW + timedelta(minutes=1), alive=None))
    assert (now.failing_since, now.failed_probes) == (NOW, 1)
    now = advance(now, Happened(Kind.PROBED, NOW + timedelta(minutes=2), alive=True))
    assert (now.failing_since, now.failed_probes) == (None, 0)


def test_a_row_of_an_older_version_is_read():
    row = to_row(rotation(new=NEW), NOW)
    thin = {name: row.data[name] for name in ("old", "want", "policy", "targets")}
    assert from_row(replace(row, data={**thin, "invented_later": 1})).targets == (TODO,)
