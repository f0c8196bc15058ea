"""May a key be bound to this service account? IAM and the organisation policy are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.errors import permission_denied, refuse
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.orgpolicy import BOUND_KEYS, denied_by_policy, effective

if TYPE_CHECKING:
    from keyward.emulator.projects import Project
    from keyward.emulator.world import World

GEMINI = "generativelanguage.googleapis.com"
_DESCRIPTION = "When enforced, prevents the creation of API keys bound to service accounts."
_PERMISSION = "iam.serviceAccountApiKeyBindings.create"


def check_binding(world: World, project: Project, account: str, restrictions: dict[str, Any], caller: str = "") -> None:
    """Refuse a binding that Google would refuse.

    Raises:
        ApiError: no such account, no permission, or forbidden by the organisation policy.
    """
    if world.state(ServiceAccounts).by_email(account) is None:
        raise refuse("NOT_FOUND", f"Service account {account} does not exist.")
    if project.denies(_PERMISSION, caller):
        raise permission_denied(_PERMISSION, f"//iam.googleapis.com/projects/-/serviceAccounts/{account}")
    services = {target["service"] for target in restrictions.get("apiTargets", [])}
    for rule in effective(world, project, BOUND_KEYS)["rules"]:
        allowed = {GEMINI, *rule.get("parameters", {}).get("allowedServices", [])}
        if rule.get("enforce") and not (services and services <= allowed):
            raise denied_by_policy(project, BOUND_KEYS, _DESCRIPTION)
