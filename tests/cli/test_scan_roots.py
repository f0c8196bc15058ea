"""`keyward scan --organization | --folder | --project | --exclude`: which projects, and who answers for them."""

import pytest

from keyward.emulator.resourcemanager.tree import Tree


@pytest.fixture
def tree(scene):
    """acme-prod below a folder in a folder, acme-dev below the organisation, and a project of nobody's."""
    scene.settings()
    state, world = scene.world.state(Tree), scene.world
    root = state.plant_organization("acme.example")
    shop = state.plant_folder("shop", root)
    inner = state.plant_folder("inner", shop)
    for name, parent in (("acme-in", inner.name), ("acme-dev", root.name), ("acme-out", "")):
        project = world.project(name)
        project.parent = parent
        scene.key(f"key of {name}", project=name)
        scene.secret("app", "a text", project=name)
    return root, shop


def scopes(done):
    assert done.status == 0, done.err
    return {one["id"].partition(":")[2] for one in done.json["sources"] if one["id"].startswith("gsm:")}


def asked(scene, *rpcs):
    return [one["rpc"] for one in scene.log() if one["rpc"].lower().endswith(rpcs)]


def test_a_folder_means_what_is_below_it_at_any_depth(scene, tree):
    root, shop = tree
    assert scopes(scene.keyward("scan", "--folder", shop.name.partition("/")[2], "-o", "json")) == {"acme-in"}
    assert scopes(scene.keyward("scan", "--organization", root.name, "-o", "json")) == {"acme-in", "acme-dev"}
    found = scene.keyward(
        "scan", "--organization", root.name, "--project", "acme-*", "--exclude", "*-dev", "-o", "json"
    )
    assert scopes(found) == {"acme-in"}
    assert asked(scene, "locations.keys.list", "listsecrets", "secrets.list") == []
    assert len(scene.keyward("list", "-o", "json").json["keys"]) == 2


def test_the_settings_name_them_too(scene, tree):
    _, shop = tree
    scene.settings(f'[scan]\nfolders = ["{shop.name.partition("/")[2]}"]\n')
    assert scopes(scene.keyward("scan", "-o", "json")) == {"acme-in"}


def test_what_no_organisation_of_the_callers_holds_is_asked_by_itself_and_that_is_said(scene, tree):
    done = scene.keyward("scan", "-o", "json")
    assert scopes(done) >= {"acme-in", "acme-dev", "acme-out"}
    detail = {one["id"]: one["detail"] for one in done.json["sources"]}
    assert "asset index" in detail["google-api-keys:acme-in"]
    assert "Asked by itself" in detail["google-api-keys:acme-out"]
    names = {one["name"] for one in scene.keyward("list", "-o", "json").json["keys"]}
    assert {"key of acme-in", "key of acme-dev", "key of acme-out"} <= names


def test_a_project_named_by_its_id_is_asked_itself_and_an_index_that_is_off_is_not_asked(scene, tree):
    assert scopes(scene.keyward("scan", "--project", "acme-in", "-o", "json")) == {"acme-in"}
    scene.settings('[scan]\nindex = "off"\n')
    scene.keyward("scan", "-o", "json")
    assert asked(scene, "assets.list") == []


@pytest.mark.parametrize("given", ["shop", "12/../3", "organizations/1"])
def test_an_id_that_is_none_is_refused_with_the_form_it_has(scene, given):
    scene.settings()
    done = scene.keyward("scan", "--folder", given)
    assert done.status == 2
    assert "numbers" in done.err


def test_a_folder_in_which_nothing_is_seen_is_an_error_and_not_an_empty_list(scene, tree):
    done = scene.keyward("scan", "--folder", "99")
    assert done.status == 2
    assert "folders/99" in done.err
