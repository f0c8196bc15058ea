"""The doctor tells each area as soon as it is known, and stops when nobody waits for it."""

import threading

import pytest

from keyward.desk import Desk
from keyward.model.errors import Interrupted
from keyward.wiring import Parts


@pytest.fixture
def desk(tmp_path):
    variables = {"KEYWARD_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    return Desk(
        Parts(
            environ={**variables, "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "1", "NO_GCE_CHECK": "true"}, interactive=False
        )
    )


def test_lines_are_told_area_by_area_and_are_the_same_as_those_given_back(desk, monkeypatch):
    monkeypatch.setattr("keyward.desk.doctor._google", lambda *_: iter(()))
    heard = []
    lines = desk.health.doctor(heard.append)
    assert [line for area in heard for line in area] == list(lines)
    assert len(heard) == 7
    assert {line.area for line in lines} >= {"settings", "keyring", "env", "ledger", "cache"}
    assert not (desk.parts.paths.state / "ledger.db").exists(), "looking makes nothing"


def test_it_stops_at_the_next_area_when_nobody_waits(desk, monkeypatch):
    stop = threading.Event()
    monkeypatch.setattr("keyward.desk.doctor._google", lambda *_: stop.set() or iter(()))
    heard = []
    with pytest.raises(Interrupted):
        desk.health.doctor(heard.append, stop)
    assert len(heard) == 2


def test_what_is_stopped_inside_of_an_area_is_no_finding(desk, monkeypatch):
    def stopped(_desk, ctx):
        ctx.cancel.set()
        ctx.check()
        yield

    monkeypatch.setattr("keyward.desk.doctor._google", stopped)
    with pytest.raises(Interrupted):
        desk.health.doctor(cancel=threading.Event())
