"""Times programs as a user meets them: processes by the clock on the wall, screens by what comes out of a pseudo terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

SIZE = (40, 140)
FRAME = 1 / 60


def process(argv: Sequence[str], environ: Mapping[str, str]) -> float:
    """Seconds that the program takes from start to end, its output thrown away."""
    begun = time.perf_counter()
    done = subprocess.run(argv, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    taken = time.perf_counter() - begun
    if done.returncode not in (0, 3):
        raise SystemExit(f"{argv} ended with {done.returncode}: {done.stderr.decode()}")
    return taken


def ratio(subject: Callable[[], float], base: Callable[[], float], times: int) -> tuple[float, float, float]:
    """(subject / base, median of subject, median of base) in seconds, measured in turns so that both meet the same machine."""
    subject(), base()  # compiled files and the page cache are warm for both
    pairs = [(subject(), base()) for _ in range(times)]
    ours, theirs = statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)
    return statistics.median(one / other for one, other in pairs), ours, theirs


@dataclass
class Terminal:
    """A program in a pseudo terminal. `raw` is all that it wrote; times are seconds since its start."""

    argv: Sequence[str]
    environ: Mapping[str, str]
    raw: bytes = b""
    begun: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(  # noqa: S606  # a program of ours, no shell
                self.argv[0], list(self.argv), {**self.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
            )
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))

    def pump(self, seconds: float) -> bytes:
        """What comes within that time, at most one read; empty when nothing does."""
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return b""
        self.raw += data
        return data

    def seen(self, needle: bytes, limit: float = 60) -> float:
        """Seconds from the start until the needle has come.

        Raises:
            SystemExit: it did not come in time.
        """
        end = time.perf_counter() + limit
        start = 0
        while time.perf_counter() < end:
            if self.raw.find(needle, start) >= 0:
                return time.perf_counter() - self.begun
            start = max(0, len(self.raw) - len(needle))
            self.pump(0.05)
        raise SystemExit(f"{self.argv}: {needle!r} did not come within {limit} s; the end was {self.raw[-300:]!r}")

    def settle(self, quiet: float = 0.25, limit: float = 30) -> None:
        """Wait until nothing more comes."""
        end = time.perf_counter() + limit
        while time.perf_counter() < end and self.pump(quiet):
            pass

    def paint(self, keys: bytes, of: re.Pattern[bytes] | None = None, quiet: float = 0.1) -> float:
        """Seconds from the key to the last byte of what it painted.

        Args:
            keys: what is typed.
            of: what every write of the part that is measured holds, such as where it begins; None for the whole screen.
            quiet: seconds without a byte after which nothing more is waited for.

        Raises:
            SystemExit: nothing of that part was painted, which is no quick paint.
        """
        begun = last = time.perf_counter()
        os.write(self.fd, keys)
        while data := self.pump(quiet):
            if of is None or of.search(data):
                last = time.perf_counter()
        if of is not None and last == begun:
            raise SystemExit(f"{keys!r} painted nothing of what is measured")
        return last - begun

    def watch(self, seconds: float) -> bytes:
        """What comes within that time."""
        end, start = time.perf_counter() + seconds, len(self.raw)
        while (left := end - time.perf_counter()) > 0:
            self.pump(left)
        return self.raw[start:]

    def cpu(self) -> float:
        """Seconds of processor time that it took so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:  # noqa: PTH123  # a plain read of procfs
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident megabytes now."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:  # noqa: PTH123  # a plain read of procfs
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def end(self) -> None:
        """Kill it and take the terminal away."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * len(ordered)))]
