"""What the organisation policy says about keys of service accounts: uploaded, created, how long they may live."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.google.orgpolicy import effective
from keyward.model.capability import Ready
from keyward.providers.google_sa_keys.material import LIFE

if TYPE_CHECKING:
    from keyward.google.orgpolicy import Policy
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

UPLOAD = ("iam.disableServiceAccountKeyUpload", "iam.managed.disableServiceAccountKeyUpload")
CREATION = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")
EXPIRY = "iam.serviceAccountKeyExpiryHours"


def allowed(parts: "GoogleParts", project: str, constraints: tuple[str, ...], ctx: "Ctx") -> tuple[Ready, str]:
    """Whether none of these constraints is in force, and why not (or why that is not known)."""
    found = [effective(parts, project, constraint, ctx) for constraint in constraints]
    for policy in found:
        if policy.enforced:
            return Ready.NO, f"{policy.constraint} is enforced"
    for policy in found:
        if policy.enforced is None:
            return Ready.UNKNOWN, policy.why
    return Ready.YES, ""


def lifetime(parts: "GoogleParts", project: str, ctx: "Ctx") -> "tuple[timedelta | None, Policy]":
    """How long new keys may live; None for ever, or when it is not known."""
    policy = effective(parts, project, EXPIRY, ctx)
    hours = [int(found[1]) for value in policy.allowed if (found := re.fullmatch(r"(\d{1,6})h?", value.strip()))]
    return (timedelta(hours=min(hours)) if hours else None), policy


def certificate_life(parts: "GoogleParts", project: str, ctx: "Ctx") -> timedelta:
    """How long an uploaded certificate is valid: long, unless the policy wants it shorter."""
    most, _ = lifetime(parts, project, ctx)
    return min(LIFE, most) if most is not None else LIFE
