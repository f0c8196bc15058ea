"""What is new, changed and fixed since an earlier check; what was not judged this time is never called fixed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.hygiene.judging import judge
from keyward.hygiene.policy import Override, Policy
from keyward.hygiene.rules import BY_ID
from keyward.hygiene.since import Change, Now, as_kept, compare
from keyward.model.finding import Accepted, Severity
from keyward.model.query import parse
from keyward.model.source import SourceReport, SourceStatus
from tests.parts.estate import NOW, ago, estate, key, secret

OK = {"google-api-keys:acme-prod": SourceReport("google-api-keys:acme-prod", SourceStatus.OK)}
AGE, EXPIRY = BY_ID["KW-101"], BY_ID["KW-103"]
OLD, YOUNG = key(days=91), key(days=10)
PLAIN = Policy(now=NOW)


def told(world, rules=(AGE,), policy=PLAIN):
    return judge(rules, world, policy).findings


def since(before, after, *, rules=(AGE,), policy=PLAIN, query="", every=True):
    """The comparison of two estates."""
    wanted = parse(query).compile(NOW) if query else None
    now = Now(rules, after, policy, wanted, every=every)
    kept = {one.id: one for one in as_kept(told(before))}
    return compare(ago(1), kept, judge(rules, after, policy, wanted).findings, now)


def fates(found):
    return [(one.change.value, one.why) for one in found.gone]


def test_a_finding_is_new_then_unchanged_then_fixed():
    before, after = estate(YOUNG, sources=OK), estate(OLD, sources=OK)
    (name,) = [one.id for one in told(after)]
    new = since(before, after)
    assert (new.changes, new.is_news(name), new.of(Change.NEW)) == ({name: Change.NEW}, True, 1)
    again = since(after, after)
    assert (again.changes, again.is_news(name), again.gone) == ({name: Change.UNCHANGED}, False, [])
    over = since(after, before)
    assert (over.changes, fates(over), over.of(Change.FIXED)) == ({}, [("fixed", "")], 1)
    assert over.gone[0].earlier.id == name


def test_a_day_that_passes_is_no_change():
    (found,) = since(estate(OLD, sources=OK), estate(replace(OLD, created=ago(120)), sources=OK)).changes.values()
    assert found is Change.UNCHANGED


def test_other_severity_evidence_and_acceptance_are_changes_and_what_got_worse_is_news():
    world = estate(OLD, sources=OK)
    (one,) = told(world)
    before = {each.id: each for each in as_kept([one])}
    now = Now((AGE,), world, PLAIN)
    accepted = Accepted("mary@acme.example", ago(-1).date())
    for other, news in (
        (replace(one, severity=Severity.HIGH), True),
        (replace(one, severity=Severity.LOW), False),
        (replace(one, evidence=("it is older than the company",)), False),
        (replace(one, accepted=accepted), False),
    ):
        found = compare(ago(1), before, [other], now)
        assert found.changes == {one.id: Change.CHANGED}, other
        assert found.is_news(one.id) is news, other
    ended = compare(ago(1), {each.id: each for each in as_kept([replace(one, accepted=accepted)])}, [one], now)
    assert (ended.changes[one.id], ended.is_news(one.id)) == (Change.CHANGED, True)


def test_what_was_unknown_and_is_broken_is_new_and_the_other_way_round_is_not_judged():
    doubtful = replace(OLD, created=None, first_seen=ago(3))
    to_known = since(estate(doubtful, sources=OK), estate(OLD, sources=OK))
    assert list(to_known.changes.values()) == [Change.NEW]
    to_unknown = since(estate(OLD, sources=OK), estate(doubtful, sources=OK))
    assert list(to_unknown.changes.values()) == [Change.NOT_JUDGED]
    assert to_unknown.of(Change.FIXED) == 0
    assert since(estate(doubtful, sources=OK), estate(YOUNG, sources=OK)).gone == [], "it was never broken"


def test_another_reason_for_not_knowing_is_no_change():
    world = estate(replace(OLD, created=None, first_seen=ago(3)), sources=OK)
    (one,) = told(world)
    other = replace(one, evidence=("another source was not seen",))
    found = compare(ago(1), {each.id: each for each in as_kept([one])}, [other], Now((AGE,), world, PLAIN))
    assert list(found.changes.values()) == [Change.UNCHANGED]


DENIED = SourceReport("google-api-keys:acme-prod", SourceStatus.DENIED, stale_since=ago(1))
OFF = SourceReport("google-api-keys:acme-prod", SourceStatus.DISABLED)
STALE = SourceReport("google-api-keys:acme-prod", SourceStatus.OK, stale_since=ago(1))


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (DENIED, "google-api-keys:acme-prod was not seen as a whole: denied"),
        (OFF, "google-api-keys:acme-prod was not seen as a whole: disabled"),
        (STALE, "google-api-keys:acme-prod was not seen as a whole: ok"),
        (SourceReport("google-api-keys:other", SourceStatus.OK), "acme-prod was not asked"),
    ],
)
@pytest.mark.parametrize("left", [estate(), estate(YOUNG)])
def test_what_a_source_did_not_show_is_never_fixed(report, why, left):
    found = since(estate(OLD, sources=OK), replace(left, sources={report.id: report}))
    assert fates(found) == [("not_judged", why)]


def test_a_key_that_its_source_no_longer_lists_is_fixed():
    assert fates(since(estate(OLD, sources=OK), estate(sources=OK))) == [("fixed", "it is gone")]


def test_a_rule_that_is_off_or_no_more_judges_nothing():
    off = Policy([Override("KW-101", parse("project:acme-prod"), off=True)], now=NOW)
    assert fates(since(estate(OLD, sources=OK), estate(OLD, sources=OK), policy=off)) == [
        ("not_judged", "the policy switches the rule off there")
    ]
    world = estate(OLD, sources=OK)
    assert fates(since(world, world, rules=(EXPIRY,))) == [("not_judged", "there is no such rule any more")]
    assert fates(since(world, world, rules=(EXPIRY,), every=False)) == [], "that rule was not asked for"


def test_a_higher_limit_fixes_what_it_allows():
    allows = Policy([Override("KW-101", parse("project:acme-prod"), limit=timedelta(days=365))], now=NOW)
    assert fates(since(estate(OLD, sources=OK), estate(OLD, sources=OK), policy=allows)) == [("fixed", "")]


def test_a_query_leaves_out_what_it_is_not_about():
    world, gone = estate(OLD, sources=OK), estate(sources=OK)
    assert fates(since(world, estate(YOUNG, sources=OK), query="project:acme-prod")) == [("fixed", "")]
    assert fates(since(world, gone, query="project:acme-prod")) == [("fixed", "it is gone")]
    assert fates(since(world, estate(YOUNG, sources=OK), query="project:other")) == []
    assert fates(since(world, gone, query="project:other")) == []


def test_a_rule_that_cannot_tell_at_a_place_any_more_leaves_it_not_judged():
    public = BY_ID["KW-502"]
    info = secret(immutable_versions=True)
    before = {one.id: one for one in as_kept(told(estate(OLD)))}
    (one,) = before.values()
    moved = replace(one, rule="KW-502", of=public.of, subject=str(info.ref), about="allUsers")
    world = estate(info, sources={"gsm:acme-prod": SourceReport("gsm:acme-prod", SourceStatus.OK)})
    found = compare(ago(1), {moved.id: moved}, told(world, (public,)), Now((public,), world, PLAIN))
    assert fates(found) == [("not_judged", "readers of gsm:acme-prod/web: not asked for")]
