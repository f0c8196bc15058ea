"""Access policies of single secrets: kept and given back, and the permissions that the caller holds."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from keyward.emulator.errors import refuse

if TYPE_CHECKING:
    from keyward.emulator.projects import Project
    from keyward.emulator.secretmanager.book import Book
    from keyward.emulator.secretmanager.resources import Json, Ref

_NO_POLICY = {"etag": "ACAB"}
"""What a resource without a policy answers."""


def get(book: Book, ref: Ref) -> Json:
    """The policy of a secret.

    Raises:
        ApiError: NOT_FOUND.
    """
    return dict(book.get(ref).policy or _NO_POLICY)


def replace(book: Book, ref: Ref, policy: Json) -> Json:
    """The new policy of a secret.

    Raises:
        ApiError: NOT_FOUND; ABORTED when the etag in the policy is not the present one.
    """
    secret = book.get(ref)
    given = policy.get("etag", "")
    if given and given != (secret.policy or _NO_POLICY)["etag"]:
        raise refuse("ABORTED", "There were concurrent policy changes. Please retry the whole read-modify-write.")
    token = bytes.fromhex("07" + book.etag(book.clock.now()).strip('"'))
    kept = {"version": policy.get("version") or 1, "etag": base64.b64encode(token).decode()}
    secret.policy = {**kept, **{name: policy[name] for name in ("bindings", "auditConfigs") if policy.get(name)}}
    return dict(secret.policy)


def held(book: Book, ref: Ref, asked: list[str], project: Project, caller: str) -> Json:
    """Those of the asked permissions that the caller holds; none on a missing secret, as at Google."""
    if book.find(ref) is None:
        return {}
    kept = [permission for permission in asked if not project.denies(permission, caller)]
    return {"permissions": kept} if kept else {}
