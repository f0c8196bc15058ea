"""Weeks of a service account key under cron: it falls silent, it stays in use, or nobody can say. Overlap 24 h, soak 72 h.

Every step is a process of its own, `keyward rotate --due --yes`, on the emulator's clock.
"""

import json
from datetime import timedelta

import pytest

from keyward.emulator.authentications import Authentications
from tests.parts.accounts import key_ref, keys_of, make_account, plant_key
from tests.parts.scene import PROJECT

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTINGS = """
[scan]
read_values = ["all"]
every = "0s"

[targets]
allow = ["env:*", "gsm:*"]

[rotation]
grace = "24h"
soak = "72h"

[[rotation.rule]]
match = "project:acme-* kind:sa-key"
max_age = "90d"
retire_by = "30d"
"""


class Story:
    """One key that is due, in a file and in a secret."""

    def __init__(self, scene):
        self.scene, self.world = scene, scene.world
        scene.settings(f'[[env]]\npath = "{scene.work}"\n{SETTINGS}')
        self.account = make_account(self.world, "robot")
        self.key, text = plant_key(self.world, self.account)
        self.file = scene.env("robot.json", text)
        scene.secret("robot", text)
        assert scene.keyward("scan", scene.work).status == 0
        self.states = []

    def run(self, *more):
        done = self.scene.keyward("rotate", "--due", "--yes", "-o", "json", *more)
        assert "Traceback" not in done.err
        words = ("started", "continued", "waiting", "finished", "needs_person", "failed")
        found = [one for word in words for one in done.json[word]]
        self.states += [one["state"] for one in found[-1:] if [one["state"]] != self.states[-1:]]
        return done

    def start(self):
        done = self.run("--new-ledger")
        assert done.status == 0, done.err
        (started,) = done.json["started"]
        assert started["key"] == key_ref(self.key)
        (new,) = [key for key in keys_of(self.world, self.account) if key is not self.key]
        for text in (self.file.read_text(), self.scene.current("robot").decode()):
            assert json.loads(text)["private_key_id"] == new.key_id
        return done

    def after(self, span, *, step, using=False):
        end = self.world.clock.now() + span
        done = None
        while self.world.clock.now() < end:
            self.world.clock.advance(step.total_seconds())
            if using:
                self.use(step)
            done = self.run()
        return done

    def use(self, span):
        """Somebody signed in with it every six hours of that time."""
        number, now = self.world.known(PROJECT).number, self.world.clock.now()
        for hours in range(0, round(span / HOUR), 6):
            when = now - hours * HOUR
            self.world.state(Authentications).record(number, self.account.unique_id, self.key.key_id, when=when)

    @property
    def on(self):
        return self.key.deleted is None and not self.key.disabled


@pytest.fixture
def story(scene):
    return Story(scene)


def test_silent_for_a_day_it_is_disabled_soaked_and_deleted(story):
    story.start()
    story.after(24 * HOUR, step=12 * HOUR)
    assert story.on, "the overlap has not ended, or the key is not quiet yet"
    story.after(12 * HOUR, step=6 * HOUR)
    assert story.key.disabled
    assert story.key.deleted is None
    story.after(60 * HOUR, step=30 * HOUR)
    assert story.key.deleted is None, "it is soaked for three days"
    done = story.after(14 * HOUR, step=14 * HOUR)
    assert story.key.deleted is not None
    for _ in range(4):
        if done.json["finished"]:
            break
        done = story.after(HOUR, step=HOUR)
    (finished,) = done.json["finished"]
    assert finished["state"] == "done"
    assert [state for state in story.states if state in {"overlap", "disabled", "done"}] == [
        "overlap",
        "disabled",
        "done",
    ]
    assert len(keys_of(story.world, story.account)) == 1


def test_in_use_it_is_never_retired_and_ends_with_a_person(story):
    story.start()
    story.after(28 * DAY, step=7 * DAY, using=True)
    assert story.on
    done = story.after(4 * DAY, step=4 * DAY, using=True)
    (person,) = done.json["needs_person"]
    assert "last used by others" in person["why"]
    assert "a person decides" in person["why"]
    assert story.on


def test_without_a_record_it_waits_as_unknown_and_ends_with_a_person(story):
    story.world.known(PROJECT).denied.add("monitoring.timeSeries.list")
    story.start()
    done = story.after(20 * DAY, step=10 * DAY)
    (waiting,) = done.json["waiting"]
    assert waiting["waiting_on"] == "use"
    assert "unknown: denied" in waiting["why"]
    assert story.on
    done = story.after(12 * DAY, step=6 * DAY)
    (person,) = done.json["needs_person"]
    assert "unknown" in person["why"]
    assert story.on
