"""What the organisation policy says about keys of service accounts, and how IAM refuses by it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from keyward.emulator.errors import precondition, refuse_with
from keyward.emulator.orgpolicy import denied_by_policy, effective, enforced

if TYPE_CHECKING:
    from keyward.emulator.accountkeys.material import Upload
    from keyward.emulator.iam import ServiceAccount
    from keyward.emulator.projects import Project
    from keyward.emulator.world import World

CREATION = "disableServiceAccountKeyCreation"
UPLOAD = "disableServiceAccountKeyUpload"
EXPIRY = "iam.serviceAccountKeyExpiryHours"

_WORDS = {CREATION: ("Key creation", "creation"), UPLOAD: ("Key upload", "upload")}


def check(world: World, project: Project, account: ServiceAccount, what: str) -> None:
    """Refuse what a policy forbids; `what` is `CREATION` or `UPLOAD`.

    The form for the older constraint is a public report of a refused creation; that for `iam.managed` follows the
    refusals of other managed constraints, and both descriptions are unverified.

    Raises:
        ApiError: 400 FAILED_PRECONDITION with a `PreconditionFailure`.
    """
    title, verb = _WORDS[what]
    description = f"When enforced, prevents the {verb} of service account keys."
    if enforced(world, project, f"iam.{what}"):
        name = f"projects/{project.id}/serviceAccounts/{account.email}"
        subject = f"{name}?configvalue={account.email}"
        detail = precondition(f"constraints/iam.{what}", subject, description)
        raise refuse_with("FAILED_PRECONDITION", f"{title} is not allowed on this service account.", detail)
    if enforced(world, project, f"iam.managed.{what}"):
        raise denied_by_policy(project, f"iam.managed.{what}", description)


def lifetime(world: World, project: Project) -> timedelta | None:
    """Give how long a created key is valid by policy (the shortest of the allowed times), or None for ever."""
    values = [
        value
        for rule in effective(world, project, EXPIRY)["rules"]
        for value in rule.get("values", {}).get("allowedValues", [])
    ]
    hours = [int(found[1]) for value in values if (found := re.fullmatch(r"(\d+)h?", value))]
    return timedelta(hours=min(hours)) if hours else None


def check_upload(world: World, project: Project, account: ServiceAccount, upload: Upload) -> None:
    """Refuse a certificate that is valid for longer than a key may be, where the behaviour says so.

    Raises:
        ApiError: 400 FAILED_PRECONDITION with a `PreconditionFailure`; the words are a guess.
    """
    most = lifetime(world, project)
    if most is None or world.behaviour.account_key_long_upload != "refused":
        return
    if upload.valid_before is None or upload.valid_before - upload.valid_after > most:
        name = f"projects/{project.id}/serviceAccounts/{account.email}"
        detail = precondition(f"constraints/{EXPIRY}", name, "The key would be valid for longer than allowed.")
        raise refuse_with("FAILED_PRECONDITION", "The validity of the key exceeds what is allowed.", detail)
