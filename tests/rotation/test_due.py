"""What is due: pure functions of rules, pauses, tries and the present."""

import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.ledger.records import RotationState, WaitingOn
from keyward.model.errors import UsageError
from keyward.model.ids import CredentialRef
from keyward.model.query import parse
from keyward.model.query_rows import Columns, QueryRow
from keyward.providers.interface import Want
from keyward.rotation.due import Because, Circumstances, KeyNow, Standing, due, spread
from keyward.rotation.ladder import awaited, counted, failing, turn
from keyward.rotation.limits import Limits, choose, units
from keyward.rotation.mend.standing import stuck
from keyward.rotation.pause import Pause, check, pauses, pausing, row_of
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.putting_off import STEPS, given_up, put_off
from keyward.rotation.rules import Rule, matched, policy_under
from keyward.rotation.state import KeyFacts, Rotation, Target, TargetStatus, from_row, to_row
from keyward.rotation.tries import Try, failed, tries

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RULE = Rule(1, parse("project:acme-*"), 90 * DAY)
PLACE = "env:/srv/.env"


def row(name="k", *, days=100, first=None, project="acme-prod", state="active", places=1, **more):
    created = None if days is None else (NOW - days * DAY).timestamp()
    seen = None if first is None else (NOW - first * DAY).timestamp()
    ref = CredentialRef("google-api-keys", project, (name,))
    return QueryRow(
        str(ref), f"key {name}", ref.provider, project, "api-key", state, created, seen, places=places, **more
    )


def one(key=None, *, rule=RULE, accepted=(PLACE,), hands_off="", **around):
    (found,) = due([KeyNow(key or row(), rule, accepted, hands_off)], Circumstances(NOW, **around))
    return found


class Facts:
    """A ledger as far as pauses and tries ask it."""

    def __init__(self, *facts):
        self.facts = dict(facts)

    def metas(self, prefix):
        return {name: value for name, value in self.facts.items() if name.startswith(prefix)}


def stop(query="", **more):
    return Pause("p1", query, "kim", "host", "release", NOW - DAY, **more)


# Standing


@pytest.mark.parametrize(
    ("asked", "standing", "because", "word"),
    [
        ({}, Standing.DUE, Because.AGE, "100 d old"),
        ({"key": row(days=89)}, Standing.LATER, Because.AGE, "allows 90 d"),
        ({"key": row(days=None, first=91)}, Standing.DUE, Because.AGE, "at least"),
        ({"key": row(days=None, first=10)}, Standing.LATER, Because.AGE, "at least"),
        ({"key": row(days=None)}, Standing.NEVER, Because.NO_AGE, "known"),
        ({"rule": None}, Standing.NEVER, Because.NO_RULE, "rotation.rule"),
        ({"accepted": ()}, Standing.NEVER, Because.NO_TARGET, "keyward enrol id:"),
        ({"key": row(places=0), "accepted": ()}, Standing.NEVER, Because.NO_PLACE, "no place is known"),
        ({"key": row(state="disabled")}, Standing.NEVER, Because.NOT_ACTIVE, "disabled"),
        ({"hands_off": "the key carries keyward=hands-off"}, Standing.NEVER, Because.HANDS_OFF, "hands-off"),
        (
            {"pauses": [stop("project:acme-prod")]},
            Standing.NEVER,
            Because.PAUSED,
            "paused by kim on 2026-11-19: release",
        ),
        ({"under_way": {row().id: "01r"}}, Standing.NEVER, Because.UNDER_WAY, "01r"),
    ],
)
def test_how_a_key_stands(asked, standing, because, word):
    found = one(**asked)
    assert (found.standing, found.because) == (standing, because)
    assert word in found.why


def test_the_moment_it_is_due_is_said():
    assert one(row(days=80)).at == NOW + 10 * DAY
    assert one(row(days=100)).at == NOW - 10 * DAY


def test_a_failed_start_waits_for_its_turn():
    key = row().id
    later = one(tries={key: Try(key, 2, NOW, NOW + timedelta(hours=2), "no answer")})
    assert (later.standing, later.because, later.at) == (Standing.LATER, Because.RETRY, NOW + timedelta(hours=2))
    assert one(tries={key: Try(key, 2, NOW, NOW, "no answer")}).standing is Standing.DUE
    ended = one(tries={key: Try(key, 7, NOW, None, "no answer")})
    assert (ended.standing, ended.because) == (Standing.NEVER, Because.RETRY)
    asked = one(tries={key: Try(key, 0, NOW, NOW + DAY, "NEW place")})
    assert (asked.standing, asked.because) == (Standing.LATER, Because.PERSON)


