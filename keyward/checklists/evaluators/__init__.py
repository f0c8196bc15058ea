"""What can prove an item, one file each; this list is the only place that knows them all."""

from collections.abc import Mapping

from keyward.checklists.evaluators import (
    account_roles,
    audit_log,
    billing,
    certificate_checks,
    dead,
    dependencies,
    env_ignored,
    git_hooks,
    key_in_address,
    leaver,
    org_policy,
    own_files,
    rules,
    services,
    tls,
)
from keyward.checklists.evaluators.evaluator import Evaluator

_MODULES = (
    rules,
    billing,
    services,
    org_policy,
    audit_log,
    account_roles,
    own_files,
    git_hooks,
    env_ignored,
    dead,
    leaver,
    tls,
    certificate_checks,
    key_in_address,
    dependencies,
)

EVALUATORS: Mapping[str, Evaluator] = {module.EVALUATOR.name: module.EVALUATOR for module in _MODULES}
