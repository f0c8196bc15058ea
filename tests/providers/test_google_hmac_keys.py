"""HMAC keys of Cloud Storage against the emulator: listed, switched, deleted, proved by a signed request."""

from datetime import timedelta

import pytest

from keyward.emulator.faults import Fault
from keyward.emulator.storage.state import HmacKeys
from keyward.model.capability import Act, Ready
from keyward.model.credential import State
from keyward.model.errors import Ambiguous, Conflict, Gone, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.secret import Secret
from keyward.model.usage import UseStatus
from keyward.model.verdict import VerdictKind
from keyward.providers.google_hmac_keys import provider
from keyward.providers.interface import Clues, Marker, Want
from tests.contract.providers import Bench, ProviderContract
from tests.parts.accounts import make_account
from tests.parts.cloud import emulator_ctx, surroundings

PROJECT = "acme-dev"
EMAIL = f"runner@{PROJECT}.iam.gserviceaccount.com"


class HmacBench(Bench):
    def want(self, **more):
        return Want(self.scope, bound_identity=EMAIL, **more)

    def fault(self, rpc, **how):
        self.world.faults.add(Fault(rpc=f"{rpc}$", **how))

    def state(self, ref):
        return self.world.state(HmacKeys).get(ref.local[0]).state


@pytest.fixture
def bench(make_emulator, tmp_path):
    emulator = make_emulator(grpc=False)
    make_account(emulator.world, project=PROJECT)
    emulator.world.new_project("acme-closed", denied={"storage.*", "monitoring.*"})
    around = surroundings(emulator.environment(), tmp_path)
    found = HmacBench(
        provider(around), emulator_ctx(emulator), PROJECT, "acme-closed", plain=True, nobody=("GOOG1ENOBODY",)
    )
    found.world = emulator.world
    yield found
    around.close()


class TestGoogleHmacKeys(ProviderContract):
    pass


def test_more_than_a_page_is_listed_also_when_pages_are_cut_short(bench):
    state = bench.world.state(HmacKeys)
    accounts = [make_account(bench.world, f"batch-{number:03d}", PROJECT) for number in range(6)]
    for account in accounts:
        for _ in range(50):
            state.plant(account)
    bench.world.behaviour.change({"hmac_page_accounts": 2})
    found = list(bench.provider.list(PROJECT, bench.ctx))
    assert len(found) == len({one.id for one in found}) == 300
    assert len(bench.provider.siblings(Want(PROJECT, bound_identity=accounts[0].email), bench.ctx)) == 50


def test_a_key_is_shown_once_and_proved_by_a_signed_request(bench):
    made = bench.create()
    ref = made.credential.ref
    assert made.value
    verdict = bench.provider.verify(made.value, ref, bench.ctx)
    assert verdict.kind is VerdictKind.WORKS, verdict
    wrong = Secret(made.value.reveal()[::-1])
    assert bench.provider.verify(wrong, ref, bench.ctx).kind is VerdictKind.DEAD
    assert bench.provider.verify(made.value, None, bench.ctx).kind is VerdictKind.UNPROVED
    bench.world.behaviour.change({"bucket_list_denied": True})
    assert bench.provider.verify(made.value, ref, bench.ctx).kind is VerdictKind.RECOGNISED
    bench.provider.act(Act.DISABLE, ref, bench.ctx)
    assert bench.provider.verify(made.value, ref, bench.ctx).kind is VerdictKind.DEAD
    assert made.value.reveal_text() not in str(bench.world.log.since(0))


def test_a_new_key_is_not_dead_but_not_known_yet(bench):
    bench.world.behaviour.change({"hmac_settle_seconds": (60.0, 60.0)})
    made = bench.create()
    assert bench.provider.verify(made.value, made.credential.ref, bench.ctx).kind is VerdictKind.NOT_YET
    bench.world.clock.advance(61)
    assert bench.provider.verify(made.value, made.credential.ref, bench.ctx).kind is VerdictKind.WORKS


def test_nobody_there_is_no_verdict_on_the_key(bench):
    made = bench.create()
    bench.fault("storage.xml.listBuckets", kill=True, times=-1)
    assert bench.provider.verify(made.value, made.credential.ref, bench.ctx).kind is VerdictKind.UNREACHABLE
    bench.world.faults.clear()
    bench.fault("storage.xml.listBuckets", status="UNAVAILABLE", times=-1)
    assert bench.provider.verify(made.value, made.credential.ref, bench.ctx).kind is VerdictKind.UNREACHABLE


