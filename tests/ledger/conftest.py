"""Ledgers for tests: every implementation, on a time of leases that tests move."""

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from keyward.ledger.boot import Moment
from keyward.ledger.opening import open_ledger
from keyward.ledger.records import EventRow, PlacementRow, RotationRow, RotationState
from keyward.model.secret import Secret

NOW = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
CHAIN_KEY = Secret(random.Random(1).randbytes(32))
WORLD = "emulator:test"


class Moments:
    """A boot and its seconds."""

    def __init__(self):
        self.boot, self.seconds = "first-boot", 1000.0

    def __call__(self):
        return Moment(self.boot, self.seconds)


@pytest.fixture
def moments():
    return Moments()


@pytest.fixture
def place(tmp_path):
    return tmp_path / "state" / "ledger.db"


@pytest.fixture(params=["sqlite"])
def make_ledger(request, place, moments):
    """Opens the same ledger again and again; each is what another process would have."""
    opened = []

    def make(**options):
        given = {"world": WORLD, "chain_key": CHAIN_KEY, "create": True, "moments": moments} | options
        ledger = open_ledger(place, **given)
        opened.append(ledger)
        return ledger

    yield make
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(make_ledger):
    return make_ledger()


def rotation(number=1, credential="google-api-keys:acme/one", state=RotationState.PLANNED, **more):
    return RotationRow(f"{number:026d}", credential, state, {"step": "none"}, created=NOW, updated=NOW, **more)


def event(kind="intent", rotation="", **more):
    return EventRow(kind, rotation=rotation, at=NOW, actor="me", host="here", **more)


def placement(secret="gsm:acme/web", credential="google-api-keys:acme/one", **more):
    given = {"version": "1", "part": "", "fingerprint": "f" * 64, "role": "current", "version_state": "enabled"}
    return PlacementRow(secret, credential=credential, **(given | {"store": "gsm", "scope": "acme"} | more))


def later(**by):
    return NOW + timedelta(**by)


def meddle(place, *statements):
    """Change the file behind the ledger's back."""
    with closing(sqlite3.connect(place)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
