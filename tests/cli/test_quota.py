"""A small quota and many projects: a scan waits, says so, and takes no longer than the quota makes it take."""

from datetime import timedelta

import pytest

from keyward.emulator.clock import parse
from tests.parts.scene import Scene

HOME = "acme-ops"
KEYS = "apikeys.projects.locations.keys.list"


def company(home, *, projects, limit, rate, charged, off=0):
    """Projects with a key each; `charged` says whether the caller may use their quota, `off` in how many the API is off."""
    scene = Scene(home, rate=rate, behaviour={"quotas": True})
    scene.settings(f'[google]\nquota_project = "{HOME}"\n')
    scene.world.new_project(HOME, quotas={"apikeys.googleapis.com": {"read": limit}})
    for number in range(projects):
        project = scene.world.new_project(
            f"acme-{number:03}",
            denied=set() if charged else {"serviceusage.services.use"},
            api_off={"apikeys.googleapis.com"} if number < off else set(),
            quotas={"apikeys.googleapis.com": {"read": limit}},
        )
        scene.key(project=project.id)
    return scene


def listed(scene, quota_project=None):
    """The entries of the log about listing keys that were let through."""
    return [
        one
        for one in scene.log()
        if one["rpc"] == KEYS and one["code"] == 200 and quota_project in (None, one["quota_project"])
    ]


def seconds(scene):
    """From the first list of keys to the last request of all, by the cloud's clock."""
    log = scene.log()
    first = next(one for one in log if one["rpc"] == KEYS)
    return (parse(log[-1]["time"]) - parse(first["time"])) / timedelta(seconds=1)


def everything_was_read(scene, done, projects):
    assert done.status == 0, done.err
    found = scene.keyward("list", "--format", "json").json
    assert len(found["keys"]) == projects
    assert {one["status"] for one in found["sources"]} == {"ok"}
    for sign in ("429", "RATE_LIMIT", "exceeded", "failed", "denied", "partial"):
        assert sign not in done.err


@pytest.mark.parametrize(
    ("size", "refusals", "bar"),
    [
        # Less than Google publishes: keyward learns it from the first refusals, of those that were under way together. Real work counts
        # thirty times in this one, so that it is held to less than one more minute only.
        pytest.param((60, 24, 30), 32, 1.4, id="60-projects-24-a-minute"),
        pytest.param((600, 240, 2), 0, 1.1, id="600-projects-240-a-minute", marks=pytest.mark.slow),
    ],
)
def test_one_quota_project_for_all_is_waited_for_and_the_wait_is_shown(tmp_path, size, refusals, bar):
    projects, limit, rate = size
    with company(tmp_path, projects=projects, limit=limit, rate=rate, charged=False) as scene:
        done = scene.keyward("scan", "--project", "acme-*", timeout=250)
        everything_was_read(scene, done, projects)
        sign = (
            f"quota        apikeys.googleapis.com: the minute's quota of {HOME} is used up; going on at 2026-11-20 12:"
        )
        waits = [line for line in done.err.splitlines() if line.startswith(sign)]
        assert 2 <= len(waits) <= 20, done.err
        assert len(listed(scene, HOME)) == projects + 1
        # Two minutes have to pass before the third lot: projects / limit is 2.5.
        assert 119 <= seconds(scene) <= 120 * bar
        assert sum(1 for one in scene.log() if one["code"] == 429) <= refusals


def test_quota_charged_to_the_scanned_projects_takes_seconds_and_what_has_the_api_off_is_read_through_home(tmp_path):
    with company(tmp_path, projects=60, limit=24, rate=1, charged=True, off=20) as scene:
        done = scene.keyward("scan", "--project", "acme-*")
        everything_was_read(scene, done, 60)
        assert "quota " not in done.err
        assert seconds(scene) < 45  # with one quota it would be two minutes
        home = listed(scene, HOME)
        assert {one["project"] for one in home} == {*(f"acme-{number:03}" for number in range(20)), HOME}
        assert all(one["quota_project"] == one["project"] for one in listed(scene) if one not in home)
