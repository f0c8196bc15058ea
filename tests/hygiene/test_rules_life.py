"""Rules on how long a key has lived, and whether it ends by itself: broken, kept, not known, not about it."""

from datetime import timedelta

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.credential import Kind, State
from keyward.model.placement import Role
from keyward.model.secretinfo import VersionState
from keyward.model.usage import UseStatus
from tests.parts.estate import NOW, ago, estate, judged, key, place, results, secret, silent, used

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("rule", "kind"), [("KW-101", Kind.API_KEY), ("KW-101", Kind.AUTH_KEY), ("KW-105", Kind.SA_KEY)]
)
def test_a_key_may_be_as_old_as_allowed_and_not_a_second_older(rule, kind):
    rule, just = BY_ID[rule], rule_limit(rule)
    assert results(rule, key(kind=kind, days=None, created=NOW - just), estate()) == ["pass"]
    (found,) = judged(rule, key(kind=kind, days=None, created=NOW - just - DAY), estate())
    assert (found.result.value, found.evidence) == ("fail", ("it is 91 days old; 90 days are allowed",))
    held = key(kind=kind, days=91.5)
    (found,) = judged(rule, held, estate(held, place(held, secret())))
    assert (found.fix.text, found.fix.commands) == ("Replace it.", ("keyward rotate google-api-keys:acme-prod/one",))


def test_a_key_of_which_no_place_is_known_is_not_replaced_into_nothing():
    rule = BY_ID["KW-101"]
    (found,) = judged(rule, key(days=91.5, last_use=silent(UseStatus.NOT_SEEN)), estate())
    assert found.fix.commands == ("keyward revoke google-api-keys:acme-prod/one --unused",)
    (found,) = judged(rule, key(days=91.5, last_use=used(2)), estate())
    assert found.fix.commands == ("keyward scan --values all", "keyward rotate google-api-keys:acme-prod/one")
    assert "No place that holds it is known" in found.fix.text
    past = key(days=91.5, last_use=used(2))
    (found,) = judged(rule, past, estate(past, place(past, secret(), role=Role.ALIAS)))
    assert found.fix.commands == ("keyward scan --values all", "keyward rotate google-api-keys:acme-prod/one")
    assert "another value is newer" in found.fix.text


def test_only_of_api_keys_their_provider_is_told_to_look_at_their_use():
    account = key(provider="google-sa-keys", kind=Kind.SA_KEY, days=91.5, last_use=silent(UseStatus.NOT_SEEN))
    for rule in ("KW-105", "KW-201", "KW-302"):
        (found,) = judged(BY_ID[rule], account, estate(account))
        assert found.fix.commands == ("keyward revoke google-sa-keys:acme-prod/one",), rule


def test_what_stands_only_in_versions_that_are_off_has_no_age_to_ask_for():
    rule, old = BY_ID["KW-102"], key(provider="shape", project="google-sa-json", kind=Kind.BY_SHAPE, days=None)
    off = place(old, secret(), version_state=VersionState.DISABLED)
    assert results(rule, old, estate(old, off)) == []
    assert results(rule, old, estate(old, place(old, secret()))) == ["fail"]


def rule_limit(rule):
    return BY_ID[rule].limit


@pytest.mark.parametrize("rule", ["KW-101", "KW-105"])
def test_each_is_about_its_own_kind_of_key_and_about_live_ones(rule):
    other = Kind.SA_KEY if rule == "KW-101" else Kind.API_KEY
    own = Kind.API_KEY if rule == "KW-101" else Kind.SA_KEY
    assert results(BY_ID[rule], key(kind=other, days=900), estate()) == []
    for state in (State.DELETED, State.RESTORABLE, State.DISABLED):
        assert results(BY_ID[rule], key(kind=own, days=900, state=state), estate()) == []
    assert results(BY_ID[rule], key(kind=own, days=900, state=State.UNKNOWN), estate()) == ["fail"]


def test_an_age_that_is_only_a_least_one_is_no_pass():
    rule = BY_ID["KW-101"]
    by_shape = {"provider": "shape", "project": "openai", "kind": Kind.BY_SHAPE, "days": None}
    assert results(rule, key(**by_shape), estate()) == ["unknown"]
    assert results(rule, key(**by_shape, first_seen=ago(20)), estate()) == ["unknown"]
    (found,) = judged(rule, key(**by_shape, first_seen=ago(91)), estate())
    assert found.evidence == ("it is at least 91 days old; 90 days are allowed",)
    assert found.fix.commands == ("keyward swap shape:openai/one",)


def test_an_age_that_no_provider_tells_is_a_finding_of_its_own():
    rule = BY_ID["KW-102"]
    assert results(rule, key(days=400), estate()) == ["pass"]
    (found,) = judged(rule, key(days=None, first_seen=ago(5)), estate())
    assert found.evidence == ("no provider says when it was made; it was first seen 5 days ago",)
    assert results(rule, key(days=None), estate()) == ["fail"]
    assert results(rule, key(days=None, state=State.DELETED), estate()) == []


@pytest.mark.parametrize(
    ("left", "ended"),
    [
        (timedelta(days=14, seconds=1), ["pass"]),
        (timedelta(days=14), ["fail"]),
        (timedelta(seconds=1), ["fail"]),
        (timedelta(0), ["fail"]),
        (-DAY, ["fail"]),
    ],
)
def test_the_end_of_a_key_is_told_two_weeks_before(left, ended):
    assert results(BY_ID["KW-103"], key(expires=NOW + left), estate()) == ended


def test_the_end_is_told_with_its_day_before_and_after():
    (soon,) = judged(BY_ID["KW-103"], key(expires=NOW + 3 * DAY), estate())
    assert soon.evidence == ("it stops working in 3 days, on 2026-11-23",)
    (gone,) = judged(BY_ID["KW-103"], key(expires=NOW - 3 * DAY), estate())
    assert gone.evidence == ("it stopped working 3 days ago, on 2026-11-17",)
    (now,) = judged(BY_ID["KW-103"], key(expires=NOW), estate())
    assert now.evidence == ("it stopped working 0 hours ago, on 2026-11-20",)
    assert results(BY_ID["KW-103"], key(), estate()) == []


def test_only_what_could_end_by_itself_is_told_that_it_does_not():
    assert results(BY_ID["KW-104"], key(kind=Kind.SA_KEY), estate()) == ["fail"]
    assert results(BY_ID["KW-104"], key(kind=Kind.SA_KEY, expires=NOW + 900 * DAY), estate()) == ["pass"]
    assert results(BY_ID["KW-104"], key(kind=Kind.API_KEY), estate()) == []
