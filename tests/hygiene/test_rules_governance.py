"""Rules on who looks after keys, and whether what was begun is brought to its end."""

from datetime import date, timedelta

import pytest

from keyward.hygiene.exempt import Exempt
from keyward.hygiene.rules import BY_ID
from keyward.ledger.records import AttestationRow, RotationRow, RotationState, WaitingOn
from keyward.model.about import Known
from keyward.model.credential import State
from keyward.model.query import parse
from tests.parts.estate import NOW, about, estate, judged, key, place, results, secret

OWNER, STUCK, LATE, ENDED = (BY_ID[f"KW-70{number}"] for number in range(1, 5))


def test_an_owner_is_named_by_the_key_its_secrets_or_its_project():
    one, web = key(annotations={"owner": "ana"}), secret()
    assert results(OWNER, one, estate(one)) == ["pass"]
    plain = key()
    for said in (secret(labels={"team": "shop"}), secret(annotations={"owner": "ana"})):
        assert results(OWNER, plain, estate(plain, said, place(plain, said))) == ["pass"]
    labelled = about("project:acme-prod", "labels", "env=prod", "team=shop")
    assert results(OWNER, plain, estate(plain, web, place(plain, web), labelled)) == ["pass"]


def test_nobody_is_named_only_when_the_project_was_asked():
    plain = key(annotations={"owner": ""})
    (found,) = judged(OWNER, plain, estate(plain))
    assert (found.result.value, found.evidence) == ("unknown", ("labels of acme-prod: not asked for",))
    denied = about("project:acme-prod", "labels", status=Known.DENIED, detail="no")
    assert results(OWNER, plain, estate(plain, denied)) == ["unknown"]
    (found,) = judged(OWNER, plain, estate(plain, about("project:acme-prod", "labels", "env=prod", "teams=x")))
    assert (found.result.value, found.fix.text) == ("fail", "Name the OWNER in a label or annotation: owner or team.")
    assert results(OWNER, key(state=State.DELETED), estate()) == []


def test_the_owner_is_written_to_the_secret_that_holds_it_or_to_the_project_where_a_label_fits_nowhere_else():
    plain, nobody = key(), about("project:acme-prod", "labels", "env=prod")
    web, regional = secret(immutable_versions=True), secret(project="acme-prod@europe-west3", immutable_versions=True)
    for info, where in ((web, "gcloud secrets update web"), (regional, "gcloud alpha projects update acme-prod")):
        (found,) = judged(OWNER, plain, estate(plain, info, place(plain, info), nobody))
        assert found.fix.commands[0].startswith(where)


def test_a_key_without_a_project_is_owned_by_what_holds_it():
    local, file = key(provider="shape", project="openai"), secret("/home/ana/.env", store="env")
    assert results(OWNER, local, estate(local, file, place(local, file), projects=("acme-prod",))) == ["fail"]


def rotation(state=RotationState.OVERLAP, waiting=WaitingOn.TIME, **more):
    return RotationRow("01m7abc", "google-api-keys:acme-prod/one", state, {}, waiting, **{"updated": NOW, **more})


@pytest.mark.parametrize("waiting", [WaitingOn.PERSON, WaitingOn.CONFLICT, WaitingOn.BLOCKED, WaitingOn.REFUSED])
def test_a_rotation_waits_two_days_for_a_person(waiting):
    just = rotation(waiting=waiting, updated=NOW - timedelta(days=2))
    assert results(STUCK, just, estate()) == ["pass"]
    longer = rotation(waiting=waiting, updated=NOW - timedelta(days=2, seconds=1), why="two places differ")
    (found,) = judged(STUCK, longer, estate())
    who = "a person" if waiting is WaitingOn.PERSON else waiting.value
    assert found.evidence == (f"it waits for {who} for 2 days: two places differ",)
    assert found.fix.commands == ("keyward history 01m7abc", "keyward resume")


def test_what_waits_for_time_or_use_is_not_stuck():
    for waiting in (WaitingOn.TIME, WaitingOn.USE, WaitingOn.PROVIDER, WaitingOn.NOTHING, WaitingOn.HOST):
        assert results(STUCK, rotation(waiting=waiting, updated=NOW - timedelta(days=9)), estate()) == ["pass"]
    assert (
        results(STUCK, rotation(RotationState.DONE, WaitingOn.PERSON, updated=NOW - timedelta(days=9)), estate()) == []
    )


def test_a_step_that_nobody_did_is_overdue():
    assert results(LATE, rotation(due=NOW - timedelta(hours=12)), estate()) == ["pass"]
    (found,) = judged(LATE, rotation(due=NOW - timedelta(hours=12, seconds=1)), estate())
    assert found.evidence == ("its next step was due 12 hours ago",)
    assert results(LATE, rotation(due=NOW + timedelta(days=1)), estate()) == ["pass"]
    assert results(LATE, rotation(waiting=WaitingOn.PERSON, due=NOW - timedelta(days=9)), estate()) == []
    assert results(LATE, rotation(RotationState.ABORTED, due=NOW - timedelta(days=9)), estate()) == []


@pytest.mark.parametrize(("until", "ended"), [(date(2026, 11, 20), ["pass"]), (date(2026, 11, 19), ["fail"])])
def test_an_exception_ends_with_its_last_day(until, ended):
    assert results(ENDED, Exempt("KW-1*", parse("project:x"), "ana", until, "why"), estate()) == ended


def statement(left):
    return AttestationRow(
        "acme", "any.tls", "project:acme-prod", "ana", "so it is", NOW - timedelta(days=90), NOW + left
    )


@pytest.mark.parametrize(("left", "ended"), [(timedelta(seconds=1), ["pass"]), (timedelta(0), ["fail"])])
def test_a_statement_ends_at_its_moment(left, ended):
    assert results(BY_ID["KW-706"], statement(left), estate()) == ended


def test_a_statement_that_ends_soon_is_told_until_it_has_ended():
    soon = BY_ID["KW-707"]
    assert results(soon, statement(timedelta(days=14, seconds=1)), estate()) == ["pass"]
    (found,) = judged(soon, statement(timedelta(days=14)), estate())
    assert found.evidence == ("what ana stated ends in 14 days, on 2026-12-04",)
    assert found.fix.commands == ("keyward checklist attest any.tls --for project:acme-prod",)
    assert results(soon, statement(timedelta(seconds=1)), estate()) == ["fail"]
    assert results(soon, statement(timedelta(0)), estate()) == [], "KW-706 says so"


def test_statements_are_judged_where_they_are_about():
    from keyward.hygiene.judging import judge
    from keyward.hygiene.policy import Policy

    world = estate(attestations=(statement(timedelta(0)),))
    for project, number in (("acme-prod", 1), ("acme-dev", 0)):
        found = judge([BY_ID["KW-706"]], world, Policy(now=NOW), parse(f"project:{project}").compile(NOW)).findings
        assert [one.subject for one in found] == ["attestation:any.tls/project:acme-prod"][:number]
