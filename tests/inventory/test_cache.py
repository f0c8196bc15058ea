"""The cache: private, of one world, never an error when it is damaged, cheap to load, whole while it is written."""

import stat
import subprocess
import sys
import threading
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from keyward.inventory.cache import CacheReader
from keyward.inventory.cache_write import CacheWriter
from keyward.model.credential import Kind, Restrictions, State
from keyward.model.errors import AnotherWorld, NotAllowed
from keyward.model.ids import SecretRef
from keyward.model.query import parse
from keyward.model.secretinfo import SecretInfo, Version, VersionState
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.usage import UNSUPPORTED, LastUse, UsageReport, UseBucket, UseStatus
from tests.parts.scanning import document, made_up

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "inventory.db"


def write(path, *rows, world="w", source="fake:place", **end):
    warnings = []
    cache = CacheWriter(path, world, warnings.append)
    with cache.batch():
        cache.keys(source, rows, NOW)
        report = SourceReport(source, end.get("status", SourceStatus.OK), items=len(rows), at=NOW)
        cache.end(report, "provider", {one.id for one in rows}, end.get("now", NOW), listed=end.get("listed", True))
        cache.order()
    cache.close()
    return warnings


def ids(path):
    return list(CacheReader(path, "w").columns().id)


def test_no_cache_is_an_empty_one(path):
    reader = CacheReader(path, "w")
    assert (reader.counts(), reader.world, reader.scanned_at, list(reader.chunks())) == ((0, 0, 0), None, None, [])
    assert document(path, NOW)["keys"] == []
    assert not path.exists()


def test_what_nobody_judged_yet_is_unknown(path):
    write(path, made_up(1))
    cache = CacheReader(path, "w")
    columns = cache.columns()
    assert columns.data == [("unknown",)]
    assert parse("data:unknown").columns(columns, [0], NOW) == [0]
    assert parse("data:none,paid,not-trained").columns(columns, [0], NOW) == []
    assert document(path, NOW)["keys"][0]["data"] == ["unknown"]


def test_it_is_private(path):
    write(path, made_up(1))
    for each in path.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_cache_that_others_can_write_is_not_used(path, mode):
    write(path, made_up(1))
    path.chmod(mode)
    with pytest.raises(NotAllowed):
        CacheReader(path, "w")
    with pytest.raises(NotAllowed):
        CacheWriter(path, "w", print)


def test_a_link_is_not_used(path, tmp_path):
    write(path, made_up(1))
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotAllowed):
        CacheReader(path, "w")


def test_another_world_is_refused_and_left_alone(path):
    write(path, made_up(1))
    with pytest.raises(AnotherWorld, match="'w'"):
        CacheReader(path, "google")
    with pytest.raises(AnotherWorld):
        CacheWriter(path, "google", print)
    assert len(ids(path)) == 1


def damage_head(data):
    return b"not a database at all" + data[21:]


def damage_middle(data):
    return data[:5000] + b"\xff" * 8000 + data[13000:]


def damage_end(data):
    return data[:-40_000] + b"\xff" * 30_000 + data[-10_000:]


