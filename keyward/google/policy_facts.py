"""What the IAM policy of a project tells beside who may read values: which accounts administer it, and which reads are logged."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from keyward.model.about import UNDER_A_CONDITION, Held
from keyward.model.text import clean

_BASIC = ("roles/owner", "roles/editor", "roles/admin", "roles/writer")


def administrators(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """Service accounts that hold a basic role which changes things, or one whose name ends in admin, as `Held` writes it."""
    return tuple(sorted(dict.fromkeys(_administrators(policy.get("bindings") or ()))))


def _administrators(bindings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in bindings:
        role = str(one.get("role", ""))
        if role in _BASIC or role.lower().endswith("admin"):
            notes = (UNDER_A_CONDITION,) if one.get("condition") else ()
            for member in map(str, one.get("members") or ()):
                if member.startswith("serviceAccount:"):
                    yield str(Held(clean(member), clean(role), notes))


def audited(policy: Mapping[str, Any]) -> tuple[str, ...]:
    """What is logged, as `service=TYPE`; where some members are left out, as `service=TYPE except member`."""
    found: dict[str, None] = {}
    for config in policy.get("auditConfigs") or ():
        for log in config.get("auditLogConfigs") or ():
            spared = ", ".join(clean(str(one)) for one in log.get("exemptedMembers") or ())
            line = f"{clean(str(config.get('service', '')))}={clean(str(log.get('logType', '')))}"
            found[f"{line} except {spared}" if spared else line] = None
    return tuple(sorted(found))
