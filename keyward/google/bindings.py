"""Who may read values, from the bindings of an IAM policy.

Of Google's own roles these hold `secretmanager.versions.access` and `apikeys.keys.getKeyString`, by its pages on roles and permissions
(2026-11-29). What a custom role holds is not in the policy.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from keyward.model.about import CUSTOM, UNDER_A_CONDITION, Held
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


def readers(bindings: Iterable[Any]) -> tuple[str, ...]:
    """`member (role)` for everybody who may read secrets, those that nobody chose first; a condition and a custom role are said."""
    return _holding(_READ_SECRETS, bindings)


def key_readers(bindings: Iterable[Any]) -> tuple[str, ...]:
    """The same for the strings of API keys."""
    return _holding(_READ_KEYS, bindings)


def _holding(roles: frozenset[str], bindings: Iterable[Any]) -> tuple[str, ...]:
    found = dict.fromkeys(str(held) for one in bindings for held in _of(str(one.get("role", "")), one, roles))
    return tuple(sorted(found, key=lambda line: (not line.startswith("all"), line)))


def _of(role: str, binding: Any, roles: frozenset[str]) -> Iterator[Held]:
    custom = not role.startswith("roles/")
    if role not in roles and not custom:
        return
    notes = [CUSTOM] if custom else []
    if binding.get("condition"):
        notes.append(UNDER_A_CONDITION)
    for member in binding.get("members") or ():
        yield Held(clean(str(member)), clean(role), tuple(notes))
