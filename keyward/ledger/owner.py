"""Who holds a lease: a process, named so that others on the same machine can see whether it still lives.

An owner is `<host>:<pid>:<start>`, optionally with `/<part>` behind for one of several workers in the process. The start is the
process's start time in clock ticks since boot and its process-id namespace (proc(5)), so neither a reused process id nor another
container is mistaken for it.
"""

import os
import subprocess
import sys
from pathlib import Path

_PROC = Path("/proc")
_ENDED = frozenset("ZXx")


def this_process(host: str, part: str = "") -> str:
    """The name of this process as an owner.

    Args:
        host: this machine's name.
        part: names a worker inside the process; two workers that must exclude each other need different ones.
    """
    pid = os.getpid()
    return f"{host}:{pid}:{_start(pid)}" + (f"/{part}" if part else "")


def surely_dead(holder: str, asker: str) -> bool:
    """Whether the holder was a process on the asker's machine, which is this one, and has ended; False whenever that cannot be known."""
    held, asking = _parts(holder), _parts(asker)
    if held is None or asking is None or held[0] != asking[0]:
        return False
    _, number, start = held
    if not start or number <= 0 or _namespace(start) != _namespace(_start(os.getpid())):
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    now = _start(number)
    return bool(now) and now != start


def _parts(owner: str) -> tuple[str, int, str] | None:
    pieces = owner.partition("/")[0].rsplit(":", 2)
    return (pieces[0], int(pieces[1]), pieces[2]) if len(pieces) == 3 and pieces[1].isdecimal() else None


def _namespace(start: str) -> str:
    return start.partition(".")[2]


def _start(pid: int) -> str:
    """Start time and namespace of a process; `ended` for one that is dead but not yet buried; empty when it cannot be known."""
    if not sys.platform.startswith("linux"):
        return _start_by_ps(pid)
    try:
        about = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        space = (_PROC / "self/ns/pid").stat().st_ino
    except OSError:
        return ""
    return "ended" if about[0] in _ENDED else f"{about[19]}.{space}"


def _start_by_ps(pid: int) -> str:
    try:
        done = subprocess.run(
            ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            env={"LC_ALL": "C", "TZ": "UTC"},
            check=False,
        )
    except OSError:
        return ""
    state, _, began = done.stdout.strip().partition(" ")
    return "ended" if state.startswith("Z") else "-".join(began.replace(":", "").split())
