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
    "iam.serviceAccountKeys.create": "roles/iam.serviceAccountKeyAdmin",
    "iam.serviceAccountKeys.delete": "roles/iam.serviceAccountKeyAdmin",
    "iam.serviceAccountKeys.disable": "roles/iam.serviceAccountKeyAdmin",
    "iam.serviceAccountKeys.enable": "roles/iam.serviceAccountKeyAdmin",
    "iam.serviceAccountKeys.get": "roles/iam.serviceAccountViewer",
    "iam.serviceAccountKeys.list": "roles/iam.serviceAccountViewer",
    "iam.serviceAccounts.get": "roles/iam.serviceAccountViewer",
    "iam.serviceAccounts.list": "roles/iam.serviceAccountViewer",
    "logging.logEntries.list": "roles/logging.viewer",
    "monitoring.timeSeries.list": "roles/monitoring.viewer",
    "orgpolicy.policy.get": "roles/orgpolicy.policyViewer",
    "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query": "roles/policyanalyzer.activityAnalysisViewer",
    "resourcemanager.projects.getIamPolicy": "roles/iam.securityReviewer",
    "secretmanager.secrets.getIamPolicy": "roles/iam.securityReviewer",
    "serviceusage.services.list": "roles/serviceusage.serviceUsageViewer",
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
    "storage.hmacKeys.create": "roles/storage.hmacKeyAdmin",
    "storage.hmacKeys.delete": "roles/storage.hmacKeyAdmin",
    "storage.hmacKeys.get": "roles/storage.hmacKeyAdmin",
    "storage.hmacKeys.list": "roles/storage.hmacKeyAdmin",
    "storage.hmacKeys.update": "roles/storage.hmacKeyAdmin",
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
    return f"gcloud projects add-iam-policy-binding {project} --member={member(caller)} --role={role}"


def member(caller: str) -> str:
    """A caller (an e-mail address, alone or before a blank and more words; or a description) as IAM writes it."""
    address = caller.partition(" ")[0]
    if "@" not in address:
        return "user:YOU@EXAMPLE.COM"
    return f"{'serviceAccount' if address.endswith('.gserviceaccount.com') else 'user'}:{address}"


def act_as(account: str, caller: str) -> str:
    """The command that lets the caller act as a service account."""
    return (
        f"gcloud iam service-accounts add-iam-policy-binding {account} --member={member(caller)} "
        "--role=roles/iam.serviceAccountTokenCreator"
    )


def advise(error: GoogleError, api: str, project: str, caller: str = "") -> str:
    """What to do about it; empty when there is nothing to say.

    Args:
        error: what came back.
        api: the API asked, such as `apikeys.googleapis.com`.
        project: the project asked about.
        caller: who asked: an e-mail address or a description.
    """
    where = error.consumer.removeprefix("projects/") or project
    if account := error.metadata.get("account"):
        return _acting_as(error, account, where)
    if error.disabled:
        return _enabling(error, api, where, project)
    if error.quota_denied:
        return grant("serviceusage.services.use", where, caller)
    if error.status == "UNAUTHENTICATED":
        return "gcloud auth application-default login"
    if error.status == "PERMISSION_DENIED" and error.permission:
        return grant(error.permission, project, caller)
    away = error.code in {0, 502, 503, 504}
    return f"See that {api} can be reached from here, then try again." if away else ""


def _enabling(error: GoogleError, api: str, where: str, project: str) -> str:
    if where == _GCLOUDS_OWN or "quota project" in error.message:
        return f"gcloud auth application-default set-quota-project {project}"
    return f"{enable(error.metadata.get('service', api), where)} (then wait a few minutes)"


def _acting_as(error: GoogleError, account: str, where: str) -> str:
    if "service" in error.metadata:
        return _enabling(error, error.metadata["service"], where, account.partition("@")[2].partition(".")[0])
    if error.permission:
        return f"{act_as(account, error.metadata.get('caller', ''))} (then wait a minute or two)"
    return "Correct google.read.impersonate, google.write.impersonate or [[google.identity]] in your keyward.toml."
