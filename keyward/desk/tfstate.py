"""Reads Terraform state files: which keys and secrets Terraform manages. No value of them stays in memory."""

import json
from collections.abc import Sequence
from functools import reduce
from operator import add

from keyward import files
from keyward.desk.named_file import content
from keyward.model.errors import UsageError
from keyward.paths import expanded
from keyward.rotation.foreign_terraform import NO_STATE, TerraformState, read_state, trimmed

LARGEST = 128 * 1024 * 1024
"""Bytes of a state; Terraform itself becomes unbearable long before."""


def tfstate(names: Sequence[str]) -> TerraformState:
    """What is managed by the states in these files.

    Raises:
        UsageError: one cannot be read, or is no state.
    """
    return reduce(add, (_one(name) for name in names), NO_STATE)


def _one(name: str) -> TerraformState:
    path = expanded(name)
    shown = files.shown(path)
    text = content(path, LARGEST, "a Terraform state", "`terraform state pull > FILE` writes one.")
    try:
        data = json.loads(text, object_hook=trimmed)
    except (ValueError, RecursionError):
        raise UsageError(f"{shown} is no JSON.", hint="`terraform state pull > FILE` writes a state.") from None
    return read_state(data, shown)
