"""A scan of real sources: an emulated cloud over HTTP and files on the disk."""

import random
import threading
from dataclasses import replace

import pytest

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.secretmanager.book import Book
from keyward.inventory.cache_write import CacheWriter
from keyward.inventory.scan import ProviderSource, ScanRequest, StoreSource, scan
from keyward.inventory.workers import Workers
from keyward.model.detectors import BY_KIND
from keyward.model.errors import SourceError
from keyward.model.events import Finished, RowsChanged, ScanStarted, SourceDone
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret
from keyward.model.source import SourceStatus
from keyward.stores.interface import NOTHING_KNOWN
from tests.parts.scanning import KEY, FakeProvider, FakeStore, made_up

VALUES = ("keys.getKeyString", "versions.access")


def openai(seed=1):
    return BY_KIND["openai"].sample(random.Random(seed)).decode()


def statuses(result):
    return {one.id.partition(":")[0]: one.status.value for one in result.sources}


def test_one_scan_says_who_holds_which_key_in_which_role(machine):
    one, two = machine.plant_key("one"), machine.plant_key("two")
    machine.plant_secret(
        "web", one.key_string, f'{{"key": "{one.key_string}"}}', two.key_string + "\n", aliases={"live": 1}
    )
    value = openai()
    path = machine.file("app/.env", f"GEMINI={two.key_string}\nPORT=8080\nOPENAI_API_KEY='{value}'\n")
    result = machine.scan()
    assert statuses(result) == {"gsm": "ok", "env": "ok", "google-api-keys": "ok"}
    by_shape = f"shape:openai/{KEY.fingerprint(Secret.of(value))[:16]}"
    env = f"env:{path}"
    [version] = {version for _, secret, version, *_ in machine.placed() if secret == env}
    assert machine.placed() == {
        (machine.id(one), "gsm:acme/web", "1", "", "alias"),
        (machine.id(one), "gsm:acme/web", "2", "/key", "old"),
        (machine.id(two), "gsm:acme/web", "3", "", "current"),
        (machine.id(two), env, version, "GEMINI", "current"),
        (by_shape, env, version, "OPENAI_API_KEY", "current"),
    }
    remembered = {(row.credential, row.secret, row.version, row.part, row.host) for row in machine.ledger.placements()}
    assert remembered == {
        (key, at, nth, part, "here" if at == env else "") for key, at, nth, part, _ in machine.placed()
    }
    assert result.reads == 2 + 3


def test_a_second_scan_reads_no_value_of_the_cloud_and_changes_nothing(machine):
    machine.plant_secret("web", machine.plant_key().key_string, "nothing that has a shape")
    machine.scan()
    before, asked = machine.placed(), len(machine.calls())
    machine.events.clear()
    result = machine.scan()
    assert machine.calls(*VALUES, since=asked) == []
    assert (result.reads, machine.placed()) == (0, before)
    assert [event for event in machine.events if isinstance(event, RowsChanged)] == []
    assert {one.id: one.looked for one in result.sources}["gsm:acme"] == 2


def test_without_consent_no_value_is_read_and_that_is_said_in_numbers(machine):
    key = machine.plant_key()
    machine.plant_secret("web", "old", key.key_string)
    machine.file(".env", f"KEY={key.key_string}\n")
    result = machine.scan(values=False)
    assert (machine.calls(*VALUES), result.reads) == ([], 0)
    cloud = next(one for one in result.sources if one.id == "gsm:acme")
    assert (cloud.looked, cloud.not_looked) == (0, 2)
    listed, by_shape = machine.document()["keys"]
    assert listed["placements_looked"] == {
        "read": 0,
        "not_read": 3,
    }  # its value is not known, so it was looked for nowhere
    assert by_shape["placements_looked"] == {"read": 1, "not_read": 2}
    assert by_shape["id"].startswith("shape:google-api-key/")
    machine.scan()
    [listed] = machine.document()["keys"]  # with consent the two turn out to be one
    assert {one["store"] for one in listed["placements"]} == {"gsm", "env"}


