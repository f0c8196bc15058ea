"""Which APIs are on in a project: one that must be, ones that must not be, ones that must not stand beside it."""

from fnmatch import fnmatchcase

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, nothing, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.model.about import What
from keyward.settings.values import text, texts


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    """`where` names an API without which there is nothing to judge, `on` those that must be on, `off` patterns of those that must not be."""
    found = ground.estate.known(str(subject), What.SERVICES)
    if found is None:
        why = ground.estate.why_unknown(str(subject), What.SERVICES)
        return unknown(why, commands=(f"keyward scan --context --project {subject.name}",))
    where = item.want.get("where", "")
    if where and where not in found:
        return nothing(f"{where} is off in {subject.name}")
    missing = [one for one in item.want.get("on", ()) if one not in found]
    beside = [one for one in found if any(fnmatchcase(one, pattern) for pattern in item.want.get("off", ()))]
    commands = [f"gcloud services enable {one} --project={subject.name}" for one in missing]
    commands += [f"gcloud services disable {one} --project={subject.name}" for one in beside]
    if missing or beside:
        said = [f"{one} is off" for one in missing] + [f"{one} is on" for one in beside]
        text = "Look at what uses an API before you switch it off." if beside else ""
        return failed(*said, text=text, commands=tuple(commands))
    return fine(f"{len(found)} APIs are on in {subject.name}")


EVALUATOR = Evaluator(
    "services",
    "which APIs are on in the project",
    frozenset({SubjectKind.PROJECT}),
    _evaluate,
    {"where": text, "on": texts, "off": texts},
)
