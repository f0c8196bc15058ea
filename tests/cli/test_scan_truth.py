"""Ground truth: what `keyward list` says after a scan is what the generator of the organisation knows, field by field."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.organisation import build
from keyward.emulator.world import World
from tests.parts.emulator import START, gcloud
from tests.parts.need import require
from tests.parts.scene import Scene
from tests.parts.truth import COARSE, actual, expected

WAYS = {"project by project": 'index = "off"', "with Asset Inventory": ""}
"""How a scan can find keys, and the line of `[scan]` that says so."""
SEEDS = (1, 2, 3)
FULL = "1000x5000x5000x5000"


@pytest.fixture
def organisation(tmp_path):
    """A function that plants one and gives the scene and the truth."""
    scenes = []

    def plant(size, seed, way="project by project"):
        world = World(seed=seed, clock=Clock(START, 0), behaviour=quick())
        truth = build(world, size, seed).data
        scene = Scene(tmp_path / "home", world=world)
        scene.emulator.project = truth["projects"][0]["id"]
        scenes.append(scene.__enter__())
        scene.settings(f'[scan]\nread_values = ["all"]\n{WAYS[way]}\n')
        return scene, truth

    yield plant
    for scene in scenes:
        scene.__exit__()


def same(scene, truth):
    """Assert that the list is the truth; gives what was expected."""
    wanted, found = expected(truth), actual(scene.keyward("list", "--format", "json").json)
    for name in ("sources", "keys", "secrets"):
        left, right = getattr(wanted, name), getattr(found, name)
        assert left.keys() == right.keys(), name
        other = [one for one in left if left[one] != right[one]]
        assert [left[one] for one in other] == [right[one] for one in other]
    assert wanted.used.keys() == found.used.keys()
    assert [one for one, at in wanted.used.items() if not at <= found.used[one] <= at + COARSE] == []
    return wanted


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_scan_of_the_sample_organisation_finds_the_truth(organisation, seed, way):
    scene, truth = organisation("demo", seed, way)
    scan = scene.keyward("scan")
    wanted = same(scene, truth)
    assert scan.status == 3
    assert {one["status"] for one in wanted.sources.values()} == {"ok", "denied"}
    assert len(wanted.keys) > 100
    assert sum(bool(one["placements"]) for one in wanted.keys.values()) > 20


@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("size", "seed"), [("12x60x60x40", 4), *(pytest.param(FULL, seed, marks=pytest.mark.slow) for seed in SEEDS)]
)
def test_two_scans_find_the_truth_and_the_second_reads_no_value(organisation, size, seed, way):
    scene, truth = organisation(size, seed, way)
    assert scene.keyward("scan", timeout=600).status == 0
    wanted = same(scene, truth)
    first = len(scene.log())
    assert scene.keyward("scan", timeout=600).status == 0
    assert same(scene, truth) == wanted
    asked = [one["rpc"] for one in scene.log()[first:]]
    assert [one for one in asked if one.endswith(("getKeyString", "versions.access"))] == []
    read = sum(one["state"] == "active" for one in truth["keys"]) + len(truth["secrets"])
    assert len(asked) <= first - read


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("size", "sample"), [("12x60x60x40", 2), pytest.param(FULL, 50, marks=pytest.mark.slow)])
def test_random_projects_are_as_gcloud_prints_them(organisation, tmp_path, size, sample):
    require("gcloud")
    scene, truth = organisation(size, 5)
    scene.keyward("scan", timeout=600)
    document = scene.keyward("list", "--format", "json").json
    chosen = random.Random(5).sample([one["id"] for one in truth["projects"]], sample)

    def ask(question):
        project, words = question
        return gcloud(scene.emulator, tmp_path / "gcloud", *words, f"--project={project}")

    with ThreadPoolExecutor(4) as pool:
        keys = pool.map(ask, [(one, ("services", "api-keys", "list")) for one in chosen])
        secrets = pool.map(ask, [(one, ("secrets", "list")) for one in chosen])
        for project, listed, stored in zip(chosen, keys, secrets, strict=True):
            assert {(one["uid"], one["displayName"], f"{one['createTime'][:19]}Z", _apis(one)) for one in listed} == {
                (one["uid"], one["name"], one["created_at"], tuple(one["restrictions"]["apis"]))
                for one in document["keys"]
                if (one["provider"], one["scope"]) == ("google-api-keys", project)
            }
            assert {(one["name"].rpartition("/")[2], f"{one['createTime'][:19]}Z") for one in stored} == {
                (one["secret"].rpartition("/")[2], one["created_at"])
                for one in document["secrets"]
                if one["scope"] == project
            }
            assert listed
            assert stored
        accounts = sorted({one["bound_identity"] for one in document["keys"] if _of_account(one, chosen)})[:sample]
        words = ("iam", "service-accounts", "keys", "list", "--managed-by=user")
        told = pool.map(
            ask, [(one.partition("@")[2].partition(".")[0], (*words, f"--iam-account={one}")) for one in accounts]
        )
        for account, listed in zip(accounts, told, strict=True):
            assert {
                (one["name"].rpartition("/")[2], one["validAfterTime"], one.get("disabled", False)) for one in listed
            } == {
                (one["uid"], one["created_at"], one["state"] == "disabled")
                for one in document["keys"]
                if one["provider"] == "google-sa-keys" and one["bound_identity"] == account
            }
            assert listed


def _apis(one):
    return tuple(sorted(target["service"] for target in one.get("restrictions", {}).get("apiTargets", ())))


def _of_account(one, projects):
    return one["provider"] == "google-sa-keys" and one["scope"] in projects
