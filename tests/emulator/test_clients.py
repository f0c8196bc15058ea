"""Foreign clients against the emulator: stock gcloud, Google's discovery client and google-cloud-api-keys."""

import pytest

from keyward.emulator.faults import Fault
from keyward.emulator.iam import ServiceAccounts
from tests.parts.emulator import discovery, gcloud
from tests.parts.need import require

TRANSLATE = {"apiTargets": [{"service": "translate.googleapis.com"}]}


def test_gcloud_takes_a_key_through_its_life(emulator, tmp_path):
    require("gcloud")

    def run(*arguments):
        return gcloud(emulator, tmp_path, "services", "api-keys", *arguments)

    created = run("create", "--key-id=web", "--display-name=Web", "--api-target=service=translate.googleapis.com")
    assert created["response"]["restrictions"] == TRANSLATE
    (listed,) = run("list")
    assert listed["displayName"] == "Web"
    name = listed["name"]
    assert run("get-key-string", name) == {"keyString": created["response"]["keyString"]}
    updated = run("update", name, "--display-name=Site", "--allowed-ips=10.0.0.0/8")
    assert updated["response"]["displayName"] == "Site"
    run("delete", name)
    assert run("list") == []
    assert [key["uid"] for key in run("list", "--show-deleted")] == [listed["uid"]]
    restored = run("undelete", name)
    assert restored["response"]["uid"] == listed["uid"]
    assert run("describe", name)["displayName"] == "Site"
    assert run("lookup", created["response"]["keyString"])["name"] == name


def test_gcloud_lists_projects_and_is_refused_in_words(emulator, tmp_path):
    require("gcloud")
    emulator.world.new_project("shop-prod", denied={"apikeys.*"})
    (project,) = gcloud(emulator, tmp_path, "projects", "list")
    assert project["projectNumber"] == str(emulator.world.project("shop-prod").number)
    error = gcloud(emulator, tmp_path, "services", "api-keys", "list", "--project=shop-prod", code=1)
    assert "PERMISSION_DENIED" in error
    assert "apikeys.keys.list" in error


def test_gcloud_creates_a_bound_key(emulator, tmp_path):
    require("gcloud")
    account = emulator.world.state(ServiceAccounts).plant(emulator.world.project(emulator.project), "runner")
    (listed,) = gcloud(emulator, tmp_path, "iam", "service-accounts", "list")
    assert listed["email"] == account.email
    target = "--api-target=service=generativelanguage.googleapis.com"
    command = ("services", "api-keys", "create", f"--service-account={account.email}", target)
    assert gcloud(emulator, tmp_path, *command)["response"]["serviceAccountEmail"] == account.email


def test_the_discovery_client_takes_a_key_through_its_life(emulator):
    with discovery(emulator, "apikeys", "v2") as service:
        keys, operations = service.projects().locations().keys(), service.operations()

        def finish(request):
            return operations.get(name=request.execute()["name"]).execute()["response"]

        parent = "projects/p1/locations/global"
        key = finish(keys.create(parent=parent, keyId="web", body={"displayName": "Web"}))
        assert keys.getKeyString(name=key["name"]).execute() == {"keyString": key["keyString"]}
        body = {"restrictions": TRANSLATE, "etag": key["etag"]}
        changed = finish(keys.patch(name=key["name"], updateMask="restrictions", body=body))
        assert changed["restrictions"] == TRANSLATE
        deleted = finish(keys.delete(name=key["name"], etag=changed["etag"]))
        assert deleted["deleteTime"]
        assert keys.list(parent=parent).execute() == {}
        assert "deleteTime" not in finish(keys.undelete(name=key["name"], body={}))


@pytest.mark.parametrize(("orderly", "sent"), [(True, 2), (False, 1)])
def test_the_discovery_client_sends_a_create_again_by_itself(emulator, orderly, sent):
    from googleapiclient.errors import HttpError

    parent = "projects/p1/locations/global"
    with discovery(emulator, "apikeys", "v2") as service:
        keys = service.projects().locations().keys()
        keys.list(parent=parent).execute()
        emulator.world.faults.add(Fault(method="POST", after=True, orderly=orderly))
        with pytest.raises((HttpError, ConnectionResetError)):
            keys.create(parent=parent, keyId="web", body={}).execute()
        assert len(keys.list(parent=parent).execute()["keys"]) == 1
    assert [entry["code"] for entry in emulator.world.log.since() if entry["method"] == "POST"] == [0, 409][:sent]


def test_the_discovery_client_reads_refusals(emulator):
    from googleapiclient.errors import HttpError

    emulator.world.project("p1").api_off = {"apikeys.googleapis.com"}
    with discovery(emulator, "apikeys", "v2") as service, pytest.raises(HttpError) as caught:
        service.projects().locations().keys().list(parent="projects/p1/locations/global").execute()
    assert caught.value.status_code == 403
    assert caught.value.error_details[0]["reason"] == "SERVICE_DISABLED"


def test_the_api_keys_client_over_rest(emulator):
    from google.api_core import exceptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import api_keys_v2

    kind = api_keys_v2.ApiKeysClient
    host = emulator.url.removeprefix("http://").rstrip("/")
    transport = kind.get_transport_class("rest")(host=host, url_scheme="http", credentials=AnonymousCredentials())
    parent = "projects/p1/locations/global"
    with kind(transport=transport) as client:
        made = client.create_key(
            parent=parent,
            key={"display_name": "Web", "restrictions": {"api_targets": [{"service": "a.example"}]}},
            key_id="web",
        ).result(timeout=20)
        assert made.key_string == client.get_key_string(name=made.name).key_string
        assert [key.uid for key in client.list_keys(parent=parent)] == [made.uid]
        changed = client.update_key(
            key={"name": made.name, "display_name": "Site"}, update_mask={"paths": ["display_name"]}
        )
        assert changed.result(timeout=20).display_name == "Site"
        assert client.delete_key(name=made.name).result(timeout=20).delete_time
        assert client.undelete_key(request={"name": made.name}).result(timeout=20).uid == made.uid
        with pytest.raises(exceptions.NotFound):
            client.get_key(name=f"{parent}/keys/none")
        emulator.world.project("p1").denied = {"apikeys.keys.get"}
        with pytest.raises(exceptions.Forbidden) as caught:
            client.get_key(name=made.name)
    assert caught.value.reason == "IAM_PERMISSION_DENIED"
