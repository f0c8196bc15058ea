"""Reads Terraform state files: which keys and secrets Terraform manages. No value of them stays in memory."""

import json
import os
import stat
from collections.abc import Sequence
from functools import reduce
from operator import add

from keyward import files
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
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not hold up the run
        with os.fdopen(opened, "rb") as file:
            about = os.fstat(opened)
            if not stat.S_ISREG(about.st_mode):
                raise UsageError(f"{shown} is no file.", hint="`terraform state pull > FILE` writes one.")
            if about.st_size > LARGEST:
                raise UsageError(f"{shown} is too large for a Terraform state ({about.st_size:,} bytes).")
            data = json.load(file, object_hook=trimmed)
    except OSError as error:
        raise UsageError(f"{shown} cannot be read: {error.strerror}.", hint="Correct the path.") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{shown} is no JSON.", hint="`terraform state pull > FILE` writes a state.") from None
    return read_state(data, shown)
