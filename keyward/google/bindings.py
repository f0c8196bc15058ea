"""Who may read values, from the bindings of an IAM policy.

Of Google's own roles these hold `secretmanager.versions.access` and `apikeys.keys.getKeyString`, by its pages on roles and permissions
(2026-11-29). What a custom role holds is not in the policy: whoever knows it says so.
"""

from collections.abc import Callable, Iterable
from typing import Any

from keyward.model.about import CUSTOM, CUSTOM_READER, UNDER_A_CONDITION, Held
from keyward.model.text import clean

_READ_SECRETS = frozenset(
    {"roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner", "roles/admin"}
)
_READ_KEYS = frozenset(
    {
        *("roles/viewer", "roles/editor", "roles/owner", "roles/reader", "roles/writer", "roles/admin"),
        *("roles/serviceusage.apiKeysViewer", "roles/serviceusage.apiKeysAdmin"),
        *("roles/firebase.admin", "roles/firebase.developAdmin", "roles/iam.supportUser"),
    }
)


Permissions = Callable[[str], frozenset[str] | None]
"""The permissions of a custom role, by its name; None where nobody may know them."""


def readers(bindings: Iterable[Any], custom: Permissions) -> tuple[str, ...]:
    """Everybody who may read secrets, as `Held` writes it, those that nobody chose first; a condition and a custom role are said."""
    return _holding(_READ_SECRETS, "secretmanager.versions.access", bindings, custom)


def key_readers(bindings: Iterable[Any], custom: Permissions) -> tuple[str, ...]:
    """The same for the strings of API keys."""
    return _holding(_READ_KEYS, "apikeys.keys.getKeyString", bindings, custom)


def _holding(roles: frozenset[str], permission: str, bindings: Iterable[Any], custom: Permissions) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for one in bindings:
        role = str(one.get("role", ""))
        notes = _notes(role, roles, permission, custom)
        if notes is not None:
            notes += (UNDER_A_CONDITION,) if one.get("condition") else ()
            held = (Held(clean(str(member)), clean(role), notes) for member in one.get("members") or ())
            found |= dict.fromkeys(map(str, held))
    return tuple(sorted(found, key=lambda line: (not line.startswith("all"), line)))


def _notes(role: str, roles: frozenset[str], permission: str, custom: Permissions) -> tuple[str, ...] | None:
    """What is to be said of a role that lets read, or may; None of one that does not."""
    if role.startswith("roles/"):
        return () if role in roles else None
    held = custom(role)
    if held is None:
        return (CUSTOM,)
    return (CUSTOM_READER,) if permission in held else None
