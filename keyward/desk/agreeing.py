"""From settings and wishes to the policy of a rotation."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.rotation.policy import Into, OnFailure, Policy, Retire

if TYPE_CHECKING:
    from keyward.desk.wish import Changes
    from keyward.wiring import Parts


def policy(parts: "Parts", changes: "Changes | None" = None) -> Policy:
    """How a rotation is to go: what the settings say, and what was asked for this time."""
    rotation = parts.settings.rotation
    base = Policy(
        grace=rotation.grace,
        usual_grace=rotation.grace,
        soak=rotation.soak,
        quiet=rotation.quiet,
        retire_by=rotation.retire_by,
        on_failure=OnFailure(rotation.on_failure),
        allow=parts.settings.targets.allow,
        max_per_run=rotation.max_per_run,
        home=rotation.home,
        settings_hash=settings_hash(parts),
    )
    if changes is None:
        return base
    wished = replace(
        base,
        grace=base.grace if changes.grace is None else changes.grace,
        retire=base.retire if changes.retire is None else Retire(changes.retire),
        accept_targets=changes.accept_targets,
        accept_target=changes.accept_target,
        waive=changes.waive,
        accept_unproved=changes.accept_unproved,
        by_hand=changes.by_hand,
        old_gone=changes.old_gone,
        accept_unread=changes.accept_unread,
        even_if_foreign=changes.even_if_foreign,
        even_if_broken=changes.even_if_broken,
        into=Into(changes.as_kind, changes.account, changes.to_scope, changes.restrict_to),
        owned=changes.owned,
        disowned=changes.disowned,
        to=changes.to,
        allow_less_guarded=changes.allow_less_guarded,
        reason=changes.reason,
        yes=changes.yes,
        interactive=changes.interactive,
    )
    return emergency(wished) if changes.emergency else wished


def emergency(wished: Policy) -> Policy:
    """The same without an overlap, a quiet period and a soak: the old key goes as soon as no target needs it."""
    none = timedelta(0)
    return replace(wished, emergency=True, grace=none, soak=none, retire=Retire.NOW)


def settings_hash(parts: "Parts") -> str:
    """What identifies the settings that a plan was made under: 16 hex characters."""
    rows = sorted(f"{name}={value}" for name, value, _ in parts.setting_rows())
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]
