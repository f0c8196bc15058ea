"""Before anything is made: an id and a secret that only stand side by side are tried together, so that no stranger's secret is replaced."""

from keyward.ledger.records import WaitingOn
from keyward.model.verdict import VerdictKind
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.values import value_in_places
from keyward.rotation.work import Work

STEP = "pair"
_AGAIN = 10.0


def belongs(work: Work) -> bool:
    """Whether the old key works as it stands in a place; when not, the rotation stands still, or ends if it surely does not."""
    old = work.rotation.old
    value = value_in_places(work, old)
    if value is None:
        work.halt(WaitingOn.BLOCKED, f"the secret of {old.id} can be read in no place", step=STEP)
        return False
    verdict = work.probe(value, old.ref, old.id, STEP)
    if verdict.alive or (verdict.kind is VerdictKind.UNPROVED and work.rotation.policy.accept_unproved):
        return True
    evidence = f"the old id and the secret beside it were tried together ({verdict.kind.value}: {verdict.evidence})"
    if verdict.kind is VerdictKind.DEAD:
        why = f"refused: {evidence}; what stands there was left alone"
        work.happened(Happened(Kind.UNDO, work.ctx.now, why=why), STEP, ok=False, evidence=evidence)
    elif verdict.kind is VerdictKind.UNPROVED:
        work.halt(WaitingOn.PERSON, f"{evidence}; --accept-unproved goes on without proof", step=STEP)
    elif verdict.kind is VerdictKind.BLOCKED:
        work.halt(WaitingOn.BLOCKED, evidence, step=STEP)
    else:
        work.halt(WaitingOn.PROVIDER, evidence, seconds=_AGAIN, step=STEP)
    return False
