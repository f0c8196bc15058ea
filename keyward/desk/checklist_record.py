"""Checklists as documents: `keyward.checklists/1`, `keyward.checklist-run/1`, `keyward.attestations/1`. None holds a value."""

from typing import TYPE_CHECKING, Any

from keyward.checklists.result import counted
from keyward.inventory.times import seconds, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.checklists.item import Checklist, Item
    from keyward.checklists.result import Answer, Run
    from keyward.desk.checklists import Due
    from keyward.ledger.records import AttestationRow

LISTS, RUN, STATED = "keyward.checklists/1", "keyward.checklist-run/1", "keyward.attestations/1"


def lists_json(found: "Iterable[Checklist]") -> dict[str, Any]:
    """Lists with all their items."""
    return {"schema": LISTS, "checklists": [_list(one) for one in found]}


def _list(one: "Checklist") -> dict[str, Any]:
    return {
        "id": one.id,
        "version": one.version,
        "title": one.title,
        "why": one.why,
        "about": [kind.value for kind in one.about],
        "subject": one.subject or None,
        "file": one.file or None,
        "items": [_item(item) for item in one.items],
    }


def _item(one: "Item") -> dict[str, Any]:
    return {
        "id": one.id,
        "version": one.version,
        "title": one.title,
        "why": one.why,
        "kind": one.kind.value,
        "how": list(one.how),
        "check": one.check or None,
        "rules": list(one.rules),
        "needs": list(one.needs),
        "attest_days": one.attest_days,
        "fields": list(one.fields),
        "sign_off": one.sign_off,
        "practice": list(one.practice),
        "source": list(one.source),
        "checked": one.checked.isoformat() if one.checked else None,
        "off": one.off or None,
    }


def run_json(run: "Run", exit_code: int) -> dict[str, Any]:
    """A run, subject by subject."""
    return {
        "schema": RUN,
        "world": run.world,
        "at": stamp(seconds(run.at)),
        "scanned_at": stamp(seconds(run.scanned_at)),
        "coverage": run.coverage,
        "checklist": {"id": run.checklist.id, "version": run.checklist.version, "title": run.checklist.title},
        "subjects": [
            {
                "subject": str(subject),
                "counts": {word.value: number for word, number in counted(run.of(subject)).items()},
                "answers": [_answer(one) for one in run.of(subject)],
            }
            for subject in run.subjects
        ],
        "exit_code": exit_code,
    }


def _answer(one: "Answer") -> dict[str, Any]:
    return {
        "item": one.item.id,
        "title": one.item.title,
        "kind": one.item.kind.value,
        "rules": list(one.item.rules),
        "result": one.word.value,
        "evidence": list(one.evidence),
        "fix": {"text": one.fix.text or None, "commands": list(one.fix.commands)},
        "needs_person": one.asks,
        "statement": statement_json(one.statement) if one.statement is not None else None,
        "agreed_by": one.signed_by or None,
    }


def statement_json(row: "AttestationRow") -> dict[str, Any]:
    """What a person stated."""
    return {
        "item": row.item,
        "scope": row.scope,
        "kind": row.kind.value,
        "by": row.actor,
        "says": row.statement,
        "evidence": row.evidence or None,
        "fields": {name: str(value) for name, value in row.data.items() if name != "version"},
        "at": stamp(seconds(row.at)),
        "until": stamp(seconds(row.expires)),
    }


def due_json(found: "Iterable[Due]") -> dict[str, Any]:
    """Statements that ended or end soon."""
    return {
        "schema": STATED,
        "statements": [
            {**statement_json(one.row), "title": one.title or None, "days_left": one.left.days} for one in found
        ],
    }