def test_what_was_read_once_stays_known_when_consent_ends(machine):
    machine.plant_secret("web", machine.plant_key().key_string)
    machine.scan()
    before, asked = machine.placed(), len(machine.calls())
    result = machine.scan(values=False)
    assert machine.placed() == before
    assert len(before) == 1
    assert machine.calls(*VALUES, since=asked) == []
    assert {one.id: one.not_looked for one in result.sources}["gsm:acme"] == 0


def test_every_page_counts(machine):
    for number in range(650):  # pages have 300
        machine.plant_key(f"key {number}")
    result = machine.scan(values=False, usage=False)
    assert machine.reader().counts()[0] == 650
    assert len(machine.calls("keys.list")) == 3
    assert {one.id: one.items for one in result.sources}["google-api-keys:acme"] == 650


def test_a_denied_source_keeps_its_rows_and_names_the_permission(machine):
    machine.plant_secret("web", machine.plant_key().key_string)
    machine.scan()
    before = machine.placed()
    seen_at = machine.reader().sources()[0].at
    machine.project.denied.update({"apikeys.keys.list", "secretmanager.secrets.list"})
    result = machine.scan()
    assert statuses(result) == {"gsm": "denied", "env": "ok", "google-api-keys": "denied"}
    assert [one.id for one in machine.reader().sources(missing=True)] == ["google-api-keys:acme", "gsm:acme"]
    reports = {one.id: one for one in result.sources}
    assert reports["google-api-keys:acme"].permission == "apikeys.keys.list"
    assert reports["gsm:acme"].permission == "secretmanager.secrets.list"
    assert reports["gsm:acme"].stale_since is not None
    assert abs((reports["gsm:acme"].stale_since - seen_at).total_seconds()) < 60
    assert machine.placed() == before
    assert machine.reader().columns().source_status == ["stale"]
    machine.scan()
    assert {one.id: one for one in machine.reader().sources()}["gsm:acme"].stale_since == reports[
        "gsm:acme"
    ].stale_since
    assert [row.gone for row in machine.ledger.placements(include_gone=True)] == [None]
    machine.project.denied.clear()
    assert statuses(machine.scan())["gsm"] == "ok"
    assert machine.reader().columns().source_status == ["ok"]


def test_an_api_that_is_off_is_disabled_and_never_an_empty_answer(machine):
    machine.plant_key()
    machine.scan()
    for project in (machine.project, machine.world.project("demo-project")):
        project.api_off.add("apikeys.googleapis.com")
    result = machine.scan()
    report = {one.id: one for one in result.sources}["google-api-keys:acme"]
    assert (report.status, report.api) == (SourceStatus.DISABLED, "apikeys.googleapis.com")
    assert machine.reader().counts()[0] == 1


def test_a_cloud_that_is_gone_is_unreachable_and_everything_known_stays(machine):
    machine.plant_secret("web", machine.plant_key().key_string)
    machine.scan()
    machine.emulator.stop()
    found = statuses(machine.scan())
    assert found == {"gsm": "unreachable", "env": "ok", "google-api-keys": "unreachable"}
    assert machine.reader().counts() == (1, 1, 1)


def test_what_is_listed_no_more_is_gone(machine):
    one, two = machine.plant_key("one"), machine.plant_key("two")
    path = machine.file(".env", f"A={one.key_string}\nB={two.key_string}\n")
    machine.scan()
    assert machine.reader().counts() == (2, 1, 2)
    path.write_text(f"A={one.key_string}\n")
    machine.scan()
    assert [part for *_, part, _ in machine.placed()] == ["A"]
    path.unlink()
    machine.scan()
    assert machine.reader().counts() == (2, 0, 0)
    assert all(row.gone is not None for row in machine.ledger.placements(include_gone=True))


