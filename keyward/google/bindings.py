"""Who may read secret values, from the bindings of an IAM policy.

Of Google's own roles these hold `secretmanager.versions.access` (its access control page): the accessor, the administrator, the owner of
the project. What a custom role holds is not in the policy.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from keyward.model.text import clean

_READ = frozenset({"roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner"})


def readers(bindings: Iterable[Any]) -> Iterator[str]:
    """`member (role)` for everybody who may read, those that nobody chose first; a condition and a custom role are said."""
    found = [line for one in bindings for line in _of(str(one.get("role", "")), one)]
    yield from sorted(dict.fromkeys(found), key=lambda line: (not line.startswith("all"), line))


def _of(role: str, binding: Any) -> Iterator[str]:
    custom = not role.startswith("roles/")
    if role not in _READ and not custom:
        return
    notes = [clean(role)]
    if custom:
        notes.append("a custom role, which may or may not let it read")
    if binding.get("condition"):
        notes.append("under a condition")
    for member in binding.get("members") or ():
        yield f"{clean(str(member))} ({', '.join(notes)})"
