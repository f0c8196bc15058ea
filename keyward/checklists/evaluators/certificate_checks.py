"""Whether code switches the check of certificates off, in the folders that the user named."""

from keyward.checklists.code.pattern import patterns
from keyward.checklists.code.search import search
from keyward.checklists.evaluators.evaluator import Evaluator
from keyward.checklists.evaluators.folders import ABOUT, named, nowhere, outcome
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject
from keyward.checklists.result import Outcome

_TOPIC = "certificate-checks"


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    del item
    stopped = nowhere(subject, ground)
    if stopped is not None:
        return stopped
    wanted, environ = patterns(_TOPIC), ground.machine.environ
    found = ground.once(_TOPIC, lambda: search(named(ground), wanted, environ))
    return outcome(found, ground, kept="no line switches the check of certificates off")


EVALUATOR = Evaluator(_TOPIC, "lines of code that switch the check of certificates off", ABOUT, _evaluate)