def test_a_dead_key_in_a_secret_is_still_known(machine):
    key = machine.plant_key()
    machine.plant_secret("web", key.key_string)
    machine.scan()
    machine.world.state(ApiKeys).delete(key)
    machine.scan()
    [entry] = machine.document()["keys"]
    assert entry["state"] == "deleted-restorable"
    assert [one["secret"] for one in entry["placements"]] == ["gsm:acme/web"]


def test_one_key_whose_value_cannot_be_read_does_not_hide_the_others(machine):
    one, two = machine.plant_key("one"), machine.plant_key("two")
    machine.plant_secret("web", one.key_string, two.key_string)
    machine.fault("keys.getKeyString", status="PERMISSION_DENIED", times=1)
    result = machine.scan()
    report = {one.id: one for one in result.sources}["google-api-keys:acme"]
    assert report.status is SourceStatus.PARTIAL
    assert "1 values could not be read" in report.detail
    assert len(machine.placed()) == 2  # the other one by its shape, until its provider says more
    assert machine.reader().counts()[0] == 3
    machine.scan()
    assert machine.reader().counts()[0] == 2


def test_a_disabled_version_is_counted_as_not_looked_at_and_is_no_failure(machine):
    machine.plant_secret("web", "x", "y", "z", states=("DESTROYED", "DISABLED", "ENABLED"))
    result = machine.scan()
    report = {one.id: one for one in result.sources}["gsm:acme"]
    assert (report.status, report.looked, report.not_looked) == (SourceStatus.OK, 1, 1)
    key = machine.plant_key()
    path = machine.plant_secret("other", key.key_string)
    machine.scan()
    assert [row.secret for row in machine.ledger.placements()] == [f"gsm:acme/{path.secret_id}"]
    machine.world.state(Book)._secrets[path.parent].pop("other")
    machine.scan()
    assert machine.ledger.placements() == []  # a version that nobody can read keeps no other place alive


def test_a_version_that_was_destroyed_holds_nothing_any_more(machine):
    secret = machine.plant_secret("web", machine.plant_key().key_string, "later")
    machine.scan()
    assert len(machine.placed()) == 1
    machine.world.state(Book).destroy(secret.versions[0], machine.world.clock.now())
    machine.scan()
    assert machine.placed() == set()
    assert machine.ledger.placements() == []


def test_use_is_asked_once_a_project_and_denied_is_no_zero(machine):
    for name in ("one", "two"):
        machine.plant_key(name)
    machine.project.denied.add("monitoring.timeSeries.list")
    machine.scan(values=False)
    assert len(machine.calls("timeSeries.list")) == 1
    assert {one["last_used"]["status"] for one in machine.document()["keys"]} == {"denied"}
    machine.project.denied.clear()
    machine.scan(values=False)
    assert {one["last_used"]["status"] for one in machine.document()["keys"]} == {"not_seen"}


def test_a_cancelled_scan_keeps_what_came_and_says_what_did_not(machine):
    for project in ("p-1", "p-2", "p-3"):
        machine.plant_key("k", project=project)
    cancel = threading.Event()
    finished = []

    def hear(event):
        finished.append(event)
        if isinstance(event, SourceDone) and event.report.id == "google-api-keys:p-1":
            cancel.set()

    machine.fault("keys.list", skip=1, delay=1.0, times=-1)
    providers = tuple(ProviderSource(machine.provider, one) for one in ("p-1", "p-2", "p-3"))
    ctx = replace(machine.ctx, report=hear, cancel=cancel)
    result = machine.scan(ScanRequest(providers, usage=False, workers=1), ctx=ctx)
    assert result.cancelled
    found = statuses_by_scope(result)
    assert (found["p-1"], found["p-3"]) == ("ok", "cancelled")  # p-2 was under way
    assert "p-3" not in machine.reader().columns().scope
    assert "p-1" in machine.reader().columns().scope
    assert finished[-1] == Finished("scan", "cancelled")


def statuses_by_scope(result):
    return {one.id.partition(":")[2]: one.status.value for one in result.sources}


