"""Nine projects: three that can be read, three that deny, three with the API off. Every face says 3 / 3 / 3, and nobody calls the six healthy."""

import csv
import io
from collections import Counter
from datetime import datetime, timedelta

import pytest

from tests.cli.test_documents import check
from tests.parts.scene import Scene

APIS = ("apikeys", "secretmanager", "iam", "storage")
OPEN, DENIED, OFF = ([f"acme-{word}-{n}" for n in range(3)] for word in ("open", "denied", "off"))


@pytest.fixture
def nine(tmp_path):
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        for project in (*OPEN, *DENIED, *OFF):
            scene.key(f"key of {project}", project=project)
        for project in DENIED:
            scene.world.known(project).denied.update(f"{api}.*" for api in APIS)
        # Nobody's quota can be used instead: the project that quota falls back to has the APIs off too.
        for project in (*OFF, "acme-prod"):
            place = scene.world.known(project) or scene.world.new_project(project)
            place.api_off.update(f"{api}.googleapis.com" for api in APIS)
        yield scene


def keyed(sources, status="status"):
    """How the sources of API keys ended, counted."""
    return Counter(one[status] for one in sources if one["id"].startswith("google-api-keys:acme-"))


def scan(scene, *more):
    return scene.keyward(
        "scan", "--project", "acme-open-*", "--project", "acme-denied-*", "--project", "acme-off-*", *more
    )


def test_table_json_csv_and_exit_status_agree(nine):
    done = scan(nine, "-o", "json")
    sources = check(done.json)["sources"]
    assert keyed(sources) == {"ok": 3, "denied": 3, "disabled": 3}
    found = {one["status"]: one["items"] for one in sources if one["id"].startswith("google-api-keys:")}
    assert found == {"ok": 1, "denied": None, "disabled": None}, "where nobody may look, nothing was not found"
    assert done.status == done.json["exit_code"] == 3
    table = scan(nine)
    assert table.status == 3
    lines = [line.split() for line in table.out.splitlines()]
    assert ["google-api-keys", "3", "denied,", "3", "disabled,", "3", "ok"] in lines
    rows = list(csv.DictReader(io.StringIO(scan(nine, "-o", "csv").out)))
    assert keyed(rows) == {"ok": 3, "denied": 3, "disabled": 3}
    assert {(one["status"], one["items"]) for one in rows if one["id"].startswith("google-api-keys:")} == {
        ("ok", "1"),
        ("denied", ""),
        ("disabled", ""),
    }
    listed = nine.keyward("list", "-o", "json")
    assert keyed(check(listed.json)["sources"]) == {"ok": 3, "denied": 3, "disabled": 3}
    assert {one["name"] for one in listed.json["keys"]} == {f"key of {project}" for project in OPEN}
    assert listed.status == 3
    status = nine.keyward("status", "-o", "json").json
    assert Counter(one["id"].split(":")[0] for one in status["missing"])["google-api-keys"] == 3
    strict = scan(nine, "--strict", "-o", "json")
    assert strict.status == 3


def test_one_project_that_denies_keys_and_allows_secrets_is_two_different_sources(nine):
    project = nine.world.known(DENIED[0])
    project.denied.clear()
    project.denied.add("apikeys.*")
    nine.secret("seen", "something", project=DENIED[0])
    sources = {one["id"]: one for one in scan(nine, "-o", "json").json["sources"]}
    assert sources[f"google-api-keys:{DENIED[0]}"]["status"] == "denied"
    assert sources[f"google-api-keys:{DENIED[0]}"]["permission"] == "apikeys.keys.list"
    assert sources[f"gsm:{DENIED[0]}"]["status"] == "ok"
    assert sources[f"gsm:{DENIED[0]}"]["items"] == 1


def test_one_that_turns_denied_keeps_its_rows_as_stale(nine):
    first = scan(nine, "-o", "json").json["at"]
    nine.world.clock.advance(3600)
    nine.world.known(OPEN[0]).denied.add("apikeys.*")
    source = f"google-api-keys:{OPEN[0]}"
    done = scan(nine, "-o", "json")
    told = next(one for one in done.json["sources"] if one["id"] == source)
    assert told["status"] == "denied"
    seen, scanned = map(datetime.fromisoformat, (told["stale_since"], first))
    assert abs((seen - scanned).total_seconds()) < 60, "as of the scan an hour ago; it may take more than one second"
    assert "rows as of" in scan(nine).out
    listed = nine.keyward("list", "-o", "json").json
    assert {one["name"] for one in listed["keys"]} == {f"key of {project}" for project in OPEN}
    assert next(one for one in listed["sources"] if one["id"] == source)["stale_since"] == told["stale_since"]
    (row,) = [line for line in nine.keyward("list").out.splitlines() if f"key of {OPEN[0]} " in line]
    assert "active (stale)" in row
    nine.world.known(OPEN[0]).denied.clear()
    scan(nine)
    assert "(stale)" not in nine.keyward("list").out


def test_an_accepted_gap_stops_counting_until_its_date(nine):
    today = nine.world.clock.now().date()
    gap = '[[gap]]\nmatch = "*:acme-denied-*"\nowner = "mary"\nuntil = {}\nwhy = "sold in spring"\n'
    nine.settings(gap.format(today + timedelta(days=10)))
    done = scan(nine, "-o", "json")
    assert done.status == check(done.json)["exit_code"] == 0, done.err
    assert keyed(done.json["sources"])["denied"] == 3, "an accepted gap is no readable project"
    accepted = {one["id"]: one["gap"] for one in done.json["sources"] if one["gap"]}
    assert set(Counter(one.partition(":")[2] for one in accepted)) == set(DENIED)
    assert accepted[f"gsm:{DENIED[0]}"]["owner"] == "mary"
    assert f"Accepted gap: gsm:{DENIED[0]} (denied; mary, until {today + timedelta(days=10)})" in scan(nine).out
    listed = nine.keyward("list", "-o", "json")
    assert listed.status == 0
    assert sum("gap" in one for one in check(listed.json)["sources"]) == len(accepted)
    assert nine.keyward("status", "-o", "json").json["missing"] == []
    nine.world.clock.advance(10 * 86_400)  # its last day
    assert nine.keyward("list").status == 0
    nine.world.clock.advance(86_400)
    assert nine.keyward("list").status == 3
    assert scan(nine).status == 3


@pytest.mark.parametrize(
    "wrong", ['until = "soon"', "until = 2027-01-31T10:00:00Z", "until = 7", 'until = "2027-01-31"\nmatsch = "x"']
)
def test_a_gap_that_cannot_be_read_names_its_line(scene, wrong):
    scene.settings(f'[[gap]]\nmatch = "gsm:*"\nowner = "mary"\n{wrong}\n')
    done = scene.keyward("list")
    assert done.status == 4
    assert "keyward.toml" in done.err
    assert "Traceback" not in done.err


def test_a_gap_in_the_working_folder_is_refused(scene):
    (scene.home / "keyward.toml").write_text('[[gap]]\nmatch = "*"\nowner = "anybody"\nuntil = 2999-01-01\n')
    done = scene.keyward("list")
    assert done.status == 4
    assert "may not set [[gap]]" in done.err
