"""Whether an organisation policy is in force in a project: one of several constraints that mean the same."""

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.model.about import What
from keyward.settings.values import texts


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    """`any` names constraints of which one is enough; what was not asked of them is not known."""
    found = ground.estate.known(str(subject), What.POLICIES)
    again = (f"keyward scan --context --project {subject.name}",)
    if found is None:
        return unknown(ground.estate.why_unknown(str(subject), What.POLICIES), commands=again)
    states = dict(one.partition("=")[::2] for one in found)
    wanted = tuple(item.want.get("any", ()))
    on = [one for one in wanted if states.get(one) == "on"]
    if on:
        return fine(f"{', '.join(on)} is enforced")
    doubtful = [f"{one} is {states.get(one, 'not asked')}" for one in wanted if states.get(one) != "off"]
    if doubtful:
        return unknown(*doubtful, commands=again)
    text = f"Have whoever administers organisation policies enforce {' or '.join(wanted)} for the project, or above it."
    return failed(*(f"{one} is not enforced" for one in wanted), text=text)


EVALUATOR = Evaluator(
    "org-policy",
    "which organisation policies are in force in the project",
    frozenset({SubjectKind.PROJECT}),
    _evaluate,
    {"any": texts},
)
