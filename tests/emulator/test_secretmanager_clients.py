"""The official Python client, over REST and over gRPC, on the emulated Secret Manager."""

import itertools

import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import secretmanager_v1 as sm

from keyward.emulator.faults import Fault
from tests.emulator.secretmanager_serving import serving

_SERIAL = itertools.count()
AUTOMATIC = {"replication": {"automatic": {}}}


@pytest.fixture(scope="module")
def running():
    with serving() as servers:
        yield servers


@pytest.fixture(params=["rest", "grpc"])
def client(request, running):
    return running.client(request.param)


@pytest.fixture
def parent(running):
    """A project of its own for each test, so that none depends on another."""
    project = running.world.new_project(f"project-{next(_SERIAL)}")
    yield f"projects/{project.id}"
    running.world.faults.clear()


def number(running, parent):
    return running.world.project(parent.removeprefix("projects/")).number


def refused(call, *args, **kwargs):
    """The status name with which a call fails, on either transport."""
    with pytest.raises(GoogleAPICallError) as caught:
        call(*args, **kwargs)
    error = caught.value
    if isinstance(error.response, grpc.RpcError):
        return error.grpc_status_code.name, error
    return error.response.json()["error"]["status"], error


def test_a_secret_lives_from_create_to_delete(client, running, parent):
    made = client.create_secret(parent=parent, secret_id="db", secret={**AUTOMATIC, "labels": {"team": "web"}})
    assert made.name == f"projects/{number(running, parent)}/secrets/db"
    assert client.get_secret(name=made.name) == made

    version = client.add_secret_version(parent=made.name, payload={"data": b"hunter2", "data_crc32c": 1736498283})
    assert version.name == f"{made.name}/versions/1"
    assert version.state == sm.SecretVersion.State.ENABLED
    assert version.client_specified_payload_checksum is True
    read = client.access_secret_version(name=f"{parent}/secrets/db/versions/latest")
    assert (read.name, read.payload.data, read.payload.data_crc32c) == (version.name, b"hunter2", 1736498283)

    assert client.disable_secret_version(name=version.name).state == sm.SecretVersion.State.DISABLED
    assert client.enable_secret_version(name=version.name).state == sm.SecretVersion.State.ENABLED
    gone = client.destroy_secret_version(name=version.name)
    assert gone.state == sm.SecretVersion.State.DESTROYED
    assert gone.destroy_time is not None

    client.delete_secret(name=made.name)
    assert refused(client.get_secret, name=made.name)[0] == "NOT_FOUND"


def test_a_checksum_is_only_reported_when_it_was_given(client, parent):
    client.create_secret(parent=parent, secret_id="db", secret=AUTOMATIC)
    version = client.add_secret_version(parent=f"{parent}/secrets/db", payload={"data": b"x"})
    assert version.client_specified_payload_checksum is False
    status, _ = refused(
        client.add_secret_version, parent=f"{parent}/secrets/db", payload={"data": b"x", "data_crc32c": 1}
    )
    assert status == "INVALID_ARGUMENT"
    assert [each.name for each in client.list_secret_versions(parent=f"{parent}/secrets/db")] == [version.name]


def test_update_takes_a_mask_and_moves_aliases(client, parent):
    made = client.create_secret(parent=parent, secret_id="db", secret={**AUTOMATIC, "labels": {"team": "web"}})
    client.add_secret_version(parent=made.name, payload={"data": b"one"})
    client.add_secret_version(parent=made.name, payload={"data": b"two"})
    changed = client.update_secret(
        secret={"name": made.name, "version_aliases": {"live": 1}, "labels": {"left": "alone"}, "etag": made.etag},
        update_mask={"paths": ["version_aliases"]},
    )
    assert dict(changed.version_aliases) == {"live": 1}
    assert dict(changed.labels) == {"team": "web"}
    assert changed.etag != made.etag
    read = client.access_secret_version(name=f"{made.name}/versions/live")
    assert (read.name, read.payload.data) == (f"{made.name}/versions/1", b"one")


