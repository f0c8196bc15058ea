"""The smallest roles that keyward works with: permissions by what it is allowed to do, as commands or as Terraform.

From the access control pages of each API: API Keys, IAM, Secret Manager, Monitoring, Resource Manager, Service Usage, Storage, Organisation
Policy, Policy Analyzer, Logging. The tests of this table run keyward with exactly these permissions.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

_READ = (
    "apikeys.keys.get",
    "apikeys.keys.list",
    "iam.roles.get",
    "iam.serviceAccountKeys.get",
    "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.list",
    "monitoring.alertPolicies.list",
    "monitoring.notificationChannels.list",
    "monitoring.timeSeries.list",
    "orgpolicy.policy.get",
    "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "secretmanager.secrets.get",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.list",
    "secretmanager.versions.get",
    "secretmanager.versions.list",
    "serviceusage.services.list",
    "serviceusage.services.use",
    "storage.hmacKeys.get",
    "storage.hmacKeys.list",
)
_LINK = ("apikeys.keys.getKeyString", "secretmanager.versions.access")
_ROTATE = (
    "apikeys.keys.create",
    "apikeys.keys.delete",
    "apikeys.keys.undelete",
    "apikeys.keys.update",
    "iam.serviceAccountApiKeyBindings.create",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccountKeys.delete",
    "iam.serviceAccountKeys.disable",
    "iam.serviceAccountKeys.enable",
    "logging.logEntries.list",
    "secretmanager.secrets.create",
    "secretmanager.secrets.delete",
    "secretmanager.secrets.update",
    "secretmanager.versions.add",
    "secretmanager.versions.disable",
    "secretmanager.versions.enable",
    "serviceusage.operations.get",
    "storage.hmacKeys.create",
    "storage.hmacKeys.delete",
    "storage.hmacKeys.update",
)
NOT_IN_PROJECT_ROLES = frozenset({"orgpolicy.policy.get"})
"""Permissions that a custom role of a project cannot hold; a predefined role gives them."""

TESTABLE = frozenset(_READ + _LINK + _ROTATE) - NOT_IN_PROJECT_ROLES
"""Permissions that a project can be asked about in one question, which takes 100 (projects.testIamPermissions)."""

_POLICY_VIEWER = "roles/orgpolicy.policyViewer"


class Role(StrEnum):
    """What keyward is allowed to do: list and watch; recognise keys by their values too; rotate."""

    READER = "reader"
    LINKER = "linker"
    ROTATOR = "rotator"


def permissions(role: Role) -> tuple[str, ...]:
    """Every permission of that role, sorted."""
    held = {Role.READER: _READ, Role.LINKER: _READ + _LINK, Role.ROTATOR: _READ + _LINK + _ROTATE}
    return tuple(sorted(held[role]))


def gcloud(role: Role, projects: Sequence[str], member: str) -> Iterator[str]:
    """Commands that make the role in each project and give it to the member."""
    held = ",".join(name for name in permissions(role) if name not in NOT_IN_PROJECT_ROLES)
    name = f"keyward_{role}"
    for project in projects:
        yield f'gcloud iam roles create {name} --project={project} --title="keyward {role}" --stage=GA --permissions={held}'
        for one in (f"projects/{project}/roles/{name}", _POLICY_VIEWER):
            yield f"gcloud projects add-iam-policy-binding {project} --member={member} --role={one} --condition=None"


def terraform(role: Role, projects: Sequence[str], member: str) -> Iterator[str]:
    """Resources of the google provider that do the same."""
    held = "".join(f'    "{name}",\n' for name in permissions(role) if name not in NOT_IN_PROJECT_ROLES)
    quoted = ", ".join(f'"{project}"' for project in projects)
    yield f'locals {{\n  keyward_projects = toset([{quoted}])\n  keyward_member   = "{member}"\n}}\n'
    yield (
        f'resource "google_project_iam_custom_role" "keyward_{role}" {{\n'
        "  for_each    = local.keyward_projects\n  project     = each.value\n"
        f'  role_id     = "keyward_{role}"\n  title       = "keyward {role}"\n  permissions = [\n{held}  ]\n}}\n'
    )
    yield _member(f"keyward_{role}", f"google_project_iam_custom_role.keyward_{role}[each.value].id")
    yield _member(f"keyward_{role}_policies", f'"{_POLICY_VIEWER}"')


def _member(name: str, role: str) -> str:
    return (
        f'resource "google_project_iam_member" "{name}" {{\n'
        "  for_each = local.keyward_projects\n  project  = each.value\n"
        f"  role     = {role}\n  member   = local.keyward_member\n}}\n"
    )
