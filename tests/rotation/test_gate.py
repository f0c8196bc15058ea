"""Before the old key goes: pins, copies, drift, proof, quiet; and what waives what."""

import json
from datetime import timedelta

import pytest

from keyward.ledger.records import PlacementRow, RotationState, WaitingOn
from keyward.model.credential import State
from keyward.model.errors import Exit
from keyward.model.usage import UseStatus
from keyward.model.verdict import VerdictKind
from keyward.rotation.outcome import Until
from keyward.rotation.policy import Retire

APP = ("acme", "app")
DAY = timedelta(days=1)


def test_a_pinned_version_stops_retirement(play):
    stage = play.stage
    stage.vault.put(*APP, payload=stage.vault.current(APP))
    # The alias stays on version 1 while version 2 is current: a pin.
    engine, plan = play.plan()
    assert "alias prod" in plan.keys[0].warnings[0]
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.OVERLAP
    assert outcome.exit_code is Exit.NEEDS_PERSON
    assert "version 1" in outcome.why
    assert stage.old.state is State.ACTIVE
    stage.vault.aliases[APP]["prod"] = "3"
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.state is RotationState.DONE


def test_an_alias_elsewhere_that_leads_to_the_old_key_stops_it(play):
    """A secret whose current version holds something else, while readers of an alias still get the old key."""
    stage = play.stage
    stage.vault.put("acme", "aliased", payload=json.dumps({"k": stage.old.material}))
    stage.vault.put("acme", "aliased", payload=json.dumps({"k": "another value altogether"}))
    stage.vault.aliases["acme", "aliased"]["stable"] = "1"
    play.ledger.remember(
        [
            PlacementRow(
                *("vault:acme/aliased", "1", "/k", str(stage.old.ref), "", "alias", "enabled", "vault", "acme"),
                alias="stable",
                first_seen=play.world.now - DAY,
            )
        ]
    )
    engine, plan = play.plan()
    assert plan.ready
    assert "alias stable" in plan.keys[0].warnings[0]
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert "alias stable of vault:acme/aliased" in outcome.why
    assert stage.old.state is State.ACTIVE
    engine, again = play.plan(waive=("vault:acme/aliased@1",))
    (outcome,) = engine.run(again, until=Until.DEAD)
    assert outcome.state is RotationState.DONE


def test_a_copy_found_just_before_the_end_stops_it(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    play.stage.files.put("/w/copy.env", payload=f"COPY='{play.stage.old.material}'\n", hint="dotenv")
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.waiting_on is WaitingOn.PERSON
    assert "/w/copy.env" in outcome.why
    assert play.stage.old.state is State.ACTIVE


def test_a_look_that_writes_down_what_it_finds_hides_nothing(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    play.stage.files.put("/w/copy.env", payload=f"COPY='{play.stage.old.material}'\n", hint="dotenv")
    real = play.stage.look

    def look(credential):
        found = real(credential)
        play.ledger.remember(
            PlacementRow(
                str(place.at.secret),
                place.at.version,
                place.at.part,
                credential.id,
                credential.fingerprint,
                "current",
                "enabled",
                place.at.secret.store,
                "",
                host=place.host,
                first_seen=play.world.now,
            )
            for place in found.placements
        )
        return found

    play.stage.look = look
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert "/w/copy.env" in outcome.why
    assert play.stage.old.state is State.ACTIVE
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert "/w/copy.env" in outcome.why


def test_a_target_that_went_back_is_written_again(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    play.stage.ring.put("service", "user", payload=play.stage.old.material)
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    assert play.stage.ring.current(("service", "user")) == next(key for key in play.world.live() if key.marker).material
    assert play.tidy_problems() == []


def test_a_target_that_holds_something_else_by_now_is_a_conflict(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    stranger = play.world.add_key("stranger")
    play.stage.ring.put("service", "user", payload=stranger.material)
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.waiting_on is WaitingOn.CONFLICT
    assert play.stage.old.state is State.ACTIVE


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (VerdictKind.RECOGNISED, State.RESTORABLE),
        (VerdictKind.UNPROVED, State.ACTIVE),
        (VerdictKind.BLOCKED, State.ACTIVE),
    ],
)
def test_the_proof_on_a_target_decides(play, kind, state):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    new = next(key for key in play.world.live() if key.marker)
    play.stage.keys.verdicts[new.material] = kind
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.RETIRED, timeout=timedelta(hours=1))
    assert play.stage.old.state is state


def test_a_key_that_is_only_recognised_goes_to_the_end(play):
    real = play.stage.keys.verify

    def recognised(value, ref, ctx):
        verdict = real(value, ref, ctx)
        return type(verdict)(VerdictKind.RECOGNISED, "403 blocked API", verdict.at) if verdict.alive else verdict

    play.stage.keys.verify = recognised
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.DONE


def auto(play, **more):
    engine, plan = play.plan(retire=Retire.AUTO, quiet=7 * DAY, retire_by=30 * DAY, grace=timedelta(hours=1), **more)
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    return engine, outcome


def test_it_waits_until_the_old_key_is_quiet(play):
    _, outcome = auto(play)
    began = play.world.now
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.RETIRED)
    assert play.stage.old.state is State.RESTORABLE
    assert 7 * DAY < play.stage.old.deleted - began < 7 * DAY + timedelta(hours=4)


