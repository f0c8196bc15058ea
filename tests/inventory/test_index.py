"""A scan that asks an index instead of each project: the same inventory, far fewer questions, and nothing lost by what it misses."""

from dataclasses import replace

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.faults import Fault
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.organisation import build
from keyward.emulator.resourcemanager.tree import Tree
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.planting import plant_version
from keyward.emulator.secretmanager.resources import Parent
from keyward.google.parts import of
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.scan import ProviderSource, ScanRequest, StoreSource, scan
from keyward.providers.google_api_keys import provider as api_keys
from keyward.providers.google_sa_keys import provider as sa_keys
from keyward.stores.gsm import store as secret_manager
from tests.parts.cloud import emulator_ctx, surroundings
from tests.parts.scanning import document


class Cloud:
    """A generated organisation, and scans of it into caches."""

    def __init__(self, emulator, folder, size, seed):
        self.emulator, self.world, self.folder = emulator, emulator.world, folder
        build(self.world, size, seed)
        self.around = surroundings(emulator.environment(), folder)
        self.ctx = emulator_ctx(emulator)
        [self.root] = self.world.state(Tree).nodes("organizations")
        self.root.denied.clear()  # the curated organisation lets nobody see it
        self.projects = [one.id for one in self.world.projects()]
        plugins = (api_keys(self.around), sa_keys(self.around))
        self.request = ScanRequest(
            tuple(ProviderSource(plugin, one) for plugin in plugins for one in self.projects),
            tuple(StoreSource(secret_manager(self.around), one) for one in self.projects),
            usage=False,
        )

    def scan(self, cache, *, index, usage=False):
        """(the document without what only the scan is about, how many questions it took, the sources by id)."""
        begun = len(self.world.log.since(0))
        file = self.folder / f"{cache}.db"
        writer = CacheWriter(file, "test", lambda _: None)
        try:
            request = replace(self.request, roots=(self.root.name,) if index else (), usage=usage)
            result = scan(request, writer, self.ctx)
        finally:
            writer.close()
        found = document(file, self.ctx.now)
        rows = {
            name: {one["id"] if "id" in one else str((one["scope"], one["secret"])): one for one in found[name]}
            for name in ("keys", "secrets")
        }
        return rows, len(self.world.log.since(0)) - begun, {one.id: one for one in result.sources}


@pytest.fixture
def make_cloud(make_emulator, tmp_path):
    made = []

    def make(size="demo", seed=1, **behaviour):
        made.append(Cloud(make_emulator(rate=0, **behaviour), tmp_path, size, seed))
        return made[-1]

    yield make
    for one in made:
        one.around.close()


def readable(cloud):
    """Nobody is refused anything, so that both ways can see the same."""
    for project in cloud.world.projects():
        project.denied.clear()
        project.api_off.clear()


@pytest.mark.parametrize(("size", "seed"), [("demo", 1), ("demo", 2), ("12x80x60x40", 3)])
def test_the_index_tells_field_by_field_what_listing_tells_for_a_fifth_of_the_questions(make_cloud, size, seed):
    cloud = make_cloud(size, seed)
    readable(cloud)
    listed, asked, sources = cloud.scan("listed", index=False)
    indexed, fewer, also = cloud.scan("indexed", index=True)
    assert indexed == listed
    assert len(listed["keys"]) > 20
    assert len(listed["secrets"]) > 5
    assert {one.status.value for one in (*sources.values(), *also.values())} == {"ok"}
    assert fewer * 5 <= asked, (fewer, asked)


def test_last_use_is_asked_only_where_there_are_keys_and_told_as_without_an_index(make_cloud):
    cloud = make_cloud("24x40x24x12", 3)
    readable(cloud)
    list(of(cloud.around).projects.search(cloud.ctx, ()))  # as every scan begins
    listed, asked, _ = cloud.scan("listed", index=False, usage=True)
    indexed, fewer, _ = cloud.scan("indexed", index=True, usage=True)
    assert indexed == listed
    assert sum(one["last_used"]["status"] == "used" for one in listed["keys"].values()) > 5
    holders = {(one["provider"], one["scope"]) for one in indexed["keys"].values()}
    assert fewer <= len(holders) + 4, "one question for each project with keys of a kind, and the index's own"
    assert fewer * 2 < asked


def test_where_the_index_is_denied_each_project_is_asked_and_that_is_said(make_cloud):
    cloud = make_cloud()
    listed, _, before = cloud.scan("listed", index=False)
    cloud.root.denied.append("cloudasset.*")
    indexed, _, after = cloud.scan("indexed", index=True)
    assert indexed == listed
    assert {one: told.status for one, told in after.items()} == {one: told.status for one, told in before.items()}
    ok = [one for one in after.values() if one.status.value == "ok"]
    assert ok
    assert all("Asked by itself" in one.detail and "asset index" in one.detail for one in ok)


