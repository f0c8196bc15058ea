"""A missing real part makes a test skip with the reason, or fail where everything must run."""

import os
import shutil
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip, or fail when `KEYWARD_TEST_REQUIRE=all` says that nothing may be skipped."""
    if os.environ.get("KEYWARD_TEST_REQUIRE") == "all":
        pytest.fail(f"required, but missing: {reason}")
    pytest.skip(reason)


def require(*programs: str) -> None:
    """Skip (or fail) unless every program is on the PATH."""
    for program in programs:
        if shutil.which(program) is None:
            missing(f"{program} is not installed")
