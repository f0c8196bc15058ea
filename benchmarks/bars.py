"""The speed bars of keyward, as ratios within one run, with the machine they were measured on.

    python benchmarks/bars.py                 every bar at full size
    python benchmarks/bars.py --small --factor 2   what CI runs: fewer rows and repetitions, fails at twice the bar
    python benchmarks/bars.py --only app,list

A ratio compares with a program that does nothing on the same toolkit, run in turns with ours. Milliseconds of key presses compare with
one frame at 60 Hz. Nothing here leaves the machine: the cache is fabricated.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from statistics import median

from measure import FRAME, Terminal, percentile, process, ratio

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
MANY = 9
"""Repetitions from which a 99th percentile means something; fewer give the slowest of a handful, on a machine that runs tests beside."""

MARKER = "bench-key-"
"""How names of the cache begin, whichever rows come first: on a busy machine the sorted ones may."""
TABLE = re.compile(rb"\x1b\[(?:[4-9]|[1-3]\d);1H")
"""Where a row of the table begins. The pane beside it follows when the cursor rests, and the top line whenever it has news."""
HZ, CHANGED = 10, "changed-"
"""Changes a second of a scan that goes on, and how the names of changed keys begin; behind it stands the number of the change."""


@dataclass(frozen=True)
class Measured:
    """One bar: `value` and `bar` in `unit` (`x` is a ratio), and what it was made of."""

    name: str
    value: float
    bar: float
    unit: str
    detail: str = ""


def environment(home: Path) -> dict[str, str]:
    """A user with nothing but a fabricated cache."""
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {
        **keep,
        "HOME": str(home),
        "KEYWARD_HOME": str(home / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


@contextlib.contextmanager
def cached(keys: int) -> Iterator[dict[str, str]]:
    """Environment variables of a user whose cache holds so many keys."""
    with tempfile.TemporaryDirectory(prefix="keyward-bench-") as folder:
        environ = environment(Path(folder))
        subprocess.run(
            [PYTHON, str(HERE / "make_cache.py"), str(keys), environ["KEYWARD_HOME"]],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        # A scan ends with judging what may be done with what is sent; without it the first list would.
        subprocess.run([PYTHON, "-m", "keyward", "list", "-o", "ids"], env=environ, check=False, capture_output=True)
        yield environ


def start(times: int, _rows: int) -> Iterator[Measured]:
    """`--version` and `--help` against an empty Typer program."""
    environ = {**os.environ}
    for word in ("--version", "--help"):
        value, ours, theirs = ratio(
            lambda word=word: process([PYTHON, "-m", "keyward", word], environ),  # type: ignore[misc]  # bound now, not later
            lambda: process([PYTHON, str(HERE / "baseline_typer.py")], environ),
            times,
        )
        yield Measured(f"keyward {word}", value, 1.5, "x", f"{ours * 1000:.0f} ms / {theirs * 1000:.0f} ms")


def listing(times: int, _rows: int) -> Iterator[Measured]:
    """`list --format json` of 10,000 cached keys against an empty Typer program."""
    with cached(10_000) as environ:
        value, ours, theirs = ratio(
            lambda: process([PYTHON, "-m", "keyward", "list", "--format", "json"], environ),
            lambda: process([PYTHON, str(HERE / "baseline_typer.py")], environ),
            times,
        )
        yield Measured(
            "list --format json, 10,000 keys", value, 1.6, "x", f"{ours * 1000:.0f} ms / {theirs * 1000:.0f} ms"
        )


_RULES = """
[scan]
every = "0s"

[targets]
allow = ["gsm:*"]

[fingerprint]
key_file = "{key_file}"

