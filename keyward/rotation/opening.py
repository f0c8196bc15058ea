"""Opening rotations: a row for each key of a plan, before anything happens to the world; decisions for those that are open already."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from keyward.ledger.records import EventRow, TargetRow
from keyward.model.capability import CrashClass
from keyward.rotation.amend import amend
from keyward.rotation.codec import encode
from keyward.rotation.emergency import GIVEN_UP
from keyward.rotation.home import slot_in
from keyward.rotation.plan import KeyPlan, Plan
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Reach
from keyward.rotation.state import Rotation, Target, from_row, to_row
from keyward.rotation.whose import reaches
from keyward.rotation.work import Work


def begin(reach: Reach, agreed: Plan, new_id: Callable[[datetime], str], *, workers: int = 1) -> list[str]:
    """Open a rotation for each key that has none, hand the decisions to those that have; gives their ids in the plan's order.

    Raises:
        Held: another rotation of such a key was begun meanwhile; those that were opened before stay open, to be gone on with.
    """
    now = reach.ctx.now
    here = {target.at for key in agreed.keys for target in key.targets if target.host == reach.host}
    reach.ledger.accept(
        [TargetRow(at, reach.actor, now, how, (reach.host if at in here else "",)) for at, how in agreed.accept]
    )
    names = {key.id: key.under_way.id if key.under_way else new_id(now) for key in agreed.keys}
    groups = _groups(agreed.keys, names)

    def enter(key: KeyPlan) -> None:
        if key.under_way is None:
            _open(reach, key, names[key.id], groups.get(key.id, ""), agreed)
        elif not key.under_way.state.closed:
            hand_over(reach, key.under_way.id, key.id, agreed.policy, key.targets)

    with ThreadPoolExecutor(max(1, min(workers, len(agreed.keys))), thread_name_prefix="opening") as pool:
        for opened in [pool.submit(enter, key) for key in agreed.keys]:
            opened.result()
    return list(names.values())


def hand_over(reach: Reach, rotation_id: str, credential: str, wished: Policy, targets: Sequence[Target] = ()) -> None:
    """Hand what was decided now to the rotation of that key which is under way.

    Raises:
        Held: somebody else works on it.
    """
    lease = reach.ledger.acquire(f"rotation:{rotation_id}", reach.worker(), reach.lease_seconds)
    try:
        row = reach.ledger.rotation(rotation_id)
        if row is not None and row.credential == credential:
            amend(Work(reach, lease, from_row(row)), wished, targets)
    finally:
        reach.ledger.release(lease)


def _open(reach: Reach, key: KeyPlan, rotation_id: str, group: str, agreed: Plan) -> None:
    now = reach.ctx.now
    if key.old is None or key.want is None:
        raise AssertionError(f"a plan for {key.id} that is ready knows the key")
    rotation = Rotation(
        rotation_id,
        key.old,
        key.want,
        agreed.policy,
        key.targets,
        group=group,
        actor=reach.actor,
        host=reach.host,
        began=now,
        crash=key.crash or CrashClass.NAMED,
        slot=slot_in(key.home, rotation_id) if key.home else "",
    )
    detail = {
        "credential": key.id,
        "reason": agreed.policy.reason,
        "identity": reach.identity,
        "world": reach.world,
        "targets": [target.at if reaches(reach.host, target) else target.named for target in key.targets],
        "slot": rotation.slot,
        "waived": list(key.waived),
        "grace": encode(agreed.policy.grace),
        "retire": agreed.policy.retire.value,
        **_special(key, agreed.policy),
    }
    event = EventRow("begun", rotation_id, "plan", "", detail, reach.actor, reach.host, now)
    lease = reach.ledger.open_rotation(
        to_row(rotation, now), [event], lease_seconds=reach.lease_seconds, owner=reach.worker()
    )
    reach.ledger.release(lease)


def _special(key: KeyPlan, policy: Policy) -> dict[str, object]:
    """What the trail says of a rotation that is no ordinary one."""
    found: dict[str, object] = {}
    if not policy.into.nothing:
        found |= {"into": encode(policy.into), "tolerate": list(key.tolerate)}
    if policy.emergency:
        found |= {"emergency": GIVEN_UP, "even_if_broken": policy.even_if_broken, "seen": list(key.seen)}
    return found


def _groups(keys: Sequence[KeyPlan], names: dict[str, str]) -> dict[str, str]:
    """Keys that share a secret belong together (also through a third one); the group is called like its first rotation."""
    group_of: dict[str, str] = {}
    by_secret: dict[str, str] = {}
    fresh = [key for key in keys if key.under_way is None]
    for key in fresh:
        touching = {by_secret[_kept_in(target)] for target in key.targets if _kept_in(target) in by_secret}
        mine = min({names[key.id], *touching})
        for other, group in group_of.items():
            if group in touching:
                group_of[other] = mine
        by_secret = {secret: mine if group in touching else group for secret, group in by_secret.items()}
        group_of[key.id] = mine
        by_secret.update({_kept_in(target): mine for target in key.targets})
    sizes = [*group_of.values()]
    return {key: group for key, group in group_of.items() if sizes.count(group) > 1}


def _kept_in(target: Target) -> str:
    """The secret, which is another one on each host where hosts have their own."""
    return f"{target.secret} on {target.host}"
