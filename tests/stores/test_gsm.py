"""What is particular about Secret Manager: versions, states, aliases, checksums, lost answers; over REST and over gRPC."""

from dataclasses import replace

import pytest

from keyward.emulator.faults import Fault
from keyward.google.parts import of
from keyward.model.capability import Can, Ready
from keyward.model.errors import Ambiguous, Conflict, Gone, NotAllowed, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.secretinfo import VersionState
from keyward.stores.gsm import changes, store
from keyward.stores.gsm.client import Connection
from tests.parts.cloud import Time, emulator_ctx, surroundings
from tests.parts.secrets import Outsider

SM = "secretmanager.projects.secrets"


class Cloud:
    def __init__(self, emulator, tmp_path):
        self.emulator = emulator
        self.around = surroundings(emulator.environment(), tmp_path)
        self.store = store(self.around)
        self.ctx = emulator_ctx(emulator)
        self.outsider = Outsider(emulator, "acme")
        self.project = emulator.world.project("acme")
        self.outsider.create("web", labels={"team": "web"})
        self.outsider.add("web", b"one")
        self.emulator.world.log.since(0)

    ref = SecretRef("gsm", ("acme", "web"), "acme")

    def pending(self, name="keyward-pending-r1"):
        return SecretRef("gsm", ("acme", name), "acme")

    def write(self, data=b"two", expect="1", ref=None):
        return self.store.write(ref or self.ref, Secret(data), self.ctx, expect=expect, mark="r1")

    def fault(self, rpc, **how):
        self.emulator.world.faults.add(Fault(rpc=f"{rpc}$", **how))

    def calls(self, rpc):
        return [one for one in self.emulator.world.log.since(0) if one["rpc"].endswith(rpc)]


@pytest.fixture(params=["rest", "grpc"])
def cloud(request, make_emulator, tmp_path):
    found = Cloud(make_emulator(grpc=request.param == "grpc"), tmp_path)
    found.transport = request.param
    yield found
    found.around.close()


def test_the_transport_is_the_one_that_was_chosen_and_says_who_asks(cloud):
    cloud.store.get(cloud.ref, cloud.ctx)
    entry = cloud.calls("secrets.get")[-1]
    assert (entry["method"] == "GRPC") is (cloud.transport == "grpc")
    assert "keyward/" in entry["user_agent"]
    assert entry["quota_project"] == "acme"


def test_everything_that_the_rest_of_the_program_needs_is_told(cloud):
    cloud.outsider.create(
        "signing",
        labels={"managed-by": "terraform"},
        annotations={"note": "evil\u202e"},
        topics=[{"name": "projects/acme/topics/rotation"}],
        rotation={"nextRotationTime": "2027-01-01T00:00:00Z", "rotationPeriod": "2592000s"},
    )
    for data in (b"a", b"b", b"c"):
        cloud.outsider.add("signing", data)
    cloud.outsider.set_state("signing", 1, "destroy")
    cloud.outsider.set_state("signing", 3, "disable")
    cloud.outsider.patch("signing", "versionAliases", versionAliases={"live": "2"})
    found = next(info for info in cloud.store.list("acme", cloud.ctx) if info.ref.name == "signing")
    assert [(one.id, one.state) for one in found.versions] == [
        ("3", VersionState.DISABLED),
        ("2", VersionState.ENABLED),
        ("1", VersionState.DESTROYED),
    ]
    assert found.current == "3"
    assert found.aliases == {"live": "2"}
    assert found.labels == {"managed-by": "terraform"}
    assert found.annotations == {"note": "evil\N{REPLACEMENT CHARACTER}"}
    assert found.topics == ("projects/acme/topics/rotation",)
    assert found.rotation == "every 30 d, next 2027-01-01"
    assert found.immutable_versions
    assert found.created <= found.updated
    assert found.etag
    assert str(found.ref) == "gsm:acme/signing"
    assert cloud.store.get(found.ref, cloud.ctx) == found


