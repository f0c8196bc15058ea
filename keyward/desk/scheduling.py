"""Which scheduler this machine has, and what it is to start."""

from pathlib import Path
from typing import TYPE_CHECKING

from keyward.model.errors import NotConfigured
from keyward.schedule.crontab import Crontab
from keyward.schedule.job import Job, job
from keyward.schedule.launchd import Launchd
from keyward.schedule.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from keyward.schedule.job import Scheduler, State
    from keyward.wiring import Parts


def schedulers(parts: "Parts") -> "Sequence[Scheduler]":
    """Every way that keyward knows, the best first."""
    log = parts.paths.state / "unattended.log"
    return (Systemd(parts.environ, Path.home()), Launchd(Path.home(), log), Crontab())


def chosen(parts: "Parts", name: str = "") -> "Scheduler":
    """The scheduler of that name, or the first that works here.

    Raises:
        NotConfigured: none works here.
    """
    found = schedulers(parts)
    if name:
        return next(one for one in found if one.name == name)
    reasons = []
    for one in found:
        why = one.available()
        if not why:
            return one
        reasons.append(f"{one.name}: {why}")
    raise NotConfigured(
        f"No scheduler works here ({'; '.join(reasons)}).", hint="Start `keyward rotate --due --yes` by other means."
    )


def job_of(parts: "Parts", every: "timedelta", config: Path | None) -> Job:
    """What is to be started."""
    return job(every, parts.environ, config)


def states(parts: "Parts") -> "list[State]":
    """How every scheduler stands that has the job."""
    return [state for state in (one.state() for one in schedulers(parts)) if state.installed]
