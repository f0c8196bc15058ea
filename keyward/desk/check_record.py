"""A check as the document `keyward.check/1`."""

from typing import TYPE_CHECKING, Any

from keyward.hygiene.controls import standing
from keyward.inventory.times import seconds, stamp
from keyward.model.finding import Result

if TYPE_CHECKING:
    from keyward.hygiene.checked import Checked
    from keyward.hygiene.controls import Framework
    from keyward.model.finding import Finding

SCHEMA = "keyward.check/1"


def to_json(found: "Checked", exit_code: int, framework: "Framework | None" = None) -> dict[str, Any]:
    """The document, with how the controls of a catalogue stand where one is given; it never holds a value."""
    judged = found.judged
    return {
        "schema": SCHEMA,
        "world": found.world,
        "at": stamp(seconds(found.at)),
        "scanned_at": stamp(seconds(found.scanned_at)),
        "looked_at": {"keys": found.keys, "secrets": found.secrets, "projects": found.projects},
        "sources": {"total": len(found.sources), "not_seen": [one.id for one in found.unseen]},
        "rules": [
            {
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity.value,
                **{result.value: judged.counts[rule.id].get(result, 0) for result in Result},
            }
            for rule in found.rules
        ],
        "findings": [finding_json(one) for one in judged.findings],
        "controls": None if framework is None else _controls(found, framework),
        "exit_code": exit_code,
    }


def _controls(found: "Checked", framework: "Framework") -> dict[str, Any]:
    return {
        "catalogue": framework.id,
        "version": framework.version,
        "standing": [
            {
                "control": one.control.number,
                "title": one.control.title,
                "status": one.word,
                "rules": list(one.control.rules),
                "findings": [finding.id for finding in one.findings],
                "not_covered": one.control.not_covered or None,
            }
            for one in standing(framework, found.judged)
        ],
    }


def finding_json(one: "Finding") -> dict[str, Any]:
    """One finding."""
    accepted = one.accepted
    return {
        "id": one.id,
        "rule": one.rule,
        "result": one.result.value,
        "severity": one.severity.value,
        "of": one.of.value,
        "subject": one.subject,
        "name": one.name or None,
        "scope": one.scope,
        "about": one.about or None,
        "evidence": list(one.evidence),
        "fix": {"text": one.fix.text or None, "commands": list(one.fix.commands)},
        "accepted": None
        if accepted is None
        else {"owner": accepted.owner, "until": accepted.until.isoformat(), "why": accepted.why or None},
    }
