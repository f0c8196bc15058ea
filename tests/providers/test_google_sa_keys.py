"""Service account keys: made in two ways, recognised after a lost answer, kept below their limit, switched off and on."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.authentications import Authentications
from keyward.model.capability import Act, CrashClass, Ready
from keyward.model.credential import Kind, State
from keyward.model.errors import Ambiguous, Gone, Refused, SourceError
from keyward.model.ids import CredentialRef
from keyward.model.keyfile import fields
from keyward.model.secret import Secret
from keyward.model.usage import UseStatus
from keyward.providers.google_sa_keys import material
from keyward.providers.interface import Want
from tests.parts.accounts import make_account, plant_key
from tests.providers.service_accounts import KEYS, PROJECT, Accounts

UPLOAD = "iam.disableServiceAccountKeyUpload"
CREATION = "iam.disableServiceAccountKeyCreation"


@pytest.fixture
def cloud(make_emulator, tmp_path):
    found = Accounts(make_emulator(grpc=False), tmp_path)
    yield found
    found.around.close()


def change(cloud, **behaviour):
    cloud.world.behaviour.change(behaviour)


# Making


def test_what_is_uploaded_is_a_plain_certificate_and_the_private_half_stays_here(cloud):
    staged, made = cloud.upload("r1")
    (key,) = cloud.world.state(AccountKeys).of(cloud.account.email)
    certificate = x509.load_pem_x509_certificate(key.certificate.encode())
    private = load_pem_private_key(staged.reveal(), None)
    assert isinstance(certificate.public_key(), RSAPublicKey)
    assert certificate.public_key() == private.public_key()
    assert private.key_size == 2048
    assert certificate.version is x509.Version.v3
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == "CN=unused"
    assert 0 < certificate.serial_number < 2**159
    certificate.verify_directly_issued_by(certificate)
    assert certificate.not_valid_after_utc - cloud.ctx.now > timedelta(days=3640)
    assert made.value is None
    assert made.credential.kind is Kind.SA_KEY
    assert made.credential.id == f"google-sa-keys:{PROJECT}/{cloud.account.email}/{key.key_id}"
    log = str(cloud.world.log.since(0))
    assert all(line not in log for line in staged.reveal_text().splitlines()[1:-1])


def test_the_file_that_is_composed_has_all_fields_of_googles_own(cloud):
    staged, made = cloud.upload()
    value = cloud.provider.compose(made.credential, staged, cloud.ctx)
    created = cloud.create()
    ours, googles = fields(value.reveal()), fields(created.value.reveal())
    assert list(ours) == list(googles)
    assert {name: text for name, text in ours.items() if not name.startswith("private")} == {
        name: text for name, text in googles.items() if not name.startswith("private")
    }
    assert ours["private_key_id"] == made.credential.uid
    for one, ref in ((value, made.credential.ref), (created.value, created.credential.ref)):
        verdict = cloud.provider.verify(one, ref, cloud.ctx)
        assert verdict.kind == "works", verdict


def test_an_account_that_may_not_be_read_costs_the_file_one_field(cloud):
    staged, made = cloud.upload()
    cloud.project.denied = {"iam.serviceAccounts.get"}
    assert "client_id" not in fields(cloud.provider.compose(made.credential, staged, cloud.ctx).reveal())


def test_no_create_is_sent_twice_and_a_lost_answer_is_told(cloud):
    for rpc, make in ((f"{KEYS}.upload", cloud.upload), (f"{KEYS}.create", cloud.create)):
        cloud.fault(rpc, after=True)
        with pytest.raises(Ambiguous):
            make()
        assert len(cloud.requests(rpc)) == 1


def test_a_policy_that_limits_the_life_of_keys_limits_the_certificate(cloud):
    cloud.policy(**{"iam.serviceAccountKeyExpiryHours": {"rules": [{"values": {"allowedValues": ["2160h"]}}]}})
    made = cloud.upload()[1].credential
    assert made.expires - made.created == timedelta(hours=2160)
    assert "2160 h" in cloud.ready()["the new key lives long enough"].why


# Recognising


def test_own_finds_every_key_with_the_same_public_half(cloud):
    staged, first = cloud.upload()
    _, second = cloud.upload(material=staged)
    cloud.upload("other")
    cloud.plant()
    assert set(cloud.own(material=staged)) == {first.credential.uid, second.credential.uid}
    assert cloud.own(material=cloud.provider.material(cloud.want, cloud.ctx)) == []


def test_own_knows_its_certificates_when_the_private_half_is_lost(cloud):
    _, made = cloud.upload("r1")
    cloud.upload("r2")
    cloud.plant()
    assert cloud.own("r1") == [made.credential.uid]
    assert cloud.own("r3") == []


def test_a_list_that_is_behind_is_waited_for(cloud):
    change(cloud, account_key_list_lag_seconds=20.0)
    staged, made = cloud.upload()
    listed = list(cloud.provider.list(PROJECT, cloud.ctx))
    assert listed == []
    assert cloud.provider.get(made.credential.ref, cloud.ctx).uid == made.credential.uid
    cloud.world.clock.set_rate(50)
    assert cloud.own(material=staged, tried=cloud.ctx.now) == [made.credential.uid]


@pytest.mark.parametrize("answer", ["same", "refused", "new"])
def test_an_upload_that_is_repeated_ends_with_a_key_of_ours(cloud, answer):
    change(cloud, account_key_repeated_upload=answer)
    staged, first = cloud.upload()
    _, again = cloud.upload(material=staged)
    assert again.adopted == (answer == "refused")
    assert (again.credential.uid == first.credential.uid) == (answer != "new")
    assert set(cloud.own(material=staged)) == {first.credential.uid, again.credential.uid}


def test_a_created_key_is_proved_by_the_audit_log(cloud):
    since = cloud.ctx.now
    mine, others = cloud.create("r1").credential, cloud.create("r2").credential
    cloud.plant(days=1)
    assert cloud.own("r1", since=since) == [mine.uid]
    assert cloud.own("r2", since=since) == [others.uid]
    assert cloud.own("r1", since=since, baseline=frozenset({mine.id})) == []
    assert cloud.suspects("r1", since=since) == []


def test_without_the_audit_log_new_keys_are_suspects_and_older_ones_are_not(cloud):
    cloud.plant(days=1)
    known = cloud.create("before").credential
    since = cloud.ctx.now
    made = cloud.create("r1").credential
    staged, _ = cloud.upload("r1")
    cloud.project.denied = {"logging.*"}
    assert cloud.own("r1", since=since) != [made.uid]
    assert cloud.suspects("r1", since=since, baseline=frozenset({known.id})) == [made.uid]
    cloud.provider.act(Act.DISABLE, made.ref, cloud.ctx)
    assert cloud.suspects("r1", since=since, baseline=frozenset({known.id})) == []
    assert staged


def test_a_log_that_is_behind_is_waited_for_and_not_taken_for_silence(cloud):
    change(cloud, log_delay_seconds=30.0)
    since = cloud.ctx.now
    made = cloud.create("r1").credential
    with pytest.raises(SourceError, match="not in the audit log yet") as caught:
        cloud.suspects("r1", since=since)
    assert caught.value.retry_after
    cloud.world.clock.advance(60)
    assert cloud.own("r1", since=since) == [made.uid]
    assert cloud.suspects("r1", since=since) == []


def test_a_log_that_cannot_be_reached_is_no_answer(cloud):
    since = cloud.ctx.now
    cloud.create("r1")
    cloud.fault("logging.entries.list", status="UNAVAILABLE", times=-1)
    with pytest.raises(SourceError):
        cloud.own("r1", since=since)


# Limits and policies


def test_at_ten_keys_the_plan_says_so_and_a_create_is_refused(cloud):
    for _ in range(9):
        cloud.plant(usable=False)
    what = f"room for one more key of {cloud.account.email}"
    assert (cloud.ready()[what].ready, cloud.ready()[what].why) == (Ready.YES, "9 of 10 keys")
    cloud.upload()
    assert (cloud.ready()[what].ready, cloud.ready()[what].why) == (Ready.NO, "10 of 10 keys")
    assert "nobody uses" in cloud.ready()[what].fix
    for status in ("FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"):
        change(cloud, account_key_limit_status=status)
        for make in (cloud.upload, cloud.create):
            with pytest.raises(Refused) as caught:
                make()
            assert caught.value.reason == "full"
    assert len(cloud.live()) == 10


def test_a_slot_that_is_not_free_yet_is_waited_for(cloud):
    change(cloud, account_key_slot_seconds=60.0)
    refs = [cloud.plant(usable=False)[0] for _ in range(10)]
    cloud.provider.act(Act.REVOKE, refs[0], cloud.ctx)
    with pytest.raises(SourceError, match="just deleted") as caught:
        cloud.upload()
    assert caught.value.retry_after == 60
    cloud.world.clock.advance(61)
    assert cloud.upload()


@pytest.mark.parametrize("managed", [False, True])
def test_which_way_a_key_is_made_follows_the_policy(cloud, managed):
    upload, creation = (name.replace("iam.", "iam.managed.") if managed else name for name in (UPLOAD, CREATION))
    what = "organisation policy allows a new key"

    def crash():
        fresh = cloud.ctx.__class__(cloud.ctx.clock, cloud.ctx.wait)
        one = {item.what: item for item in cloud.provider.preflight(cloud.want, fresh)}[what]
        return cloud.provider.crash_for(cloud.want, fresh), one.ready, one.why

    assert crash()[:2] == (CrashClass.OWN_MATERIAL, Ready.YES)
    cloud.policy(creation)
    assert crash()[:2] == (CrashClass.OWN_MATERIAL, Ready.YES)
    cloud.project.policies.clear()
    cloud.policy(upload)
    way, ready, why = crash()
    assert (way, ready) == (CrashClass.UNMARKABLE, Ready.YES)
    assert upload in why
    with pytest.raises(Refused):
        cloud.upload()
    assert cloud.create().value
    cloud.policy(creation)
    way, ready, why = crash()
    assert (way, ready) == (CrashClass.OWN_MATERIAL, Ready.NO)
    assert upload in why
    assert creation in why
    cloud.project.policies.clear()
    cloud.project.denied = {"orgpolicy.*"}
    way, ready, why = crash()
    assert (way, ready) == (CrashClass.OWN_MATERIAL, Ready.UNKNOWN)
    assert why


def test_permissions_the_account_and_its_name_are_checked(cloud):
    cloud.project.denied = {"iam.serviceAccountKeys.create"}
    assert cloud.ready()["make keys"].ready is Ready.NO
    assert "roles/iam.serviceAccountKeyAdmin" in cloud.ready()["make keys"].fix
    cloud.account.disabled = True
    assert cloud.ready()[f"service account {cloud.account.email} is on"].ready is Ready.NO
    for email in (None, f"nobody@{PROJECT}.iam.gserviceaccount.com", "a/b@x"):
        found = list(cloud.provider.preflight(Want(PROJECT, bound_identity=email), cloud.ctx))
        assert any(one.ready is Ready.NO for one in found), email


# Life


def test_disable_enable_and_delete_are_states_not_events(cloud):
    ref, _ = cloud.plant()
    for act, state in ((Act.DISABLE, State.DISABLED), (Act.ENABLE, State.ACTIVE), (Act.DISABLE, State.DISABLED)):
        for _ in range(2):
            cloud.provider.act(act, ref, cloud.ctx)
            assert cloud.provider.get(ref, cloud.ctx).state is state
    for _ in range(2):
        cloud.provider.act(Act.REVOKE, ref, cloud.ctx)
    for act in (Act.ENABLE, Act.DISABLE):
        with pytest.raises(Gone):
            cloud.provider.act(act, ref, cloud.ctx)
    with pytest.raises(Refused):
        cloud.provider.act(Act.RESTORE, ref, cloud.ctx)


@pytest.mark.parametrize(("act", "rpc"), [(Act.DISABLE, "disable"), (Act.REVOKE, "delete")])
def test_a_lost_answer_to_a_change_is_settled_by_looking(cloud, act, rpc):
    ref, _ = cloud.plant()
    cloud.fault(f"{KEYS}.{rpc}", after=True)
    cloud.provider.act(act, ref, cloud.ctx)
    assert (cloud.live() == []) == (act is Act.REVOKE)


def test_a_key_that_google_disabled_says_why_and_is_never_enabled(cloud):
    ref, text = cloud.plant()
    key = cloud.world.state(AccountKeys).by_id(ref.local[1])
    cloud.world.state(AccountKeys).expose(key, "EXPOSED", "https://example.com/repository")
    found = cloud.provider.get(ref, cloud.ctx)
    assert found.state is State.BLOCKED
    assert found.state_why == "Google found it in public and disabled it: https://example.com/repository"
    with pytest.raises(Refused) as caught:
        cloud.provider.act(Act.ENABLE, ref, cloud.ctx)
    assert caught.value.reason == "exposed"
    assert not cloud.requests(f"{KEYS}.enable")
    verdict = cloud.provider.verify(Secret.of(text), ref, cloud.ctx)
    assert verdict.kind == "blocked"
    cloud.provider.act(Act.DISABLE, ref, cloud.ctx)
    assert cloud.provider.get(ref, cloud.ctx).state is State.BLOCKED


def test_a_key_whose_time_is_over_is_expired(cloud):
    now = cloud.ctx.now
    ref, _ = cloud.plant(valid_before=now - timedelta(days=1))
    later, _ = cloud.plant(valid_before=now + timedelta(days=1))
    assert (cloud.provider.get(ref, cloud.ctx).state, cloud.provider.get(ref, cloud.ctx).live) == (State.EXPIRED, False)
    assert cloud.provider.get(later, cloud.ctx).state is State.ACTIVE
    assert cloud.provider.get(later, cloud.ctx).expires == now.replace(microsecond=0) + timedelta(days=1)


def test_all_accounts_of_a_project_are_listed_and_nothing_of_googles_own(cloud):
    for number in range(120):
        account = make_account(cloud.world, f"batch-{number:03d}", PROJECT)
        if number % 40 == 0:
            plant_key(cloud.world, account, usable=False)
    cloud.plant(usable=False)
    found = list(cloud.provider.list(PROJECT, cloud.ctx))
    assert len(found) == 4
    assert len({one.bound_identity for one in found}) == 4
    assert len(cloud.requests("iam.projects.serviceAccounts.list")) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"google-sa-keys:{PROJECT}/x",
        f"google-sa-keys:{PROJECT}/a%2Fb@c/{'0' * 40}",
        f"google-sa-keys:{PROJECT}/a@b/..%2F..%2Fx",
        f"google-sa-keys:a%3Fb/a@b/{'0' * 40}",
        f"google-sa-keys:{PROJECT}/a@b/c/d",
    ],
)
def test_ids_that_would_change_what_is_asked_are_asked_nowhere(cloud, text):
    with pytest.raises(Gone):
        cloud.provider.get(CredentialRef.parse(text), cloud.ctx)
    assert cloud.world.log.since(0) == []


# Use


def test_use_is_told_by_key_after_three_hours_and_disabled_keys_are_left_out(cloud):
    used, _ = cloud.plant(usable=False)
    quiet, _ = cloud.plant(usable=False)
    off, _ = cloud.plant(usable=False)
    state, now = cloud.world.state(Authentications), cloud.ctx.now
    for ref in (used, off):
        state.record(cloud.project.number, cloud.account.unique_id, ref.local[1], when=now - timedelta(hours=5))
    state.record(cloud.project.number, cloud.account.unique_id, quiet.local[1], when=now - timedelta(hours=1))
    cloud.provider.act(Act.DISABLE, off, cloud.ctx)
    report = cloud.provider.usage(PROJECT, now - timedelta(days=400), cloud.ctx)
    assert report.status is UseStatus.USED
    assert (report.lag, report.until - report.since) == (timedelta(hours=3), timedelta(days=42))
    assert set(report.by_key) == {used.local[1]}
    assert report.last_use(quiet.local[1], None).status is UseStatus.NOT_SEEN
    assert len(cloud.requests("timeSeries.list")) == 1


def test_the_serial_number_is_a_mark_only_for_who_knows_the_rotation():
    one, other = material.make(), material.make()
    numbers = {
        material.serial(rotation, material.public_half(pair)) for rotation in ("a", "b") for pair in (one, other)
    }
    assert len(numbers) == 4