# Jitter


@given(st.text(min_size=1), st.integers(1, 400), st.integers(0, 100_000))
def test_jitter_makes_a_key_due_earlier_never_later_and_always_by_the_same(key, days, seconds):
    age, jitter = days * DAY, timedelta(seconds=seconds)
    found = spread(key, age, jitter)
    assert timedelta(0) <= found <= min(jitter, age / 10)
    assert found == spread(key, age, jitter)


def test_a_key_is_never_due_later_than_its_rule_says():
    keys = [row(f"k{number}", days=89) for number in range(50)]
    moments = [one(key, jitter=timedelta(hours=6)).at for key in keys]
    assert max(moments) <= NOW + DAY
    assert min(moments) >= NOW + DAY - timedelta(hours=6)
    assert len(set(moments)) > 40


def test_a_fleet_of_one_age_is_not_due_at_one_instant():
    moments = sorted(spread(f"key {number}", 90 * DAY, timedelta(hours=6)) for number in range(200))
    assert len(set(moments)) > 190
    assert max(after - before for before, after in pairwise(moments)) < timedelta(minutes=20)


# Rules


def columns(*rows):
    return Columns(**{item.name: [getattr(one, item.name) for one in rows] for item in dataclasses.fields(QueryRow)})


def test_the_first_rule_that_matches_wins():
    rules = [Rule(1, parse("project:acme-prod"), 30 * DAY), Rule(2, parse("project:acme-*"), 90 * DAY)]
    found = matched(rules, columns(row("a"), row("b", project="acme-dev"), row("c", project="other")), NOW)
    assert {at: rule.number for at, rule in found.items()} == {0: 1, 1: 2}


def test_keys_rotated_together_go_by_the_more_careful_word():
    base = Policy(grace=DAY, quiet=None)
    quick = Rule(1, RULE.query, DAY, grace=timedelta(hours=1), quiet=2 * DAY, retire_by=9 * DAY)
    slow = Rule(2, RULE.query, DAY, grace=3 * DAY, retire=Retire.NEVER)
    both = policy_under(base, [quick, slow])
    assert (both.grace, both.quiet, both.retire, both.retire_by) == (3 * DAY, 2 * DAY, Retire.NEVER, base.retire_by)
    assert policy_under(base, [quick]).grace == timedelta(hours=1)
    assert policy_under(base, []) == base


# Limits


def test_a_run_starts_few_and_one_a_project_the_oldest_first():
    keys = [one(row(f"k{n}", days=100 + n, project=f"acme-{n % 3}"), accepted=(f"env:/{n}",)) for n in range(9)]
    choice = choose(keys, Limits(per_run=2, per_project=1), None)
    assert [key.key for unit in choice.start for key in unit] == [keys[8].key, keys[7].key]
    why = {later.key.key: later.why for later in choice.later}
    assert len(why) == 7
    assert "max_per_run" in why[keys[6].key]
    wide = choose(keys, Limits(per_run=9, per_project=1), None)
    assert len(wide.start) == 3
    assert {later.why for later in wide.later} == {
        f"this run starts 1 in acme-{n} at most (max_per_project)" for n in range(3)
    }


def test_nothing_starts_in_a_blackout():
    choice = choose([one()], Limits(), NOW + DAY)
    assert choice.start == ()
    assert "blackout until 2026-11-21 12:00Z" in choice.later[0].why


def test_keys_that_share_a_secret_are_one_unit_also_through_a_third():
    secrets = {"a": ("s1",), "b": ("s2",), "c": ("s1", "s2"), "d": ("s3",)}
    keys = [one(row(name, days=100 + at), accepted=held) for at, (name, held) in enumerate(secrets.items())]
    found = [{key.name for key in unit} for unit in units(keys)]
    assert found == [{"key d"}, {"key a", "key b", "key c"}]
    choice = choose(keys, Limits(per_run=1, per_project=5), None)
    assert [len(unit) for unit in choice.start] == [1]
    assert len(choice.later) == 3


# Pauses


def test_a_pause_survives_the_ledger_and_what_cannot_be_read_pauses_everything():
    pause = stop("project:acme-prod")
    assert pauses(Facts(pause.fact)) == (pause,)
    (broken,) = pauses(Facts(("pause:x", "{")))
    newer = Pause("n", "colour:red", "kim", "h", "r", NOW)
    for found in (broken, newer):
        assert found.holds(row(project="anything"), NOW)