[[rotation.rule]]
match = "project:*"
max_age = "9000d"
"""


def idle(times: int, _rows: int) -> Iterator[Measured]:
    """`rotate --due --yes` that finds nothing to do among 10,000 cached keys under a rule, against an empty Typer program."""
    with cached(10_000) as environ:
        home = Path(environ["KEYWARD_HOME"])
        settings = home / "keyward.toml"
        settings.write_text(_RULES.format(key_file=home / "fingerprint.key"))
        settings.chmod(0o600)
        environ["KEYWARD_CONFIG"] = str(settings)
        due = [PYTHON, "-m", "keyward", "rotate", "--due", "--yes"]
        subprocess.run([*due, "--new-ledger"], env=environ, check=True)
        value, ours, theirs = ratio(
            lambda: process(due, environ), lambda: process([PYTHON, str(HERE / "baseline_typer.py")], environ), times
        )
        yield Measured("an idle rotate --due", value, 2.0, "x", f"{ours * 1000:.0f} ms / {theirs * 1000:.0f} ms")


def app(times: int, rows: int) -> Iterator[Measured]:
    """First content, first rows and memory of the app against an app with one Static."""
    with cached(rows) as environ:

        def first(needle: bytes, *argv: str) -> Callable[[], float]:
            def measure() -> float:
                terminal = Terminal([PYTHON, *argv], environ)
                try:
                    return terminal.seen(needle)
                finally:
                    terminal.end()

            return measure

        least = first(b"least-app-is-here", str(HERE / "baseline_app.py"))
        for name, needle, bar in (("shell", b"keyward", 1.6), ("first rows", MARKER.encode(), 1.9)):
            value, ours, theirs = ratio(first(needle, "-m", "keyward"), least, times)
            yield Measured(
                f"app with {rows:,} keys: {name}", value, bar, "x", f"{ours * 1000:.0f} ms / {theirs * 1000:.0f} ms"
            )
        terminal = Terminal([PYTHON, "-m", "keyward"], environ)
        try:
            terminal.seen(MARKER.encode())
            terminal.settle(quiet=1.5)
            yield Measured(f"app with {rows:,} keys: memory", terminal.memory(), 250, "MB")
        finally:
            terminal.end()


def keys(times: int, rows: int) -> Iterator[Measured]:
    """From a key press to the last byte that it painted."""
    with cached(rows) as environ:
        terminal = Terminal([PYTHON, "-m", "keyward"], environ)
        try:
            terminal.seen(MARKER.encode())
            terminal.settle(quiet=1.5)
            moves = [terminal.paint(b"j", TABLE) for _ in range(times * 10)]
            pages = [terminal.paint(b"\x1b[6~", TABLE) for _ in range(times * 5)]
            terminal.paint(b"/")
            typed = [
                terminal.paint(bytes([letter]), TABLE, quiet=0.25)
                for _ in range(times)
                for letter in b"maps\x7f\x7f\x7f\x7f"
            ]
        finally:
            terminal.end()
    for name, values, frames in (("cursor", moves, 1), ("page", pages, 1), ("filtered rows", typed, 3)):
        what, bar = f"key to paint with {rows:,} keys: {name}", frames * FRAME * 1000
        yield Measured(f"{what}, median", median(values) * 1000, bar, "ms", f"of {len(values)}")
        if times >= MANY:
            yield Measured(f"{what}, p99", percentile(values, 0.99) * 1000, bar, "ms", f"of {len(values)}")
    if times >= MANY:
        yield from stock_table()


def live(times: int, rows: int) -> Iterator[Measured]:
    """The share of one core that the app takes while a scan changes twenty keys ten times a second, ten of them on the screen."""
    seconds = times + 1
    with cached(rows) as environ:
        terminal = Terminal([PYTHON, str(HERE / "live_app.py")], environ)
        try:
            terminal.seen(MARKER.encode())
            terminal.settle(quiet=1.5)
            os.write(terminal.fd, b"\x12")  # ctrl+r: scan
            terminal.seen(CHANGED.encode())
            terminal.watch(2)
            spent, begun = terminal.cpu(), time.perf_counter()
            came = terminal.watch(seconds)
            share = (terminal.cpu() - spent) / (time.perf_counter() - begun)
        finally:
            terminal.end()
    painted = len(set(re.findall(rb"%b\d+" % CHANGED.encode(), came)))
    if painted < seconds * HZ * 0.8:
        raise SystemExit(f"of {seconds * HZ} changes only {painted} came to the screen")
    detail = f"{painted} of {seconds * HZ} changes painted, {len(came) / seconds / 1000:.0f} kB/s"
    yield Measured(f"app with {rows:,} keys: {HZ} changes a second", share * 100, 10, "%", detail)


def stock_table(rows: int = 10_000) -> Iterator[Measured]:
    """Textual's DataTable with a tenth of the rows, for scale: it has no bar."""
    terminal = Terminal([PYTHON, str(HERE / "baseline_table.py"), str(rows)], {**os.environ})
    try:
        shown = terminal.seen(b"table-key-0000001")
        terminal.settle(quiet=1.5)
        pages = [terminal.paint(b"\x1b[6~") for _ in range(20)]
    finally:
        terminal.end()
    yield Measured(f"for scale, DataTable with {rows:,} rows: first rows", shown * 1000, inf, "ms")
    yield Measured(f"for scale, DataTable with {rows:,} rows: page, median", median(pages) * 1000, inf, "ms")


BARS: dict[str, Callable[[int, int], Iterator[Measured]]] = {
    "start": start,
    "list": listing,
    "idle": idle,
    "app": app,
    "keys": keys,
    "live": live,
}


def machine() -> str:
    """What the numbers were measured on."""
    busy = os.getloadavg()[0]
    disk = shutil.disk_usage(tempfile.gettempdir())
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {busy:.2f}, disk {disk.free >> 30} GiB free"


def main() -> int:
    """Measure, print, and say by the exit status whether every bar was kept."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--small", action="store_true", help="fewer rows and repetitions")
    ask.add_argument("--factor", type=float, default=1.0, help="fail only above the bar times this")
    ask.add_argument("--only", default=",".join(BARS), help="which, by comma")
    ask.add_argument("--json", action="store_true", help="print JSON")
    told = ask.parse_args()
    times, rows = (3, 20_000) if told.small else (MANY, 100_000)
    found = [measured for name in told.only.split(",") for measured in BARS[name](times, rows)]
    if told.json:
        print(json.dumps({"machine": machine(), "bars": [asdict(one) for one in found]}))
    else:
        print(machine())
        for one in found:
            print(
                f"{'ok  ' if one.value <= one.bar else 'OVER'} {one.name:<52} {one.value:8.2f} {one.unit:<3} bar {one.bar:.2f}  {one.detail}"
            )
    return 0 if all(one.value <= one.bar * told.factor for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
