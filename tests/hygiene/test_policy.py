"""Policy: thresholds, severities, what is off, what is accepted until when; and that unknown is never a pass."""

from datetime import date, timedelta

import pytest

from keyward.hygiene.exempt import Exempt
from keyward.hygiene.judging import judge
from keyward.hygiene.policy import Override, Policy
from keyward.hygiene.rules import BY_ID
from keyward.model.finding import Result, Severity
from keyward.model.query import parse
from keyward.model.usage import UseStatus
from tests.parts.estate import NOW, estate, key, secret, silent

OLD = BY_ID["KW-101"]
WORLD = estate(key("one", days=100), key("two", days=100, project="acme-dev"), key("three", days=10))


def found(*overrides, exempt=(), world=WORLD, rule=OLD, wanted=None):
    return judge([rule], world, Policy(overrides, exempt, now=NOW), wanted and parse(wanted).compile(NOW))


def subjects(judged):
    return sorted(one.subject.rpartition("/")[2] for one in judged.broken)


def test_without_a_policy_the_rule_holds_everywhere():
    assert subjects(found()) == ["one", "two"]
    assert found().counts == {"KW-101": {Result.FAIL: 2, Result.PASS: 1}}


def test_a_limit_holds_where_its_query_does():
    assert subjects(found(Override("KW-101", parse("project:acme-dev"), limit=timedelta(days=200)))) == ["one"]
    assert subjects(found(Override("KW-1*", parse("project:*"), limit=timedelta(days=5)))) == ["one", "three", "two"]
    assert subjects(found(Override("KW-2*", parse("project:*"), limit=timedelta(days=5)))) == ["one", "two"]


def test_the_first_table_that_says_a_setting_decides_it():
    dev = Override("KW-101", parse("project:acme-dev"), severity=Severity.INFO)
    every = Override("KW-101", parse("project:*"), limit=timedelta(days=5), severity=Severity.HIGH)
    by_name = {one.subject.rpartition("/")[2]: one.severity for one in found(dev, every).broken}
    assert by_name == {"one": Severity.HIGH, "two": Severity.INFO, "three": Severity.HIGH}


def test_a_rule_that_is_off_is_not_counted_there():
    judged = found(Override("KW-101", parse("project:acme-dev"), off=True))
    assert subjects(judged) == ["one"]
    assert judged.counts == {"KW-101": {Result.FAIL: 1, Result.PASS: 1}}
    again = found(
        Override("KW-101", parse("project:acme-dev"), off=False), Override("KW-101", parse("project:*"), off=True)
    )
    assert subjects(again) == ["two"], "off = false takes it out of the tables that follow"


@pytest.mark.parametrize(("until", "left"), [(date(2026, 11, 20), ["two"]), (date(2026, 11, 19), ["one", "two"])])
def test_an_exception_holds_until_its_last_day_and_is_still_told(until, left):
    exempt = Exempt("KW-101", parse("id:google-api-keys:acme-prod/*"), "mary@acme.example", until, "moving out")
    judged = found(exempt=[exempt])
    assert subjects(judged) == left
    assert len(judged.findings) == 2
    accepted = [one.accepted.owner for one in judged.findings if one.accepted]
    assert accepted == (["mary@acme.example"] if len(left) == 1 else [])


def test_what_is_not_known_is_told_and_is_no_pass():
    blind = estate(key("one", days=400, last_use=silent(UseStatus.DENIED, None)))
    judged = found(world=blind, rule=BY_ID["KW-201"])
    assert judged.broken == ()
    assert [one.result for one in judged.unknown] == [Result.UNKNOWN]
    assert Result.PASS not in judged.counts["KW-201"]


def test_only_what_is_wanted_is_judged():
    assert subjects(found(wanted="project:acme-dev")) == ["two"]


def test_no_display_name_decides_what_is_accepted_or_off():
    named = estate(key("one", days=100, name="accepted"))
    judged = found(Override("KW-101", parse("name:accepted"), off=True), world=named)
    assert subjects(judged) == ["one"]


def test_ids_stay_when_everything_else_moves():
    before = found().findings
    later = judge([OLD], estate(key("one", days=300, name="x"), secret()), Policy((), (), now=NOW)).findings
    assert later[0].id in {one.id for one in before}
    assert len({one.id for one in before}) == 2
