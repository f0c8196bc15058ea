"""Whether the organisation policies that forbid new keys are in force in a project: one question each, on demand."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keyward.google.orgpolicy import API, PERMISSION, Policy
from keyward.google.questions import ask

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

ASKED = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")
"""Constraints against new service account keys: the older one, and the one that took its place. Either is enough."""


def policies(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterator[str]:
    """Each as `constraint=on`, `=off`, or `=conditional` where that depends on a condition."""
    for constraint in ASKED:
        name = f"projects/{project}/policies/{constraint}"
        request = parts.services.api(API, "projects", "policies").getEffectivePolicy(name=name)
        about = (project, "Reading organisation policies", PERMISSION)
        answer: dict[str, Any] = ask(parts, request, API, about, ctx)
        rules = (answer.get("spec") or {}).get("rules") or ()
        enforced = Policy(constraint, tuple(rule for rule in rules if isinstance(rule, dict))).enforced
        yield f"{constraint}={'conditional' if enforced is None else 'on' if enforced else 'off'}"
