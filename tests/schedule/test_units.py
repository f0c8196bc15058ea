"""systemd units that systemd itself accepts, and an agent that reads back as it was meant."""

import plistlib
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest

from keyward.model.errors import NotConfigured
from keyward.schedule.job import Job
from keyward.schedule.launchd import Launchd
from keyward.schedule.systemd import Systemd
from tests.parts.need import require

AWKWARD = {"KEYWARD_HOME": '/srv/a "b" 100%/$HOME \\x'}


def made(tmp_path, every=timedelta(minutes=15), environ=AWKWARD):
    """The units of a job, written where systemd can look at them."""
    program = tmp_path / "key ward"
    program.write_text('#!/bin/sh\nprintf "%s|" "$KEYWARD_HOME" "$@"\n')
    program.chmod(0o755)
    systemd = Systemd({}, tmp_path)
    for file, text in systemd.units(Job((str(program), "rotate", "--due", "100%", "$x"), every, environ)).items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return systemd


@pytest.mark.parametrize(
    ("every", "calendar", "hours"),
    [(timedelta(minutes=5), "*:0/5", 1 / 12), (timedelta(hours=6), "0/6:00", 6), (timedelta(days=1), "daily", 24)],
)
def test_systemd_accepts_the_units(tmp_path, every, calendar, hours):
    require("systemd-analyze")
    systemd = made(tmp_path, every)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(systemd.timer), str(systemd.service)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C"},
    )
    about = [line for line in done.stderr.splitlines() if "keyward" in line]
    assert about == [], done.stderr
    assert f"OnCalendar={calendar}" in systemd.timer.read_text()
    runs = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=3", calendar], capture_output=True, text=True, check=True
    ).stdout
    assert runs.count("Iter. #") == 2
    assert hours


def test_systemd_would_say_what_is_wrong(tmp_path):
    """The check above can fail: a unit that systemd does not accept is told by name."""
    require("systemd-analyze")
    systemd = made(tmp_path)
    systemd.service.write_text(systemd.service.read_text().replace("ExecStart=", "ExecStrat="))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(systemd.service)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "LC_ALL": "C"},
    )
    assert "keyward-due.service" in done.stderr


def test_what_has_meaning_in_a_unit_is_escaped(tmp_path):
    text = made(tmp_path).service.read_text()
    assert 'Environment="KEYWARD_HOME=/srv/a \\"b\\" 100%%/$HOME \\\\x"' in text
    assert text.split("ExecStart=")[1].splitlines()[0].endswith('"rotate" "--due" "100%%" "$$x"')


def test_without_a_systemd_of_the_user_nothing_is_written(tmp_path, monkeypatch):
    systemd = Systemd({}, tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    if shutil.which("systemctl") and not systemd.available():
        pytest.skip("this user has a systemd of his own here")
    with pytest.raises(NotConfigured, match="timer cannot be installed"):
        systemd.install(Job(("/bin/true",), timedelta(minutes=15)))
    assert not systemd.folder.exists()
    assert not systemd.state().installed
    assert not systemd.remove()


def test_left_units_are_taken_away_and_said(tmp_path):
    systemd = made(tmp_path)
    if shutil.which("systemctl") is None or systemd.available():
        assert systemd.state().problem
    assert systemd.remove()
    assert not systemd.timer.exists()
    assert not systemd.service.exists()


def test_the_agent_reads_back_as_it_was_meant(tmp_path):
    launchd = Launchd(tmp_path, tmp_path / "log")
    job = Job(("/opt/a <b>/keyward", "rotate", "--due", "--yes"), timedelta(minutes=15), {"KEYWARD_HOME": "/é & <x>"})
    agent = plistlib.loads(launchd.plist(job))
    assert agent["ProgramArguments"] == list(job.command)
    assert agent["EnvironmentVariables"] == job.environ
    assert agent["StartInterval"] == 900
    assert agent["Label"] == "dev.keyward.due"
    if shutil.which("plutil"):
        launchd.file.parent.mkdir(parents=True)
        launchd.file.write_bytes(launchd.plist(job))
        subprocess.run(["plutil", "-lint", str(launchd.file)], check=True)
    if sys.platform != "darwin":
        with pytest.raises(NotConfigured, match="macOS"):
            launchd.install(job)
        assert not launchd.file.exists()
