"""Whether accounts that keys of a project stand for administer the project: whoever holds the key does too."""

from collections.abc import Iterator

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, nothing, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.model.about import Held, What


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    unread = ground.unread(subject, item.needs)
    again = (f"keyward scan --context --project {subject.name}",)
    accounts = set(_accounts(subject.name, ground))
    found = ground.estate.known(str(subject), What.ADMINISTRATORS)
    if found is None:
        return unknown(ground.estate.why_unknown(str(subject), What.ADMINISTRATORS), *unread, commands=again)
    held = [Held.of(one) for one in found]
    much = [one for one in held if one.member.partition(":")[2] in accounts]
    if much:
        said = [f"{one.member} holds {one.role}" for one in much]
        return failed(*said, text="Give the account roles that name what it does, then take these away.")
    if unread:
        return unknown(*unread, commands=again)
    if not accounts:
        return nothing("no live key of the project stands for an account")
    return fine(
        f"none of {len(accounts)} account{'' if len(accounts) == 1 else 's'} with keys administers {subject.name}; folders were not asked"
    )


def _accounts(project: str, ground: Ground) -> Iterator[str]:
    for key in ground.estate.keys_of(project):
        if key.live and key.bound_identity:
            yield key.bound_identity


EVALUATOR = Evaluator(
    "account-roles",
    "roles of accounts that keys stand for",
    frozenset({SubjectKind.PROJECT}),
    _evaluate,
)
