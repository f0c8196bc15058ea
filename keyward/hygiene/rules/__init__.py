"""Every rule, in the order of its number: 1.. life, 2.. use, 3.. places, 4.. restrictions, 5.. access, 6.. projects, 7.. governance, 8.. suspicion, 9.. leaks."""

from collections.abc import Mapping

from keyward.hygiene.rule import Rule
from keyward.hygiene.rules import (
    access,
    governance,
    kinds,
    leaks,
    life,
    places,
    posture,
    projects,
    restrictions,
    secrets,
    suspicion,
    use,
    values,
)

_MODULES = (
    life,
    use,
    places,
    values,
    restrictions,
    kinds,
    secrets,
    access,
    projects,
    governance,
    posture,
    suspicion,
    leaks,
)

RULES: tuple[Rule, ...] = tuple(
    sorted((rule for module in _MODULES for rule in module.RULES), key=lambda rule: rule.id)
)

BY_ID: Mapping[str, Rule] = {rule.id: rule for rule in RULES}