def test_a_secret_without_versions_is_listed_and_can_be_written(cloud):
    cloud.outsider.create("empty")
    ref = SecretRef("gsm", ("acme", "empty"), "acme")
    assert cloud.store.get(ref, cloud.ctx).current is None
    with pytest.raises(Gone):
        cloud.store.read(ref, cloud.ctx)
    with pytest.raises(Conflict):
        cloud.write(expect="1", ref=ref)
    assert cloud.write(expect="", ref=ref).id == "1"


def test_a_project_that_may_not_be_read_says_so(cloud):
    cloud.project.denied.add("secretmanager.secrets.list")
    with pytest.raises(SourceError) as caught:
        list(cloud.store.list("acme", cloud.ctx))
    assert (caught.value.status, caught.value.permission) == ("denied", "secretmanager.secrets.list")
    assert "roles/secretmanager.viewer" in caught.value.hint
    cloud.project.denied.clear()
    cloud.project.api_off.add("secretmanager.googleapis.com")
    cloud.emulator.world.project("demo-project").api_off.add("secretmanager.googleapis.com")
    with pytest.raises(SourceError) as caught:
        list(cloud.store.list("acme", cloud.ctx))
    assert caught.value.status == "disabled"


def test_a_listing_survives_a_burst_of_failures_and_a_secret_that_vanishes(cloud):
    cloud.outsider.create("web-2")
    cloud.fault("secrets.list", status="UNAVAILABLE", times=2)
    cloud.fault("versions.list", status="NOT_FOUND", times=1)
    assert len(list(cloud.store.list("acme", cloud.ctx))) == 1


def test_latest_is_the_newest_whatever_its_state(cloud):
    cloud.outsider.add("web", b"two")
    cloud.outsider.set_state("web", 2, "disable")
    with pytest.raises(Refused) as caught:
        cloud.store.read(cloud.ref, cloud.ctx)
    assert caught.value.reason == "FAILED_PRECONDITION"
    assert cloud.store.read(cloud.ref, cloud.ctx, "1").data.reveal() == b"one"
    cloud.outsider.set_state("web", 2, "destroy")
    with pytest.raises(Refused):
        cloud.store.read(cloud.ref, cloud.ctx, "2")


def test_a_value_that_may_not_be_read_is_denied(cloud):
    cloud.project.denied.add("secretmanager.versions.access")
    with pytest.raises(SourceError) as caught:
        cloud.store.read(cloud.ref, cloud.ctx)
    assert (caught.value.status, caught.value.permission) == ("denied", "secretmanager.versions.access")


def test_reads_are_tried_again_by_keyward_and_not_by_the_library_behind_its_back(cloud):
    waits = []
    ctx = replace(cloud.ctx, wait=lambda seconds: waits.append(seconds) or True)
    cloud.fault("versions.access", status="UNAVAILABLE", times=2)
    assert cloud.store.read(cloud.ref, ctx).data.reveal() == b"one"
    assert len(waits) == 2


def test_a_payload_that_arrives_damaged_is_not_believed(cloud, monkeypatch):
    monkeypatch.setattr("keyward.stores.gsm.secrets.checksum", lambda data: 1)
    with pytest.raises(SourceError, match="damaged"):
        cloud.store.read(cloud.ref, cloud.ctx)


def test_a_payload_that_is_damaged_on_its_way_out_is_refused(cloud, monkeypatch):
    monkeypatch.setattr(changes, "checksum", lambda data: 1)
    with pytest.raises(Refused):
        cloud.write()
    assert cloud.outsider.versions("web") == ["1"]


# Writing


@pytest.mark.parametrize("how", [{"kill": True}, {"after": True}, {"status": "UNAVAILABLE"}, {"status": "INTERNAL"}])
def test_a_write_without_an_answer_is_ambiguous_and_sent_once(cloud, how):
    cloud.fault("addVersion", **how)
    with pytest.raises(Ambiguous):
        cloud.write()
    assert len(cloud.calls("addVersion")) == 2  # the outsider's and ours
    assert cloud.outsider.versions("web") == (["2", "1"] if "after" in how else ["1"])


