"""The command that mends a refusal."""

from keyward.google.errors import GoogleError

# The smallest predefined role that holds the permission (Google's access control pages).
_ROLES = {
    "apikeys.keys.create": "roles/serviceusage.apiKeysAdmin",
    "apikeys.keys.delete": "roles/serviceusage.apiKeysAdmin",
    "apikeys.keys.get": "roles/serviceusage.apiKeysViewer",
    "apikeys.keys.getKeyString": "roles/serviceusage.apiKeysViewer",
    "apikeys.keys.list": "roles/serviceusage.apiKeysViewer",
    "apikeys.keys.undelete": "roles/serviceusage.apiKeysAdmin",
    "apikeys.keys.update": "roles/serviceusage.apiKeysAdmin",
    "iam.serviceAccounts.get": "roles/iam.serviceAccountViewer",
    "monitoring.timeSeries.list": "roles/monitoring.viewer",
    "orgpolicy.policy.get": "roles/orgpolicy.policyViewer",
    "resourcemanager.projects.get": "roles/browser",
    "secretmanager.secrets.create": "roles/secretmanager.admin",
    "secretmanager.secrets.delete": "roles/secretmanager.admin",
    "secretmanager.secrets.get": "roles/secretmanager.viewer",
    "secretmanager.secrets.list": "roles/secretmanager.viewer",
    "secretmanager.secrets.update": "roles/secretmanager.admin",
    "secretmanager.versions.access": "roles/secretmanager.secretAccessor",
    "secretmanager.versions.add": "roles/secretmanager.secretVersionAdder",
    "secretmanager.versions.destroy": "roles/secretmanager.secretVersionManager",
    "secretmanager.versions.disable": "roles/secretmanager.secretVersionManager",
    "secretmanager.versions.enable": "roles/secretmanager.secretVersionManager",
    "secretmanager.versions.get": "roles/secretmanager.viewer",
    "secretmanager.versions.list": "roles/secretmanager.viewer",
    "serviceusage.operations.get": "roles/serviceusage.apiKeysAdmin",
    "serviceusage.services.use": "roles/serviceusage.serviceUsageConsumer",
}
# The project that user credentials of gcloud belong to; nobody can enable an API there.
_GCLOUDS_OWN = "764086051850"


def enable(api: str, project: str) -> str:
    """The command that switches an API on."""
    return f"gcloud services enable {api} --project={project}"


def grant(permission: str, project: str, caller: str = "") -> str:
    """The command that gives the caller a role with that permission; says so when no predefined role is known for it."""
    role = _ROLES.get(permission)
    if role is None:
        return f"Ask for a role with {permission} on project {project}."
    kind = "serviceAccount" if caller.endswith(".gserviceaccount.com") else "user"
    member = f"{kind}:{caller}" if "@" in caller and " " not in caller else "user:YOU@EXAMPLE.COM"
    return f"gcloud projects add-iam-policy-binding {project} --member={member} --role={role}"


def advise(error: GoogleError, api: str, project: str, caller: str = "") -> str:
    """What to do about it; empty when there is nothing to say.

    Args:
        error: what came back.
        api: the API asked, such as `apikeys.googleapis.com`.
        project: the project asked about.
        caller: who asked: an e-mail address or a description.
    """
    where = error.consumer.removeprefix("projects/") or project
    if error.disabled and (where == _GCLOUDS_OWN or "quota project" in error.message):
        return f"gcloud auth application-default set-quota-project {project}"
    if error.disabled:
        return f"{enable(error.metadata.get('service', api), where)} (then wait a few minutes)"
    if error.quota_denied:
        return grant("serviceusage.services.use", where, caller)
    if error.status == "UNAUTHENTICATED":
        return "gcloud auth application-default login"
    if error.status == "PERMISSION_DENIED" and error.permission:
        return grant(error.permission, project, caller)
    return ""
