"""What a person sees of a scan under way: one line on a terminal of any width, a few lines without one, and what Ctrl-C leaves."""

import json
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from rich.cells import cell_len

from keyward.cli.scan_progress import ScanProgress
from keyward.emulator.faults import Fault
from keyward.model.events import Finished, QuotaWait, ScanStarted, SourceDone, SourceProgress
from keyward.model.source import SourceReport, SourceStatus
from tests.parts.desk import NOW
from tests.parts.scene import PROJECT
from tests.parts.terminal import Terminal


def sources(number, kind="gsm"):
    return tuple(f"{kind}:acme-{at}" for at in range(number))


def heard(*events, live=True):
    progress = ScanProgress(live=live, now=lambda: NOW)
    lines = [line for event in events if (line := progress.hear(event))]
    return progress, lines


def denied(source):
    return SourceDone(SourceReport(source, SourceStatus.DENIED, permission="secretmanager.secrets.list"))


@pytest.mark.parametrize("columns", [1, 10, 20, 39, 60, 79, 200])
def test_the_line_fits_every_width_and_begins_with_what_matters_most(columns):
    wait = QuotaWait("apikeys.googleapis.com", NOW + timedelta(seconds=31))
    progress, _ = heard(
        ScanStarted(sources(1200)), denied("gsm:acme-1"), SourceProgress("gsm:acme-2", 7, 1, 3, True), wait
    )
    line = progress.line(columns)
    assert cell_len(line) <= columns
    assert line.startswith("1/1,200 sources"[: columns - 1])
    if columns == 200:
        for piece in (
            "waiting for quota: apikeys.googleapis.com until 12:00:31 UTC",
            "1 denied",
            "7 found",
            "gsm 1/1,200",
        ):
            assert piece in line


def test_time_left_is_said_only_when_everything_that_is_left_is_known():
    progress, _ = heard(ScanStarted(sources(2)), SourceProgress("gsm:acme-0", 50, 40, 40, True))
    tally = progress.tally
    assert tally.seconds_left(10.0) is None, "the other source may be of any length"
    progress.hear(SourceProgress("gsm:acme-1", 50, 10, 10, True))
    assert tally.seconds_left(10.0) == pytest.approx(10.0)
    assert tally.seconds_left(1.0) is None, "a second says nothing of the pace"
    progress.hear(QuotaWait("x", NOW + timedelta(minutes=1)))
    assert tally.seconds_left(10.0) is None, "a quota is kept by the clock, not by the pace"
    progress.hear(Finished("scan", "done"))
    assert not progress.running


def test_without_a_terminal_there_are_few_lines_however_many_are_denied_and_however_often_it_waits():
    waits = (QuotaWait("apikeys.googleapis.com", NOW + timedelta(seconds=second)) for second in range(120))
    progress, lines = heard(ScanStarted(sources(600)), *map(denied, sources(600)), *waits, live=False)
    assert sum(line.startswith("denied") for line in lines) == 5
    assert list(progress.rest()) == ["denied       and 595 more sources"]
    assert sum(line.startswith("quota") for line in lines) == 4
    assert "going on at 2026-11-20 12:00:00 UTC" in lines[5]


@pytest.fixture
def slow(scene):
    """A world whose second project answers nothing for long."""
    scene.key("seen")
    scene.key("not yet", project="acme-slow")
    number = scene.world.known("acme-slow").number
    scene.world.faults.add(Fault(path=f"projects/({number}|acme-slow)/", times=-1, delay=60))
    return scene


def at_terminal(scene, *words, columns=40):
    argv = [sys.executable, "-m", "keyward", *words]
    return Terminal(argv, {**scene.environ(), "TERM": "xterm-256color"}, columns=columns, lines=20)


@pytest.mark.pty
def test_ctrl_c_keeps_what_is_there_says_so_and_the_next_scan_goes_on(slow):
    term = at_terminal(slow, "scan")
    try:
        until = time.monotonic() + 60
        while not re.search("[45]/8 sources", term.text):  # those of the project that answers
            assert time.monotonic() < until, term.text
            time.sleep(0.1)
        term.send("\x03")
        assert term.end() == 130
        told = term.text
    finally:
        term.close()
    pieces = re.findall(rb"\r\x1b\[K(\d+/8 [^\r\n]*)", term.raw)
    assert len(pieces) > 3
    assert max(cell_len(piece.decode()) for piece in pieces) < 40, "no line is broken"
    assert "Stopped" in told
    assert "goes on" in told.replace("\n", " ")
    listed = slow.keyward("list")
    assert listed.status == 3
    assert "seen" in listed.out
    assert "cancelled: google-api-keys:acme-slow" in listed.err
    slow.world.faults.clear()
    assert slow.keyward("scan").status == 0
    assert "not yet" in slow.keyward("list").out


def test_sigterm_is_told_in_the_document_too(slow):
    argv = [sys.executable, "-m", "keyward", "scan", "-o", "json"]
    running = subprocess.Popen(
        argv, env=slow.environ(), cwd=slow.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while not any(one["path"].endswith(f"ListSecrets?projects/{PROJECT}") for one in slow.log()):
        assert time.monotonic() < until
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=30)
    document = json.loads(out)
    assert running.returncode == document["exit_code"] == 130, err
    assert document["cancelled"]
    assert {one["status"] for one in document["sources"]} >= {"cancelled"}