def test_a_write_that_was_throttled_was_not_done_and_is_sent_again(cloud):
    cloud.fault("addVersion", status="RESOURCE_EXHAUSTED", reason="RATE_LIMIT_EXCEEDED", times=2)
    assert cloud.write().id == "2"
    assert cloud.outsider.versions("web") == ["2", "1"]


def test_a_version_that_slips_in_between_is_told(cloud, monkeypatch):
    seen = cloud.store._secrets.newest

    def look_then_lose(ref, ctx):
        found = seen(ref, ctx)
        cloud.outsider.add("web", b"theirs")
        return found

    monkeypatch.setattr(cloud.store._secrets, "newest", look_then_lose)
    with pytest.raises(Conflict, match="3, made from 1"):
        cloud.write()


def test_too_large_is_refused_before_anything_is_sent(cloud):
    before = len(cloud.emulator.world.log.since(0))
    with pytest.raises(Refused) as caught:
        cloud.write(b"x" * 65_537)
    assert caught.value.reason == "too-large"
    assert len(cloud.emulator.world.log.since(0)) == before
    assert cloud.write(b"x" * 65_536).id == "2"


def test_a_write_without_permission_is_refused_with_its_name(cloud):
    cloud.project.denied.add("secretmanager.versions.add")
    with pytest.raises(Refused) as caught:
        cloud.write()
    assert caught.value.permission == "secretmanager.versions.add"


# States, aliases, pending secrets


def test_states_are_reached_once_and_destroyed_is_final(cloud):
    for state in (VersionState.DISABLED, VersionState.ENABLED, VersionState.DESTROYED):
        for _ in range(2):
            cloud.store.set_state(cloud.ref, "1", state, cloud.ctx)
        assert cloud.outsider.state("web", 1) == state.name
    with pytest.raises(Refused):
        cloud.store.set_state(cloud.ref, "1", VersionState.ENABLED, cloud.ctx)
    with pytest.raises(Gone):
        cloud.store.set_state(cloud.ref, "7", VersionState.DISABLED, cloud.ctx)


@pytest.mark.parametrize("how", ["kill", "after"])
def test_a_lost_answer_to_a_state_is_asked_again_because_twice_is_once(cloud, how):
    cloud.fault("versions.disable", **{how: True})
    cloud.fault("versions.destroy", **{how: True})
    cloud.store.set_state(cloud.ref, "1", VersionState.DISABLED, cloud.ctx)
    assert cloud.outsider.state("web", 1) == "DISABLED"
    cloud.store.set_state(cloud.ref, "1", VersionState.DESTROYED, cloud.ctx)
    assert cloud.outsider.state("web", 1) == "DESTROYED"


def test_an_alias_is_moved_and_others_stay(cloud):
    cloud.outsider.add("web", b"two")
    cloud.outsider.patch("web", "versionAliases", versionAliases={"live": "1", "old": "1"})
    for _ in range(2):
        cloud.store.move_alias(cloud.ref, "live", "2", cloud.ctx)
    assert cloud.store.get(cloud.ref, cloud.ctx).aliases == {"live": "2", "old": "1"}
    assert len(cloud.calls("secrets.patch")) == 2  # the outsider's and ours
    assert cloud.store.read(cloud.ref, cloud.ctx, "live").version == "2"
    with pytest.raises(Refused):
        cloud.store.move_alias(cloud.ref, "live", "nine", cloud.ctx)


