"""`keyward check` on the sample organisation finds exactly what the generator of it wrote down before keyward was started."""

from collections import Counter

import pytest

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.organisation import build
from keyward.emulator.world import World
from tests.cli.test_documents import check as fits
from tests.parts.emulator import START
from tests.parts.scene import Scene

JUDGED = ("google-api-keys", "google-sa-keys", "gsm", "project")
"""Subjects that the truth tells of: keys known by their shape alone have no id that a generator could know."""


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_findings_are_the_truth(tmp_path, seed):
    world = World(seed=seed, clock=Clock(START, 0), behaviour=quick())
    truth = build(world, "demo", seed).data
    with Scene(tmp_path / "home", world=world) as scene:
        scene.emulator.project = truth["projects"][0]["id"]
        scene.settings('[scan]\nread_values = ["all"]\n')
        scene.keyward("scan", "--context")
        scene.keyward("verify", "--all")
        done = scene.keyward("check", "-o", "json")
    wanted = Counter((one["rule"], one["subject"], one["result"]) for one in truth["findings"])
    assert len({rule for rule, _, _ in wanted}) > 15
    assert {result for _, _, result in wanted} == {"fail", "unknown"}
    found = {
        (one["rule"], one["subject"], one["result"])
        for one in fits(done.json)["findings"]
        if one["subject"].partition(":")[0] in JUDGED and not one["rule"].startswith("KW-8")
    }
    assert found == set(wanted)
    assert max(wanted.values()) == 1
    assert done.status == 1
