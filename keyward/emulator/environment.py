"""The variables that send stock gcloud, the Python clients and keyward to an emulator."""

from __future__ import annotations

SERVICES = (
    "APIKEYS",
    "SECRETMANAGER",
    "IAM",
    "IAMCREDENTIALS",
    "LOGGING",
    "MONITORING",
    "CLOUDRESOURCEMANAGER",
    "CLOUDASSET",
    "SERVICEUSAGE",
    "CLOUDBILLING",
    "BILLINGBUDGETS",
    "POLICYANALYZER",
    "ORGPOLICY",
    "GENERATIVELANGUAGE",
)
"""Names after `CLOUDSDK_API_ENDPOINT_OVERRIDES_`; gcloud does not know those of budgets and of Gemini."""


def environment(url: str, grpc_target: str, project: str) -> dict[str, str]:
    """Give the variables by name.

    Args:
        url: base URL with a trailing slash, which gcloud insists on.
        grpc_target: `host:port` of the gRPC server; empty where there is none.
        project: the default project.
    """
    variables = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": url for name in SERVICES}
    variables |= {
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{url}storage/v1/",
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": project,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "KEYWARD_EMULATOR": url,
    }
    if grpc_target:
        variables["SECRET_MANAGER_EMULATOR_HOST"] = grpc_target
    return variables
