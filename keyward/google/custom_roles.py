"""What a custom role lets do: one question for each, so that who holds it is not left open."""

from typing import TYPE_CHECKING

from keyward.google.questions import ask
from keyward.model.errors import Interrupted, KeywardError

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx


def permissions(parts: "GoogleParts", project: str, role: str, ctx: "Ctx") -> frozenset[str] | None:
    """The permissions of that role (`projects/P/roles/R`, `organizations/N/roles/R`); None where nobody may know them.

    A role that is switched off or deleted gives none. Asked once for all calls that share this context.
    """
    return ctx.once(("role", role), lambda: _permissions(parts, project, role, ctx))


def _permissions(parts: "GoogleParts", project: str, role: str, ctx: "Ctx") -> frozenset[str] | None:
    above = role.partition("/")[0]
    if above not in ("projects", "organizations"):
        return None
    request = parts.services.api("iam", above, "roles").get(name=role)
    try:
        found = ask(parts, request, "iam", (project, f"Reading {role}", "iam.roles.get"), ctx)
    except Interrupted:
        raise
    except KeywardError:
        return None
    if found.get("deleted") or found.get("stage") == "DISABLED":
        return frozenset()
    return frozenset(map(str, found.get("includedPermissions") or ()))
