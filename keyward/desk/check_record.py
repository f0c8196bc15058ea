"""A check as the document `keyward.check/1`."""

from typing import TYPE_CHECKING, Any

from keyward.hygiene.controls import standing
from keyward.hygiene.since import Change
from keyward.inventory.times import seconds, stamp
from keyward.model.finding import Result

if TYPE_CHECKING:
    from keyward.hygiene.checked import Checked
    from keyward.hygiene.controls import Framework
    from keyward.hygiene.since import Gone, Since
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
        "findings": [finding_json(one, found.since) for one in judged.findings],
        "since": None if found.since is None else _since(found.since),
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


def _since(since: "Since") -> dict[str, Any]:
    return {
        "at": stamp(seconds(since.at)),
        "note": since.note or None,
        "counts": {change.value: since.of(change) for change in Change},
        "gone": [_gone(one) for one in since.gone],
    }


def _gone(one: "Gone") -> dict[str, Any]:
    """A finding of the earlier check that is not told now."""
    was = one.earlier
    return {
        "id": was.id,
        "rule": was.rule,
        "change": one.change.value,
        "why": one.why or None,
        "severity": was.severity.value,
        "of": was.of.value,
        "subject": was.subject,
        "scope": was.scope,
        "about": was.about or None,
        "evidence": list(was.evidence),
    }


def finding_json(one: "Finding", since: "Since | None" = None) -> dict[str, Any]:
    """One finding, with how it stands to an earlier check where there is one."""
    accepted = one.accepted
    return {
        "id": one.id,
        "change": None if since is None else since.changes[one.id].value,
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
