"""Whether a key that leaked works no more."""

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.hygiene.say import command
from keyward.model.credential import State
from keyward.model.ids import DECLARED, SHAPE


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    del item
    key = ground.estate.keys.get(subject.name)
    if key is None:
        return unknown("the last scan knew no key of that id", commands=("keyward scan",))
    if key.state is State.UNKNOWN:
        text = "Try it: what the provider answers is the proof."
        return unknown(
            "nobody lists this key, so whether it works is not known", text=text, commands=(command("verify", key.id),)
        )
    if not key.live:
        return fine(f"it is {key.state.value}")
    text = "End it now: a successor is put into every accepted place first."
    act = (
        ["swap", key.id]
        if key.ref.provider in (SHAPE, DECLARED)
        else ["rotate", key.id, "--emergency", "--reason", "leaked"]
    )
    return failed("it works", text=text, commands=(command(*act),))


EVALUATOR = Evaluator("dead", "whether the key works no more", frozenset({SubjectKind.KEY}), _evaluate)
