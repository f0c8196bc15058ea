"""Who else looks after a key or a secret: another tool's labels, another rotator, or a person who wants it left alone."""

from collections.abc import Iterator, Mapping

from keyward.model.credential import Credential
from keyward.model.secretinfo import SecretInfo
from keyward.rotation.foreign_apps import copies, firebase
from keyward.rotation.foreign_terraform import TerraformState

HANDS_OFF = "hands-off"
_TOOLS = {
    ("goog-terraform-provisioned", "true"): "Terraform",
    ("managed-by", "terraform"): "Terraform",
    ("managed_by", "terraform"): "Terraform",
    ("app.kubernetes.io/managed-by", "external-secrets"): "External Secrets",
    ("managed-by", "pulumi"): "Pulumi",
    ("managed_by", "pulumi"): "Pulumi",
}
_ADVICE = {
    "Terraform": "rotate it there: terraform apply -replace=RESOURCE, with create_before_destroy",
    "Pulumi": "rotate it there: pulumi up --replace URN",
}


def hands_off(labels: Mapping[str, str], annotations: Mapping[str, str]) -> bool:
    """Whether somebody asked keyward to keep away, by `keyward=hands-off`."""
    return HANDS_OFF in (labels.get("keyward"), annotations.get("keyward"))


def owner(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """Another tool that manages it, with what to run there; empty when none is known."""
    for marks in (labels, annotations):
        for (name, value), tool in _TOOLS.items():
            if marks.get(name, "").lower() == value:
                advice = _ADVICE.get(tool, f"rotate it with {tool}")
                return f"{tool} manages it ({name}={value}); {advice}"
    return ""


def owners(credential: Credential, terraform: TerraformState) -> Iterator[str]:
    """Everybody else who looks after a key, or holds copies of it that no rotation reaches."""
    managed = terraform.key(credential) or owner({}, credential.annotations)
    yield from (one for one in (managed, firebase(credential), copies(credential)) if one)


def rotator(info: SecretInfo) -> str:
    """A rotation that the store itself announces or does; empty when there is none."""
    if info.rotation:
        topics = f", announced on {', '.join(info.topics)}" if info.topics else ""
        return f"its store rotates it already ({info.rotation}{topics}); two rotators would undo each other"
    return ""
