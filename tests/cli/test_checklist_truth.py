"""`keyward checklist run gemini-production` on the sample organisation ends as the generator of it wrote down before anything was served."""

import pytest

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.organisation import build
from keyward.emulator.organisation.truth_checklists import LEFT_OUT
from keyward.emulator.world import World
from tests.cli.test_documents import check as fits
from tests.parts.emulator import START
from tests.parts.scene import Scene

SEEDS = [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
RUN = ("checklist", "run", "gemini-production", "--no-input", "-o", "json")


@pytest.fixture(scope="module", params=SEEDS)
def scanned(request, tmp_path_factory):
    """The organisation behind sockets, scanned and tried, and its truth."""
    world = World(seed=request.param, clock=Clock(START, 0), behaviour=quick())
    truth = build(world, "demo", request.param).data
    with Scene(tmp_path_factory.mktemp("truth") / "home", world=world) as scene:
        scene.emulator.project = truth["projects"][0]["id"]
        scene.settings('[scan]\nread_values = ["all"]\n')
        scene.keyward("scan", "--context")
        scene.keyward("verify", "--all")
        yield scene, truth["checklists"]


def proved(done):
    """How the items that keyward proves by itself ended, by project."""
    return {
        one["subject"].removeprefix("project:"): {
            answer["item"]: answer["result"] for answer in one["answers"] if answer["kind"] == "auto"
        }
        for one in fits(done.json)["subjects"]
    }


def test_each_item_of_acme_prod_is_the_truth(scanned):
    scene, truth = scanned
    done = scene.keyward(*RUN, "--project", "acme-prod")
    found = proved(done)["acme-prod"]
    here = {item: found.pop(item) for item in LEFT_OUT}
    assert found == truth["acme-prod"]
    assert {"fail", "warn", "pass"} <= set(found.values())
    assert set(here.values()) == {"unknown", "not_applicable"}, "no code was named, and every server is this machine"
    assert done.status == 1


def test_each_item_of_every_project_is_the_truth(scanned):
    scene, truth = scanned
    found = proved(scene.keyward(*RUN, "--project", "*"))
    assert {name: {item: word for item, word in one.items() if item not in LEFT_OUT} for name, one in found.items()} == truth  # fmt: skip
    words = {item: {one[item] for one in truth.values()} for item in truth["acme-prod"]}
    alike = {item for item, one in words.items() if len(one) == 1}
    same = {"gcp.no-new-account-keys", "any.no-plaintext"}
    assert alike == same, (
        "no project has a policy, nothing was searched; all others end one way here and another way there"
    )
    assert {word for one in words.values() for word in one} == {"pass", "fail", "warn", "unknown", "not_applicable"}


def test_what_is_denied_is_nowhere_a_pass(scanned):
    _, truth = scanned
    denied = truth["acme-payments-prod"]
    assert {denied[item] for item in ("gcp.api-restricted", "gcp.secret-iam", "any.alive", "any.unused")} == {"unknown"}
