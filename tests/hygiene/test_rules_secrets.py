"""Rules on secrets themselves: who may read them, whether they are replaced, what is left in old versions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.about import UNDER_A_CONDITION, Known
from keyward.model.secretinfo import VersionState
from tests.parts.estate import NOW, about, estate, judged, results, secret

ROTATION, PUBLIC, MANY, OFF, OLD = (BY_ID[f"KW-{number}"] for number in (501, 502, 503, 506, 507))
WEB = secret(immutable_versions=True)
FILE = secret("/home/ana/.env", store="env", plaintext=True)
NOBODY = about("project:acme-prod", "readers")


def readers(*values, **more):
    return about(str(WEB.ref), "readers", *values, **more)


def test_a_store_that_can_remind_is_told_to():
    assert results(ROTATION, WEB, estate()) == ["fail"]
    assert results(ROTATION, replace(WEB, rotation="every 90 d"), estate()) == ["pass"]
    assert results(ROTATION, FILE, estate()) == []


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("allUsers (roles/secretmanager.secretAccessor)", "anyone on the internet"),
        ("allAuthenticatedUsers (roles/owner)", "anyone with a Google account"),
    ],
)
@pytest.mark.parametrize("where", ["secret", "project"])
def test_nobody_in_particular_may_read_it(line, who, where):
    facts = (readers(line), NOBODY) if where == "secret" else (readers(), about("project:acme-prod", "readers", line))
    (found,) = judged(PUBLIC, WEB, estate(*facts))
    assert found.evidence == (f"{who} may read it: {line}",)


def test_somebody_in_particular_may():
    assert results(PUBLIC, WEB, estate(readers("user:ana@acme.example (roles/owner)"), NOBODY)) == ["pass"]
    assert results(PUBLIC, WEB, estate(readers(), NOBODY)) == ["pass"]


@pytest.mark.parametrize("rule", [PUBLIC, MANY])
def test_who_may_read_it_has_to_be_known_of_the_secret_and_of_its_project(rule):
    denied = {"status": Known.DENIED, "detail": "It needs secretmanager.secrets.getIamPolicy."}
    for facts in ((), (NOBODY,), (readers(),), (readers(**denied), NOBODY)):
        (found,) = judged(rule, WEB, estate(*facts))
        assert found.result.value == "unknown"
        assert found.fix.commands == ("keyward show gsm:acme-prod/web --refresh",)
    assert "secretmanager.secrets.getIamPolicy" in found.evidence[0]
    assert results(rule, FILE, estate()) == []


@pytest.mark.parametrize(("number", "ended"), [(10, ["pass"]), (11, ["fail"])])
def test_ten_may_read_it_and_each_is_counted_once(number, ended):
    own = [f"user:p{one}@acme.example (roles/secretmanager.secretAccessor)" for one in range(number - 1)]
    around = [own[0], "group:all@acme.example (roles/owner)"]
    facts = (readers(*own), about("project:acme-prod", "readers", *around))
    assert results(MANY, WEB, estate(*facts)) == ended


def test_the_newest_version_is_what_programs_ask_for():
    off = replace(WEB.versions[0], state=VersionState.DISABLED)
    (found,) = judged(OFF, replace(WEB, versions=(off,)), estate())
    assert found.evidence == ("version 1, the newest, is disabled",)
    assert results(OFF, WEB, estate()) == ["pass"]
    assert results(OFF, replace(WEB, versions=()), estate()) == []
    assert results(OFF, replace(WEB, versions=None), estate()) == ["unknown"]
    two = secret(versions=2, immutable_versions=True)
    assert results(OFF, replace(two, versions=(two.versions[0], replace(two.versions[1], state=VersionState.DISABLED))), estate()) == ["pass"]  # fmt: skip


def test_a_version_that_is_off_can_be_enabled_and_one_that_is_destroyed_cannot():
    for state, commands in ((VersionState.DISABLED, 1), (VersionState.DESTROYED, 0)):
        (found,) = judged(OFF, replace(WEB, versions=(replace(WEB.versions[0], state=state),)), estate())
        assert len(found.fix.commands) == commands


def test_only_the_roles_of_nobody_in_particular_are_taken_away_with_their_conditions():
    lines = (
        "allUsers (roles/secretmanager.secretAccessor)",
        f"allUsers (roles/secretmanager.viewer, {UNDER_A_CONDITION})",
        "user:ana@acme.example (roles/owner)",
    )
    (found, *_) = judged(PUBLIC, WEB, estate(readers(*lines), NOBODY))
    taken = [one for one in found.fix.commands if one.startswith("gcloud")]
    assert [("--member=allUsers" in one, one.split()[-1]) for one in taken] == [(True, "--condition=None"), (True, "--all")]  # fmt: skip


def aged(*days, **more):
    """Versions made so many days ago, newest first."""
    made = secret(versions=len(days), immutable_versions=True)
    versions = tuple(
        replace(one, created=NOW - timedelta(days=age)) for one, age in zip(made.versions, days, strict=True)
    )
    return replace(made, versions=versions, **more)


def test_an_old_version_may_stay_ninety_days_after_it_got_a_successor():
    assert results(OLD, aged(90, 400), estate()) == ["pass"]
    (found,) = judged(OLD, aged(91, 400), estate())
    assert found.evidence == ("1 old version can still be read or enabled (1); the newest is older than 90 days",)
    assert found.fix.commands == ("gcloud secrets versions destroy 1 --secret=web --project=acme-prod",)
    assert results(OLD, aged(10, 200, 400), estate()) == ["fail"], "the oldest has had a successor for 200 days"


def test_what_is_current_named_or_destroyed_is_not_old():
    assert results(OLD, aged(400), estate()) == ["pass"]
    assert results(OLD, aged(91, 400, aliases={"pinned": "1"}), estate()) == ["pass"]
    gone = aged(91, 400)
    gone = replace(gone, versions=(gone.versions[0], replace(gone.versions[1], state=VersionState.DESTROYED)))
    assert results(OLD, gone, estate()) == ["pass"]
    assert results(OLD, replace(gone, versions=None), estate()) == ["unknown"]
    assert results(OLD, FILE, estate()) == []
