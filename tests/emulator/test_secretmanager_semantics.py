"""What Secret Manager promises about versions, aliases, etags, limits and time, on the state behind both transports."""

import base64
import contextlib
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock, micros, parse
from keyward.emulator.errors import ApiError
from keyward.emulator.secretmanager import policies, secrets, versions
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.filters import compile_filter
from keyward.emulator.secretmanager.pages import cut
from keyward.emulator.secretmanager.resources import Guard, Parent, Ref
from keyward.emulator.world import World

START = datetime(2026, 11, 20, 12, 0, 0, 123, tzinfo=UTC)
PARENT = Parent("123456789012")
DAY = 86_400.0


@pytest.fixture
def world():
    return World(seed=3, clock=Clock(START, rate=0), behaviour=quick())


@pytest.fixture
def book(world):
    return world.state(Book)


def at(secret, version=""):
    return Ref(PARENT, secret, str(version))


def make(book, name="db", *payloads, **fields):
    body = secrets.create(book, at(name), {"replication": {"automatic": {}}, **fields})
    for data in payloads:
        add(book, name, data)
    return body


def add(book, name, data):
    return versions.add(book, at(name), {"data": base64.b64encode(data).decode()})


def value(book, name, version):
    return base64.b64decode(versions.access(book, at(name, version))["payload"]["data"])


def refusal(act, *arguments, **named):
    with pytest.raises(ApiError) as caught:
        act(*arguments, **named)
    return caught.value.status, caught.value.message


def test_latest_is_the_newest_version_whatever_its_state(book):
    make(book, "db", b"one", b"two", b"three")
    assert value(book, "db", "latest") == b"three"
    versions.disable(book, at("db", 3), Guard())
    text = "Secret Version [projects/123456789012/secrets/db/versions/3] is in DISABLED state."
    assert refusal(versions.access, book, at("db", "latest")) == ("FAILED_PRECONDITION", text)
    versions.destroy(book, at("db", 3), Guard())
    assert "is in DESTROYED state." in refusal(versions.access, book, at("db", "latest"))[1]
    assert value(book, "db", 2) == b"two"


def test_nothing_can_be_latest_in_an_empty_or_missing_secret(book):
    make(book, "db")
    text = "Secret [projects/123456789012/secrets/{}] not found or has no versions."
    assert refusal(versions.access, book, at("db", "latest")) == ("NOT_FOUND", text.format("db"))
    assert refusal(versions.access, book, at("no", "latest")) == ("NOT_FOUND", text.format("no"))
    assert refusal(secrets.get, book, at("no")) == ("NOT_FOUND", "Secret [projects/123456789012/secrets/no] not found.")


def test_a_destroyed_version_stays_destroyed_and_keeps_no_payload(book):
    make(book, "db", b"one")
    gone = versions.destroy(book, at("db", 1), Guard())
    assert re.fullmatch(r"2026-11-20T12:00:00\.\d{9}Z", gone["destroyTime"])
    for act in (versions.enable, versions.disable, versions.destroy):
        assert refusal(act, book, at("db", 1), Guard())[0] == "FAILED_PRECONDITION"
    assert b"one" not in json.dumps(book.dump()).encode()
    assert base64.b64encode(b"one").decode() not in json.dumps(book.dump())


def test_numbers_are_never_reused(book):
    make(book, "db", b"one", b"two")
    versions.destroy(book, at("db", 2), Guard())
    assert add(book, "db", b"three")["name"].endswith("/versions/3")


def test_etags_have_googles_form_and_change_when_they_should(book, world):
    made = make(book, "db", b"one")
    assert re.fullmatch(r'"[0-9a-f]{14}"', made["etag"])
    first = versions.get(book, at("db", 1))["etag"]
    seen = {made["etag"], first}
    for act in (versions.disable, versions.enable, versions.disable, versions.destroy):
        changed = act(book, at("db", 1), Guard())["etag"]
        assert changed not in seen
        seen.add(changed)
    assert secrets.get(book, at("db"))["etag"] == made["etag"]
    patched = secrets.update(book, at("db"), {"labels": {"a": "b"}}, "labels", Guard())
    assert patched["etag"] not in seen
    world.clock.advance(-3600)
    assert secrets.update(book, at("db"), {}, "labels", Guard())["etag"] not in {*seen, patched["etag"]}


