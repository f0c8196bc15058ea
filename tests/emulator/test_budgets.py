"""Budgets of the emulated Cloud Billing, with Google's own client."""

from keyward.emulator.budgets import Budgets
from keyward.emulator.world import World
from tests.parts.emulator import discovery, refused

ACCOUNT = "billingAccounts/0A1B2C-3D4E5F-6A7B8C"
AMOUNT = {"specifiedAmount": {"currencyCode": "EUR", "units": "100"}}


def test_they_are_made_listed_and_deleted_and_name_projects_by_number(emulator):
    number = emulator.world.project("p1").number
    with discovery(emulator, "billingbudgets", "v1") as service:
        budgets = service.billingAccounts().budgets()
        body = {"displayName": "b", "amount": AMOUNT, "budgetFilter": {"projects": ["projects/p1"]}}
        made = budgets.create(parent=ACCOUNT, body=body).execute()
        assert made["name"].startswith(f"{ACCOUNT}/budgets/")
        assert made["budgetFilter"] == {"projects": [f"projects/{number}"]}
        assert budgets.get(name=made["name"]).execute() == made
        second = budgets.create(parent=ACCOUNT, body={"amount": {"lastPeriodAmount": {}}}).execute()
        page = budgets.list(parent=ACCOUNT, pageSize=1).execute()
        assert page["budgets"] == [made]
        rest = budgets.list(parent=ACCOUNT, pageSize=1, pageToken=page["nextPageToken"]).execute()
        assert rest["budgets"] == [second]
        assert budgets.list(parent="billingAccounts/0A1B2C-3D4E5F-000000").execute() == {}
        budgets.delete(name=made["name"]).execute()
        assert budgets.list(parent=ACCOUNT).execute()["budgets"] == [second]
    assert refused(emulator, "DELETE", f"/v1/{made['name']}")[0] == 404
    assert refused(emulator, "POST", f"/v1/{ACCOUNT}/budgets", {"displayName": "b"})[:2] == (400, "INVALID_ARGUMENT")
    assert emulator.violations == []


def test_an_account_may_keep_its_budgets_to_itself(emulator):
    emulator.world.state(Budgets).denied.add(ACCOUNT)
    for method, verb in (("GET", "list"), ("POST", "create")):
        code, _, reason, message = refused(emulator, method, f"/v1/{ACCOUNT}/budgets", {"amount": AMOUNT})
        assert (code, reason, f"billing.budgets.{verb}" in message) == (403, "IAM_PERMISSION_DENIED", True)


def test_they_outlive_a_restart(tmp_path):
    file = tmp_path / "world.json"
    world = World(seed=1, file=file)
    made = world.state(Budgets).plant(ACCOUNT, {"amount": AMOUNT})
    world.state(Budgets).denied.add("billingAccounts/x")
    world.save()
    again = World(file=file).state(Budgets)
    assert (again.of(ACCOUNT), again.denied) == ([made], {"billingAccounts/x"})
