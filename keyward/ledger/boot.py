"""The time of leases on one machine: seconds since boot, which no one can set, and which boot that was."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from keyward.clock import steady
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
    boot = boot_id()
    if not boot:
        raise NotConfigured(
            f"{os.uname().sysname} does not say which boot this is, so a SQLite ledger cannot be used safely.",
            hint="Use a PostgreSQL ledger (ledger.url).",
        )
    return Moment(boot, steady())


@cache
def boot_id() -> str:
    """Which boot of which machine this is; empty where the system does not say."""
    try:
        if sys.platform == "darwin":
            asked = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
            return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
