"""A block in a real crontab: installed, replaced, taken out, with every other byte as it was."""

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keyward.model.errors import NotConfigured, UsageError
from keyward.schedule.crontab import BEGIN, END, Crontab, next_run
from keyward.schedule.job import Job, job
from tests.parts.need import missing

JOB = Job(
    ("/opt/key ward/bin/keyward", "rotate", "--due", "--yes"), timedelta(minutes=15), {"KEYWARD_HOME": "/srv/100%/it's"}
)
OTHERS = b"# mine, in \xe9t\xe9 and \xff\nMAILTO=ops@example.com\n5 4 * * * /usr/bin/true % in\n"


@pytest.fixture
def crontab():
    """The crontab of this user, empty before and as it was afterwards."""
    if shutil.which("crontab") is None:
        missing("crontab is not installed")
    if os.environ.get("KEYWARD_TEST_CRONTAB") != "yes" and not _container():
        missing("this is no container; KEYWARD_TEST_CRONTAB=yes lets the tests change this user's crontab")
    before = subprocess.run(["crontab", "-l"], capture_output=True, check=False)
    subprocess.run(["crontab", "-r"], capture_output=True, check=False)
    yield Crontab()
    subprocess.run(["crontab", "-r"], capture_output=True, check=False)
    if before.returncode == 0:
        subprocess.run(["crontab", "-"], input=before.stdout, check=True)


def _container():
    """Whether this machine is thrown away after the tests: then its crontab is nobody's."""
    return bool(os.environ.get("CI")) or any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))


def put(text):
    subprocess.run(["crontab", "-"], input=text, check=True)


def got():
    done = subprocess.run(["crontab", "-l"], capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})
    return done.stdout if done.returncode == 0 else None


def test_it_comes_and_goes(crontab):
    assert not crontab.state().installed
    crontab.install(JOB)
    assert got() == BEGIN + b"\n" + crontab.line(JOB).encode() + b"\n" + END + b"\n"
    state = crontab.state()
    assert state.installed
    assert state.what == crontab.line(JOB)
    assert datetime.fromisoformat(state.next_run) > datetime.now(UTC)
    assert crontab.remove()
    assert got() is None
    assert not crontab.remove()


def test_every_other_byte_stays(crontab):
    put(OTHERS)
    crontab.install(JOB)
    assert got().startswith(OTHERS + BEGIN)
    more = b"@daily /usr/bin/true\n"
    put(got() + more)
    crontab.install(Job(JOB.command, timedelta(hours=6), JOB.environ))
    assert got().count(BEGIN) == 1
    assert b"0 */6 * * *" in got()
    assert got().endswith(END + b"\n" + more)
    crontab.remove()
    assert got() == OTHERS + more


@pytest.mark.parametrize(
    "text", [BEGIN + b"\n", END + b"\n", END + b"\n" + BEGIN + b"\n", (BEGIN + b"\n" + END + b"\n") * 2]
)
def test_markers_that_are_no_pair_are_left_alone(crontab, text):
    put(OTHERS + text)
    for act in (lambda: crontab.install(JOB), crontab.remove, crontab.state):
        with pytest.raises(NotConfigured, match="markers"):
            act()
    assert got() == OTHERS + text


def test_in_another_language_an_empty_crontab_is_still_empty(crontab, monkeypatch):
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    crontab.install(JOB)
    assert crontab.state().installed


def test_the_line_says_to_a_shell_what_was_meant(tmp_path):
    """As cron reads it: `\\%` is a percent sign, the rest goes to sh."""
    program = tmp_path / "key ward"
    program.write_text('#!/bin/sh\nprintf "%s|" "$KEYWARD_HOME" "$@"\n')
    program.chmod(0o755)
    line = Crontab().line(Job((str(program), "rotate", "--due"), timedelta(minutes=5), JOB.environ))
    assert line.startswith("*/5 * * * * ")
    assert line.count("%") == line.count("\\%") == 1
    command = line.removeprefix("*/5 * * * * ").replace("\\%", "%")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "/srv/100%/it's|rotate|--due|"


def test_the_job_has_absolute_paths_and_only_variables_that_say_where_things_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environ = {"KEYWARD_HOME": "state", "KEYWARD_LEDGER_URL": "x", "OPENAI_API_KEY": "x", "CLOUDSDK_CONFIG": "/g"}
    found = job(timedelta(minutes=15), environ, None)
    assert found.environ == {"KEYWARD_HOME": str(tmp_path / "state"), "CLOUDSDK_CONFIG": "/g"}
    assert Path(found.command[0]).is_absolute()
    assert found.command[-3:] == ("rotate", "--due", "--yes")
    done = subprocess.run([*found.command[:-3], "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("keyward ")
    for minutes in (7, 0, 0.5, 90, 60 * 25):
        with pytest.raises(UsageError):
            job(timedelta(minutes=minutes), {}, None)
    with pytest.raises(UsageError):
        job(timedelta(minutes=5), {"KEYWARD_HOME": "/a\nb"}, None)


@pytest.mark.parametrize(
    ("every", "then"), [(1, "12:08"), (5, "12:10"), (30, "12:30"), (60, "13:00"), (360, "18:00"), (1440, "00:00")]
)
def test_when_it_runs_next_is_said(every, then):
    now = datetime(2026, 11, 20, 12, 7, 30, tzinfo=UTC)
    line = Crontab().line(Job(("/bin/true",), timedelta(minutes=every)))
    assert next_run(line, now)[11:16] == then
    assert next_run(f"5 {line}", now) == ""
