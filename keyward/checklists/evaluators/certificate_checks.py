"""Whether code switches the check of certificates off, or names an API without encryption, in the folders that the user named."""

from keyward.checklists.code.pattern import patterns
from keyward.checklists.code.search import search
from keyward.checklists.evaluators.evaluator import Evaluator
from keyward.checklists.evaluators.folders import ABOUT, nowhere, outcome, with_env_files
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject
from keyward.checklists.result import Outcome

_TOPIC = "certificate-checks"


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    del item
    stopped = nowhere(subject, ground)
    if stopped is not None:
        return stopped
    wanted, environ = (*patterns(_TOPIC), *patterns("plain-address")), ground.machine.environ
    found = ground.once(_TOPIC, lambda: search(with_env_files(ground), wanted, environ))
    return outcome(
        found, ground, kept="no line switches the check of certificates off or names an API without encryption"
    )


EVALUATOR = Evaluator(
    _TOPIC,
    "lines of code that switch the check of certificates off, or name an API without encryption",
    ABOUT,
    _evaluate,
)
