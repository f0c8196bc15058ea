"""The benchmark of leaks, small and with three rules of its own: what it plants is found, where it was planted, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "leaks.py"
RULES = {
    "gcp-api-key": r"\b(AIza[\w-]{35})(?:\\?['\"\x60]|[\s;]|\\[nr]|$)",
    "mistral-api-key": r"(?i)(?:mistral)(?:[ \t\w.-]{0,20})[\s'\"]{0,3}(?:=|>|:)[\x60'\"\s=]{0,5}([A-Z0-9]{32})(?:[\s;]|$)",
    "github-pat": r"ghp_[0-9a-zA-Z]{36}",
}


def measure(tmp_path, *more):
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps([{"id": f"published.{name}", "pattern": one} for name, one in RULES.items()]))
    command = [sys.executable, str(BENCHMARK), "--rules", str(rules), "--tools", str(tmp_path), "--megabytes", "0.3"]
    command += ["--planted", "60", "--repeat", "1", "--packages", "0", "--quick", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=BENCHMARK.parent)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_what_it_plants_is_found_where_it_was_planted_and_nothing_else(tmp_path):
    told = measure(tmp_path)
    ours = told["programs"]["keyward"]
    assert (told["kinds"], ours["of"], ours["beside"], ours["doubtful_of_these"]) == (3, 60, 0, 0)
    assert ours["missed"].keys() <= {"mistral"}, "a name is only told where it is written as a name"
    assert ours["found"] >= 55


def test_a_checksum_that_does_not_fit_is_seen(tmp_path):
    ours = measure(tmp_path, "--as-written")["programs"]["keyward"]
    assert ours["doubtful_of_these"] == 20
