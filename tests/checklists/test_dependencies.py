"""Tools that know of holes in libraries: the real ones where they are installed, against a database on loopback, and their forms read strictly."""

import contextlib
import os
import sys
import time
from pathlib import Path

import pytest

from keyward.checklists.dependencies import npm, osv, pip_audit
from keyward.checklists.dependencies.audit import Audit, audit, locks
from keyward.checklists.dependencies.tool import Hole, NotUnderstood
from tests.parts.advisories import ADVISORY, advising, npm_lock, registry
from tests.parts.need import require
from tests.parts.repo import Repo


@pytest.fixture(scope="module")
def database():
    with advising() as server:
        yield server


@pytest.fixture
def environ(tmp_path):
    """The user's variables, with a home of their own."""
    home = tmp_path / "home"
    home.mkdir()
    beside = Path(sys.executable).parent  # pip-audit is installed with what tests need
    return {"PATH": f"{beside}:{os.environ['PATH']}", "HOME": str(home), "SOME_API_KEY": "made-up"}


def test_npm_tells_of_a_vulnerable_lock_file_and_of_a_good_one(tmp_path, environ, database):
    require("npm")
    registry(environ, database.server_port)
    bad = audit(npm_lock(tmp_path / "bad", "old-library"), environ)
    assert bad.unknown == ""
    assert bad.holes == (Hole("old-library (high)", "", ("GHSA-aaaa-bbbb-cccc",)),)
    good = audit(npm_lock(tmp_path / "good", "new-library"), environ)
    assert (good.tool, good.holes, good.unknown) == ("npm", (), "")
    assert {"old-library": ["1.0.0"]} in database.asked


def test_npm_without_a_network_knows_nothing(tmp_path, environ):
    require("npm")
    registry(environ, 1)
    found = audit(npm_lock(tmp_path / "a", "old-library"), environ)
    assert found.holes == ()
    assert found.unknown.startswith("it failed: ")
    assert "127.0.0.1:1" in found.unknown
    assert "ECONNREFUSED" in found.unknown


def test_pip_audit_tells_of_a_vulnerable_file_a_good_one_and_one_that_is_not_pinned(tmp_path, environ, database):
    environ |= {
        "PIP_AUDIT_VULNERABILITY_SERVICE": "osv",
        "PIP_AUDIT_OSV_URL": f"http://127.0.0.1:{database.server_port}/v1/query",
    }
    lock = tmp_path / "requirements.txt"
    lock.write_text("old-library==1.0\nnew-library==1.0\n")
    assert audit(lock, environ).holes == (Hole("old-library", "1.0", ("GHSA-aaaa-bbbb-cccc",), ("2.0",)),)
    lock.write_text("new-library==1.0\n")
    assert audit(lock, environ) == Audit(lock, "pip-audit")
    lock.write_text("new-library>=1\n")
    assert "not pinned" in audit(lock, environ).unknown
    lock.write_text("new-library==1.0\n")
    assert "could not be used" in audit(lock, environ | {"PIP_AUDIT_OSV_URL": "http://127.0.0.1:1/"}).unknown


@pytest.mark.parametrize(
    ("name", "program", "install"),
    [
        ("requirements.txt", "pip-audit", "pipx install pip-audit"),
        ("package-lock.json", "npm", npm.TOOL.install),
        ("uv.lock", "osv-scanner", osv.TOOL.install),
        ("Cargo.lock", "osv-scanner", osv.TOOL.install),
    ],
)
def test_without_the_tool_nothing_is_known_and_the_command_that_installs_it_is_told(tmp_path, name, program, install):
    (tmp_path / name).write_text("")
    found = audit(tmp_path / name, {"PATH": str(tmp_path)})
    assert (found.unknown, found.install, found.holes) == (f"{program} is not installed", install, ())


def _stub(folder, program, script):
    """A program of that name which only ends as told: never taken for proof that the real one works so."""
    folder.mkdir(exist_ok=True)
    file = folder / program
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), "SOME_API_KEY": "made-up"}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exit 0", "there is none, exit status 0"),
        ("echo no json", "it is no JSON, exit status 0"),
        ("echo '{}'", "it has no results, exit status 0"),
        ("echo '{\"results\": []}'; exit 1", "it ended with status 1 and told of 0 libraries"),
        ("echo broken network >&2; exit 127", "there is none, exit status 127); broken network"),
        ("printf '[%.0s' $(seq 5000)", "it is no JSON"),
        ("kill -9 $$", "there is none, exit status -9"),
    ],
)
def test_an_answer_that_is_not_understood_is_unknown_never_fine(tmp_path, script, expected):
    (tmp_path / "uv.lock").write_text("")
    found = audit(tmp_path / "uv.lock", _stub(tmp_path / "bin", "osv-scanner", script))
    assert (found.tool, found.holes) == ("osv-scanner", ())
    assert expected in found.unknown


def test_a_tool_that_does_not_end_is_ended_with_what_it_started(tmp_path):
    (tmp_path / "uv.lock").write_text("")
    environ = _stub(tmp_path / "bin", "osv-scanner", f"sleep 60 & echo $! > {tmp_path}/child; wait")
    began = time.monotonic()
    found = audit(tmp_path / "uv.lock", environ, seconds=0.5)
    assert found.unknown == "it took more than 0.5 seconds and was ended"
    assert time.monotonic() - began < 10
    child = (tmp_path / "child").read_text().strip()
    with contextlib.suppress(FileNotFoundError):  # or it is a zombie that nobody has asked after yet
        while Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
            assert time.monotonic() - began < 10, "it was killed, and a busy machine has not come to that yet"
            time.sleep(0.05)