def test_a_key_in_use_is_never_retired_by_itself(play):
    _, outcome = auto(play)
    for _ in range(40):
        play.stage.keys.uses.append((play.world.now, "uid-old"))
        (outcome,) = play.life().go_on([outcome.rotation])
        play.world.advance(DAY)
    assert play.stage.old.state is State.ACTIVE
    assert outcome.waiting_on is WaitingOn.PERSON
    assert outcome.exit_code is Exit.NEEDS_PERSON


@pytest.mark.parametrize("status", [UseStatus.DENIED, UseStatus.FAILED])
def test_unknown_use_is_not_quiet(play, status):
    play.stage.keys.usage_status = status
    _, outcome = auto(play)
    play.world.advance(20 * DAY)
    (outcome,) = play.life().go_on([outcome.rotation])
    assert (outcome.waiting_on, outcome.exit_code) == (WaitingOn.USE, Exit.OK)
    play.world.advance(11 * DAY)
    (outcome,) = play.life().go_on([outcome.rotation])
    assert (outcome.waiting_on, outcome.exit_code) == (WaitingOn.PERSON, Exit.NEEDS_PERSON)
    assert play.stage.old.state is State.ACTIVE


def test_never_keeps_the_old_key(play):
    engine, plan = play.plan(retire=Retire.NEVER)
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.exit_code is Exit.OK
    play.world.advance(60 * DAY)
    (outcome,) = play.life().go_on([outcome.rotation])
    assert play.stage.old.state is State.ACTIVE


def on_another_host(play, **more):
    play.ledger.remember(
        [
            PlacementRow(
                "files:/far/.env",
                "v1",
                "KEY",
                str(play.stage.old.ref),
                "",
                "current",
                "enabled",
                "files",
                "/far",
                host="elsewhere",
                first_seen=play.world.now - 5 * DAY,
                last_read=play.world.now - timedelta(hours=1),
                **more,
            )
        ]
    )


def test_another_hosts_place_blocks_and_names_the_host(play):
    on_another_host(play)
    _, plan = play.plan()
    assert not plan.ready
    assert "elsewhere" in plan.keys[0].blockers[0].what
    _, waived = play.plan(waive=("files:/far/.env#KEY",))
    assert waived.ready


def test_another_hosts_place_that_turned_up_later_stops_retirement(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.CUT_OVER)
    on_another_host(play)
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert "elsewhere" in outcome.why
    assert play.stage.old.state is State.ACTIVE


def test_a_waived_place_is_on_the_trail_with_the_reason(play):
    on_another_host(play)
    engine, plan = play.plan(waive=("files:/far/.env#KEY",))
    (outcome,) = engine.run(plan, until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    waived = [event for event in play.ledger.trail if event.kind == "waived"]
    assert {event.detail["gate"] for event in waived} == {"quiet", "another host"}
    assert {event.detail["reason"] for event in waived} == {"trial"}


def test_a_value_that_cannot_be_had_is_waited_out(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.RETIRED)
    play.stage.keys.deleted_readable = False
    play.stage.vault.secrets[APP][0][0] = json.dumps({"a": "x", "b": "y"})
    revoked = play.world.now
    (outcome,) = play.life().go_on([outcome.rotation], until=Until.DEAD)
    assert outcome.state is RotationState.DONE
    assert play.world.now - revoked > timedelta(minutes=20)
    assert "not proved by probes" in play.ledger.rows[outcome.rotation].data["confirmed"]


def test_one_failed_probe_is_no_death(play):
    engine, plan = play.plan()
    engine.run(plan, until=Until.DEAD)
    dead = [event for event in play.ledger.trail if event.kind == "verdict" and event.detail["verdict"] == "dead"]
    assert len(dead) >= 3
    assert dead[-1].at - dead[0].at >= timedelta(seconds=play.stage.keys.dead_after(None)[1])


def test_past_the_longest_delay_a_few_failed_probes_in_one_tick_are_enough(play):
    engine, plan = play.plan()
    (outcome,) = engine.run(plan, until=Until.RETIRED)
    play.world.advance(timedelta(hours=1))
    (outcome,) = play.life().go_on([outcome.rotation])
    assert outcome.state is RotationState.DONE
    dead = [event for event in play.ledger.trail if event.kind == "verdict" and event.detail["verdict"] == "dead"]
    assert len(dead) == 3


def test_after_cut_over_the_old_key_is_known_to_be_gone_from_what_keeps_no_versions(play):
    engine, plan = play.plan()
    engine.run(plan, until=Until.CUT_OVER)
    rows = play.ledger.placements(credential=str(play.stage.old.ref))
    assert [(row.store, row.role) for row in rows] == [("vault", "old")]
