"""Last use of service account keys from two records, and of many projects through one metrics scope."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.authentications import Authentications
from keyward.emulator.faults import Fault
from keyward.emulator.monitoring.scopes import MetricsScopes
from keyward.emulator.resourcemanager.tree import Tree
from keyward.emulator.usage import Usage
from keyward.model.capability import Act
from keyward.model.usage import UseStatus
from keyward.providers import google_api_keys, google_sa_keys
from tests.parts.accounts import make_account, plant_key
from tests.parts.cloud import emulator_ctx, surroundings
from tests.providers.service_accounts import PROJECT, Accounts

EVER = timedelta(days=400)
RPC = "activityTypes.activities.query"


@pytest.fixture
def cloud(make_emulator, tmp_path):
    found = Accounts(make_emulator(grpc=False, rate=0), tmp_path)
    yield found
    found.around.close()


def use(cloud, ref, **ago):
    state = cloud.world.state(Authentications)
    state.record(cloud.project.number, cloud.account.unique_id, ref.local[1], when=cloud.ctx.now - timedelta(**ago))


def told(cloud, ref, *, created=None, off=False):
    return cloud.provider.usage(PROJECT, cloud.ctx.now - EVER, cloud.ctx).last_use(ref.local[1], created, off=off)


def key(cloud, **more):
    return cloud.plant(usable=False, **more)[0]


def test_what_is_older_than_monitoring_remembers_comes_from_policy_analyzer_to_the_day(cloud):
    ref = key(cloud)
    use(cloud, ref, days=100)
    found = told(cloud, ref)
    assert (found.status, found.source, found.precision) == (UseStatus.USED, "Policy Analyzer", timedelta(days=1))
    assert found.at - timedelta(days=1) <= cloud.ctx.now - timedelta(days=100) <= found.at
    assert found.window_days > 390
    assert timedelta(days=1) <= found.lag <= timedelta(days=3)


def test_the_later_use_wins_and_the_finer_record_where_both_have_the_same_day(cloud):
    recent, same_day = key(cloud), key(cloud)
    for ref, ago in ((recent, 100), (recent, 1), (same_day, 6)):
        use(cloud, ref, days=ago)
    for ref in (recent, same_day):
        assert told(cloud, ref).source == "Cloud Monitoring"
    assert cloud.ctx.now - told(cloud, recent).at < timedelta(days=1)


def test_a_key_that_is_off_is_still_in_policy_analyzer(cloud):
    used, unused = key(cloud), key(cloud)
    use(cloud, used, days=20)
    for ref in (used, unused):
        cloud.provider.act(Act.DISABLE, ref, cloud.ctx)
    found = told(cloud, used, off=True)
    assert (found.status, found.source) == (UseStatus.USED, "Policy Analyzer")
    # It does not see every API, so alone it never proves that a key was not used.
    found = told(cloud, unused, off=True)
    assert found.status is UseStatus.UNSUPPORTED
    assert "Policy Analyzer: not seen in 402 d" in found.detail


def test_not_seen_reaches_as_far_as_both_records_and_says_which_is_blind_to_what(cloud):
    ref = key(cloud)
    found = told(cloud, ref, created=cloud.ctx.now - timedelta(days=200))
    assert (found.status, found.source) == (UseStatus.NOT_SEEN, "Cloud Monitoring, Policy Analyzer")
    assert found.window_days > 390
    assert "beyond 42 d only Policy Analyzer" in found.detail
    assert "outside Google Cloud" in found.detail
    # Never is Monitoring's word: its record covers this key's whole life.
    assert told(cloud, ref, created=cloud.ctx.now - timedelta(days=20)).status is UseStatus.NEVER


def test_every_page_is_read(cloud):
    cloud.world.behaviour.activity_page_size = 2
    every = [key(cloud) for _ in range(5)]
    for ref in every:
        use(cloud, ref, days=60)
    report = cloud.provider.usage(PROJECT, cloud.ctx.now - EVER, cloud.ctx)
    assert {report.last_use(ref.local[1], None).source for ref in every} == {"Policy Analyzer"}
    assert len(cloud.requests(RPC)) == 3


def test_pages_that_fail_leave_what_is_known_without_them(cloud):
    cloud.world.behaviour.activity_page_size = 1
    first, last = sorted((key(cloud), key(cloud)), key=str)
    for ref in (first, last):
        use(cloud, ref, days=60)
    cloud.fault(RPC, status="INVALID_ARGUMENT", path="pageToken", times=-1)
    for ref in (first, last):
        found = told(cloud, ref)
        assert (found.status, found.window_days) == (UseStatus.NOT_SEEN, 42)
        assert "Policy Analyzer: failed" in found.detail


@pytest.mark.parametrize(("word", "how"), [("denied", "denied"), ("unsupported", "api_off")])
def test_without_policy_analyzer_monitoring_speaks_for_its_own_window_alone(cloud, word, how):
    ref = key(cloud)
    use(cloud, ref, days=60)
    for project in (
        cloud.project,
        cloud.world.project("demo-project"),
    ):  # the second is charged where the first refuses
        getattr(project, how).update({"policyanalyzer.*", "policyanalyzer.googleapis.com"})
    found = told(cloud, ref)
    assert (found.status, found.window_days, found.source) == (UseStatus.NOT_SEEN, 42, "Cloud Monitoring")
    assert f"Policy Analyzer: {word}" in found.detail


def test_without_monitoring_policy_analyzer_proves_use_and_never_the_lack_of_it(cloud):
    used, unused = key(cloud), key(cloud)
    use(cloud, used, days=60)
    cloud.project.denied |= {"monitoring.*"}
    found = told(cloud, used)
    assert (found.status, found.source) == (UseStatus.USED, "Policy Analyzer")
    assert "may have been used since: Cloud Monitoring: denied" in found.detail
    assert told(cloud, unused).status is UseStatus.DENIED
    cloud.project.denied.clear()
    cloud.world.behaviour.metric_errors = ["a shard is away"]
    assert told(cloud, unused).status is UseStatus.FAILED


def test_a_key_that_policy_analyzer_does_not_know_yet_is_not_spoken_of(cloud):
    ref = key(cloud, days=0.5)
    found = told(cloud, ref)
    assert (found.status, found.window_days) == (UseStatus.NOT_SEEN, 42)
    assert "it does not know this key" in found.detail


def test_recent_use_is_asked_of_monitoring_alone(cloud):
    cloud.provider.usage(PROJECT, cloud.ctx.now - timedelta(days=42), cloud.ctx)
    assert cloud.requests(RPC) == []


def test_a_bound_api_key_and_the_keys_of_its_account_say_nothing_of_each_other(cloud):
    bound = cloud.world.state(ApiKeys).plant(cloud.project, service_account=cloud.account.email)
    other = cloud.world.state(ApiKeys).plant(cloud.project, service_account=cloud.account.email)
    ref = key(cloud)
    cloud.world.state(Usage).record(
        cloud.project.number, bound.uid, "generativelanguage.googleapis.com", when=cloud.ctx.now - timedelta(days=2)
    )
    api_keys = google_api_keys.provider(cloud.around).usage(PROJECT, cloud.ctx.now - EVER, cloud.ctx)
    assert api_keys.last_use(bound.uid, None).status is UseStatus.USED
    assert told(cloud, ref).status is UseStatus.NOT_SEEN
    use(cloud, ref, days=1)
    assert told(cloud, ref).status is UseStatus.USED
    assert api_keys.last_use(other.uid, None).status is UseStatus.NOT_SEEN


# Metrics scopes


class Scoped:
    """Three projects, of which `ops` monitors `shop`; each with an API key that was used."""

    def __init__(self, emulator, tmp_path):
        self.world = emulator.world
        self.around = surroundings(emulator.environment(), tmp_path, **{"google.metrics_scopes": ("elsewhere", "ops")})
        self.provider = google_api_keys.provider(self.around)
        self.ctx = emulator_ctx(emulator)
        self.keys = {name: self.plant(name) for name in ("ops", "shop", "alone")}
        self.world.state(MetricsScopes).add(self.world.project("ops"), self.world.project("shop"))

    def plant(self, name):
        project = self.world.project(name)
        planted = self.world.state(ApiKeys).plant(project)
        self.world.state(Usage).record(
            project.number,
            planted.uid,
            "generativelanguage.googleapis.com",
            when=self.ctx.now - timedelta(days=3 + len(name)),
        )
        return planted

    def told(self):
        since = self.ctx.now - EVER
        reports = {name: self.provider.usage(name, since, self.ctx) for name in self.keys}
        return {name: reports[name].last_use(one.uid, None) for name, one in self.keys.items()}

    def asked(self):
        return [one["project"] for one in self.world.log.since(0) if one["rpc"].endswith("timeSeries.list")]


@pytest.fixture
def scoped(make_emulator, tmp_path):
    found = Scoped(make_emulator(grpc=False, rate=0), tmp_path)
    yield found
    found.around.close()


def test_one_question_at_the_scoping_project_answers_for_what_it_monitors(scoped):
    found = scoped.told()
    for name, one in found.items():
        assert one.status is UseStatus.USED
        assert scoped.ctx.now - one.at <= timedelta(days=3 + len(name)) <= scoped.ctx.now - one.at + one.precision
    assert scoped.asked() == ["ops", "alone"]


def test_a_monitored_project_that_denies_its_own_record_is_read_through_the_scope(scoped):
    scoped.world.project("shop").denied |= {"monitoring.*"}
    scoped.world.project("alone").denied |= {"monitoring.*"}
    assert [one.status.value for one in scoped.told().values()] == ["used", "used", "denied"]


def test_an_answer_with_gaps_is_not_taken_for_the_whole(scoped):
    scoped.world.behaviour.metric_errors = ["a shard is away"]
    scoped.keys["shop"] = scoped.world.state(ApiKeys).plant(scoped.world.project("shop"))
    assert [one.status.value for one in scoped.told().values()] == ["used", "failed", "used"]
    assert scoped.asked() == ["ops", "ops", "shop", "alone"]


def test_a_scope_that_cannot_be_read_leaves_each_project_to_itself(scoped):
    scoped.world.faults.add(Fault(rpc="metricsScopes.get$", times=-1, status="PERMISSION_DENIED"))
    assert {one.status.value for one in scoped.told().values()} == {"used"}
    assert scoped.asked() == ["ops", "shop", "alone"]


def test_service_account_keys_are_read_through_the_scope_too(scoped):
    account = make_account(scoped.world, project="shop")
    unique = account.unique_id
    project = scoped.world.project("shop")
    scoped.world.state(Authentications).record(
        project.number, unique, "a" * 40, when=scoped.ctx.now - timedelta(days=5)
    )
    provider = google_sa_keys.provider(scoped.around)
    for name in scoped.keys:
        report = provider.usage(name, scoped.ctx.now - EVER, scoped.ctx)
        assert list(report.by_key) == (["a" * 40] if name == "shop" else [])
    assert scoped.asked() == ["ops", "alone"]


def below(cloud, *projects):
    """An organisation around these projects; gives it."""
    root = cloud.world.state(Tree).plant_organization("acme.example")
    for project in projects:
        cloud.world.project(project).parent = root.name
    return root


def test_an_organisation_is_asked_once_for_all_its_projects(cloud):
    ref = key(cloud)
    use(cloud, ref, days=100)
    other = make_account(cloud.world, project="acme-other")
    beside, _ = plant_key(cloud.world, other, usable=False)
    alone, single = told(cloud, ref), cloud.provider.usage("acme-other", cloud.ctx.now - EVER, cloud.ctx)
    root = below(cloud, PROJECT, "acme-other")
    begun = len(cloud.requests(RPC))
    ctx = replace(cloud.ctx, roots=(root.name,), memo={})
    reports = {one: cloud.provider.usage(one, ctx.now - EVER, ctx) for one in (PROJECT, "acme-other")}
    assert [one["path"].split("/locations")[0] for one in cloud.requests(RPC)[begun:]] == [f"/v1/{root.name}"]
    assert reports[PROJECT].last_use(ref.local[1], None) == alone
    assert reports["acme-other"].last_use(beside.key_id, None) == single.last_use(beside.key_id, None)
    assert reports["acme-other"].last_use(beside.key_id, None).status is not UseStatus.USED


@pytest.mark.parametrize("how", ["denied", "elsewhere", "broken"])
def test_a_project_of_which_the_organisation_says_nothing_is_asked_itself(cloud, how):
    ref = key(cloud)
    use(cloud, ref, days=100)
    alone = told(cloud, ref)
    root = below(cloud, *([] if how == "elsewhere" else [PROJECT]))
    if how == "denied":
        root.denied.append("policyanalyzer.*")
    if how == "broken":
        cloud.world.faults.add(Fault(path=f"{root.name}/", times=-1, status="INTERNAL"))
    ctx = replace(cloud.ctx, roots=(root.name,), memo={})
    found = cloud.provider.usage(PROJECT, ctx.now - EVER, ctx).last_use(ref.local[1], None)
    assert found == alone
    assert "/v1/projects/" in cloud.requests(RPC)[-1]["path"]
