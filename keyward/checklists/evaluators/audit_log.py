"""Whether reads of a service are logged in a project, by the project's own policy."""

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.model.about import What
from keyward.settings.values import text


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    """`service` and `log` name what has to be logged; where members are left out, it is not."""
    found = ground.estate.known(str(subject), What.AUDITED)
    if found is None:
        why = ground.estate.why_unknown(str(subject), What.AUDITED)
        return unknown(why, commands=(f"keyward scan --context --project {subject.name}",))
    service, log = item.want.get("service", ""), item.want.get("log", "")
    meant = [one for one in found if one.partition(" ")[0] in (f"{service}={log}", f"allServices={log}")]
    whole = [one for one in meant if " except " not in one]
    if whole:
        return fine(f"{', '.join(whole)} in the policy of {subject.name}")
    said = meant or [f"the policy of {subject.name} logs no {log} of {service}; what is set above it was not asked for"]
    where = "IAM & Admin, Audit Logs, or with `gcloud projects set-iam-policy`"
    return failed(*said, text=f"Switch {log} of {service} on for everybody: {where}.")


EVALUATOR = Evaluator(
    "audit-log",
    "which reads are logged in the project",
    frozenset({SubjectKind.PROJECT}),
    _evaluate,
    {"service": text, "log": text},
)
