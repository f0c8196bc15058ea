"""What the organisation policy says in a project (Organization Policy API v2, `policies.getEffectivePolicy`)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

API = "orgpolicy"
PERMISSION = "orgpolicy.policy.get"


@dataclass(frozen=True, slots=True)
class Policy:
    """One constraint as it is in force. `unread` says why it is not known; empty when it is."""

    constraint: str
    rules: tuple[dict[str, Any], ...] = ()
    unread: str = ""

    @property
    def enforced(self) -> bool | None:
        """Whether a constraint that is on or off is on; None when that depends, or is not known."""
        if self.unread:
            return None
        on = [rule for rule in self.rules if rule.get("enforce")]
        if not on:
            return False
        return True if any(not rule.get("condition") for rule in on) else None

    @property
    def why(self) -> str:
        """Why `enforced` is None."""
        return self.unread or f"{self.constraint} is enforced under a condition"

    @property
    def allowed(self) -> tuple[str, ...]:
        """The values that a constraint of the list kind allows."""
        values = [(rule.get("values") or {}).get("allowedValues") or () for rule in self.rules]
        return tuple(str(value) for several in values for value in several)


def effective(parts: "GoogleParts", project: str, constraint: str, ctx: "Ctx") -> Policy:
    """The constraint in force in the project; asked once while a plan is made. What cannot be read is a policy that says so."""
    return ctx.once((API, project, constraint), lambda: _asked(parts, project, constraint, ctx))


def _asked(parts: "GoogleParts", project: str, constraint: str, ctx: "Ctx") -> Policy:
    name = f"projects/{project}/policies/{constraint}"
    request = parts.services.api(API, "projects", "policies").getEffectivePolicy(name=name)
    try:
        answer = parts.services.execute(request, ctx, Call(API, project))
    except GoogleFailure as failure:
        asked = Asked("It could not be read", f"{API}.googleapis.com", project, parts.identity.description, PERMISSION)
        return Policy(constraint, unread=reading(failure.error, asked).message)
    rules = (answer.get("spec") or {}).get("rules") or ()
    return Policy(constraint, tuple(rule for rule in rules if isinstance(rule, dict)))
