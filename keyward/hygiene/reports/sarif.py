"""A check as SARIF 2.1.0 (OASIS), for code scanning and dashboards.

A subject is a logical location, because it lies in no file. What is not known is a result of kind `open`, what somebody accepted has a
suppression, and sources that were not seen are notifications, so no reader can take them for fine.
"""

import json
from typing import Any

from keyward import __version__
from keyward.hygiene.checked import Checked
from keyward.hygiene.rule import Rule
from keyward.model.finding import Finding, Result, Severity

_LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SCORE = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "0.5",
}
"""`security-severity`, by which GitHub's code scanning sorts: above 9 is critical, above 7 high, above 4 medium."""

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT = "keyward/v1"


def page(found: Checked) -> str:
    """The whole log."""
    index = {rule.id: number for number, rule in enumerate(found.rules)}
    run = {
        "tool": {
            "driver": {
                "name": "keyward",
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in found.rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "endTimeUtc": f"{found.at:%Y-%m-%dT%H:%M:%SZ}",
                "toolExecutionNotifications": [
                    {
                        "level": "warning",
                        "message": {
                            "text": f"{one.id} was not seen as a whole: {one.status.value}. {one.detail}".rstrip()
                        },
                    }
                    for one in found.unseen
                ],
            }
        ],
        "results": [_result(one, index[one.rule]) for one in found.judged.findings],
        "properties": {"world": found.world, "coverage": found.coverage},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"Source: {rule.source}. `keyward explain {rule.id}` says how to change or accept it."},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
        "properties": {"security-severity": _SCORE[rule.severity], "tags": ["security"]},
    }


def _result(one: Finding, index: int) -> dict[str, Any]:
    failed = one.result is Result.FAIL
    told = [f"{one.subject}: {'; '.join(one.evidence)}.", *([one.fix.text] if one.fix.text else []), *one.fix.commands]
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": index,
        "kind": "fail" if failed else "open",
        "level": _LEVEL[one.severity] if failed else "none",
        "message": {"text": "\n".join(told)},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": one.subject, "kind": "resource"}]}],
        "partialFingerprints": {_FINGERPRINT: one.id},
        "properties": {"severity": one.severity.value, "scope": one.scope},
    }
    if one.accepted is not None:
        why = f"{one.accepted.owner} until {one.accepted.until.isoformat()}: {one.accepted.why}"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return result
