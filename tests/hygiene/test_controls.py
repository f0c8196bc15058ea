"""Catalogues of controls: data that fits the rules, and a standing in which nothing unknown or not covered passes."""

from keyward.hygiene.controls import Control, Framework, frameworks, standing
from keyward.hygiene.judging import Judged
from keyward.hygiene.rules import BY_ID
from keyward.model.finding import Finding, Result, Severity, Subject

V4, V5, OWASP = (frameworks()[one] for one in ("cis-gcp-4.0", "cis-gcp-5.0", "owasp-nhi-2025"))


def test_each_control_names_rules_that_there_are_or_says_why_none_speaks_for_it():
    for framework in frameworks().values():
        assert framework.version
        assert framework.source.startswith("https://")
        numbers = [one.number for one in framework.controls]
        assert len(set(numbers)) == len(numbers)
        for one in framework.controls:
            assert bool(one.rules) != bool(one.not_covered), one
            assert set(one.rules) <= set(BY_ID), one


def test_version_five_of_the_benchmark_moved_every_number_by_one():
    assert [one.title for one in V4.controls] == [one.title for one in V5.controls]
    moved = [(int(old.number[2:]) + 1, int(new.number[2:])) for old, new in zip(V4.controls, V5.controls, strict=True)]
    assert all(old == new for old, new in moved)
    assert V4.of("KW-101") == ("1.15",)
    assert V5.of("KW-101") == ("1.16",)


def test_the_top_ten_are_ten():
    assert [one.number for one in OWASP.controls] == [f"NHI{number}" for number in range(1, 11)]


def test_every_rule_about_a_key_speaks_for_something():
    spoken = {rule for framework in frameworks().values() for one in framework.controls for rule in one.rules}
    silent = {one for one in BY_ID if one not in spoken}
    assert silent == {"KW-307", "KW-309", "KW-408", "KW-506", "KW-507", "KW-704", "KW-705", "KW-706", "KW-707"}


def words(**counts):
    framework = Framework(
        "x", "X", "1", "https://x", (Control("1", "one", ("KW-101", "KW-102")), Control("2", "two", (), "why"))
    )
    findings = (
        (Finding("KW-101", Subject.KEY, "a", "p", Result.FAIL, Severity.LOW, ("x",)),) if counts.get("fail") else ()
    )
    judged = Judged(findings, {"KW-101": {Result(name): number for name, number in counts.items()}, "KW-102": {}})
    first, second = standing(framework, judged)
    assert (second.word, second.findings) == ("not_covered", ())
    return first.word, len(first.findings)


def test_the_worst_word_is_the_word_of_a_control():
    assert words(**{"pass": 9, "unknown": 1, "fail": 1}) == ("fail", 1)
    assert words(**{"pass": 9, "unknown": 1}) == ("unknown", 0)
    assert words(**{"pass": 9, "not_applicable": 1}) == ("pass", 0)
    assert words(not_applicable=4) == ("not_applicable", 0)
    assert words() == ("not_applicable", 0)
