"""The minimal role as text, for the projects and the caller that are in use."""

from typing import TYPE_CHECKING

from keyward.google.advice import member as _as_member
from keyward.google.roles import Role, gcloud
from keyward.google.roles import terraform as _terraform
from keyward.model.errors import NotConfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyward.desk.desk import Desk


def role_text(desk: "Desk", role: str, projects: "Sequence[str]", member: str, *, terraform: bool) -> str:
    """Commands of gcloud, or Terraform, that give exactly this role.

    Args:
        desk: for the caller and the projects of the settings.
        role: `reader`, `linker` or `rotator`.
        projects: project ids; empty: those that the settings name, else a place to fill in.
        member: who gets it, as IAM writes it; empty: the present caller.
        terraform: Terraform instead of commands.
    """
    named = [one for one in desk.parts.settings.scan.projects if "*" not in one]
    where = list(projects) or named or ["PROJECT"]
    who = member or _member(desk, Role(role))
    lines = (_terraform if terraform else gcloud)(Role(role), where, who)
    return "".join(f"{line}\n" for line in lines)


def _member(desk: "Desk", role: Role) -> str:
    """Whoever keyward acts as for what the role is good for; a place to fill in where that is not known."""
    try:
        identities = desk.parts.google.identities
    except NotConfigured:
        return _as_member("")
    return _as_member(identities.of("", changes=role is Role.ROTATOR).description)
