"""A scan of a whole organisation against a cloud with latency: requests, time on the wall, memory, and what the cloud itself took.

    python benchmarks/scan.py                       1,000 projects, 10,000 keys, 5,000 secrets, 50 ms an answer
    python benchmarks/scan.py --size 40x120x100x80 --latency 20 --factor 2
    python benchmarks/scan.py --size 200x1000x0     the size at which others were measured

The cloud runs in a process of its own (`keyward demo --serve`) and writes down what it holds. From that file, and from nothing that
keyward says, `requests` counts how many requests a scan needs; with 32 at once and nothing to compute they take
requests x latency / 32. Measured are whole processes of `keyward scan`, start and end included: the first one, which reads every value
that may be read, and a second one, after which nothing has changed. Beside them in the same run: a script that sends the same requests
from as many threads with the plain client libraries, two scans that read no value, ask Cloud Asset Inventory first and the metrics
scopes for last use, and gcloud on a sample of the projects, where it is installed.
"""

import argparse
import collections
import contextlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bars import machine

HERE = Path(__file__).resolve().parent
WORKERS = 32
SIZE = "1000x5000x5000x5000"
"""Projects, API keys, secrets, service account keys."""
SINGLY = 'index = "off"'
"""The line of `[scan]` that has every project listed by itself, as the formula counts."""
LAST = "SECRET_MANAGER_EMULATOR_HOST"
"""The last variable that `keyward demo --serve` prints."""
VALUES = ("getKeyString", "versions.access")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cloud:
    """An emulated cloud in its own process: the variables that lead to it, what it holds, and its process id."""

    environ: Mapping[str, str]
    truth: Mapping[str, list]
    pid: int

    def calls(self, since: int = 0) -> list[dict]:
        """What it was asked, from that entry of its log on."""
        base = self.environ["KEYWARD_EMULATOR"].rstrip("/")
        with urllib.request.urlopen(f"{base}/emulator/v1/log?since={since}") as answer:  # noqa: S310  # our own cloud on loopback
            return json.load(answer)["entries"]

    def cpu(self) -> float:
        """Seconds of CPU that it took so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK


@contextlib.contextmanager
def cloud(size: str, latency_ms: float) -> Iterator[Cloud]:
    """A cloud of that size."""
    with tempfile.TemporaryDirectory(prefix="keyward-bench-") as folder:
        truth = Path(folder) / "truth.json"
        argv = [sys.executable, "-m", "keyward", "demo", "--serve", "--org", size, "--latency", f"{latency_ms:g}"]
        with subprocess.Popen([*argv, "--truth", str(truth)], stdout=subprocess.PIPE, text=True) as process:
            try:
                environ = {}
                while LAST not in environ:
                    line = process.stdout.readline()
                    if not line:
                        raise SystemExit("the emulator did not start")
                    name, _, value = line.removeprefix("export ").strip().partition("=")
                    environ[name] = value
                yield Cloud(environ, json.loads(truth.read_text(encoding="utf-8")), process.pid)
            finally:
                process.terminate()
                process.wait(30)


def requests(truth: Mapping[str, list], *, values: bool) -> int:
    """How many requests a listing of every project needs, by what the generator wrote down.

    A page holds 500 projects, 300 API keys (deleted ones too), 100 service accounts, 250 HMAC keys, 1,000 secrets, 1,000 versions, and
    an empty list is a page too. The keys of a service account are one request an account, the versions of a secret one a secret: no
    request of Google's gives those of several. When keys were used is one question a project for API keys and two for service
    account keys (Monitoring, Policy Analyzer). With values: one a key string of an API key that is not deleted, one a version that is on.
    """
    counts = {
        name: collections.Counter(one["project"] for one in truth[name]) for name in ("keys", "hmac_keys", "secrets")
    }
    counts["accounts"] = collections.Counter(
        project for project, _ in {(one["project"], one["email"]) for one in truth["service_account_keys"]}
    )
    sizes = {"keys": 300, "accounts": 100, "hmac_keys": 250, "secrets": 1000}
    found = _pages(len(truth["projects"]), 500)
    for project in truth["projects"]:
        found += sum(_pages(counts[name][project["id"]], size) for name, size in sizes.items())
        found += 3  # use of API keys; use of service account keys, recent and older
    found += counts["accounts"].total()
    found += sum(_pages(len(secret["versions"]), 1000) for secret in truth["secrets"])
    if values:
        found += sum(key["state"] == "active" for key in truth["keys"])
        found += sum(one["state"] == "ENABLED" for secret in truth["secrets"] for one in secret["versions"])
    return found


def _pages(items: int, size: int) -> int:
    return max(1, math.ceil(items / size))


@dataclass(frozen=True)
class Run:
    """One measured process: seconds on the wall, its CPU and the cloud's, its peak memory (MB), what the cloud was asked."""

    wall: float
    cpu: float
    cloud_cpu: float
    memory: float
    calls: collections.Counter

    @property
    def total(self) -> int:
        """Requests in all."""
        return self.calls.total()

    @property
    def values(self) -> int:
        """Values read."""
        return sum(count for name, count in self.calls.items() if name.endswith(VALUES))


