"""Files are searched about as fast as the bar says; at twice the bar, so that a busy machine does not fail."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "local.py"


def test_a_small_tree_is_searched_within_twice_the_bar_and_nothing_is_missed():
    command = [sys.executable, str(BENCHMARK), "--megabytes", "4", "--slack", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert (told["missed"], told["extra"]) == (0, 0)
    assert told["seconds"] <= told["bar"]
    assert done.returncode == 0
