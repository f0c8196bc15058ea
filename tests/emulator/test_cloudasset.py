"""Cloud Asset Inventory through the real client: who may ask about what, pages, masks, orders, and how late it is."""

import pytest
from googleapiclient.errors import HttpError

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.resourcemanager.tree import Tree
from tests.parts.emulator import discovery

KEY = "apikeys.googleapis.com/Key"


@pytest.fixture
def cloud(make_emulator):
    emulator = make_emulator(grpc=False, rate=0)
    tree, world = emulator.world.state(Tree), emulator.world
    root = tree.plant_organization("example.com")
    folder = tree.plant_folder("shop", root)
    inner, outer = world.new_project("inner", parent=folder.name), world.new_project("outer", parent=root.name)
    world.new_project("elsewhere")
    state = world.state(ApiKeys)
    keys = [state.plant(project, display_name=f"{nth}") for nth in (2, 1, 3) for project in (inner, outer)]
    state.plant(world.project("elsewhere"))
    with discovery(emulator, "cloudasset", "v1") as service:
        yield emulator, service, root, folder, keys


def listed(service, parent, **more):
    answer = service.assets().list(parent=parent, contentType="RESOURCE", assetTypes=[KEY], **more).execute()
    return [one["resource"]["data"]["uid"] for one in answer.get("assets", [])], answer.get("nextPageToken")


def test_a_scope_holds_what_is_below_it_at_any_depth(cloud):
    _, service, root, folder, keys = cloud
    assert set(listed(service, root.name)[0]) == {key.uid for key in keys}
    inner = {key.uid for key in keys[::2]}
    assert set(listed(service, folder.name)[0]) == inner == set(listed(service, "projects/inner")[0])


def test_pages_make_a_whole_and_never_hold_a_value(cloud):
    _, service, root, _, keys = cloud
    first, token = listed(service, root.name, pageSize=4)
    second, end = listed(service, root.name, pageSize=4, pageToken=token)
    assert (len(first), len(set(first + second)), end) == (4, 6, None)
    text = str(service.assets().list(parent=root.name, contentType="RESOURCE").execute())
    assert not [key for key in keys if key.key_string in text]


def test_a_search_shows_what_the_mask_names_in_the_order_asked_for(cloud):
    _, service, root, _, _ = cloud
    ask = service.v1().searchAllResources
    found = ask(scope=root.name, assetTypes=["apikeys.*"], orderBy="displayName DESC").execute()["results"]
    assert [one["displayName"] for one in found] == ["3", "3", "2", "2", "1", "1"]
    assert "versionedResources" not in found[0]
    found = ask(scope=root.name, assetTypes=[KEY], readMask="name,versionedResources").execute()["results"]
    assert set(found[0]) == {"name", "versionedResources"}
    with pytest.raises(HttpError) as caught:
        ask(scope=root.name, orderBy="nonsense").execute()
    assert caught.value.status_code == 400


def test_the_scope_says_who_may_ask_and_not_the_projects_below(cloud):
    emulator, service, root, folder, keys = cloud
    emulator.world.project("inner").denied.add("*")
    assert len(listed(service, root.name)[0]) == len(keys)
    root.denied.append("cloudasset.*")
    for parent in (root.name, "projects/inner", "folders/1"):
        with pytest.raises(HttpError) as caught:
            listed(service, parent)
        assert caught.value.status_code == 403
    assert listed(service, folder.name)[0]


def test_it_is_as_late_as_it_is_set(cloud):
    emulator, service, root, _, keys = cloud
    emulator.world.behaviour.asset_lag_seconds = 300
    assert listed(service, root.name)[0] == []
    emulator.world.clock.advance(301)
    assert len(listed(service, root.name)[0]) == len(keys)
    emulator.world.state(ApiKeys).delete(keys[0])
    emulator.world.behaviour.asset_deleted_keys = False
    assert keys[0].uid in listed(service, root.name)[0]
    emulator.world.clock.advance(301)
    assert keys[0].uid not in listed(service, root.name)[0]
