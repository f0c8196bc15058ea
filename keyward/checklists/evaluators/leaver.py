"""Which keys a person who leaves could read: each of them has to be replaced."""

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.hygiene.say import rotate
from keyward.model.about import Known, What

_SHOWN = 5


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    """By the policies of secrets and projects, which name people; what a group gives to its members is in none of them."""
    del item
    estate, wanted = ground.estate, f"user:{subject.name}".casefold()
    facts = [fact for (_, what), fact in estate.about.items() if what is What.READERS]
    if not facts:
        return unknown("who may read secrets was not asked for", commands=("keyward scan --context",))
    denied = [f"{fact.subject}: {fact.status.value}" for fact in facts if fact.status is not Known.KNOWN]
    open_to = {fact.subject for fact in facts if any(one.partition(" ")[0].casefold() == wanted for one in fact.values)}
    secrets = {
        name
        for name, info in estate.secrets.items()
        if name in open_to or f"project:{info.ref.scope.partition('@')[0]}" in open_to
    }
    held = {str(place.credential) for name in secrets for place in estate.held.get(name, ())}
    keys = [estate.keys[one] for one in sorted(held) if one in estate.keys and estate.keys[one].live]
    if keys:
        said = [f"{one.id} stands in what {subject.name} may read" for one in keys[:_SHOWN]]
        said += [f"and {len(keys) - _SHOWN:,} more"] if len(keys) > _SHOWN else []
        commands = tuple(line for one in keys for line in rotate(one, estate)["commands"])
        return failed(
            *said, text="Take the member out of the policies first, then replace each key.", commands=commands
        )
    if open_to:
        return failed(
            *(f"{subject.name} may read {one}" for one in sorted(open_to)[:_SHOWN]),
            text="Take the member out of the policy.",
        )
    if denied:
        return unknown(*denied[:_SHOWN], commands=("keyward scan --context",))
    if estate.unread:
        return unknown(
            f"the values of {len(estate.unread):,} secrets were not looked at", commands=("keyward scan --values all",)
        )
    return fine(f"no policy that was read names {subject.name}; what groups give is not in them")


EVALUATOR = Evaluator("leaver", "keys that a person may read", frozenset({SubjectKind.PERSON}), _evaluate)