@pytest.mark.parametrize(
    "text", ["name:billing", "billing", "used:never", "state:active", "finding:KW-1", "nonsense:x", 'id:"x']
)
def test_a_pause_rests_only_on_what_is_the_same_everywhere(text):
    with pytest.raises(UsageError):
        check(text)


def test_a_pause_by_secret_holds_for_what_any_host_knows():
    from keyward.ledger.records import PlacementRow

    key = row().id
    place = PlacementRow("gsm:acme-prod/app", "1", "", key, "f", "current", "enabled", "gsm", "acme-prod")
    found = row_of(key, "api-key", NOW - 100 * DAY, [place])
    for query in ("secret:gsm:acme-prod/*", "store:gsm", f"id:{key}", "age>90d", "!project:other", ""):
        assert pausing([stop(query)], [found], NOW), query
    assert pausing([stop("store:env"), stop("age>101d")], [found], NOW) is None


# The ladder


def test_the_ladder_doubles_from_one_hour_to_32_and_then_is_a_persons_turn():
    assert [put_off(number) for number in range(1, 8)] == [*(timedelta(hours=h) for h in (1, 2, 4, 8, 16, 32)), None]
    assert not given_up(len(STEPS))
    assert given_up(len(STEPS) + 1)
    one_try, waits = None, []
    now = NOW
    for _ in range(7):
        one_try = failed("k", one_try, now, "no answer", person=False)
        waits.append(None if one_try.retry_at is None else one_try.retry_at - now)
        now = one_try.retry_at or now
    assert waits == [*STEPS, None]
    assert tries(Facts(one_try.fact)) == {"k": one_try}
    assert tries(Facts(("start:k", "broken"))) == {}
    assert failed("k", one_try, now, "NEW", person=True).retry_at == now + DAY


def rotation(state=RotationState.DISTRIBUTING, waiting_on=WaitingOn.PROVIDER, **more):
    old = KeyFacts("google-api-keys:p/u", "u")
    return Rotation("01r", old, Want("p", None, None, {}, None), Policy(), state=state, waiting_on=waiting_on, **more)


def at(found, host="here"):
    """Whose turn it is when something was last done just now."""
    return turn(found, NOW, host=host)


def test_failures_are_counted_until_something_moves():
    first = counted(rotation(waiting_on=WaitingOn.NOTHING), rotation(), NOW)
    assert (first.failures, first.retry_at) == (1, NOW + timedelta(hours=1))
    second = counted(first, rotation(failures=1, retry_at=first.retry_at), NOW)
    assert (second.failures, second.retry_at) == (2, NOW + timedelta(hours=2))
    moved = counted(rotation(RotationState.VERIFIED, failures=4), rotation(failures=4), NOW)
    assert moved.failures == 1
    fine = counted(second, rotation(waiting_on=WaitingOn.USE, failures=2, retry_at=NOW), NOW)
    assert (fine.failures, fine.retry_at) == (0, None)
    assert from_row(to_row(second, NOW)) == second


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (rotation(), True),
        (rotation(waiting_on=WaitingOn.BLOCKED), True),
        (rotation(waiting_on=WaitingOn.USE), False),
        (rotation(waiting_on=WaitingOn.PERSON), False),
        (rotation(RotationState.RETIRING, revoked=NOW), False),
        (rotation(RotationState.RETIRING), True),
        (rotation(RotationState.CREATING, made=NOW - timedelta(minutes=5)), False),
        (rotation(RotationState.CREATING, made=NOW - timedelta(hours=1)), True),
        (rotation(RotationState.CREATING), True),
    ],
)
def test_a_slow_provider_is_no_failure(found, wrong):
    assert failing(found, NOW) is wrong


def test_whose_turn_it_is():
    assert at(rotation(waiting_on=WaitingOn.NOTHING)).at == NOW
    assert at(rotation(waiting_on=WaitingOn.USE, due=NOW + 3 * DAY)).at == NOW + 3 * DAY
    assert at(
        rotation(due=NOW + timedelta(seconds=30), failures=2, retry_at=NOW + timedelta(hours=2))
    ).at == NOW + timedelta(hours=2)
    assert at(rotation(failures=7)) == dataclasses.replace(at(rotation(failures=7)), at=None, person=True)
    assert at(rotation(waiting_on=WaitingOn.PERSON)).at == NOW + DAY
    late = rotation(RotationState.OVERLAP, WaitingOn.PERSON, cutover=NOW - 31 * DAY)
    assert (at(late).at, at(late).person) == (None, True)
    kept = rotation(RotationState.OVERLAP, WaitingOn.PERSON, cutover=NOW)
    assert at(dataclasses.replace(kept, policy=Policy(retire=Retire.NEVER))).at is None
    elsewhere = rotation(targets=(Target("env:/x#A", host="there"),), waiting_on=WaitingOn.NOTHING)
    assert at(elsewhere).at is None
    assert at(elsewhere, "there").at == NOW


