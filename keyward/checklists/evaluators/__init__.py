"""What can prove an item, one file each; this list is the only place that knows them all."""

from collections.abc import Mapping

from keyward.checklists.evaluators import billing, dead, git_hooks, leaver, org_policy, own_files, rules, services
from keyward.checklists.evaluators.evaluator import Evaluator

_MODULES = (rules, billing, services, org_policy, own_files, git_hooks, dead, leaver)

EVALUATORS: Mapping[str, Evaluator] = {module.EVALUATOR.name: module.EVALUATOR for module in _MODULES}
