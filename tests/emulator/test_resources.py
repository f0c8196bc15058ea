"""Resource Manager, IAM, Organisation Policy and Service Usage."""

import pytest

from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.resourcemanager.tree import Tree
from tests.parts.emulator import discovery, good, refused


@pytest.fixture
def organisation(emulator):
    tree, world = emulator.world.state(Tree), emulator.world
    root = tree.plant_organization("example.com")
    folder = tree.plant_folder("shop", root)
    world.new_project("shop-prod", parent=folder.name, labels={"env": "prod"}, name="Shop")
    world.new_project("shop-dev", parent=folder.name)
    world.new_project("old", parent=root.name, state="DELETE_REQUESTED")
    world.new_project("hidden", parent=root.name, denied={"*"})
    return emulator, root, folder


def ids(answer):
    return [project["projectId"] for project in answer.get("projects", [])]


def test_search_finds_what_the_caller_may_see(organisation):
    emulator, _, folder = organisation
    with discovery(emulator, "cloudresourcemanager", "v3") as service:
        search = service.projects().search
        assert ids(search().execute()) == ["shop-prod", "shop-dev", "old"]
        assert ids(search(query="state:ACTIVE").execute()) == ["shop-prod", "shop-dev"]
        assert ids(search(query="projectId:shop-*").execute()) == ["shop-prod", "shop-dev"]
        assert ids(search(query=f"parent:{folder.name}").execute()) == ["shop-prod", "shop-dev"]
        assert ids(search(query="labels.env:prod projectId=old").execute()) == ["shop-prod", "old"]
        first = search(pageSize=2).execute()
        assert ids(first) == ["shop-prod", "shop-dev"]
        assert ids(search(pageSize=2, pageToken=first["nextPageToken"]).execute()) == ["old"]
        assert ids(service.projects().list(parent=folder.name).execute()) == ["shop-prod", "shop-dev"]
        one = service.projects().get(name="projects/shop-prod").execute()
    assert one["name"] == f"projects/{emulator.world.project('shop-prod').number}"
    assert (one["displayName"], one["labels"]) == ("Shop", {"env": "prod"})


def test_the_first_version_joins_conditions_by_and(organisation):
    emulator, _, _ = organisation
    with discovery(emulator, "cloudresourcemanager", "v1") as service:
        listed = service.projects().list(filter="lifecycleState:ACTIVE").execute()
        assert ids(listed) == ["shop-prod", "shop-dev"]
        assert ids(service.projects().list(filter="lifecycleState:ACTIVE id:shop-d*").execute()) == ["shop-dev"]
        one = service.projects().get(projectId="shop-prod").execute()
    assert one["projectNumber"] == str(emulator.world.project("shop-prod").number)
    assert one["parent"]["type"] == "folder"


def test_organisations_and_folders(organisation):
    emulator, root, folder = organisation
    with discovery(emulator, "cloudresourcemanager", "v3") as service:
        (found,) = service.organizations().search().execute()["organizations"]
        assert (found["name"], found["displayName"]) == (root.name, "example.com")
        (below,) = service.folders().list(parent=root.name).execute()["folders"]
        assert below == service.folders().get(name=folder.name).execute()
        assert below["parent"] == root.name
    assert refused(emulator, "GET", "/v3/folders/1")[0] == 403


def test_permissions_that_are_held(organisation):
    emulator, _, _ = organisation
    emulator.world.project("shop-dev").denied = {"apikeys.*"}
    asked = {"permissions": ["apikeys.keys.list", "resourcemanager.projects.get"]}
    path = "projects/shop-dev:testIamPermissions"
    assert good(emulator, "POST", f"/v3/{path}", asked) == {"permissions": ["resourcemanager.projects.get"]}
    assert good(emulator, "POST", f"/v1/{path}", asked) == {"permissions": ["resourcemanager.projects.get"]}


def test_an_unknown_project_is_made_on_first_use_and_keeps_its_number(emulator):
    number = good(emulator, "GET", "/v3/projects/new-one")["name"]
    assert good(emulator, "GET", f"/v3/{number}")["projectId"] == "new-one"
    assert refused(emulator, "GET", "/v3/projects/123")[:3] == (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED")


def test_strict_projects_are_refused_as_google_does(make_emulator):
    emulator = make_emulator(strict_projects=True)
    assert refused(emulator, "GET", "/v2/projects/new-one/locations/global/keys")[:2] == (403, "PERMISSION_DENIED")
    assert list(emulator.world.projects()) == []


def test_service_accounts(emulator):
    accounts = emulator.world.state(ServiceAccounts)
    made = [accounts.plant(emulator.world.project("p1"), f"runner-{n}").email for n in range(3)]
    with discovery(emulator, "iam", "v1") as service:
        resource = service.projects().serviceAccounts()
        first = resource.list(name="projects/p1", pageSize=2).execute()
        rest = resource.list(name="projects/p1", pageSize=2, pageToken=first["nextPageToken"]).execute()
        assert [one["email"] for one in first["accounts"] + rest["accounts"]] == made
        one = resource.get(name=f"projects/-/serviceAccounts/{made[0]}").execute()
        assert one["name"] == f"projects/p1/serviceAccounts/{made[0]}"
        assert resource.get(name=f"projects/p1/serviceAccounts/{one['uniqueId']}").execute() == one
        new = resource.create(name="projects/p1", body={"accountId": "another"}).execute()
    assert new["email"] == "another@p1.iam.gserviceaccount.com"
    assert refused(emulator, "GET", "/v1/projects/p1/serviceAccounts/x@y")[0] == 404
    assert refused(emulator, "GET", "/v1/projects/-/serviceAccounts/x%40y")[0] == 403


def test_the_policy_in_force(emulator):
    name = "iam.managed.disableServiceAccountApiKeyCreation"
    with discovery(emulator, "orgpolicy", "v2") as service:
        read = service.projects().policies().getEffectivePolicy
        policy = read(name=f"projects/p1/policies/{name}").execute()
        assert policy["spec"] == {"rules": [{"enforce": True}]}
        assert policy["name"].startswith(f"projects/{emulator.world.project('p1').number}/")
        assert read(name="projects/p1/policies/gcp.other").execute()["spec"] == {"rules": [{"enforce": False}]}
    emulator.world.project("p1").denied = {"orgpolicy.policy.get"}
    assert refused(emulator, "GET", f"/v2/projects/p1/policies/{name}:getEffectivePolicy")[0] == 403


def test_services_that_are_on(emulator):
    emulator.world.project("p1").api_off = {"monitoring.googleapis.com"}
    good(emulator, "POST", "/emulator/v1/project", {"id": "p1", "api_on": ["places.googleapis.com"]})
    with discovery(emulator, "serviceusage", "v1") as service:
        listed = service.services().list(parent="projects/p1", filter="state:ENABLED").execute()["services"]
        names = [f"projects/p1/services/{name}.googleapis.com" for name in ("apikeys", "monitoring")]
        some = service.services().batchGet(parent="projects/p1", names=names).execute()["services"]
    on = {one["config"]["name"] for one in listed}
    assert ("monitoring.googleapis.com" in on, "places.googleapis.com" in on) == (False, True)
    assert [one["state"] for one in some] == ["ENABLED", "DISABLED"]
    assert good(emulator, "GET", "/v1/projects/p1/services/apikeys.googleapis.com")["state"] == "ENABLED"