def test_events_come_as_it_goes(machine):
    machine.plant_key()
    machine.scan()
    kinds = [type(event) for event in machine.events]
    assert (kinds[0], kinds[-1]) == (ScanStarted, Finished)
    assert kinds.count(SourceDone) == 3
    assert any(machine.events[at].ids for at, kind in enumerate(kinds) if kind is RowsChanged)


def test_an_odd_key_never_hides_its_neighbours(machine):
    odd = made_up(2, name="lone surrogate \ud800")
    provider = FakeProvider(made_up(1), odd, made_up(3))
    result = machine.scan(ScanRequest((ProviderSource(provider, "place"),)))
    assert list(machine.reader().columns().id) == ["fake:place/key-1", "fake:place/key-3"]
    assert result.sources[0].status is SourceStatus.PARTIAL
    assert "1 entries" in result.sources[0].detail


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SourceError("half of it", status="partial"), "partial"),
        (SourceError("no", status="denied"), "denied"),
        (RuntimeError("a bug that mentions a value"), "partial"),
    ],
)
def test_what_came_before_an_error_is_kept(machine, error, status):
    result = machine.scan(ScanRequest((ProviderSource(FakeProvider(made_up(1), made_up(2), error), "place"),)))
    assert result.sources[0].status.value == status
    assert "mentions a value" not in result.sources[0].detail
    assert machine.reader().counts()[0] == 2


def test_keys_by_shape_come_while_slow_providers_are_still_asked(machine):
    release, early = threading.Event(), []

    def slow():
        release.wait(20)
        return made_up(1)

    def hear(event):
        if isinstance(event, RowsChanged):
            early.extend(event.ids)
            release.set()

    machine.file(".env", f"OPENAI_API_KEY={openai()}\n")
    request = ScanRequest(
        (ProviderSource(FakeProvider(slow), "place"),), (StoreSource(machine.env, str(machine.work), values=True),)
    )
    machine.scan(request, ctx=replace(machine.ctx, report=hear))
    assert early[0].startswith("shape:openai/")


def test_a_payload_that_cannot_be_read_makes_the_source_partial(machine):
    store = FakeStore({"a": b"plain", "b": SourceError("no", status="denied", permission="may.read"), "c": b"more"})
    result = machine.scan(ScanRequest(stores=(StoreSource(store, "place", values=True),)))
    [report] = result.sources
    assert (report.status, report.permission, report.looked, report.not_looked) == (
        SourceStatus.PARTIAL,
        "may.read",
        2,
        1,
    )
    store.read_names.clear()
    machine.scan(ScanRequest(stores=(StoreSource(store, "place", values=True),)))
    assert store.read_names == ["b"]


def test_a_key_known_by_shape_is_as_old_as_the_ledger_remembers(machine):
    machine.file(".env", f"OPENAI_API_KEY={openai()}\n")
    machine.scan()
    first = machine.ledger.placements()[0].first_seen
    machine.cache_file.unlink()
    machine.world.clock.advance(86_400 * 41)
    machine.scan()
    [entry] = machine.document()["keys"]
    assert (entry["age_days"], entry["age_is"]) == (41, "at_least")
    assert machine.reader().credential(entry["id"]).first_seen == first


def test_another_fingerprint_key_takes_no_fingerprints_along(machine):
    key = machine.plant_key()
    machine.plant_secret("web", key.key_string)
    machine.scan()
    cache = CacheWriter(machine.cache_file, "test", machine.warnings.append)
    scan(machine.request(), cache, machine.ctx, fingerprints=FingerprintKey("other", Secret(b"y" * 32)))
    cache.close()
    assert len(machine.calls("keys.getKeyString")) == 2
    [entry] = machine.document()["keys"]
    assert len(entry["placements"]) == 1


def test_no_value_is_in_the_cache_or_the_events(machine):
    key, value = machine.plant_key(), openai()
    machine.plant_secret("web", key.key_string)
    machine.file(".env", f"OPENAI_API_KEY={value}\nPASSWORD=hunter2hunter2\n")
    machine.scan()
    kept = b"".join(path.read_bytes() for path in machine.cache_file.parent.iterdir()) + repr(machine.events).encode()
    for secret in (key.key_string, value, "hunter2"):
        assert secret.encode() not in kept


