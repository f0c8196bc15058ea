"""Whether a project is paid for: an API answered, or nobody knows."""

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.model.about import What


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    del item
    found = ground.estate.known(str(subject), What.BILLING)
    if found is None:
        why = ground.estate.why_unknown(str(subject), What.BILLING)
        return unknown(why, commands=(f"keyward scan --context --project {subject.name}",))
    if found[:1] == ("on",):
        return fine(f"{subject.name} is linked to {found[1] if found[1:] else 'an open billing account'}")
    text = "Link the project to an open billing account, in the console or with gcloud."
    line = f"gcloud billing projects link {subject.name} --billing-account=ACCOUNT"
    return failed(f"{subject.name} has no open billing account", text=text, commands=(line,))


EVALUATOR = Evaluator(
    "billing", "whether the project has an open billing account", frozenset({SubjectKind.PROJECT}), _evaluate
)
