"""A ledger in a file counts leases in seconds since boot."""

import sys
from pathlib import Path

import pytest

from keyward.ledger.boot import since_boot
from keyward.model.errors import Held
from tests.parts.need import missing


@pytest.fixture
def backend(on_sqlite):
    return on_sqlite


def test_the_time_is_the_kernels_own_since_boot():
    if not sys.platform.startswith("linux"):
        missing("Linux, whose kernel says the time since boot in a file too")
    before, now = uptime(), since_boot()
    assert before - 0.02 <= now.seconds <= uptime() + 0.02
    assert now.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def uptime():
    return float(Path("/proc/uptime").read_text().split()[0])


def test_a_lease_of_another_boot_has_ended(ledger, moments):
    ledger.acquire("x", "one", 1e9)
    moments.boot, moments.seconds = "second-boot", 5.0
    assert ledger.acquire("x", "two", 60).fence == 2


def test_a_renewal_after_a_reboot_counts_on_the_new_boot(ledger, moments):
    lease = ledger.acquire("x", "one", 60)
    moments.boot, moments.seconds = "second-boot", 5.0
    ledger.renew(lease, 60)
    with pytest.raises(Held):
        ledger.acquire("x", "two", 60)
