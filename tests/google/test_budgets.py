"""Budgets as they are read: those that count a project, once for each billing account."""

from datetime import timedelta

import pytest

from keyward.emulator.budgets import Budgets
from keyward.google import budgets as module
from keyward.google.about import around
from keyward.google.parts import of
from keyward.model.about import Known, What
from keyward.model.watch import Budget
from tests.parts.cloud import emulator_ctx, surroundings

MONEY = {"specifiedAmount": {"currencyCode": "EUR", "units": "1200", "nanos": 500_000_000}}
HALF = {"thresholdRules": [{"thresholdPercent": 0.5}, {"thresholdPercent": 1.005}]}


class Cloud:
    def __init__(self, emulator, tmp_path):
        self.world, self.around = emulator.world, surroundings(emulator.environment(), tmp_path)
        self.project, self.other = emulator.world.new_project("acme"), emulator.world.new_project("acme-other")
        self.ctx, self.emulator = emulator_ctx(emulator), emulator
        self.state = self.world.state(Budgets)

    def plant(self, **more):
        return self.state.plant(self.project.billing, {"displayName": "b", "amount": MONEY, **more})

    def read(self, project="acme", ctx=None):
        facts = around(of(self.around), project, ctx or emulator_ctx(self.emulator))
        (fact,) = [one for one in facts if one.what is What.BUDGETS]
        return fact

    def found(self, project="acme"):
        fact = self.read(project)
        assert fact.status is Known.KNOWN
        return [Budget.of(one) for one in fact.values]

    def asked(self):
        return sum(one["rpc"].endswith("budgets.list") for one in self.world.log.since(0))


@pytest.fixture
def cloud(make_emulator, tmp_path):
    emulator = make_emulator(grpc=False)
    found = Cloud(emulator, tmp_path)
    yield found
    found.around.close()
    assert emulator.violations == []


def test_a_budget_of_the_account_counts_every_project_and_one_of_a_project_that_project(cloud):
    cloud.plant(**HALF)
    cloud.plant(budgetFilter={"projects": ["projects/acme"]}, displayName="own")
    assert [one.covers for one in cloud.found()] == ["account", "project"]
    assert cloud.found()[0] == Budget("1,200.50 EUR", (50, 100), "account", False, False, "b")
    assert [one.name for one in cloud.found("acme-other")] == ["b"]


@pytest.mark.parametrize(
    ("limits", "covers", "part"),
    [
        ({"resourceAncestors": ["folders/1"]}, "folder", False),
        ({"services": ["services/1"]}, "account", True),
        ({"labels": {"env": ["prod"]}}, "account", True),
        ({"subaccounts": ["billingAccounts/1"]}, "account", True),
        ({"projects": ["projects/acme"], "services": ["services/1"]}, "project", True),
        ({"calendarPeriod": "MONTH"}, "account", False),
    ],
)
def test_what_it_counts(cloud, limits, covers, part):
    cloud.plant(budgetFilter=limits)
    (one,) = cloud.found()
    assert (one.covers, one.part) == (covers, part)


def test_a_cap_and_an_amount_that_follows_the_period_before(cloud):
    cloud.plant(amount={"lastPeriodAmount": {}}, spendCap={"outputState": "CONFIGURED"})
    (one,) = cloud.found()
    assert (one.amount, one.percents, one.capped) == ("what was spent in the period before", (), True)


@pytest.mark.parametrize(("days", "number"), [(-1, 0), (0, 1), (1, 1)])
def test_a_budget_whose_time_is_over_counts_nothing(cloud, days, number):
    end = (cloud.world.clock.now() + timedelta(days=days)).date()
    cloud.plant(budgetFilter={"customPeriod": {"endDate": {"year": end.year, "month": end.month, "day": end.day}}})
    assert len(cloud.found()) == number


def test_every_page_is_read_and_names_are_harmless(cloud, monkeypatch):
    monkeypatch.setattr(module, "_PAGE", 2)
    for name in ("a", "b; c", "d\x1b[31m\n", "", "f"):
        cloud.plant(displayName=name)
    names = [one.name for one in cloud.found()]
    assert (len(names), names[1]) == (5, "b; c")
    assert all(name and name.isprintable() for name in names)


def test_an_account_is_asked_once_for_all_of_its_projects_also_when_that_is_denied(cloud):
    cloud.state.denied.add(cloud.project.billing)
    ctx = emulator_ctx(cloud.emulator)
    for project in ("acme", "acme-other"):
        fact = cloud.read(project, ctx)
        assert (fact.status, fact.values, "billing.budgets.list" in fact.detail) == (Known.DENIED, (), True)
    assert cloud.asked() == 1


def test_where_the_api_is_off_another_project_may_have_it_on(cloud):
    for project in (cloud.project, cloud.world.project("demo-project")):
        project.api_off = {"billingbudgets.googleapis.com"}
    ctx = emulator_ctx(cloud.emulator)
    fact = cloud.read("acme", ctx)
    assert (fact.status, "billingbudgets.googleapis.com" in fact.detail) == (Known.DISABLED, True)
    assert cloud.read("acme-other", ctx).status is Known.KNOWN


def test_nobody_is_asked_where_nothing_can_be_spent_or_who_pays_is_not_known(cloud):
    cloud.project.billing = ""
    assert (cloud.read().status, cloud.read().values) == (Known.KNOWN, ())
    cloud.other.denied = {"resourcemanager.projects.get"}
    fact = cloud.read("acme-other")
    assert (fact.status, "resourcemanager.projects.get" in fact.detail) == (Known.DENIED, True)
    assert cloud.asked() == 0
