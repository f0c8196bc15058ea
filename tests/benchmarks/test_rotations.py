"""Calls and memory of many rotations at once, small and at twice the bar. The clock on the wall is measured on demand: other tests run beside."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.timeout(300)
def test_calls_and_memory_of_many_rotations():
    command = [
        sys.executable,
        str(BENCHMARKS / "rotations.py"),
        "--keys",
        "24",
        "--projects",
        "6",
        "--latency",
        "5",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=BENCHMARKS, check=False)
    assert done.stdout, done.stderr
    bars = {name: (value, bar) for name, value, bar, _ in json.loads(done.stdout)["bars"]}
    calls, bar = bars["calls a rotation with one target"]
    assert calls <= 2 * bar
    memory, bar = bars["memory above one rotation, MB"]
    assert memory <= 2 * bar
