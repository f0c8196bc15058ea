"""Reports: each says what was seen, holds every finding, and takes nothing in a name or an answer for its own markup."""

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest

from keyward.hygiene.checked import Checked
from keyward.hygiene.judging import Judged
from keyward.hygiene.reports import FORMATS
from keyward.hygiene.rules import BY_ID
from keyward.model.finding import Accepted, Finding, Fix, Result, Severity, Subject
from keyward.model.source import SourceReport, SourceStatus

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOSTILE = "<script>x</script>|`a`[b](c) *d* &amp; \"q\" 'r'"


def finding(rule="KW-101", subject="google-api-keys:acme-prod/one", result=Result.FAIL, **more):
    given = {"severity": Severity.MEDIUM, "name": HOSTILE, "evidence": (f"it is 91 days old; {HOSTILE}",), **more}
    return Finding(rule, Subject.KEY, subject, "acme-prod", result, **given)


FOUND = (
    finding(fix=Fix("Replace it.", ("keyward rotate google-api-keys:acme-prod/one",))),
    finding("KW-401", severity=Severity.HIGH),
    finding("KW-201", result=Result.UNKNOWN),
    finding("KW-104", accepted=Accepted("mary@acme.example", date(2027, 1, 31), HOSTILE)),
)
SOURCES = [
    SourceReport("google-api-keys:acme-prod", SourceStatus.OK),
    SourceReport("google-api-keys:acme-legacy", SourceStatus.DENIED, detail=HOSTILE),
]


def checked(findings=FOUND, sources=SOURCES, scanned=NOW):
    rules = [BY_ID[one] for one in ("KW-101", "KW-104", "KW-201", "KW-401")]
    counts = {rule.id: {Result.PASS: 7} for rule in rules}
    return Checked(NOW, scanned, "emulator:x", Judged(findings, counts), rules, 3, 2, 1, sources, {})


@pytest.mark.parametrize("form", ["html", "markdown", "sarif"])
def test_every_format_for_readers_says_what_was_seen(form):
    text = FORMATS[form](checked())
    assert "1 of 2 sources seen; 3 keys, 2 secrets and 1 projects judged by 4 rules; 1 answers not known." in text
    assert "Nothing was scanned yet: nothing here is known to be fine." in FORMATS[form](checked((), (), None))


class _Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.attributes = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_is_whole_and_loads_and_runs_nothing():
    page = _Page(FORMATS["html"](checked()))
    assert page.open == []
    assert set(page.tags) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "b", "span", "table", "thead", "tbody", "tr", "th",
        "td", "br", "code",
    }  # fmt: skip
    assert {name for name, _ in page.attributes} <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "id",
        "role",
        "aria-label",
    }
    assert (
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ) in page.attributes
    assert "url(" not in FORMATS["html"](checked())
    words = "".join(page.words)
    assert words.count(HOSTILE) == 9, (
        "three pieces of evidence, four names, an exception and a source: as they stand, as text"
    )
    assert "This report is incomplete: 1 sources were not seen as a whole." in words
    assert "keyward rotate google-api-keys:acme-prod/one" in words


def test_rules_stand_worst_first_and_findings_are_counted_by_severity():
    page = _Page(FORMATS["html"](checked()))
    words = "".join(page.words)
    assert words.index("KW-401 ") < words.index("KW-101 ")
    tiles = re.findall(r'<b class="(\w+)">(\d+)</b>', FORMATS["html"](checked()))
    assert tiles == [("critical", "0"), ("high", "1"), ("medium", "1"), ("low", "0"), ("info", "0"), ("unknown", "1")]


def test_nothing_that_came_from_outside_is_markdown():
    text = FORMATS["markdown"](checked())
    assert "<script>" not in text
    rows = [line for line in text.splitlines() if line.startswith("| google")]
    assert len(rows) == 3
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 4, row
        assert not re.search(r"(?<!\\)[*\[]", row.replace("<br>", "")), row
    assert "`keyward rotate google-api-keys:acme-prod/one`" in text
    assert "mary@acme.example | 2027-01-31 |" in text


def test_sarif_has_stable_ids_kinds_and_suppressions():
    (run,) = json.loads(FORMATS["sarif"](checked()))["runs"]
    by_rule = {one["ruleId"]: one for one in run["results"]}
    assert {rule: (one["kind"], one["level"]) for rule, one in by_rule.items()} == {
        "KW-101": ("fail", "warning"),
        "KW-401": ("fail", "error"),
        "KW-201": ("open", "none"),
        "KW-104": ("fail", "warning"),
    }
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == rule for rule, one in by_rule.items())
    assert [one["partialFingerprints"]["keyward/v1"] for one in run["results"]] == [one.id for one in FOUND]
    assert by_rule["KW-104"]["suppressions"][0]["status"] == "accepted"
    assert by_rule["KW-101"]["suppressions"] == [], "all results have them, or none may (3.27.23)"
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("google-api-keys:acme-legacy was not seen as a whole: denied.")


def test_metrics_are_numbers_without_a_key():
    text = FORMATS["prometheus"](checked())
    samples = dict(re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE))
    assert samples['keyward_findings{rule="KW-401",severity="high"}'] == "1"
    assert samples['keyward_findings_by_severity{severity="critical"}'] == "0"
    assert samples['keyward_rule_subjects{rule="KW-101",result="pass"}'] == "7"
    assert samples["keyward_unknown"] == "1"
    assert samples["keyward_accepted"] == "1"
    assert samples['keyward_sources{status="denied"}'] == "1"
    assert samples["keyward_sources_not_seen"] == "1"
    assert float(samples["keyward_scanned_timestamp_seconds"]) == NOW.timestamp()
    assert "acme" not in text
    names = re.findall(r"^# TYPE (\w+) gauge$", text, re.MULTILINE)
    assert len(set(names)) == len(names)
    assert {line.split("{")[0].split(" ")[0] for line in text.splitlines() if not line.startswith("#")} == set(
        names
    ) - {name for name in names if not re.search(rf"^{name}[ {{]", text, re.MULTILINE)}
    assert "keyward_scanned_timestamp_seconds" not in FORMATS["prometheus"](checked((), (), None))
