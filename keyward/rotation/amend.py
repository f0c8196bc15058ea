"""What a person decides about a rotation that is under way: retire now, leave a place out, take one in."""

from collections.abc import Sequence
from dataclasses import replace

from keyward.rotation.emergency import GIVEN_UP
from keyward.rotation.happened import Happened, Kind
from keyward.rotation.machine import legal
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.state import Target
from keyward.rotation.work import Work


def amend(work: Work, wished: Policy, targets: Sequence[Target]) -> None:
    """Take over what was newly decided; what was not mentioned stays as it was agreed."""
    rotation = work.rotation
    policy = _amended(rotation.policy, wished)
    known = {(target.at, target.host) for target in rotation.targets}
    new = tuple(target for target in targets if (target.at, target.host) not in known)
    added = () if rotation.revoked or rotation.failure else new
    if not legal(rotation, Kind.AMENDED) or (policy == rotation.policy and not added):
        return
    event = Happened(Kind.AMENDED, work.ctx.now, policy=policy, added=added)
    work.happened(
        event,
        "plan",
        kind="decided",
        reason=wished.reason,
        retire=policy.retire.value,
        waived=list(policy.waive),
        accept_unproved=policy.accept_unproved,
        added=[target.at for target in added],
        evidence=_said(rotation.policy, policy, added),
    )


def _amended(agreed: Policy, wished: Policy) -> Policy:
    return replace(
        agreed,
        retire=agreed.retire if wished.retire is Retire.AUTO else wished.retire,
        grace=wished.grace if wished.emergency else agreed.grace,
        soak=wished.soak if wished.emergency else agreed.soak,
        emergency=agreed.emergency or wished.emergency,
        even_if_broken=agreed.even_if_broken or wished.even_if_broken,
        even_if_foreign=agreed.even_if_foreign or wished.even_if_foreign,
        waive=tuple(dict.fromkeys((*agreed.waive, *wished.waive))),
        accept_unproved=agreed.accept_unproved or wished.accept_unproved,
        accept_unread=agreed.accept_unread or wished.accept_unread,
        reason=wished.reason or agreed.reason,
        old_gone=agreed.old_gone or wished.old_gone,
        owned=tuple(dict.fromkeys((*agreed.owned, *wished.owned))),
        disowned=tuple(dict.fromkeys((*agreed.disowned, *wished.disowned))),
    )


def _said(before: Policy, after: Policy, added: Sequence[Target]) -> str:
    words = [f"{target.at} is a target now" for target in added]
    words += [f"{place} is left out" for place in after.waive if place not in before.waive]
    words += [f"{key} is this rotation's" for key in after.owned if key not in before.owned]
    words += [f"{key} is somebody else's" for key in after.disowned if key not in before.disowned]
    if after.old_gone and not before.old_gone:
        words.append("the old key was deleted by a person")
    if after.emergency and not before.emergency:
        words.append(GIVEN_UP)
    if after.retire is not before.retire:
        words.append(f"retire {after.retire.value}")
    return "; ".join(words) or "decided"