def run(argv: Sequence[str], environ: Mapping[str, str], place: Cloud) -> Run:
    """Run it and measure.

    Raises:
        SystemExit: it failed.
    """
    before, spent, busy = len(place.calls()), os.times(), place.cpu()
    begun = time.perf_counter()
    with subprocess.Popen(argv, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said: list[bytes] = []
        reader = threading.Thread(target=lambda: said.append(process.stderr.read()))
        reader.start()
        memory = _peak(process)
        reader.join()
    wall, after = time.perf_counter() - begun, os.times()
    cloud_cpu = place.cpu() - busy
    if process.returncode:
        raise SystemExit(f"{argv} ended with {process.returncode}: {b''.join(said).decode()[-2000:]}")
    calls = collections.Counter(entry["rpc"] for entry in place.calls(before) if entry.get("rpc"))
    cpu = after.children_user + after.children_system - spent.children_user - spent.children_system
    return Run(wall, cpu, cloud_cpu, memory, calls)


def _peak(process: subprocess.Popen) -> float:
    """Wait for its end; the most memory that it had, in MB."""
    most = 0.0
    while process.poll() is None:
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            most = max([most, *(int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmHWM"))])
        time.sleep(0.02)
    return most


SCAN = (sys.executable, "-m", "keyward", "scan")


@contextlib.contextmanager
def user(place: Cloud, *settings: str) -> Iterator[Mapping[str, str]]:
    """The environment of one who has never scanned, with these lines under `[scan]`."""
    with tempfile.TemporaryDirectory(prefix="keyward-bench-") as home:
        config = Path(home) / "keyward.toml"
        lines = ("[scan]", *settings, "[fingerprint]", f'key_file = "{home}/fingerprint.key"', "")
        config.write_text("\n".join(lines))
        config.chmod(0o600)
        yield {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "KEYWARD_HOME": f"{home}/state",
            "KEYWARD_CONFIG": str(config),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **place.environ,
        }


def scans(place: Cloud, *, values: bool) -> tuple[Run, Run, Run]:
    """The bare script, the first scan and the second."""
    script = [sys.executable, str(HERE / "bare_scan.py"), *(["--values"] if values else [])]
    with user(place, SINGLY, *(['read_values = ["project:*"]'] if values else [])) as environ:
        return run(script, environ, place), run(SCAN, environ, place), run(SCAN, environ, place)


def indexed(place: Cloud) -> tuple[Run, Run]:
    """The first and the second scan of one who reads no value, may ask the index, and names projects that monitor the others."""
    scopes = f"metrics_scopes = {json.dumps(place.truth['metrics_scopes'])}"
    with user(place, "[google]", scopes) as environ:
        return run(SCAN, environ, place), run(SCAN, environ, place)


def gcloud(place: Cloud, sample: int) -> str:
    """How long stock gcloud takes for the API keys alone of some projects, 32 at once."""
    if shutil.which("gcloud") is None:
        return "gcloud is not installed here, so it was not measured"
    projects = [one["id"] for one in place.truth["projects"]][:sample]
    with tempfile.TemporaryDirectory(prefix="keyward-bench-") as home:
        environ = {"PATH": os.environ["PATH"], "HOME": home, "CLOUDSDK_CONFIG": home, **place.environ}
        argv = ["xargs", "-P", str(WORKERS), "-I", "{}", "gcloud", "services", "api-keys", "list", "--project={}"]
        begun = time.perf_counter()
        done = subprocess.run(
            [*argv, "--format=value(uid)"],
            env=environ,
            input="\n".join(projects),
            capture_output=True,
            text=True,
            check=True,
        )
        wall = time.perf_counter() - begun
    known = {one["uid"] for one in place.truth["keys"] if one["project"] in projects and one["state"] == "active"}
    if set(done.stdout.split()) != known:
        raise SystemExit("gcloud lists other keys than the truth")
    return (
        f"gcloud under xargs -P {WORKERS}, API keys alone of {len(projects)} projects: {wall:.1f} s, "
        f"{wall / len(projects) * 1000:.0f} ms a project"
    )


def main() -> int:
    """Measure, print, and say by the exit status whether every bar was kept."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--size", default=SIZE, help="PROJECTSxAPIKEYSxSECRETS[xACCOUNTKEYS]")
    ask.add_argument("--latency", type=float, default=50.0, help="milliseconds an answer")
    ask.add_argument("--metadata", action="store_true", help="read no value")
    ask.add_argument("--sample", type=int, default=32, help="projects that gcloud is asked about; 0 leaves it out")
    ask.add_argument("--factor", type=float, default=1.0, help="fail only above the bar times this")
    ask.add_argument("--json", action="store_true", help="print JSON")
    told = ask.parse_args()
    values = not told.metadata
    with cloud(told.size, told.latency) as place:
        first, again = requests(place.truth, values=values), requests(place.truth, values=False)
        bare, cold, second = scans(place, values=values)
        short, shorter = indexed(place)
        other = gcloud(place, told.sample) if told.sample else ""
    least, later = (count * told.latency / 1000 / WORKERS for count in (first, again))
    bars = [
        ("first scan: requests / formula", cold.total / first, 1.0, f"{cold.total:,} of {first:,}, {cold.values:,} values"),
        ("first scan: wall / (requests x latency / 32)", cold.wall / least, 1.3, f"{cold.wall:.1f} s / {least:.1f} s"),
        ("first scan: wall / the bare script's", cold.wall / bare.wall, 1.3, f"{cold.wall:.1f} s / {bare.wall:.1f} s"),
        ("second scan: requests / formula", second.total / again, 1.0, f"{second.total:,} of {again:,}"),
        ("second scan: values read", second.values, 0, ""),
        ("second scan: wall / (requests x latency / 32)", second.wall / later, 1.3, f"{second.wall:.1f} s / {later:.1f} s"),
        ("with the index: requests / listing's", short.total / again, 0.2, f"{short.total:,} of {again:,}"),
        ("second scan with the index: requests / the first's", shorter.total / cold.total, 0.2, f"{shorter.total:,} of {cold.total:,}"),
        ("the cloud during the first scan, cores", cold.cloud_cpu / cold.wall, 0.7, f"{cold.cloud_cpu:.1f} s"),
    ]  # fmt: skip
    if bare.total != first:
        raise SystemExit(f"the bare script sent {bare.total:,} requests, not {first:,}: no comparison")
    if told.json:
        print(json.dumps({"machine": machine(), "bars": bars, "memory": cold.memory, "cpu": cold.cpu}))
    else:
        print(machine())
        print(f"{told.size} (projects x API keys x secrets x account keys), {told.latency:g} ms an answer")
        for name, value, bar, detail in bars:
            print(f"{'ok  ' if value <= bar else 'OVER'} {name:<48} {value:8.2f}  bar {bar:.2f}  {detail}")
        for name, one in (
            ("bare script", bare),
            ("first scan", cold),
            ("second scan", second),
            ("with the index", short),
        ):
            print(
                f"     {name:<14} {one.wall:6.1f} s, {one.cpu:5.1f} s of CPU, {one.memory:4.0f} MB; the cloud {one.cloud_cpu:.1f} s"
            )
        print(*([f"     {other}"] if other else []), sep="\n")
        for rpc, count in sorted(cold.calls.items(), key=lambda item: -item[1]):
            print(f"     {count:8,} {rpc}")
    return 0 if all(value <= bar * told.factor for _, value, bar, _ in bars) else 1


if __name__ == "__main__":
    raise SystemExit(main())