@pytest.mark.parametrize(
    "damage", [damage_head, damage_middle, damage_end, lambda data: data[: len(data) // 2], lambda data: data[:50]]
)
def test_a_damaged_cache_is_made_anew_with_a_warning(path, damage):
    write(path, *(made_up(number) for number in range(300)))
    path.write_bytes(damage(path.read_bytes()))
    warnings = []
    reader = CacheReader(path, "w", warnings.append)
    list(reader.credentials())
    document(path, NOW)
    reader.close()
    assert write(path, made_up(7)), "a warning is due"
    assert ids(path) == ["fake:place/key-7"]


def test_a_cache_of_another_version_is_made_anew(path):
    import sqlite3

    write(path, made_up(1))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    warnings = []
    assert CacheReader(path, "w", warnings.append).counts() == (0, 0, 0)
    assert "another version" in warnings[0]
    assert write(path, made_up(2))
    assert ids(path) == ["fake:place/key-2"]


def test_a_cache_that_nobody_finished_making_is_of_no_other_world(path):
    import sqlite3

    write(path, made_up(1))
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'world'")
    connection.close()
    warnings = []
    assert CacheReader(path, "w", warnings.append).counts() == (0, 0, 0)
    assert len(warnings) == 1
    assert write(path, made_up(2)), "a warning is due"
    assert ids(path) == ["fake:place/key-2"]


def full(number):
    return made_up(
        number,
        kind=Kind.API_KEY,
        state=State.RESTORABLE,
        resource="projects/1/keys/x",
        name="Käse [b]bold[/b] \N{REPLACEMENT CHARACTER}",
        created=NOW - timedelta(days=10, hours=1),
        first_seen=NOW - timedelta(days=3),
        expires=NOW + timedelta(days=5),
        deleted=NOW - timedelta(hours=2),
        restorable_until=NOW + timedelta(days=30),
        restrictions=Restrictions(
            ("a.googleapis.com", "b.googleapis.com"), "ip", ("10.0.0.0/8",), {"serverKeyRestrictions": {"x": [1]}}
        ),
        bound_identity="robot@acme",
        annotations={"team": "web"},
        etag='W/"1"',
        fingerprint="ab" * 32,
        last_use=LastUse(
            UseStatus.USED, NOW - timedelta(hours=5), 42, "here", timedelta(days=1), timedelta(minutes=30), "why"
        ),
        issuer="acme",
    )


@pytest.mark.parametrize("one", [full(1), made_up(1, first_seen=NOW)])
def test_a_credential_comes_back_as_it_was(path, one):
    write(path, one)
    found = CacheReader(path).credential(one.id)
    assert found == one
    assert found.restrictions is None or found.restrictions.raw == one.restrictions.raw


def test_a_secret_comes_back_as_it_was(path):
    info = SecretInfo(
        SecretRef("gsm", ("acme", "web"), "acme"),
        created=NOW,
        updated=NOW,
        current="2",
        versions=(Version("2", created=NOW, etag="e"), Version("1", VersionState.DISABLED)),
        aliases={"live": "1"},
        labels={"a": "b"},
        annotations={"c": "d"},
        rotation="every 30 days",
        topics=("t",),
        etag="x",
        immutable_versions=True,
        plaintext=True,
        unsafe="belongs to root",
    )
    bare = SecretInfo(SecretRef("env", ("/a/.env",), "/a"))
    cache = CacheWriter(path, "w", print)
    with cache.batch():
        cache.secrets([info, bare], "host")
    cache.close()
    reader = CacheReader(path)
    assert (reader.secret("gsm:acme/web"), reader.secret("env:/a/.env"), reader.secret("gsm:no/no")) == (
        info,
        bare,
        None,
    )


def test_first_seen_stays_and_what_is_new_is_told(path):
    early, later = made_up(1, first_seen=NOW - timedelta(days=9)), made_up(1, state=State.DISABLED)
    write(path, early)
    cache = CacheWriter(path, "w", print)
    with cache.batch():
        assert cache.keys("fake:place", [later], NOW) == [early.id]
        assert cache.keys("fake:place", [later], NOW) == []
    cache.close()
    reader = CacheReader(path)
    assert reader.credential(early.id).first_seen == early.first_seen
    told = reader.changes(NOW - timedelta(days=1))
    assert told == [(NOW.timestamp(), early.id, "state", "active", "disabled")]
    assert [what for _, _, what, _, _ in reader.changes(NOW - timedelta(days=10))] == ["new", "state"]


def test_rows_that_were_not_seen_stay_only_when_the_source_was_not_read_to_its_end(path):
    write(path, made_up(1), made_up(2))
    write(path, made_up(1), status=SourceStatus.PARTIAL, listed=False, now=NOW + timedelta(days=1))
    reader = CacheReader(path)
    assert list(reader.columns().source_status) == ["partial", "stale"]
    assert reader.sources()[0].stale_since == NOW
    assert (reader.stale("fake:place/key-2"), reader.stale("fake:place/key-1")) == (True, False)
    write(path, made_up(1))
    assert ids(path) == ["fake:place/key-1"]
    assert CacheReader(path).changes(NOW)[-1][1:3] == ("fake:place/key-2", "gone")


def test_use_is_kept_with_its_buckets(path):
    write(path, made_up(1, created=NOW - timedelta(days=400)), made_up(2, created=NOW - timedelta(days=1)))
    bucket = UseBucket(NOW - timedelta(hours=2), NOW - timedelta(hours=1), 3, "gemini", "2xx")
    report = UsageReport(UseStatus.USED, NOW - timedelta(days=42), NOW, {"key-1": (bucket,)}, "here")
    cache = CacheWriter(path, "w", print)
    with cache.batch():
        assert len(cache.uses("fake:place", report)) == 2
    with cache.batch():
        cache.keys("fake:place", [made_up(1, created=NOW - timedelta(days=400))], NOW)  # a scan that did not ask
    cache.close()
    reader = CacheReader(path)
    assert list(reader.columns().last_used_status) == ["used", "never"]
    assert reader.uses("fake:place/key-1") == [(bucket.start.timestamp(), bucket.end.timestamp(), 3, "gemini", "2xx")]


def test_a_use_is_news_when_anything_is_known_otherwise(path):
    write(path, made_up(1, created=NOW - timedelta(days=9)))
    at = NOW - timedelta(hours=2)
    used = UsageReport(UseStatus.USED, NOW - timedelta(days=42), NOW, {"key-1": (UseBucket(at, at, 3),)}, "audit")
    later = replace(used, by_key={"key-1": (UseBucket(NOW, NOW, 1), UseBucket(at, at, 3))})
    denied = replace(used, status=UseStatus.DENIED, by_key={}, detail="no permission")
    known = [used, later, replace(later, precision=timedelta(days=1)), denied, replace(denied, detail="no API"), None]
    cache = CacheWriter(path, "w", print)
    for report in known:
        for changed in (["fake:place/key-1"], []):
            with cache.batch():
                assert cache.uses("fake:place", report) == changed
        said = UNSUPPORTED if report is None else report.last_use("key-1", NOW - timedelta(days=9))
        assert CacheReader(path).credential("fake:place/key-1").last_use == said
    cache.close()


def test_columns_come_in_chunks_in_the_order_of_the_list(path):
    rows = [made_up(number, name=name) for number, name in enumerate(["b", None, "A", "c", "a", "a"])]
    write(path, *rows)
    reader = CacheReader(path)
    whole = reader.columns()
    assert list(whole.name) == ["A", "a", "a", "b", "c", ""]
    pieces = list(reader.chunks(2, 3))
    assert [len(piece.id) for piece in pieces] == [2, 3, 1]
    assert [one for piece in pieces for one in piece.id] == list(whole.id)
    assert list(reader.columns(["fake:place/key-3", "none", "fake:place/key-0"]).name) == ["c", "b"]


def test_some_keys_are_read_as_they_stand_in_the_whole_without_reading_the_others(path):
    write(path, *(made_up(number, name=f"n{number % 7}", expires=NOW) for number in range(1_300)))
    write(path, made_up(9_999), source="fake:elsewhere", status=SourceStatus.PARTIAL)
    reader = CacheReader(path)
    whole = reader.columns()
    wanted = [*reversed(whole.id[::2]), "none", whole.id[0]]  # more than one statement takes
    some, statements = reader.columns(wanted), []
    assert list(some.id) == wanted[:-2], "in their order, each once, and what is not there is left out"
    at = {key: number for number, key in enumerate(whole.id)}
    for field in fields(some):
        values = getattr(whole, field.name)
        assert list(getattr(some, field.name)) == [values[at[key]] for key in some.id], field.name
    assert set(reader.columns(["fake:place/key-9999", "fake:place/key-3"]).source_status) == {"partial", "ok"}
    reader._connection.set_trace_callback(statements.append)
    reader.columns(whole.id[:20])
    reader._connection.set_trace_callback(None)
    plans = [row[3] for one in statements for row in reader.rows(f"EXPLAIN QUERY PLAN {one}")]
    assert plans
    assert all(plan.startswith("SEARCH") for plan in plans), plans


def test_queries_run_over_the_columns(path):
    write(path, full(1), made_up(2, name="plain", created=NOW - timedelta(days=200)))
    columns = CacheReader(path).columns()
    everything = range(len(columns.id))

    def found(text):
        return [columns.id[at] for at in parse(text).columns(columns, everything, NOW)]

    assert found("age>90d") == ["fake:place/key-2"]
    assert found("restricted:ip") == found("käse") == found("robot@") == ["fake:place/key-1"]
    assert found("restricted:unknown") == ["fake:place/key-2"]
    assert found("source:ok place") == list(columns.id)


def test_a_reader_sees_whole_batches_while_a_scan_writes(path):
    write(path, made_up(0))
    stop, torn = threading.Event(), []

    def read():
        while not stop.is_set():
            reader = CacheReader(path, "w")
            count = len(reader.columns().id)
            reader.close()
            if count % 10 != 1:
                torn.append(count)

    thread = threading.Thread(target=read)
    thread.start()
    cache = CacheWriter(path, "w", print)
    for batch in range(30):
        with cache.batch():
            cache.keys("fake:place", [made_up(batch * 10 + number + 1) for number in range(10)], NOW)
    cache.close()
    stop.set()
    thread.join()
    assert torn == []


def test_reading_loads_nothing_heavy(path):
    write(path, full(1), made_up(2))
    code = (
        "import sys, pathlib, datetime\n"
        "from keyward.inventory.cache import CacheReader\n"
        "from keyward.inventory.listing import inventory\n"
        "assert 'sqlite3' not in sys.modules\n"
        "text = ''.join(inventory(CacheReader(pathlib.Path(sys.argv[1])), datetime.datetime.now(datetime.UTC)))\n"
        "assert text.count('fake:place/key-') == 2\n"
        "heavy = {'dataclasses', 'keyward.model.credential', 'google', 'googleapiclient', 'keyring', 'sqlalchemy', 'textual', 'typer'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_changed_is_remembered_for_a_year_and_no_longer(path):
    write(path, made_up(1))
    write(path, made_up(1, state=State.DISABLED))
    long_ago = NOW - timedelta(days=3_000)
    assert len(CacheReader(path).changes(long_ago)) == 2
    cache = CacheWriter(path, "w", print)
    with cache.batch():
        cache.relink(frozenset(), dict, NOW + timedelta(days=500))
    cache.close()
    assert [what for _, _, what, _, _ in CacheReader(path).changes(long_ago)] == ["new"]


def test_a_batch_that_fails_leaves_nothing(path):
    cache = CacheWriter(path, "w", print)

    def fail():
        with cache.batch():
            cache.keys("fake:place", [made_up(1)], NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    cache.close()
    assert ids(path) == []


def test_a_look_at_one_source_does_not_make_the_rest_look_fresh(path):
    write(path, source="fake:one")
    write(path, source="fake:two")
    write(path, source="fake:two", now=NOW + timedelta(days=3))
    reader = CacheReader(path, "w")
    assert reader.scanned_at == NOW
    reader.close()