def test_it_is_disabled_before_it_is_deleted(bench):
    ref = bench.create().credential.ref
    for act, state in ((Act.DISABLE, State.DISABLED), (Act.ENABLE, State.ACTIVE)):
        for _ in range(2):
            bench.provider.act(act, ref, bench.ctx)
            assert bench.provider.get(ref, bench.ctx).state is state
    bench.provider.act(Act.REVOKE, ref, bench.ctx)
    bench.provider.act(Act.REVOKE, ref, bench.ctx)
    assert bench.state(ref) == "DELETED"
    assert list(bench.provider.list(PROJECT, bench.ctx)) == []
    with pytest.raises(Gone):
        bench.provider.act(Act.ENABLE, ref, bench.ctx)
    with pytest.raises(Refused):
        bench.provider.act(Act.RESTORE, ref, bench.ctx)


def test_an_outdated_etag_changes_nothing(bench):
    made = bench.create().credential
    bench.provider.act(Act.DISABLE, made.ref, bench.ctx)
    with pytest.raises(Conflict):
        bench.provider.act(Act.ENABLE, made.ref, bench.ctx, etag=made.etag)
    assert bench.state(made.ref) == "INACTIVE"


@pytest.mark.parametrize("rpc", ["update", "delete"])
def test_a_lost_answer_to_a_change_is_settled_by_looking(bench, rpc):
    ref = bench.create().credential.ref
    bench.fault(f"storage.projects.hmacKeys.{rpc}", after=True)
    bench.provider.act(Act.REVOKE, ref, bench.ctx)
    assert bench.state(ref) == "DELETED"


def test_a_lost_create_is_found_by_the_audit_log_or_told_as_a_suspect(bench):
    since = bench.ctx.now
    bench.create("other")
    bench.fault("storage.projects.hmacKeys.create", after=True)
    with pytest.raises(Ambiguous):
        bench.create("mine")
    clues, want = Clues(since=since), bench.want()
    (found,) = bench.provider.own(want, Marker("mine"), bench.ctx, clues)
    assert bench.provider.suspects(want, Marker("mine"), bench.ctx, clues) == ()
    bench.world.project(PROJECT).denied = {"logging.*"}
    assert bench.provider.own(want, Marker("mine"), bench.ctx, clues) == ()
    assert found in bench.provider.suspects(want, Marker("mine"), bench.ctx, clues)
    bench.world.project(PROJECT).denied = set()
    bench.world.clock.advance(timedelta(days=1).total_seconds())
    bench.world.behaviour.change({"log_delay_seconds": 30.0})
    since = bench.ctx.now
    bench.create("late")
    with pytest.raises(SourceError, match="not in the audit log yet"):
        bench.provider.suspects(want, Marker("late"), bench.ctx, Clues(since=since))


def test_use_is_not_recorded_and_that_is_said(bench):
    report = bench.provider.usage(PROJECT, bench.ctx.now - timedelta(days=30), bench.ctx)
    assert report.status is UseStatus.UNSUPPORTED
    assert "does not record" in report.detail


def test_its_id_stands_beside_its_secret(bench):
    made = bench.create().credential
    assert made.pair_id == made.uid == made.ref.local[0]
    assert bench.provider.get(made.ref, bench.ctx).pair_id == made.uid


def test_a_full_account_and_a_policy_are_told_before_anything_is_made(bench):
    found = {one.what: one for one in bench.provider.preflight(bench.want(), bench.ctx)}
    assert {one.ready for one in found.values()} == {Ready.YES}
    for _ in range(10):
        bench.create()
    full = {one.what: one for one in bench.provider.preflight(bench.want(), bench.ctx)}
    assert full["room for one more key of the account"].ready is Ready.NO
    assert "keyward list kind:access-key" in full["room for one more key of the account"].fix
    bench.world.project(PROJECT).policies |= {
        "iam.managed.disableServiceAccountKeyCreation": {"rules": [{"enforce": True}]}
    }
    again = {one.what: one for one in bench.provider.preflight(bench.want(), emulator_ctx_of(bench))}
    assert again["organisation policy allows a new key"].ready is Ready.NO


def emulator_ctx_of(bench):
    """A context that remembers nothing."""
    return type(bench.ctx)(bench.ctx.clock, bench.ctx.wait)


@pytest.mark.parametrize("local", [("a/b",), ("a", "b"), ("a?b",)])
def test_ids_that_would_change_what_is_asked_are_asked_nowhere(bench, local):
    with pytest.raises(Gone):
        bench.provider.get(CredentialRef("google-hmac-keys", PROJECT, local), bench.ctx)
    assert bench.world.log.since(0) == []