def test_lists_come_in_pages_newest_first(client, parent):
    for name in ("a", "b", "c"):
        client.create_secret(parent=parent, secret_id=name, secret=AUTOMATIC)
    pages = list(client.list_secrets(request={"parent": parent, "page_size": 2}).pages)
    assert [[each.name.rsplit("/")[-1] for each in page.secrets] for page in pages] == [["c", "b"], ["a"]]
    assert pages[0].total_size == 3
    filtered = client.list_secrets(request={"parent": parent, "filter": "name:b"})
    assert [each.name.rsplit("/")[-1] for each in filtered] == ["b"]


def test_a_disabled_latest_is_a_failed_precondition_with_googles_text(client, running, parent):
    client.create_secret(parent=parent, secret_id="db", secret=AUTOMATIC)
    for data in (b"one", b"two"):
        client.add_secret_version(parent=f"{parent}/secrets/db", payload={"data": data})
    client.disable_secret_version(name=f"{parent}/secrets/db/versions/2")
    status, error = refused(client.access_secret_version, name=f"{parent}/secrets/db/versions/latest")
    assert status == "FAILED_PRECONDITION"
    name = f"projects/{number(running, parent)}/secrets/db/versions/2"
    assert f"Secret Version [{name}] is in DISABLED state." in error.message


def test_a_denied_permission_arrives_with_its_name(client, running, parent):
    running.world.project(parent.removeprefix("projects/")).denied.add("secretmanager.versions.access")
    client.create_secret(parent=parent, secret_id="db", secret=AUTOMATIC)
    client.add_secret_version(parent=f"{parent}/secrets/db", payload={"data": b"x"})
    status, error = refused(client.access_secret_version, name=f"{parent}/secrets/db/versions/1")
    assert status == "PERMISSION_DENIED"
    assert error.reason == "IAM_PERMISSION_DENIED"
    assert error.metadata["permission"] == "secretmanager.versions.access"
    held = client.test_iam_permissions(
        request={
            "resource": f"{parent}/secrets/db",
            "permissions": ["secretmanager.versions.access", "secretmanager.versions.add"],
        }
    )
    assert list(held.permissions) == ["secretmanager.versions.add"]


def test_a_project_with_the_api_off_says_so(client, running, parent):
    running.world.project(parent.removeprefix("projects/")).api_off.add("secretmanager.googleapis.com")
    status, error = refused(client.list_secrets, parent=parent)
    assert (status, error.reason) == ("PERMISSION_DENIED", "SERVICE_DISABLED")


def test_policies_are_kept(client, parent):
    made = client.create_secret(parent=parent, secret_id="db", secret=AUTOMATIC)
    before = client.get_iam_policy(request={"resource": made.name})
    assert list(before.bindings) == []
    before.bindings.add(role="roles/secretmanager.secretAccessor", members=["user:a@example.com"])
    client.set_iam_policy(request={"resource": made.name, "policy": before})
    after = client.get_iam_policy(request={"resource": made.name})
    assert [binding.role for binding in after.bindings] == ["roles/secretmanager.secretAccessor"]
    assert refused(client.set_iam_policy, request={"resource": made.name, "policy": before})[0] == "ABORTED"


def test_testing_permissions_on_a_missing_secret_gives_none(client, parent):
    request = {"resource": f"{parent}/secrets/none", "permissions": ["secretmanager.versions.add"]}
    assert list(client.test_iam_permissions(request=request).permissions) == []


def test_typed_and_user_managed_secrets_survive_the_wire(client, parent):
    made = client.create_secret(
        parent=parent,
        secret_id="db",
        secret={
            "replication": {"user_managed": {"replicas": [{"location": "europe-west3"}]}},
            "annotations": {"keyward/owner": "web"},
            "version_destroy_ttl": {"seconds": 86400},
            "secret_type": "ACCESS_KEY",
        },
    )
    assert made.replication.user_managed.replicas[0].location == "europe-west3"
    assert dict(made.annotations) == {"keyward/owner": "web"}
    assert made.version_destroy_ttl.total_seconds() == 86400
    assert made.secret_type == 2
    version = client.add_secret_version(parent=made.name, payload={"data": b"x"})
    assert version.replication_status.user_managed.replicas[0].location == "europe-west3"
    scheduled = client.destroy_secret_version(name=version.name)
    assert scheduled.state == sm.SecretVersion.State.DISABLED
    assert scheduled.scheduled_destroy_time is not None


