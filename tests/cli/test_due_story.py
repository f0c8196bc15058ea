"""Weeks of unattended runs against the emulator's clock: the old key stays in use, its use is unknown, or it falls silent.

Every step is a process of its own, `keyward rotate --due --yes`, as cron would start it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.parts.scene import PROJECT, Scene

DAY = timedelta(days=1)
SETTINGS = """
[scan]
read_values = ["all"]
every = "0s"  # the scan is another story

[targets]
allow = ["env:*", "gsm:*"]

[[rotation.rule]]
match = "project:acme-* {match}"
max_age = "90d"
retire_by = "30d"
"""


@dataclass(frozen=True)
class Kind:
    """One kind of key: how it is planted, what its rule matches, and how the world is asked about it."""

    name: str
    match: str

    def plant(self, scene):
        return scene.key("service")

    def value(self, key):
        return key.key_string

    def use(self, scene, key):
        """Somebody else uses it, now."""
        from tests.parts.emulator import call

        body = {"uid": key.uid, "count": 5}
        assert call(scene.emulator, "POST", "/emulator/v1/use", body)[0] == 200

    def works(self, scene, key):
        return key.key_string in scene.live()

    def id(self, scene, key):
        return scene.key_id(key)


API_KEY = Kind("api-key", "kind:api-key")


class Story:
    """One key under a rule, kept in an env file and a secret, from the day it is due."""

    def __init__(self, scene, kind):
        self.scene, self.kind = scene, kind
        self.key = kind.plant(scene)
        value = kind.value(self.key)
        scene.settings(SETTINGS.format(match=kind.match))
        self.file = scene.env("svc/.env", f"KEY={value}\n")
        scene.secret("app", value)
        done = scene.keyward("scan", scene.work)
        assert done.status == 0, done.err
        self.said = []

    def run(self, *more):
        """One process of cron."""
        done = self.scene.keyward("rotate", "--due", "--yes", "-o", "json", *more)
        assert "Traceback" not in done.err
        document = done.json
        assert document["exit_code"] == done.status
        told = [
            one for word in ("finished", "waiting", "needs_person", "failed") for one in document[word] if one["told"]
        ]
        self.said += [(self.now, one["state"], one["waiting_on"], one["why"]) for one in told]
        return done

    @property
    def now(self):
        return self.scene.world.clock.now()

    def after(self, span, *, using=False, step=DAY):
        """Time goes by; a run at each step, and somebody who uses the old key before each of them if so."""
        end = self.now + span
        done = None
        while self.now < end:
            self.scene.world.clock.advance(min(step, end - self.now).total_seconds() + 1)
            if using:
                self.kind.use(self.scene, self.key)
            done = self.run()
        return done

    def start(self):
        done = self.run("--new-ledger")
        assert done.status == 0, done.err
        (started,) = done.json["started"]
        assert started["key"] == self.kind.id(self.scene, self.key)
        new = started["successor"]
        assert new
        (value,) = self.scene.live() - {self.kind.value(self.key)}
        assert self.file.read_text() == f"KEY={value}\n"
        assert self.scene.current("app").decode() == value
        return started["rotation"]

    @property
    def works(self):
        return self.kind.works(self.scene, self.key)


@pytest.fixture(params=[API_KEY], ids=lambda kind: kind.name)
def story(request, tmp_path):
    with Scene(tmp_path / "scene") as scene:
        yield Story(scene, request.param)


def test_a_key_that_falls_silent_is_retired(story):
    """Quiet for seven days after the overlap; then off, probed through the minutes in which it still works, and done."""
    rotation = story.start()
    done = story.after(6 * DAY, step=3 * DAY)
    (waiting,) = done.json["waiting"]
    assert (waiting["state"], waiting["waiting_on"]) == ("overlap", "use")
    assert story.works
    done = story.after(2 * DAY + timedelta(hours=2), step=3 * DAY)
    assert [one["state"] for one in done.json["waiting"]] == ["retiring"]
    for _ in range(6):
        done = story.after(timedelta(minutes=15))
        if done.json["finished"]:
            break
    assert not story.works
    (finished,) = done.json["finished"]
    assert (finished["rotation"], finished["state"]) == (rotation, "done")
    assert done.status == 0
    assert story.run().json["waiting"] == []
    states = [state for _, state, _, _ in story.said]
    assert states == ["overlap", "overlap", "retiring", "done"], "each change is said once"


def test_a_key_that_stays_in_use_is_never_retired_and_ends_with_a_person(story):
    story.start()
    story.after(29 * DAY, using=True, step=6 * DAY)
    assert story.works
    assert {waiting for _, _, waiting, _ in story.said} == {"time", "use"}
    done = story.after(3 * DAY, using=True)
    (person,) = done.json["needs_person"]
    assert "last used by others" in person["why"]
    assert "a person decides" in person["why"]
    assert story.works
    asked = [at for at, _, waiting, _ in story.said if waiting == "person"]
    assert 2 <= len(asked) <= 3, "said when it is new, then daily"
    assert min(later - earlier for earlier, later in pairwise(asked)) >= DAY
    done = story.after(60 * DAY, step=20 * DAY)
    assert story.works, "that it fell silent later is for the person to weigh"
    assert done.status == done.json["standing_exit_code"] == 6
    quarter = story.after(timedelta(minutes=15))
    assert (quarter.status, quarter.json["standing_exit_code"]) == (0, 6), "not every 15 minutes"


def test_a_key_whose_use_is_unknown_waits_and_ends_with_a_person(story):
    story.scene.world.known(PROJECT).denied.add("monitoring.timeSeries.list")
    story.start()
    done = story.after(20 * DAY, step=10 * DAY)
    (waiting,) = done.json["waiting"]
    assert waiting["waiting_on"] == "use"
    assert "unknown: denied" in waiting["why"]
    assert done.status == 0
    done = story.after(12 * DAY, step=3 * DAY)
    (person,) = done.json["needs_person"]
    assert "unknown" in person["why"]
    assert "a person decides" in person["why"]
    assert story.works
    # A person decides, in those words.
    key = story.kind.id(story.scene, story.key)
    decided = story.scene.keyward("rotate", key, "--retire", "now", "--yes", "--reason", "the owner checked")
    assert decided.status == 0, decided.err
    assert not story.works


def test_the_days_of_waiting_ask_google_for_next_to_nothing(story):
    """Between cut-over and the day when the key can be quiet there is nothing to do, so nothing is asked."""
    story.start()
    story.after(timedelta(days=1, hours=1))
    seen = len(story.scene.log())
    began = datetime.now().astimezone()
    for _ in range(5):
        story.scene.world.clock.advance(15 * 60)
        assert story.run().json["continued"] == []
    assert len(story.scene.log()) == seen
    assert datetime.now().astimezone() - began < timedelta(seconds=60)