def test_a_tool_gets_no_variable_that_could_hold_a_key(tmp_path):
    (tmp_path / "uv.lock").write_text("")
    environ = _stub(
        tmp_path / "bin", "osv-scanner", f"env > {tmp_path}/env; pwd > {tmp_path}/pwd; echo '{{\"results\": []}}'"
    )
    assert audit(tmp_path / "uv.lock", environ) == Audit(tmp_path / "uv.lock", "osv-scanner")
    assert "SOME_API_KEY" not in (tmp_path / "env").read_text()
    assert (tmp_path / "pwd").read_text().strip() == str(tmp_path)


# Forms as the tools document or print them.


def _pip(*vulns, **more):
    return {"dependencies": [{"name": "a", "version": "1", "vulns": list(vulns), **more}], "fixes": []}


def _npm(**more):
    via = [{"source": 1, "name": "a", "url": ADVISORY, "severity": "low", "range": "<2"}]
    a = {"name": "a", "severity": "low", "via": via, "range": "<2", "fixAvailable": {"name": "a", "version": "2.0.0"}}
    b = {"name": "b", "severity": "low", "via": ["a"], "range": "*", "fixAvailable": False}
    counted = {"vulnerabilities": {"low": 2, "total": 2}}
    return {"auditReportVersion": 2, "vulnerabilities": {"a": a, "b": b}, "metadata": counted, **more}


def _scanned(*vulns, **more):
    package = {"package": {"name": "a", "version": "1", "ecosystem": "PyPI"}, "vulnerabilities": list(vulns), **more}
    return {"results": [{"source": {"path": "/x/uv.lock", "type": "lockfile"}, "packages": [package]}]}


@pytest.mark.parametrize(
    ("tool", "document", "status", "holes"),
    [
        (pip_audit.TOOL, _pip(), 0, ()),
        (
            pip_audit.TOOL,
            _pip({"id": "PYSEC-1", "fix_versions": ["3", "2"], "aliases": ["CVE-1"]}),
            1,
            (Hole("a", "1", ("PYSEC-1",), ("2", "3")),),
        ),
        (npm.TOOL, _npm(vulnerabilities={}, metadata={"vulnerabilities": {"total": 0}}), 0, ()),
        (
            npm.TOOL,
            _npm(),
            0,
            (Hole("a (low)", "<2", ("GHSA-aaaa-bbbb-cccc",), ("a 2.0.0",)), Hole("b (low)", "*", ("through a",))),
        ),
        (osv.TOOL, {"results": []}, 0, ()),
        (osv.TOOL, _scanned(), 0, ()),
        (
            osv.TOOL,
            _scanned({"id": "GHSA-1"}, {"id": "GO-1"}, groups=[{"ids": ["GHSA-1", "GO-1"]}]),
            1,
            (Hole("a", "1", ("GHSA-1",)),),
        ),
    ],
)
def test_documented_answers_are_read(tool, document, status, holes):
    assert tool.read(document, status) == holes


@pytest.mark.parametrize(
    ("tool", "document", "status"),
    [
        (pip_audit.TOOL, [], 0),
        (pip_audit.TOOL, {"dependencies": {}}, 0),
        (pip_audit.TOOL, {"dependencies": [{"name": "a", "skip_reason": "not on PyPI"}]}, 0),
        (pip_audit.TOOL, {"dependencies": [{"name": "a", "version": "1"}]}, 0),
        (pip_audit.TOOL, _pip(), 1),
        (pip_audit.TOOL, _pip({"id": "PYSEC-1", "fix_versions": []}), 0),
        (npm.TOOL, {"message": "request failed", "error": {}}, 0),
        (npm.TOOL, _npm(auditReportVersion=3), 0),
        (npm.TOOL, _npm(auditReportVersion=True), 0),
        (npm.TOOL, _npm(vulnerabilities={}), 0),
        (npm.TOOL, _npm(), 1),
        (npm.TOOL, _npm(metadata={}), 0),
        (osv.TOOL, {"results": None}, 0),
        (osv.TOOL, {"results": [{"packages": [{}]}]}, 0),
        (osv.TOOL, _scanned({"id": "GHSA-1"}), 0),
        (osv.TOOL, _scanned(), 127),
        (osv.TOOL, _scanned({}), 1),
        (osv.TOOL, _scanned({"id": "GHSA-1"}, groups=[{"ids": 3}]), 1),
        (osv.TOOL, _scanned({"id": "GHSA-1"}, groups=7), 1),
        (npm.TOOL, _npm(vulnerabilities={"a": 1, "b": 2}), 0),
        (pip_audit.TOOL, _pip(7), 1),
    ],
)
def test_an_answer_of_another_form_is_not_understood(tool, document, status):
    with pytest.raises(NotUnderstood):
        tool.read(document, status)


def test_lock_files_of_the_team_are_found_and_no_others(tmp_path):
    repo = Repo(tmp_path / "repo")
    for name in (
        "requirements-dev.txt",
        "web/package-lock.json",
        "go/go.sum",
        "go/go.mod",
        "alone/go.sum",
        "Cargo.lock",
        "node_modules/x/package-lock.json",
        "tests/data/uv.lock",
        "ignored/uv.lock",
        "notes.txt",
    ):
        repo.write(name, "")
    repo.write(".gitignore", "ignored/\n")
    found = [str(one.relative_to(repo.folder)) for one in locks([str(repo.folder)], repo.environ)]
    assert found == ["Cargo.lock", "go/go.mod", "requirements-dev.txt", "web/package-lock.json"]
