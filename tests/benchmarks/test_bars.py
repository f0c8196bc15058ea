"""The speed bars, small and at twice the bar: a slow import or a quadratic loop shows, a busy machine does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bar", ["start", "list", "idle", "app", "keys", "live"])
def test_no_bar_is_missed_by_more_than_twice(bar):
    command = [sys.executable, str(BENCHMARKS / "bars.py"), "--small", "--factor", "2", "--json", "--only", bar]
    done = subprocess.run(command, capture_output=True, text=True, cwd=BENCHMARKS, check=False)
    assert done.stdout, done.stderr
    over = [one for one in json.loads(done.stdout)["bars"] if one["value"] > 2 * one["bar"]]
    assert over == []
    assert done.returncode == 0