def test_a_project_that_refuses_a_list_is_read_from_the_index_of_the_organisation(make_cloud):
    cloud = make_cloud()
    _, _, before = cloud.scan("listed", index=False)
    _, _, after = cloud.scan("indexed", index=True)
    assert {one.status.value for one in before.values()} > {"ok"}
    assert {one.status.value for one in after.values()} == {"ok"}


def test_an_index_that_holds_names_alone_is_no_answer(make_cloud):
    cloud = make_cloud(asset_key_data=False)
    readable(cloud)
    listed, _, _ = cloud.scan("listed", index=False)
    indexed, _, sources = cloud.scan("indexed", index=True)
    assert indexed == listed
    filled = {one["scope"] for one in listed["keys"].values() if one["provider"] == "google-api-keys"}
    told = [sources[f"google-api-keys:{one}"].detail for one in filled]
    assert all("too little" in detail for detail in told)


def test_keys_are_joined_with_their_accounts_by_address_too(make_cloud):
    cloud = make_cloud(asset_account_names="email")
    readable(cloud)
    assert cloud.scan("indexed", index=True)[0] == cloud.scan("listed", index=False)[0]


def test_what_the_index_does_not_tell_of_is_asked_for_and_never_dropped(make_cloud):
    cloud = make_cloud()
    readable(cloud)
    project = next(one for one in cloud.world.projects() if cloud.world.state(ServiceAccounts).of(one))
    key = cloud.world.state(ApiKeys).plant(project, display_name="just made")
    accounts = cloud.world.state(ServiceAccounts).of(project)
    account = next(one for one in accounts if cloud.world.state(AccountKeys).listed(one.email))
    gone = cloud.world.state(AccountKeys).listed(account.email)[0]
    first, _, _ = cloud.scan("cache", index=False)
    cloud.world.state(AccountKeys).delete(gone)
    cloud.world.behaviour.asset_lag_seconds = 600
    made, removed = (
        f"google-api-keys:{project.id}/{key.uid}",
        f"google-sa-keys:{project.id}/{account.email}/{gone.key_id}",
    )
    assert {made, removed} <= set(first["keys"])
    second, _, sources = cloud.scan("cache", index=True)
    assert made in second["keys"]
    assert sources[f"google-api-keys:{project.id}"].status.value == "ok"
    cloud.world.clock.advance(600)
    third, _, _ = cloud.scan("cache", index=True)
    assert set(first["keys"]) - set(third["keys"]) == {removed}
    project.denied.add("apikeys.keys.get")
    cloud.world.behaviour.asset_lag_seconds = 6000
    _, _, sources = cloud.scan("cache", index=True)
    assert sources[f"google-api-keys:{project.id}"].status.value == "denied"
    again = cloud.scan("cache", index=True)[0]
    assert made in again["keys"]


def test_what_changed_a_moment_ago_is_believed_to_who_saw_it_and_not_to_the_index(make_cloud):
    cloud = make_cloud()
    readable(cloud)
    cloud.scan("cache", index=False)
    state, accounts, book = cloud.world.state(ApiKeys), cloud.world.state(AccountKeys), cloud.world.state(Book)
    project = next(
        one for one in cloud.world.projects() if any(not it.delete_time for it in state.keys(one.number).values())
    )
    key = next(one for one in state.keys(project.number).values() if not one.delete_time)
    emails = [one.email for home in cloud.world.projects() for one in cloud.world.state(ServiceAccounts).of(home)]
    gone = next(one for email in emails for one in accounts.listed(email))
    secret = next(one for home in cloud.world.projects() for one in book.newest_first(Parent(str(home.number))))
    state.delete(key)
    accounts.delete(gone)
    plant_version(book, secret, b"newer", cloud.world.clock.now(), "ENABLED")
    now, _, _ = cloud.scan("cache", index=False)
    cloud.world.behaviour.asset_lag_seconds = 600
    behind, _, _ = cloud.scan("cache", index=True)
    assert behind == now


def test_an_index_that_is_odd_or_down_takes_no_source_with_it(make_cloud):
    cloud = make_cloud()
    listed, _, _ = cloud.scan("listed", index=False)
    cloud.world.faults.add(Fault(rpc="assets.list", status="INVALID_ARGUMENT", times=1))
    cloud.world.faults.add(Fault(rpc="assets.list", status="NOT_FOUND", times=-1))
    indexed, _, _ = cloud.scan("indexed", index=True)
    assert indexed == listed