def test_an_alias_of_a_secret_that_changed_meanwhile_is_left_alone(cloud, monkeypatch):
    cloud.outsider.add("web", b"two")
    raw = cloud.store._secrets.raw

    def look_then_lose(ref, ctx):
        found = raw(ref, ctx)
        monkeypatch.setattr(cloud.store._secrets, "raw", raw)
        cloud.outsider.patch("web", "versionAliases", versionAliases={"theirs": "1"})
        return found

    monkeypatch.setattr(cloud.store._secrets, "raw", look_then_lose)
    with pytest.raises(Conflict):
        cloud.store.move_alias(cloud.ref, "live", "2", cloud.ctx)
    assert cloud.store.get(cloud.ref, cloud.ctx).aliases == {"theirs": "1"}


def test_a_pending_secret_comes_and_goes_and_can_be_asked_for_twice(cloud):
    ref = cloud.pending()
    for _ in range(2):
        made = cloud.store.create(ref, cloud.ref, cloud.ctx)
    assert (made.current, made.labels) == (None, {"keyward": "pending"})
    assert cloud.outsider.get(ref.name)["replication"] == cloud.outsider.get("web")["replication"]
    for _ in range(2):
        cloud.store.remove(ref, cloud.ctx)
    assert not cloud.outsider.there(ref.name)


def test_a_pending_secret_is_replicated_as_the_one_it_stands_in_for(cloud):
    replicas = [{"location": "europe-west3"}, {"location": "europe-west4"}]
    cloud.outsider.create("regional", replication={"userManaged": {"replicas": replicas}})
    cloud.store.create(cloud.pending(), SecretRef("gsm", ("acme", "regional"), "acme"), cloud.ctx)
    assert cloud.outsider.get("keyward-pending-r1")["replication"] == {"userManaged": {"replicas": replicas}}


def test_lost_answers_about_pending_secrets_are_settled(cloud):
    cloud.fault("secrets.create", after=True)
    cloud.fault("secrets.delete", after=True)
    cloud.store.create(cloud.pending(), None, cloud.ctx)
    assert cloud.outsider.there("keyward-pending-r1")
    cloud.store.remove(cloud.pending(), cloud.ctx)
    assert not cloud.outsider.there("keyward-pending-r1")


def test_nothing_but_pending_secrets_is_ever_removed(cloud):
    with pytest.raises(Refused) as caught:
        cloud.store.remove(cloud.ref, cloud.ctx)
    assert caught.value.reason == "not-ours"
    assert cloud.outsider.there("web")


# Readiness


def ready(cloud, *want):
    answers = cloud.store.preflight(cloud.ref, frozenset(want), replace(cloud.ctx, memo={}))  # a plan of its own
    return {one.permission or "there": one.ready for one in answers}


def test_permissions_are_tested_one_by_one(cloud):
    cloud.project.denied.add("secretmanager.versions.add")
    assert ready(cloud, Can.READ, Can.WRITE, Can.SECRET_STORE) == {
        "there": Ready.YES,
        "secretmanager.versions.access": Ready.YES,
        "secretmanager.versions.add": Ready.NO,
        "secretmanager.versions.list": Ready.YES,
        "secretmanager.secrets.create": Ready.YES,
    }


def test_what_cannot_be_looked_at_is_unknown(cloud):
    cloud.project.denied.add("secretmanager.secrets.get")
    assert ready(cloud, Can.WRITE)["secretmanager.secrets.get"] is Ready.UNKNOWN
    cloud.fault("testIamPermissions", status="PERMISSION_DENIED", times=-1)
    assert set(ready(cloud, Can.READ, Can.WRITE, Can.SECRET_STORE).values()) == {Ready.UNKNOWN}


def test_a_disabled_newest_version_is_not_ready_to_be_read(cloud):
    cloud.outsider.set_state("web", 1, "disable")
    assert ready(cloud, Can.READ)["there"] is Ready.NO
    assert ready(cloud, Can.WRITE)["there"] is Ready.YES


# Connections


def test_without_credentials_google_itself_is_not_asked(tmp_path):
    around = surroundings({"CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true", "CLOUDSDK_CORE_PROJECT": "acme"}, tmp_path)
    with pytest.raises(NotAllowed, match="CLOUDSDK_AUTH_DISABLE_CREDENTIALS"):
        list(store(around).list("acme", Time().ctx()))


