"""Many rotations in one run against a cloud with latency: calls, time on the wall, memory.

    python benchmarks/rotations.py                    200 keys over 50 projects, 50 ms an answer
    python benchmarks/rotations.py --keys 12 --projects 3 --factor 2

Counted is one `keyward rotate KEY... --grace 0s --retire now --wait=retired` from start to end: planning, making, writing, reading back,
the gate, the deletion, and the list of keys that is brought up to date. Polls of operations and probes of old keys are apart, as the bars
say.
"""

import argparse
import collections
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKERS = 32
APART = "apart"
PER_KEY, PER_TARGET = 9, 4
WRITES_A_MINUTE = 120
"""Writes to API Keys that a project may make in a minute (Google's quota page)."""


@contextlib.contextmanager
def cloud(keys: int, projects: int, latency_ms: float) -> Iterator[dict]:
    """The cloud's environment variables and the ids of its keys."""
    argv = [sys.executable, str(HERE / "rotation_world.py"), str(keys), str(projects), str(latency_ms)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(30)


def log(environ: Mapping[str, str]) -> list[dict]:
    """Every request that the cloud answered."""
    base = environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS"].rstrip("/")
    with urllib.request.urlopen(f"{base}/emulator/v1/log") as answer:  # noqa: S310  # our own cloud on loopback
        return json.load(answer)["entries"]


def run(keys: int, projects: int, latency_ms: float) -> dict:
    """One measured run."""
    with cloud(keys, projects, latency_ms) as world, tempfile.TemporaryDirectory(prefix="keyward-bench-") as home:
        config = Path(home) / "keyward.toml"
        config.write_text('[scan]\nread_values = ["project:*"]\n')
        config.chmod(0o600)
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "KEYWARD_HOME": f"{home}/state",
            "KEYWARD_CONFIG": str(config),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **world["environ"],
        }
        keyward = [sys.executable, "-m", "keyward"]
        subprocess.run([*keyward, "scan"], env=environ, check=True, capture_output=True)
        before = len(log(environ))
        words = ["--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "bench", "--wait=retired"]
        begun, cpu = time.perf_counter(), os.times()
        argv = [*keyward, "rotate", *world["ids"], *words]
        with subprocess.Popen(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            peak = _peak(process)
        wall, after = time.perf_counter() - begun, os.times()
        if process.returncode:
            raise SystemExit(f"keyward ended with {process.returncode}")
        old = {key.rpartition("/")[2] for key in world["ids"]}
        calls = collections.Counter(_name(entry, old) for entry in log(environ)[before:] if entry.get("rpc"))
    spent = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    return {"keys": keys, "wall": wall, "cpu": spent, "memory": peak, "calls": calls}


def bare(keys: int, projects: int, latency_ms: float) -> float:
    """Seconds for the same requests from the plain client libraries, which check and remember nothing."""
    with cloud(keys, projects, latency_ms) as world:
        environ = {"PATH": os.environ["PATH"], **world["environ"]}
        argv = [sys.executable, str(HERE / "bare_rotations.py")]
        done = subprocess.run(argv, input=json.dumps(world), env=environ, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _name(entry: Mapping[str, str], old: set[str]) -> str:
    """What was called; what the bars leave out says so."""
    dead_probe = entry["rpc"].startswith("generativelanguage.") and entry.get("key") in old
    return f"{entry['rpc']} ({APART})" if dead_probe or entry["rpc"].endswith("operations.get") else entry["rpc"]


def _peak(process: subprocess.Popen) -> float:
    """The most memory that the process had, in MB; reads its messages away."""
    most = 0.0
    os.set_blocking(process.stderr.fileno(), False)
    while process.poll() is None:
        process.stderr.read()
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            found = [int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmHWM")]
            most = max([most, *found])
        time.sleep(0.05)
    return most


def main() -> int:
    """Measure, print, and say by the exit status whether every bar was kept."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--keys", type=int, default=200)
    ask.add_argument("--projects", type=int, default=50)
    ask.add_argument("--latency", type=float, default=50.0, help="milliseconds an answer")
    ask.add_argument("--factor", type=float, default=1.0, help="fail only above the bar times this")
    ask.add_argument("--json", action="store_true", help="print JSON")
    told = ask.parse_args()
    one, many = run(1, 1, told.latency), run(told.keys, told.projects, told.latency)
    counted = many["calls"]
    total = sum(count for rpc, count in counted.items() if not rpc.endswith(f"({APART})"))
    least = max(total * told.latency / 1000 / WORKERS, 2 * told.keys / told.projects / WRITES_A_MINUTE * 60)
    bars = [
        ("calls a rotation with one target", total / told.keys, PER_KEY + PER_TARGET, ""),
        ("wall clock / (calls x latency / workers)", (many["wall"] - one["wall"]) / least, 1.3, f"{many['wall']:.1f} s; one: {one['wall']:.1f} s"),
        ("memory above one rotation, MB", many["memory"] - one["memory"], 60, f"{many['memory']:.0f} MB"),
    ]  # fmt: skip
    if told.json:
        print(json.dumps({"bars": bars, "calls": counted, "cpu": many["cpu"]}))
    else:
        print(
            f"{told.keys} rotations over {told.projects} projects, {told.latency:g} ms an answer; {many['cpu']:.1f} s of CPU"
        )
        floor = bare(told.keys, told.projects, told.latency)
        print(f"     the same requests by the plain client libraries alone: {floor:.1f} s")
        for name, value, bar, detail in bars:
            print(f"{'ok  ' if value <= bar else 'OVER'} {name:<44} {value:8.2f}  bar {bar:.2f}  {detail}")
        for rpc, count in sorted(counted.items(), key=lambda item: -item[1]):
            print(f"     {count / told.keys:6.2f} {rpc}")
    return 0 if all(value <= bar * told.factor for _, value, bar, _ in bars) else 1


if __name__ == "__main__":
    raise SystemExit(main())