def test_the_answer_can_be_lost_after_the_version_was_added(client, running, parent):
    client.create_secret(parent=parent, secret_id="db", secret=AUTOMATIC)
    running.world.faults.add(Fault(rpc="addVersion", after=True))
    with pytest.raises(Exception, match=r"reset|closed|aborted"):
        client.add_secret_version(parent=f"{parent}/secrets/db", payload={"data": b"x"})
    assert len(list(client.list_secret_versions(parent=f"{parent}/secrets/db"))) == 1


def test_an_injected_refusal_has_no_effect(client, running, parent):
    client.create_secret(parent=parent, secret_id="db", secret=AUTOMATIC)
    running.world.faults.add(Fault(rpc="addVersion", status="UNAVAILABLE"))
    assert refused(client.add_secret_version, parent=f"{parent}/secrets/db", payload={"data": b"x"})[0] == "UNAVAILABLE"
    assert list(client.list_secret_versions(parent=f"{parent}/secrets/db")) == []


def test_both_transports_see_one_state_and_one_log(running, parent):
    rest, rpc = running.client("rest"), running.client("grpc")
    before = running.world.log.since()[-1:]
    rest.create_secret(parent=parent, secret_id="db", secret=AUTOMATIC)
    rpc.add_secret_version(parent=f"{parent}/secrets/db", payload={"data": b"canary-value"})
    assert rest.access_secret_version(name=f"{parent}/secrets/db/versions/latest").payload.data == b"canary-value"
    entries = running.world.log.since(before[0]["seq"] if before else 0)
    assert [(entry["method"], entry["rpc"].rsplit(".", 1)[1], entry["status"]) for entry in entries] == [
        ("POST", "create", "OK"),
        ("GRPC", "addVersion", "OK"),
        ("GET", "access", "OK"),
    ]
    assert "canary" not in repr(entries)


def test_a_token_is_demanded_where_the_world_wants_one(parent):
    with serving(auth="required") as servers:
        client = servers.client("grpc")
        status, _ = refused(client.list_secrets, parent="projects/p")
        assert status == "UNAUTHENTICATED"
        assert list(client.list_secrets(parent="projects/p", metadata=[("authorization", "Bearer t")])) == []


def test_the_quota_is_counted_for_both_transports():
    with serving(quotas=True, quota_limits={"secretmanager.googleapis.com": {"read": 2}}) as servers:
        rest, rpc = servers.client("rest"), servers.client("grpc")
        for client in (rest, rpc):
            assert list(client.list_secrets(parent="projects/p")) == []
        status, error = refused(rpc.list_secrets, parent="projects/p")
        assert (status, error.reason) == ("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")


def test_regional_secrets_are_kept_apart(client, running, parent):
    region = f"{parent}/locations/europe-west3"
    made = client.create_secret(parent=region, secret_id="db", secret={})
    assert made.name == f"projects/{number(running, parent)}/locations/europe-west3/secrets/db"
    client.add_secret_version(parent=made.name, payload={"data": b"x"})
    assert client.access_secret_version(name=f"{made.name}/versions/1").payload.data == b"x"
    assert list(client.list_secrets(parent=parent)) == []


def test_a_wrong_resource_name_is_refused(running):
    with grpc.insecure_channel(running.emulator.grpc_target) as channel:
        call = channel.unary_unary("/google.cloud.secretmanager.v1.SecretManagerService/GetSecret")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"\n\x05x/y/z")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("status", ["ABORTED", "FAILED_PRECONDITION"])
@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_either_reading_of_a_stale_etag_can_be_chosen(status, transport):
    with serving(etag_mismatch=status) as servers:
        client = servers.client(transport)
        made = client.create_secret(parent="projects/p", secret_id="db", secret=AUTOMATIC)
        version = client.add_secret_version(parent=made.name, payload={"data": b"x"})
        client.disable_secret_version(request={"name": version.name, "etag": version.etag})
        assert refused(client.enable_secret_version, request={"name": version.name, "etag": version.etag})[0] == status
        mask = {"paths": ["labels"]}
        client.update_secret(secret={"name": made.name, "etag": made.etag, "labels": {"a": "b"}}, update_mask=mask)
        assert (
            refused(client.update_secret, secret={"name": made.name, "etag": made.etag}, update_mask=mask)[0] == status
        )
        assert refused(client.delete_secret, request={"name": made.name, "etag": made.etag})[0] == status
