"""The time of leases on one machine: seconds since boot, which no one can set, and which boot that was."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from keyward.model.errors import NotConfigured

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """So many seconds after that boot. Moments of different boots cannot be compared."""

    boot: str
    seconds: float


MomentSource = Callable[[], Moment]


def since_boot() -> Moment:
    """The present. It goes on while the machine sleeps and is not moved by setting the clock (clock_gettime(2), CLOCK_BOOTTIME).

    Raises:
        NotConfigured: the system does not say which boot this is.
    """
    # macOS counts CLOCK_MONOTONIC through sleep, Linux only CLOCK_BOOTTIME.
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Moment(_boot_id(), time.clock_gettime(clock))


@cache
def _boot_id() -> str:
    try:
        if sys.platform == "darwin":
            asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
            found = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        else:
            found = _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, subprocess.CalledProcessError):
        found = ""
    if not found:
        raise NotConfigured(
            f"{os.uname().sysname} does not say which boot this is, so a SQLite ledger cannot be used safely.",
            hint="Use a PostgreSQL ledger (ledger.url).",
        )
    return found
