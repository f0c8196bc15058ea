"""What a person decides about a rotation that is under way: retire now, leave a place out, take one in."""

from collections.abc import Sequence
from dataclasses import replace

from keyward.rotation.machine import Happened, Kind, legal
from keyward.rotation.policy import Policy, Retire
from keyward.rotation.state import Target
from keyward.rotation.work import Work


def amend(work: Work, wished: Policy, targets: Sequence[Target]) -> None:
    """Take over what was newly decided; what was not mentioned stays as it was agreed."""
    rotation = work.rotation
    policy = _amended(rotation.policy, wished)
    known = {target.at for target in rotation.targets}
    new = tuple(target for target in targets if target.at not in known)
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
        waive=tuple(dict.fromkeys((*agreed.waive, *wished.waive))),
        accept_unproved=agreed.accept_unproved or wished.accept_unproved,
        accept_unread=agreed.accept_unread or wished.accept_unread,
        reason=wished.reason or agreed.reason,
    )


def _said(before: Policy, after: Policy, added: Sequence[Target]) -> str:
    words = [f"{target.at} is a target now" for target in added]
    words += [f"{place} is left out" for place in after.waive if place not in before.waive]
    if after.retire is not before.retire:
        words.append(f"retire {after.retire.value}")
    return "; ".join(words) or "decided"
