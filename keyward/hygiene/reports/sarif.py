"""A check as SARIF 2.1.0 (OASIS), for code scanning and dashboards.

A subject is a logical location, because it lies in no file. What is not known is a result of kind `open`, what somebody accepted has a
suppression, and sources that were not seen are notifications, so no reader can take them for fine. Where an earlier check is kept, every
result has a `baselineState` (3.27.24): what is fixed is `absent`, what was not judged this time is `open` and never `absent`.
"""

import json
from typing import Any

from keyward import __version__
from keyward.hygiene.checked import Checked
from keyward.hygiene.rule import Rule
from keyward.hygiene.since import Change, Gone, Since
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

_STATE = {
    Change.NEW: "new",
    Change.CHANGED: "updated",
    Change.UNCHANGED: "unchanged",
    Change.FIXED: "absent",
    Change.NOT_JUDGED: "updated",
}

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
        "results": [
            *(_result(one, index[one.rule], found.since) for one in found.judged.findings),
            *(_gone(one, index.get(one.earlier.rule)) for one in (found.since.gone if found.since else ())),
        ],
        "properties": {"world": found.world, "coverage": found.coverage, "compared": found.compared},
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


def _result(one: Finding, index: int, since: Since | None) -> dict[str, Any]:
    failed = one.result is Result.FAIL
    told = [f"{one.subject}: {'; '.join(one.evidence)}.", *([one.fix.text] if one.fix.text else []), *one.fix.commands]
    why = one.accepted and f"{one.accepted.owner} until {one.accepted.until.isoformat()}: {one.accepted.why}"
    return {
        "ruleId": one.rule,
        "ruleIndex": index,
        "kind": "fail" if failed else "open",
        "level": _LEVEL[one.severity] if failed else "none",
        "message": {"text": "\n".join(told)},
        "locations": _locations(one.subject),
        "partialFingerprints": {_FINGERPRINT: one.id},
        # All results have this array, or none may have it (3.27.23).
        "suppressions": [{"kind": "external", "status": "accepted", "justification": why}] if why else [],
        **({"baselineState": _STATE[since.changes[one.id]]} if since else {}),
        "properties": {"severity": one.severity.value, "scope": one.scope},
    }


def _gone(one: Gone, index: int | None) -> dict[str, Any]:
    """What an earlier check told and this one does not. The rule of it may be no more."""
    was, fixed = one.earlier, one.change is Change.FIXED
    why = one.why or "; ".join(was.evidence)
    return {
        "ruleId": was.rule,
        **({} if index is None else {"ruleIndex": index}),
        "kind": "fail" if fixed else "open",
        "level": _LEVEL[was.severity] if fixed else "none",
        "message": {"text": f"{was.subject}: {'fixed' if fixed else 'not judged this time'} ({why})."},
        "locations": _locations(was.subject),
        "partialFingerprints": {_FINGERPRINT: was.id},
        "suppressions": [],
        "baselineState": _STATE[one.change],
        "properties": {"severity": was.severity.value, "scope": was.scope},
    }


def _locations(subject: str) -> list[dict[str, Any]]:
    return [{"logicalLocations": [{"fullyQualifiedName": subject, "kind": "resource"}]}]