def test_doing_it_again_changes_nothing(book):
    make(book, "db", b"one")
    once = versions.disable(book, at("db", 1), Guard())
    assert versions.disable(book, at("db", 1), Guard()) == once


@pytest.mark.parametrize("status", ["ABORTED", "FAILED_PRECONDITION"])
def test_a_stale_etag_is_refused_with_the_configured_status(book, status):
    made = make(book, "db", b"one")
    old = versions.get(book, at("db", 1))["etag"]
    versions.disable(book, at("db", 1), Guard(old, status))
    assert refusal(versions.enable, book, at("db", 1), Guard(old, status))[0] == status
    secrets.update(book, at("db"), {"labels": {"a": "b"}}, "labels", Guard(made["etag"], status))
    assert refusal(secrets.update, book, at("db"), {}, "labels", Guard(made["etag"], status))[0] == status
    assert refusal(secrets.delete, book, at("db"), Guard(made["etag"], status))[0] == status
    assert versions.get(book, at("db", 1))["state"] == "DISABLED"


def test_aliases_name_existing_versions_and_only_read(book):
    make(book, "db", b"one", b"two")
    update = secrets.update
    assert update(book, at("db"), {"versionAliases": {"live": "1"}}, "versionAliases", Guard())["versionAliases"] == {
        "live": "1"
    }
    assert value(book, "db", "live") == b"one"
    assert versions.access(book, at("db", "live"))["name"].endswith("/versions/1")
    assert refusal(versions.disable, book, at("db", "live"), Guard())[0] == "NOT_FOUND"
    assert refusal(update, book, at("db"), {"versionAliases": {"live": "3"}}, "version_aliases", Guard())[0] == (
        "FAILED_PRECONDITION"
    )
    for bad in ("latest", "NEW", "1st", "a" * 64, "a b"):
        body = {"versionAliases": {bad: "1"}}
        assert refusal(update, book, at("db"), body, "version_aliases", Guard())[0] == "INVALID_ARGUMENT"
    assert value(book, "db", "live") == b"one"
    moved = update(book, at("db"), {"versionAliases": {"live": "2"}}, "version_aliases.live", Guard())
    assert moved["versionAliases"] == {"live": "2"}


@pytest.mark.parametrize("size", [0, 64 * 1024])
def test_payloads_up_to_64_kib_are_kept_exactly(book, size):
    data = bytes(range(256)) * 256
    make(book, "db", data[:size])
    assert value(book, "db", 1) == data[:size]


def test_a_larger_payload_adds_nothing(book):
    make(book, "db")
    assert refusal(add, book, "db", b"x" * (64 * 1024 + 1))[0] == "INVALID_ARGUMENT"
    assert versions.list_page(book, at("db"), size=0, token="", query="") == {}


def test_bytes_that_are_no_base64_are_refused(book):
    make(book, "db")
    assert refusal(versions.add, book, at("db"), {"data": "*"})[0] == "INVALID_ARGUMENT"


def test_a_checksum_must_match(book):
    make(book, "db")
    data = base64.b64encode(b"123456789").decode()
    kept = versions.add(book, at("db"), {"data": data, "dataCrc32c": str(0xE3069283)})
    assert kept["clientSpecifiedPayloadChecksum"] is True
    for wrong in ("1", "x"):
        assert refusal(versions.add, book, at("db"), {"data": data, "dataCrc32c": wrong})[0] == "INVALID_ARGUMENT"
    assert "clientSpecifiedPayloadChecksum" not in add(book, "db", b"x")


