"""What is particular about Google API keys: names, adoption, lost answers, restrictions, operations, use, readiness."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.faults import Fault
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.usage import Usage
from keyward.model.capability import Act, Ready
from keyward.model.credential import Kind, Restrictions, State
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused, SourceError
from keyward.model.events import QuotaWait
from keyward.model.ids import CredentialRef
from keyward.model.usage import UseStatus
from keyward.providers.google_api_keys import provider
from keyward.providers.interface import Change, Marker, Want
from tests.parts.cloud import emulator_ctx, surroundings
from tests.parts.emulator import good, make_key

GEMINI = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}
KEYS = "apikeys.projects.locations.keys"


class Cloud:
    def __init__(self, emulator, tmp_path):
        self.emulator = emulator
        self.around = surroundings(emulator.environment(), tmp_path)
        self.provider = provider(self.around)
        self.ctx = emulator_ctx(emulator)
        self.project = emulator.world.new_project("acme")

    def fresh(self, tmp_path):
        """Another process: nothing remembered."""
        return provider(surroundings(self.emulator.environment(), tmp_path))

    def create(self, rotation="r1", attempt=1, **want):
        return self.provider.create(Want("acme", **want), Marker(rotation, attempt), self.ctx)

    def keys(self):
        return list(self.emulator.world.state(ApiKeys).keys(self.project.number).values())

    def fault(self, rpc, **how):
        self.emulator.world.faults.add(Fault(rpc=f"{rpc}$", **how))

    def requests(self, rpc):
        return [one for one in self.emulator.world.log.since(0) if one["rpc"].endswith(rpc)]


@pytest.fixture
def cloud(make_emulator, tmp_path):
    found = Cloud(make_emulator(grpc=False), tmp_path)
    yield found
    found.around.close()


def test_everything_that_matters_is_copied_and_keywards_own_marks_are_not(cloud):
    raw = {**GEMINI, "browserKeyRestrictions": {"allowedReferrers": ["*.acme.example/*"]}}
    made = cloud.create(
        name="Web",
        restrictions=Restrictions(raw=raw),
        annotations={"team": "web", "keyward": "older-rotation", "keyward-note": "x"},
    ).credential
    assert made.name == "Web"
    assert made.annotations == {"team": "web", "keyward": "r1"}
    assert made.restrictions.raw == raw
    assert (made.restrictions.apis, made.restrictions.client, made.restrictions.allowed) == (
        ("generativelanguage.googleapis.com",),
        "referrer",
        ("*.acme.example/*",),
    )
    assert made.resource == f"projects/{cloud.project.number}/locations/global/keys/kw-r1-1"
    assert made.uid != "kw-r1-1"
    assert made.ref == CredentialRef("google-api-keys", "acme", (made.uid,))
    assert made.kind is Kind.API_KEY


@pytest.mark.parametrize(
    ("raw", "client", "allowed"),
    [
        ({"serverKeyRestrictions": {"allowedIps": ["10.0.0.1"]}}, "ip", ("10.0.0.1",)),
        ({"iosKeyRestrictions": {"allowedBundleIds": ["com.acme"]}}, "ios", ("com.acme",)),
        ({}, None, ()),
    ],
)
def test_restrictions_survive_being_read_and_written(cloud, raw, client, allowed):
    made = cloud.create(restrictions=Restrictions(raw=raw)).credential
    assert (made.restrictions.client, made.restrictions.allowed) == (client, allowed)
    plain = Restrictions(made.restrictions.apis, client, allowed)  # as somebody would write it, without the raw form
    again = cloud.create("r2", restrictions=plain).credential
    assert again.restrictions.raw == made.restrictions.raw
    assert again.restrictions.none is (client is None)


def test_an_auth_key_stays_one_with_its_account(cloud):
    account = {"accountId": "worker", "serviceAccount": {}}
    good(cloud.emulator, "POST", "/v1/projects/acme/serviceAccounts", account)
    email = "worker@acme.iam.gserviceaccount.com"
    made = cloud.create(restrictions=Restrictions(raw=GEMINI), bound_identity=email).credential
    assert (made.kind, made.bound_identity) == (Kind.AUTH_KEY, email)
    assert cloud.provider.dead_after(made)[0] < cloud.provider.dead_after(cloud.create("r2").credential)[0]


def test_keys_without_a_name_and_keys_made_elsewhere_are_listed(cloud):
    make_key(cloud.emulator, "acme")
    make_key(cloud.emulator, "acme", displayName="evil\u202ename", keyId="chosen")
    listed = list(cloud.provider.list("acme", cloud.ctx))
    assert {one.name for one in listed} == {None, "evil\N{REPLACEMENT CHARACTER}name"}
    assert all(one.restrictions.none for one in listed)


def test_many_pages_deleted_keys_included(cloud):
    cloud.emulator.world.behaviour.key_page_size = 3
    made = [make_key(cloud.emulator, "acme")["name"].rpartition("/")[2] for _ in range(7)]
    good(cloud.emulator, "DELETE", f"/v2/projects/acme/locations/global/keys/{made[0]}")
    listed = list(cloud.provider.list("acme", cloud.ctx))
    assert sorted(one.uid for one in listed) == sorted(made)
    deleted = next(one for one in listed if one.uid == made[0])
    assert deleted.state is State.RESTORABLE
    assert deleted.restorable_until - deleted.deleted == timedelta(days=30)
    assert not deleted.live


def test_a_uid_is_found_by_another_process_although_the_key_has_a_name_of_its_own(cloud, tmp_path):
    made = cloud.create().credential
    around = surroundings(cloud.emulator.environment(), tmp_path)
    other = provider(around)
    assert other.get(made.ref, cloud.ctx) == made
    assert other.read_value(made.ref, cloud.ctx) == cloud.provider.read_value(made.ref, cloud.ctx)
    other.act(Act.REVOKE, made.ref, cloud.ctx)
    around.close()
    assert cloud.provider.get(made.ref, cloud.ctx).state is State.RESTORABLE


def test_a_key_is_gone_after_thirty_days(cloud):
    made = cloud.create().credential
    cloud.provider.act(Act.REVOKE, made.ref, cloud.ctx)
    cloud.emulator.world.clock.advance(31 * 86400)
    with pytest.raises(Gone):
        cloud.provider.get(made.ref, cloud.ctx)
    cloud.provider.act(Act.REVOKE, made.ref, cloud.ctx)
    with pytest.raises(Gone):
        cloud.provider.act(Act.RESTORE, made.ref, cloud.ctx)
    with pytest.raises(Gone):
        cloud.provider.read_value(made.ref, cloud.ctx)


# Creating: lost answers, taken names


@pytest.mark.parametrize("how", [{"kill": True}, {"after": True}, {"status": "UNAVAILABLE"}, {"status": "INTERNAL"}])
def test_a_create_without_an_answer_is_ambiguous_sent_once_and_found_by_own(cloud, how):
    cloud.fault("keys.create", **how)
    with pytest.raises(Ambiguous):
        cloud.create()
    assert len(cloud.requests("keys.create")) == 1
    found = cloud.provider.own(Want("acme"), Marker("r1"), cloud.ctx)
    assert len(found) == (1 if "after" in how else 0)
    again = cloud.create()
    assert again.adopted is ("after" in how)
    assert len(cloud.keys()) == 1


def test_a_lost_poll_is_asked_again_because_it_changes_nothing(cloud):
    cloud.fault("operations.get", kill=True, times=2)
    assert cloud.create().credential.live


def test_a_caller_who_may_not_see_operations_looks_at_the_key_in_place(cloud):
    made = cloud.create().credential
    cloud.project.denied.add("serviceusage.operations.get")
    with pytest.raises(Ambiguous):
        cloud.create("r2")
    assert cloud.create("r2").adopted
    cloud.provider.act(Act.REVOKE, made.ref, cloud.ctx)
    assert cloud.provider.get(made.ref, cloud.ctx).state is State.RESTORABLE
    cloud.provider.act(Act.RESTORE, made.ref, cloud.ctx)
    assert cloud.provider.get(made.ref, cloud.ctx).state is State.ACTIVE


def test_a_slow_operation_is_waited_for(cloud):
    cloud.emulator.world.behaviour.operation_seconds = 0.3
    assert cloud.create().credential.live
    assert len(cloud.requests("operations.get")) > 1


def test_a_name_that_belongs_to_somebody_else_is_taken(cloud):
    make_key(cloud.emulator, "acme", keyId="kw-r1-1")
    with pytest.raises(Refused) as caught:
        cloud.create()
    assert caught.value.reason == "taken"
    assert cloud.provider.own(Want("acme"), Marker("r1"), cloud.ctx) == ()


def test_a_name_whose_key_was_deleted_is_spent_and_the_next_attempt_is_free(cloud):
    first = cloud.create().credential
    cloud.provider.act(Act.REVOKE, first.ref, cloud.ctx)
    with pytest.raises(Refused) as caught:
        cloud.create()
    assert caught.value.reason == "spent"
    second = cloud.create(attempt=2).credential
    assert [one.ref for one in cloud.provider.own(Want("acme"), Marker("r1"), cloud.ctx)] == [first.ref, second.ref]


def test_own_looks_beyond_an_attempt_that_is_gone_for_good(cloud):
    first = cloud.create().credential
    second = cloud.create(attempt=2).credential
    cloud.provider.act(Act.REVOKE, first.ref, cloud.ctx)
    cloud.emulator.world.clock.advance(31 * 86400)
    assert [one.ref for one in cloud.provider.own(Want("acme"), Marker("r1", 2), cloud.ctx)] == [second.ref]


def test_a_full_project_refuses_and_a_full_minute_does_not(cloud):
    cloud.emulator.world.behaviour.key_limit = 1
    cloud.create()
    with pytest.raises(Refused) as caught:
        cloud.create("r2")
    assert caught.value.reason == "RESOURCE_QUOTA_EXCEEDED"
    cloud.emulator.world.behaviour.key_limit = 300
    cloud.fault("keys.create", status="RESOURCE_EXHAUSTED", reason="RATE_LIMIT_EXCEEDED", retry_after=0.01, times=3)
    assert cloud.create("r2").credential.live


def test_a_missing_permission_is_refused_with_its_name_and_the_role(cloud):
    cloud.project.denied.add("apikeys.keys.create")
    with pytest.raises(Refused) as caught:
        cloud.create()
    assert caught.value.permission == "apikeys.keys.create"
    assert "roles/serviceusage.apiKeysAdmin" in caught.value.hint
    assert cloud.keys() == []


def test_a_server_that_is_not_there_was_certainly_not_asked(make_emulator, tmp_path):
    emulator = make_emulator(grpc=False)
    cloud = Cloud(emulator, tmp_path)
    cloud.create()
    emulator.stop()
    with pytest.raises(SourceError) as caught:
        cloud.create("r2")
    assert caught.value.status == "unreachable"
    with pytest.raises(SourceError) as caught:
        list(cloud.provider.list("acme", cloud.ctx))
    assert caught.value.status == "unreachable"
    cloud.around.close()


# Quota projects and APIs that are off


def test_keys_of_a_project_whose_api_is_off_are_listed_under_the_home_project(cloud):
    make_key(cloud.emulator, "acme")
    cloud.project.api_off.add("apikeys.googleapis.com")
    assert len(list(cloud.provider.list("acme", cloud.ctx))) == 1
    assert [one["quota_project"] for one in cloud.requests("keys.list")] == ["acme", "demo-project"]
    list(cloud.provider.list("acme", cloud.ctx))
    assert [one["quota_project"] for one in cloud.requests("keys.list")][2:] == ["demo-project"]


def test_an_api_that_is_off_everywhere_is_disabled(cloud):
    cloud.project.api_off.add("apikeys.googleapis.com")
    cloud.emulator.world.project("demo-project").api_off.add("apikeys.googleapis.com")
    with pytest.raises(SourceError) as caught:
        list(cloud.provider.list("acme", cloud.ctx))
    assert (caught.value.status, caught.value.api) == ("disabled", "apikeys.googleapis.com")
    assert f"--project={cloud.project.number}" in caught.value.hint


def test_a_project_that_lends_its_quota_to_nobody_is_still_read(cloud):
    make_key(cloud.emulator, "acme")
    cloud.project.denied.add("serviceusage.services.use")
    assert len(list(cloud.provider.list("acme", cloud.ctx))) == 1


# Changing


@pytest.mark.parametrize("status", ["ABORTED", "FAILED_PRECONDITION"])
def test_a_change_under_our_hands_is_a_conflict_however_google_says_it(cloud, status):
    cloud.emulator.world.behaviour.etag_mismatch = status
    made = cloud.create().credential
    newer = cloud.provider.update(made.ref, Change(restrictions=Restrictions(raw=GEMINI)), cloud.ctx, etag=made.etag)
    assert newer.restrictions.apis == ("generativelanguage.googleapis.com",)
    with pytest.raises(Conflict):
        cloud.provider.update(made.ref, Change(name="x"), cloud.ctx, etag=made.etag)
    with pytest.raises(Conflict):
        cloud.provider.act(Act.REVOKE, made.ref, cloud.ctx, etag=made.etag)
    assert cloud.provider.get(made.ref, cloud.ctx) == newer
    assert cloud.provider.get(made.ref, cloud.ctx).live


def test_a_deleted_key_is_not_changed(cloud):
    made = cloud.create().credential
    cloud.provider.act(Act.REVOKE, made.ref, cloud.ctx)
    with pytest.raises(Refused):
        cloud.provider.update(made.ref, Change(name="x"), cloud.ctx, etag="")


def test_a_key_in_use_is_kept_when_google_is_asked_to_check(cloud):
    made = cloud.create().credential
    cloud.emulator.world.state(Usage).record(cloud.project.number, made.uid, "generativelanguage.googleapis.com")
    with pytest.raises(Refused) as caught:
        cloud.provider.act(Act.REVOKE, made.ref, cloud.ctx, etag=made.etag, check_usage=True)
    assert caught.value.reason == "in-use"
    cloud.provider.act(Act.REVOKE, made.ref, cloud.ctx, etag=made.etag)
    assert cloud.provider.get(made.ref, cloud.ctx).state is State.RESTORABLE


@pytest.mark.parametrize(("act", "rpc"), [(Act.REVOKE, "keys.delete"), (Act.RESTORE, "keys.undelete")])
@pytest.mark.parametrize("how", ["kill", "after"])
def test_a_lost_answer_is_settled_by_looking_and_nothing_is_sent_twice(cloud, act, rpc, how):
    made = cloud.create().credential
    if act is Act.RESTORE:
        cloud.provider.act(Act.REVOKE, made.ref, cloud.ctx)
    cloud.fault(rpc, **{how: True})
    if how == "after":
        cloud.provider.act(act, made.ref, cloud.ctx)
    else:
        with pytest.raises(Ambiguous):
            cloud.provider.act(act, made.ref, cloud.ctx)
    assert len(cloud.requests(rpc)) == 1
    cloud.provider.act(act, made.ref, cloud.ctx)
    expected = State.RESTORABLE if act is Act.REVOKE else State.ACTIVE
    assert cloud.provider.get(made.ref, cloud.ctx).state is expected


# Use


def test_use_is_told_by_key_with_its_buckets_and_its_honesty(cloud):
    made, idle = cloud.create().credential, cloud.create("r2").credential
    usage = cloud.emulator.world.state(Usage)
    at = cloud.ctx.now - timedelta(hours=30)
    usage.record(cloud.project.number, made.uid, "generativelanguage.googleapis.com", code=200, count=3, when=at)
    usage.record(cloud.project.number, made.uid, "generativelanguage.googleapis.com", code=403, count=2, when=at)
    for since, precision in ((timedelta(days=60), timedelta(days=1)), (timedelta(days=7), timedelta(hours=1))):
        report = cloud.provider.usage("acme", cloud.ctx.now - since, cloud.ctx)
        assert report.complete
        assert report.precision == precision
        assert report.until - report.since <= timedelta(days=42, seconds=1)
        last = report.last_use(made.uid, made.created)
        assert last.status is UseStatus.USED
        assert at <= last.at <= at + precision
        buckets = report.by_key[made.uid]
        assert {(one.response, one.count) for one in buckets} == {("2xx", 3), ("4xx", 2)}
        assert report.last_use(idle.uid, idle.created).status is UseStatus.NEVER
    assert len(cloud.requests("timeSeries.list")) == 2


def test_an_incomplete_record_is_not_taken_for_disuse(cloud):
    made = cloud.create().credential
    cloud.emulator.world.behaviour.metric_errors = ["shard 7 did not answer"]
    report = cloud.provider.usage("acme", cloud.ctx.now - timedelta(days=30), cloud.ctx)
    assert not report.complete
    assert report.last_use(made.uid, made.created).status is UseStatus.FAILED
    assert "shard 7" in report.detail


def test_a_record_that_is_denied_off_or_broken_says_which(cloud):
    since = cloud.ctx.now - timedelta(days=30)
    cloud.project.denied.add("monitoring.timeSeries.list")
    denied = cloud.provider.usage("acme", since, cloud.ctx)
    assert denied.status is UseStatus.DENIED
    assert "roles/monitoring.viewer" in denied.detail
    cloud.project.denied.clear()
    cloud.fault("timeSeries.list", status="INTERNAL", times=-1)
    assert cloud.provider.usage("acme", since, cloud.ctx).status is UseStatus.FAILED


# Readiness


def readiness(cloud, **want):
    anew = replace(cloud.ctx, memo={})
    return {one.permission or one.what: one for one in cloud.provider.preflight(Want("acme", **want), anew)}


def test_all_is_ready_where_all_is_allowed(cloud):
    assert {one.ready for one in readiness(cloud).values()} == {Ready.YES}


def test_a_missing_permission_is_named_with_the_role(cloud):
    cloud.project.denied.add("apikeys.keys.getKeyString")
    found = readiness(cloud)
    assert found["apikeys.keys.getKeyString"].ready is Ready.NO
    assert "gcloud projects add-iam-policy-binding acme" in found["apikeys.keys.getKeyString"].fix
    assert found["apikeys.keys.create"].ready is Ready.YES


def test_what_cannot_be_tested_is_unknown_not_green(cloud):
    cloud.emulator.world.faults.add(Fault(service="cloudresourcemanager", status="PERMISSION_DENIED", times=-1))
    cloud.emulator.world.faults.add(Fault(service="orgpolicy", status="PERMISSION_DENIED", times=-1))
    cloud.emulator.world.faults.add(Fault(service="iam", status="PERMISSION_DENIED", times=-1))
    cloud.project.denied.add("apikeys.keys.list")
    found = readiness(cloud, bound_identity="worker@acme.iam.gserviceaccount.com")
    assert {one.ready for one in found.values()} == {Ready.UNKNOWN}
    assert all(one.why for one in found.values())


def test_a_full_project_is_not_ready_and_deleted_keys_leave_it_open(cloud, monkeypatch):
    monkeypatch.setattr("keyward.providers.google_api_keys.preflight.LIMIT", 2)
    made = [cloud.create(f"r{number}").credential for number in (1, 2)]
    assert readiness(cloud)["room for one more key"].ready is Ready.NO
    cloud.provider.act(Act.REVOKE, made[0].ref, cloud.ctx)
    assert readiness(cloud)["room for one more key"].ready is Ready.UNKNOWN


def test_the_bound_account_and_the_organisation_policy_are_looked_at(cloud):
    email = "worker@acme.iam.gserviceaccount.com"
    account, policy = (
        f"service account {email} can be bound",
        "organisation policy allows keys bound to service accounts",
    )
    maps = Restrictions(("maps.googleapis.com",))
    gemini = Restrictions(("generativelanguage.googleapis.com",))
    assert readiness(cloud, bound_identity=email, restrictions=maps)[account].ready is Ready.NO
    good(cloud.emulator, "POST", "/v1/projects/acme/serviceAccounts", {"accountId": "worker", "serviceAccount": {}})
    assert readiness(cloud, bound_identity=email, restrictions=maps)[account].ready is Ready.YES
    assert readiness(cloud, bound_identity=email, restrictions=maps)[policy].ready is Ready.NO
    assert readiness(cloud, bound_identity=email)[policy].ready is Ready.NO
    assert readiness(cloud, bound_identity=email, restrictions=gemini)[policy].ready is Ready.YES
    cloud.emulator.world.state(ServiceAccounts).by_email(email).disabled = True
    assert readiness(cloud, bound_identity=email, restrictions=gemini)[account].ready is Ready.NO
    cloud.emulator.world.behaviour.bound_keys_blocked = False
    assert readiness(cloud, bound_identity=email, restrictions=maps)[policy].ready is Ready.YES


# Many at once


def test_many_threads_share_one_provider(cloud):
    made = [cloud.create(f"r{number}").credential for number in range(4)]
    with ThreadPoolExecutor(16) as pool:
        values = list(pool.map(lambda one: cloud.provider.read_value(one.ref, cloud.ctx).reveal(), made * 16))
        listings = list(pool.map(lambda _: len(list(cloud.provider.list("acme", cloud.ctx))), range(16)))
    assert values == values[:4] * 16
    assert set(listings) == {4}


def test_googles_quotas_are_kept_without_a_single_refusal(make_emulator, tmp_path):
    emulator = make_emulator(grpc=False, rate=0, quotas=True)
    cloud, events = Cloud(emulator, tmp_path), []
    ref = cloud.create().credential.ref

    def wait(seconds):
        emulator.world.clock.advance(seconds)
        return True

    ctx = replace(cloud.ctx, wait=wait, report=events.append)
    for _ in range(500):
        cloud.provider.get(ref, ctx)
    assert {one["code"] for one in emulator.world.log.since(0)} == {200}
    assert {type(event) for event in events} == {QuotaWait}
    assert len(events) == 2
    cloud.around.close()