def test_a_server_that_is_not_there_was_certainly_not_asked(make_emulator, tmp_path):
    for grpc in (False, True):
        emulator = make_emulator(grpc=grpc)
        cloud = Cloud(emulator, tmp_path)
        cloud.store.get(cloud.ref, cloud.ctx)
        emulator.stop()
        with pytest.raises(SourceError) as caught:
            list(cloud.store.list("acme", cloud.ctx))
        assert caught.value.status == "unreachable"
        with pytest.raises(SourceError):
            cloud.write()
        cloud.around.close()


def test_a_proxy_does_not_see_what_stays_on_this_machine(cloud, monkeypatch, tmp_path):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "grpc_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    again = store(surroundings(cloud.emulator.environment(), tmp_path))
    assert again.read(cloud.ref, cloud.ctx).data.reveal() == b"one"
    again._secrets.connection.close()


def test_a_closed_connection_opens_again(cloud):
    connection = cloud.around.once("gsm.connection", lambda: None)
    assert isinstance(connection, Connection)
    connection.close()
    assert cloud.store.read(cloud.ref, cloud.ctx).data.reveal() == b"one"


# Regions


def test_each_region_has_a_host_of_its_own_unless_an_override_names_another(tmp_path):
    token = tmp_path / "token"
    token.write_text("not-a-token")
    token.chmod(0o600)
    environ = {"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token)}

    def hosts(**more):
        around = surroundings({**environ, **more}, tmp_path)
        connection = Connection(of(around))
        found = [connection.client(region).transport._host for region in ("", "europe-west3", "us")]
        connection.close()
        around.close()
        return found

    assert hosts() == [
        "secretmanager.googleapis.com:443",
        "secretmanager.europe-west3.rep.googleapis.com:443",
        "secretmanager.us.rep.googleapis.com:443",
    ]
    private = "secretmanager-acme.p.googleapis.com"
    override = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": f"https://{private}/"}
    assert hosts(**override) == [f"{private}:443"] * 3


@pytest.mark.parametrize("region", ["evil.example/x", "a.b", "", "..", "eu%2f", "x" * 90, "eu#west"])
def test_an_id_whose_region_is_none_is_asked_nowhere(cloud, region):
    ref = SecretRef("gsm", ("acme", region, "web"), "acme")
    for ask in (
        lambda: cloud.store.get(ref, cloud.ctx),
        lambda: list(cloud.store.list(f"acme@{region}x.y", cloud.ctx)),
    ):
        with pytest.raises(Refused):
            ask()
    assert [one for one in cloud.emulator.world.log.since(0) if "locations" in one["path"]] == []


def test_a_pending_secret_stays_in_the_region_of_its_likeness_with_its_key(cloud):
    there = Outsider(cloud.emulator, "acme", "europe-west3")
    key = "projects/acme/locations/europe-west3/keyRings/r/cryptoKeys/k"
    there.create("web", customerManagedEncryption={"kmsKeyName": key})
    like = SecretRef("gsm", ("acme", "europe-west3", "web"), "acme@europe-west3")
    regional = SecretRef("gsm", ("acme", "europe-west3", "keyward-pending-r1"), "acme@europe-west3")
    cloud.store.create(regional, like, cloud.ctx)
    assert there.get("keyward-pending-r1")["customerManagedEncryption"] == {"kmsKeyName": key}
    cloud.store.create(cloud.pending(), like, cloud.ctx)
    (replica,) = cloud.outsider.get("keyward-pending-r1")["replication"]["userManaged"]["replicas"]
    assert replica == {"location": "europe-west3", "customerManagedEncryption": {"kmsKeyName": key}}
    cloud.store.create(SecretRef("gsm", ("acme", "us-east1", "keyward-pending-r1")), like, cloud.ctx)
    assert "customerManagedEncryption" not in Outsider(cloud.emulator, "acme", "us-east1").get("keyward-pending-r1")