def test_destruction_can_be_delayed_and_called_off(book, world):
    make(book, "db", b"one", b"two", versionDestroyTtl="86400s")
    waiting = versions.destroy(book, at("db", 1), Guard())
    assert waiting["state"] == "DISABLED"
    assert waiting["scheduledDestroyTime"] == micros(START + timedelta(days=1))
    assert "scheduledDestroyTime" not in versions.enable(book, at("db", 1), Guard())
    versions.destroy(book, at("db", 2), Guard())
    world.clock.advance(DAY)
    assert versions.get(book, at("db", 1))["state"] == "ENABLED"
    assert versions.get(book, at("db", 2))["state"] == "DESTROYED"


def test_a_secret_expires(book, world):
    made = make(book, "db", b"one", ttl="3600s")
    assert made["expireTime"] == micros(START + timedelta(hours=1))
    assert "ttl" not in made
    world.clock.advance(3600)
    assert refusal(secrets.get, book, at("db"))[0] == "NOT_FOUND"
    assert secrets.list_page(book, PARENT, size=0, token="", query="") == {}
    make(book, "db")
    assert versions.list_page(book, at("db"), size=0, token="", query="") == {}


def test_rotation_dates_move_on_by_the_period(book, world):
    rotation = {"nextRotationTime": micros(START + timedelta(hours=1)), "rotationPeriod": "3600s"}
    topics = [{"name": "projects/p/topics/t"}]
    make(book, "db", rotation=rotation, topics=topics)
    world.clock.advance(2.5 * 3600)
    assert secrets.get(book, at("db"))["rotation"]["nextRotationTime"] == micros(START + timedelta(hours=3))


@pytest.mark.parametrize(
    "fields",
    [
        {"replication": {}},
        {"replication": {"userManaged": {"replicas": []}}},
        {"labels": {"UPPER": "x"}},
        {"labels": {"a": "Ü"}},
        {"labels": {f"l{n}": "" for n in range(65)}},
        {"annotations": {"a": "x" * 16384}},
        {"annotations": {"-a": "x"}},
        {"topics": [{"name": "t"}]},
        {"expireTime": "2020-01-01T00:00:00Z"},
        {"expireTime": "soon"},
        {"ttl": "1h"},
        {"ttl": "3600s", "expireTime": "2030-01-01T00:00:00Z"},
        {"versionDestroyTtl": "3600s"},
        {"rotation": {"rotationPeriod": "3600s"}},
        {"rotation": {"nextRotationTime": micros(START + timedelta(hours=1))}},
        {"rotation": {"nextRotationTime": micros(START)}, "topics": [{"name": "projects/p/topics/t"}]},
        {"secretType": "PASSWORD"},
    ],
)
def test_a_field_beyond_its_limits_creates_nothing(book, fields):
    assert refusal(make, book, "db", **fields)[0] == "INVALID_ARGUMENT"
    assert refusal(secrets.get, book, at("db"))[0] == "NOT_FOUND"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "x" * 256])
def test_a_bad_id_is_refused(book, name):
    assert refusal(make, book, name)[0] == "INVALID_ARGUMENT"


def test_a_second_secret_of_the_name_is_refused(book):
    make(book, "db")
    assert refusal(make, book, "db")[0] == "ALREADY_EXISTS"


@pytest.mark.parametrize("mask", ["", "replication", "name", "color"])
def test_an_update_needs_a_mask_of_changeable_fields(book, mask):
    made = make(book, "db")
    assert refusal(secrets.update, book, at("db"), {}, mask, Guard())[0] == "INVALID_ARGUMENT"
    assert secrets.get(book, at("db")) == made


def test_a_refused_update_changes_nothing(book):
    made = make(book, "db", annotations={"owner": "web"})
    body = {"annotations": {"owner": "other"}, "labels": {"UPPER": "x"}}
    assert refusal(secrets.update, book, at("db"), body, "annotations,labels", Guard())[0] == "INVALID_ARGUMENT"
    assert secrets.get(book, at("db")) == made


