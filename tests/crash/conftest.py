"""What the tests that kill and break share."""

import contextlib

import pytest

from tests.crash.zygotes import Zygote


@pytest.fixture(scope="module")
def zygote():
    """Runs command lines as processes that can be stopped at every point."""
    with contextlib.closing(Zygote()) as one:
        yield one
