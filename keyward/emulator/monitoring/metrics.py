"""What is measured: the counts of the services as raw series, one a set of labels.

`iam.googleapis.com/service_account/key/authn_events_count` leaves disabled keys out, as Google documents; that their
past goes with them is unverified. A deleted key keeps its past.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.authentications import Authentications
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyward.emulator.projects import Project
    from keyward.emulator.world import World

REQUESTS = "serviceruntime.googleapis.com/api/request_count"
BY_KEY = "iam.googleapis.com/service_account/key/authn_events_count"
BY_ACCOUNT = "iam.googleapis.com/service_account/authn_events_count"
_MINUTE, _TEN_MINUTES = 60, 600


@dataclass(frozen=True, slots=True)
class Measured:
    """One raw series."""

    metric: str
    resource: str
    """Type of the monitored resource."""
    labels: dict[str, str]
    """Spelled `metric.labels.x` and `resource.labels.x`."""
    minutes: Mapping[int, int]
    """Counts by minute since the epoch."""
    delay: float
    """Seconds until a count can be read."""
    step: int
    """Seconds that one point stands for."""


def measured(world: World, project: Project) -> Iterator[Measured]:
    """Iterate over everything that is measured in a project."""
    yield from _requests(world, project)
    yield from _authentications(world, project)


def _requests(world: World, project: Project) -> Iterator[Measured]:
    delay = world.behaviour.metric_delay_seconds
    for series, minutes in world.state(Usage).series(project.number):
        labels = {
            "metric.labels.protocol": "http",
            "metric.labels.response_code": f"{series.code_class[0]}00",
            "metric.labels.response_code_class": series.code_class,
            "resource.labels.project_id": project.id,
            "resource.labels.service": series.service,
            "resource.labels.method": "unknown",
            "resource.labels.version": "v1",
            "resource.labels.location": "global",
            "resource.labels.credential_id": f"apikey:{series.uid}",
        }
        yield Measured(REQUESTS, "consumed_api", labels, minutes, delay, _MINUTE)


def _authentications(world: World, project: Project) -> Iterator[Measured]:
    delay = world.behaviour.authn_delay_seconds
    accounts, keys = world.state(ServiceAccounts), world.state(AccountKeys)
    totals: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for prover, minutes in world.state(Authentications).of(project.number):
        for minute, count in minutes.items():
            totals[prover.unique_id][minute] += count
        account = accounts.by_email(prover.unique_id)
        key = keys.get(account.email, prover.key_id) if account else None
        if key is None or not key.disabled:
            labels = _account(project, prover.unique_id) | {"metric.labels.key_id": prover.key_id}
            yield Measured(BY_KEY, "iam_service_account", labels, minutes, delay, _TEN_MINUTES)
    for unique_id, sums in totals.items():
        yield Measured(BY_ACCOUNT, "iam_service_account", _account(project, unique_id), sums, delay, _TEN_MINUTES)


def _account(project: Project, unique_id: str) -> dict[str, str]:
    return {"resource.labels.project_id": project.id, "resource.labels.unique_id": unique_id}