def test_pages_do_not_shift_when_secrets_are_added(book):
    for name in ("a", "b", "c"):
        make(book, name)
    first = secrets.list_page(book, PARENT, size=2, token="", query="")
    make(book, "d")
    second = secrets.list_page(book, PARENT, size=2, token=first["nextPageToken"], query="")
    names = [item["name"].rsplit("/", 1)[1] for page in (first, second) for item in page["secrets"]]
    assert names == ["c", "b", "a"]
    assert "nextPageToken" not in second
    assert refusal(secrets.list_page, book, PARENT, size=2, token="made-up", query="")[0] == "INVALID_ARGUMENT"
    assert refusal(secrets.list_page, book, PARENT, size=-1, token="", query="")[0] == "INVALID_ARGUMENT"


@given(st.lists(st.integers(1, 1000), unique=True).map(lambda found: sorted(found, reverse=True)), st.integers(1, 9))
def test_pages_add_up_to_the_list(orders, size):
    walked, token = [], ""
    while True:
        page, token = cut([(order, order) for order in orders], size, token)
        walked += page
        assert len(page) <= size
        if not token:
            break
    assert walked == orders


def test_versions_are_listed_newest_first_and_filtered(book, world):
    make(book, "db", b"one")
    world.clock.advance(DAY)
    add(book, "db", b"two")
    versions.disable(book, at("db", 1), Guard())

    def listed(query):
        page = versions.list_page(book, at("db"), size=0, token="", query=query)
        return [item["name"].rsplit("/", 1)[1] for item in page.get("versions", [])], page.get("totalSize")

    assert listed("") == (["2", "1"], 2)
    assert listed("state:ENABLED") == (["2"], None)
    assert listed("state=DISABLED AND create_time<2026-11-21T00:00:00Z") == (["1"], None)
    assert listed("state:DISABLED AND create_time<2026-11-20T00:00:00Z") == ([], None)
    assert listed("NOT state:ENABLED OR create_time>=2026-11-21") == (["2", "1"], None)
    assert listed("-(state:ENABLED)") == (["1"], None)


@pytest.mark.parametrize("query", ["(", "a:", ":b", "a:b)", "NOT", '"', "create_time<soon", "a AND"])
def test_a_broken_filter_is_refused(query):
    assert refusal(lambda: compile_filter(query)({"name": "x", "createTime": micros(START)}))[0] == "INVALID_ARGUMENT"


@given(st.text(max_size=30))
def test_any_text_is_a_filter_or_refused(query):
    with contextlib.suppress(ApiError):
        assert compile_filter(query)({"name": "projects/1/secrets/x", "labels": {"a": "b"}}) in {True, False}


def test_filters_see_labels(book):
    make(book, "a", labels={"env": "prod"})
    make(book, "b")

    def listed(query):
        found = secrets.list_page(book, PARENT, size=0, token="", query=query).get("secrets", [])
        return "".join(item["name"][-1] for item in found)

    assert listed("labels.env=prod") == "a"
    assert listed("labels:env") == "a"
    assert listed("labels.env!=prod") == "b"
    assert listed("name:B") == "b"
    assert listed("secrets/a") == "a"


def test_a_snapshot_brings_everything_back(book, world):
    make(book, "db", b"one", b"two", versionDestroyTtl="86400s", labels={"a": "b"}, annotations={"owner": "web"})
    versions.destroy(book, at("db", 1), Guard())
    policies.replace(book, at("db"), {"bindings": [{"role": "r", "members": ["user:a"]}]})
    secrets.update(book, at("db"), {"versionAliases": {"live": "2"}}, "versionAliases", Guard())
    again = Book(world)
    again.load(json.loads(json.dumps(book.dump())))
    assert again.dump() == book.dump()
    assert secrets.get(again, at("db")) == secrets.get(book, at("db"))
    assert value(again, "db", "live") == b"two"
    assert add(again, "db", b"three")["etag"] not in json.dumps(book.dump())


def test_create_times_have_microseconds(book):
    made = make(book, "db", b"one")
    assert made["createTime"] == "2026-11-20T12:00:00.000123Z"
    assert parse(versions.get(book, at("db", 1))["createTime"]) == START
