import sys
from pathlib import Path

from keyward.ledger.boot import since_boot
from tests.parts.need import missing


def test_the_time_is_the_kernels_own_since_boot():
    if not sys.platform.startswith("linux"):
        missing("Linux, whose kernel says the time since boot in a file too")
    before, now = uptime(), since_boot()
    assert before - 0.02 <= now.seconds <= uptime() + 0.02
    assert now.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def uptime():
    return float(Path("/proc/uptime").read_text().split()[0])