def test_a_value_of_a_provider_that_is_still_listing_is_no_key_of_its_own_meanwhile(machine):
    key = machine.plant_key()
    machine.file(".env", f"A={key.key_string}\n")
    machine.fault("keys.list", delay=1.0)
    machine.scan()
    told = {one for event in machine.events if isinstance(event, RowsChanged) for one in event.ids}
    assert told == {machine.id(key)}


class Breaking(FakeStore):
    """Lists its first secret only, and then fails."""

    def list(self, scope, ctx, *, known=NOTHING_KNOWN):
        yield next(super().list(scope, ctx))
        raise SourceError("the rest is locked", status="partial")


def test_the_ledger_forgets_no_place_that_was_not_looked_at(machine):
    payloads = {"a": openai(1).encode(), "b": openai(2).encode()}
    machine.scan(ScanRequest(stores=(StoreSource(FakeStore(payloads), "place", values=True),)))
    machine.scan(ScanRequest(stores=(StoreSource(Breaking(payloads), "place", values=True),)))
    assert {row.secret: row.gone for row in machine.ledger.placements(include_gone=True)} == {
        "fakestore:place/a": None,
        "fakestore:place/b": None,
    }
    machine.scan(ScanRequest(stores=(StoreSource(FakeStore({"a": payloads["a"]}), "place", values=True),)))
    assert [row.secret for row in machine.ledger.placements()] == ["fakestore:place/a"]


def test_a_scan_cancelled_among_its_values_is_not_complete(machine, monkeypatch):
    cancel, payloads = threading.Event(), {str(number): openai(number).encode() for number in range(8)}
    noticed, stop = threading.Event(), Workers.stop

    def stopping(workers, patience):
        workers._stopped.set()
        noticed.set()
        stop(workers, patience)

    monkeypatch.setattr(Workers, "stop", stopping)

    class Stopping(FakeStore):
        def read(self, ref, ctx, version=None):
            if len(self.read_names) == 3:
                cancel.set()
                assert noticed.wait(20)
            return super().read(ref, ctx, version)

    store = Stopping(payloads)
    request = ScanRequest(stores=(StoreSource(store, "place", values=True),), workers=1)
    result = machine.scan(request, ctx=replace(machine.ctx, cancel=cancel))
    assert [one.status.value for one in result.sources] == ["cancelled"]
    assert 0 < len(machine.placed()) < 8
    machine.scan(request)
    assert len(machine.placed()) == 8
    assert len(store.read_names) == 8  # none of them twice


def test_a_file_that_changes_between_listing_and_reading_is_read_as_it_is_then(machine):
    first, second = openai(1), openai(2)
    path = machine.file(".env", f"A={first}\n")
    read = machine.env.read
    seen = []

    def late(ref, ctx, version=None):
        if not seen:
            path.write_text(f"A={second}\nB=more\n")
        seen.append(version)
        return read(ref, ctx, version)

    machine.env.read = late
    machine.scan(ScanRequest(stores=(StoreSource(machine.env, str(machine.work), values=True),)))
    [(key, *_)] = machine.placed()
    assert key == f"shape:openai/{KEY.fingerprint(Secret.of(second))[:16]}"


def test_keys_stand_in_the_order_in_which_they_are_shown(machine):
    for name, project in (("b", "p-2"), ("a", "p-2"), ("c", "p-1")):
        machine.plant_key(name, project=project)
    machine.scan(values=False, projects=("p-2", "p-1"))
    assert list(machine.reader().columns().name) == ["c", "a", "b"]
    machine.plant_key("aa", project="p-2")
    machine.scan(values=False, projects=("p-2", "p-1"))
    assert list(machine.reader().columns().name) == ["c", "a", "aa", "b"]
    assert [one["name"] for one in machine.document()["keys"]] == ["c", "a", "aa", "b"]