def late(found, tried, now, host):
    """The hosts that are awaited for a day, seen from that one."""
    waits = awaited(found, tried, host=host)
    return waits.hosts if waits is not None and waits.overdue(now) else ()


def test_a_host_that_does_nothing_for_a_day_is_named():
    found = rotation(targets=(Target("env:/x#A", host="there"), Target("gsm:p/s")), waiting_on=WaitingOn.NOTHING)
    assert late(found, NOW, NOW + DAY / 2, "here") == ()
    assert late(found, NOW, NOW + DAY, "here") == ("there",)
    assert late(found, NOW, NOW + DAY, "there") == ()
    resting = dataclasses.replace(found, due=NOW + 7 * DAY)
    assert late(resting, NOW, NOW + 7 * DAY, "here") == ()
    assert late(resting, NOW, NOW + 8 * DAY, "here") == ("there",)
    waived = dataclasses.replace(found, policy=Policy(waive=("env:/x#A",)))
    assert late(waived, NOW, NOW + DAY, "here") == ()


MINE, THEIRS = Target("env:/x#A", host="here"), Target("env:/x#A", host="there")
WRITTEN = dataclasses.replace(MINE, status=TargetStatus.DONE, after="2", read=NOW)


def test_two_hosts_take_turns():
    waits = rotation(
        targets=(WRITTEN, THEIRS),
        waiting_on=WaitingOn.HOST,
        through=("here",),
        awaits=("there",),
        awaited_since=NOW - DAY,
    )
    assert at(waits).at is None, "there is nothing to do here"
    assert at(waits, "there").at == NOW
    assert at(waits, "a third").at is None
    assert late(waits, NOW, NOW, "here") == ("there",), "counted from when it was first awaited, not from the last look"
    assert late(waits, NOW, NOW, "there") == ()
    left_out = dataclasses.replace(waits, policy=Policy(waive=("env:/x#A on there",)), waiting_on=WaitingOn.NOTHING)
    assert at(left_out).at == NOW
    assert at(left_out, "there").at is None


def test_what_holds_up_another_host_is_looked_at_there():
    conflict = dataclasses.replace(THEIRS, status=TargetStatus.CONFLICT, why="holds another value")
    found = rotation(targets=(WRITTEN, conflict), waiting_on=WaitingOn.CONFLICT, through=("here",))
    assert (at(found).at, at(found).person) == (None, True)
    assert (at(found, "there").at, at(found, "there").person) == (NOW + DAY, True)
    failing = rotation(
        targets=(WRITTEN, THEIRS), waiting_on=WaitingOn.BLOCKED, through=("here",), retry_at=NOW + DAY / 24
    )
    assert at(failing).at is None, "only the other host can try again"
    assert at(failing, "there").at == NOW + DAY / 24


def test_each_host_reads_its_own_places_twice_a_day_until_the_end():
    theirs = dataclasses.replace(THEIRS, status=TargetStatus.DONE, after="2", read=NOW - DAY / 4)
    rests = rotation(
        RotationState.OVERLAP, targets=(WRITTEN, theirs), waiting_on=WaitingOn.USE, due=NOW + 7 * DAY, cutover=NOW
    )
    assert at(rests).at == NOW + DAY / 2
    assert at(rests, "there").at == NOW + DAY / 4
    alone = dataclasses.replace(rests, targets=(WRITTEN, Target("gsm:p/s", status=TargetStatus.DONE)))
    assert at(alone).at == NOW + 7 * DAY, "nobody else needs its readings"
    asked = dataclasses.replace(rests, waiting_on=WaitingOn.PERSON, due=None)
    assert (at(asked, "there").at, at(asked, "there").person) == (NOW + DAY / 4, True)
    ended = dataclasses.replace(rests, state=RotationState.RETIRING, revoked=NOW)
    assert at(ended, "there").at == NOW + 7 * DAY


def test_a_host_that_does_not_come_is_a_trouble_that_is_mended_there():
    waits = rotation(targets=(WRITTEN, THEIRS), waiting_on=WaitingOn.HOST, awaits=("there",), awaited_since=NOW)
    assert list(stuck([(waits, NOW + DAY)], NOW + DAY / 2)) == []
    (found,) = stuck([(waits, NOW + DAY)], NOW + DAY * 1.5)
    assert (found.todo, found.mending) == ("On there: keyward resume 01r", "")
