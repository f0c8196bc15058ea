"""Who may read a secret, from its own policy; that of the project is asked for once for all of them."""

from typing import TYPE_CHECKING

from keyward.google.about import told
from keyward.google.bindings import readers
from keyward.google.custom_roles import permissions
from keyward.model.about import About, What
from keyward.stores.gsm import wire

if TYPE_CHECKING:
    from keyward.model.context import Ctx
    from keyward.model.ids import SecretRef
    from keyward.stores.gsm.secrets import Secrets


def about(secrets: "Secrets", ref: "SecretRef", ctx: "Ctx") -> tuple[About, ...]:
    """The readers; one question."""
    return (told(str(ref), What.READERS, lambda: _readers(secrets, ref, ctx), ctx),)


def _readers(secrets: "Secrets", ref: "SecretRef", ctx: "Ctx") -> tuple[str, ...]:
    asked = secrets.asked(f"Reading the policy of {ref}", wire.project(ref), "secrets.getIamPolicy")
    # Conditions are left out of a policy below version 3.
    request = {"resource": wire.resource(ref), "options": {"requested_policy_version": 3}}
    policy = secrets.ask("get_iam_policy", request, ctx, asked)

    def custom(role: str) -> frozenset[str] | None:
        return permissions(secrets.connection.parts, wire.project(ref), role, ctx)

    bindings = [
        {
            "role": one.role,
            "members": list(one.members),
            "condition": one.HasField("condition"),
        }
        for one in policy.bindings
    ]
    return readers(bindings, custom)
