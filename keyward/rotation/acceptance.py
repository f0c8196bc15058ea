"""Whose word makes a place a target: a person's on the host that has it, or that host's own settings as they are now.

A plan is made on one host and may name places of others. Each host judges its own when it comes to write them.
"""

from keyward.ledger.records import TargetRow, WaitingOn
from keyward.rotation.allowed import ALLOWED, allowed
from keyward.rotation.whose import within_reach
from keyward.rotation.work import Work


def accepted_here(work: Work) -> bool:
    """Whether this host may write what another one planned for it; what its settings accept now is put down as accepted here.

    A rotation that began on this host was checked then, and each tick (`keyward.rotation.genuine`).
    """
    reach, rotation = work.reach, work.rotation
    if rotation.host == reach.host:
        return True
    own = [one for one in within_reach(rotation, reach.host) if one.host and not (one.intent or one.written)]
    accepted = reach.ledger.targets([one.at for one in own]) if own else {}
    for target in own:
        if target.at in accepted and accepted[target.at].on(reach.host):
            continue
        if not allowed(reach.allow, target.at, str(target.secret)):
            why = f"{target.named} was not accepted there as a place to write to"
            how = f"keyward enrol id:{rotation.old.id} --accept-target {target.at}"
            work.halt(WaitingOn.PERSON, f"{why}; on {target.host}: `{how}`, or --waive '{target.named}'", step="write")
            return False
        reach.ledger.accept([TargetRow(target.at, reach.actor, work.ctx.now, ALLOWED, (target.host,))])
    return True
