"""What rules find, where keys are listed: the same as `keyward check`, kept at scans, and never taken for none where nobody asked."""

import json
import sqlite3
import threading
from contextlib import closing
from functools import partial

import pytest

from keyward.desk import Desk, ScanWish
from keyward.model.errors import Interrupted
from keyward.wiring import Parts
from tests.cli.test_documents import check as fits
from tests.parts.scanning import made_up


@pytest.fixture
def planted(scene):
    """A key of five days in a secret, and an open one of a year in none; both were scanned."""
    young = scene.key("young", days=5)
    scene.secret("app", young.key_string)
    old = scene.key("old", days=365, restrictions={})
    scene.settings('[scan]\nread_values = ["project:acme-prod"]\n')
    assert scene.keyward("scan").status == 0
    return scene.key_id(young), scene.key_id(old)


def listed(scene, *query):
    """The document of a list, and its keys by id."""
    document = fits(scene.keyward("list", *query, "-o", "json").json)
    return document, {one["id"]: one for one in document["keys"]}


def ids(scene, *query):
    done = scene.keyward("list", *query, "-o", "ids")
    assert done.status == 0, done.err
    return set(done.out.split())


def checked(scene, result="fail"):
    """(key, rule) of everything that a check says of keys."""
    document = fits(scene.keyward("check", "-o", "json").json)
    return {(one["subject"], one["rule"]) for one in document["findings"] if one["result"] == result and one["of"] == "key"}  # fmt: skip


def forget(scene):
    """The keys of the cache as they are before any rule was asked."""
    with closing(sqlite3.connect(scene.home / "state" / "cache" / "inventory.db")) as cache, cache:
        cache.execute("UPDATE key SET findings = NULL, doubts = 0")
        cache.execute("DELETE FROM meta WHERE name = 'judged'")


def test_a_scan_leaves_each_key_with_what_a_check_says_of_it(scene, planted):
    document, keys = listed(scene)
    assert document["judged"]["stale"] is None
    assert {(key, rule) for key, one in keys.items() for rule in one["findings"]} == checked(scene)
    unknown = checked(scene, "unknown")
    assert {key: one["rules_unknown"] for key, one in keys.items()} == {
        key: sum(subject == key for subject, _ in unknown) for key in keys
    }
    _, old = planted
    assert {"KW-101", "KW-302", "KW-401"} <= set(keys[old]["findings"])


def test_queries_find_keys_by_rule_by_none_and_by_what_nobody_can_tell(scene, planted):
    young, old = planted
    scene.settings(
        f'[scan]\nread_values = ["project:acme-prod"]\n[[policy]]\nrule = "KW-*"\nmatch = "id:{young}"\noff = true\n'
    )
    assert ids(scene, "finding:kw-101") == ids(scene, "finding:KW-1*,KW-999") == {old}
    assert ids(scene, "finding:none") == {young}
    assert ids(scene, "!finding:none") == ids(scene, "finding:unknown") == {old}
    table = scene.keyward("list", "--columns", "findings")
    assert "FINDINGS" in table.out
    assert "KW-101" in next(line for line in table.out.splitlines() if old in line)
    assert " none " in next(line for line in table.out.splitlines() if young in line)
    assert "KW-101" in scene.keyward("list", "-o", "csv", f"id:{old}").out
    shown = scene.keyward("show", old).out
    assert "KW-101" in shown
    assert "nobody can tell of" in shown


def test_a_key_that_was_never_judged_is_not_one_without_findings(scene, planted):
    _, old = planted
    forget(scene)
    document, keys = listed(scene)
    assert document["judged"] is None
    assert {(one["findings"], one["rules_unknown"]) for one in keys.values()} == {(None, None)}
    shown = scene.keyward("show", old)
    assert "not judged -> keyward check" in shown.out
    fits(scene.keyward("show", old, "-o", "json").json)
    csv = scene.keyward("list", "-o", "csv").out
    assert csv.count("unjudged") == 2
    assert ids(scene, "finding:KW-101") == {old}, "who asks for findings has the keys judged"
    document, keys = listed(scene)
    assert document["judged"]["stale"] is None
    assert "KW-101" in keys[old]["findings"]


def test_what_was_judged_says_that_something_is_otherwise_until_somebody_asks(scene, planted):
    _, old = planted
    scene.settings(
        '[scan]\nread_values = ["project:acme-prod"]\n[[policy]]\nrule = "KW-101"\nmatch = "project:*"\nlimit = "900d"\n'
    )
    document, keys = listed(scene)
    assert (document["judged"]["stale"], "KW-101" in keys[old]["findings"]) == ("settings", True)
    assert "the settings are other ones now" in scene.keyward("show", old).out
    assert ids(scene, "finding:KW-101") == set()
    assert listed(scene)[0]["judged"]["stale"] is None

    scene.world.clock.advance(86_400)
    assert listed(scene)[0]["judged"]["stale"] == "day"
    scene.keyward("check")
    assert listed(scene)[0]["judged"]["stale"] is None, "a check of everything is kept"
    scene.keyward("check", "project:acme-none")
    scene.keyward("check", "--rule", "KW-101")
    assert "KW-302" in listed(scene)[1][old]["findings"], "a narrow one is not"

    for command in (("show", old, "--refresh"), ("verify", old)):
        scene.keyward(*command)
        assert listed(scene)[0]["judged"]["stale"] == "read", "rules rest on what came of that"
        assert ids(scene, "finding:KW-302") == {old}
        assert listed(scene)[0]["judged"]["stale"] is None


def test_what_is_written_while_rules_are_asked_shows(scene, planted, monkeypatch):
    from keyward.desk import judged_keys
    from keyward.inventory.cache_write import CacheWriter

    desk = Desk(Parts(environ=scene.environ(), interactive=False))
    real = judged_keys.check

    def meanwhile(asked, **more):
        found = real(asked, **more)
        with closing(CacheWriter(desk.parts.paths.inventory, desk.parts.world, print)) as cache, cache.batch():
            cache.keys("fake:place", [made_up(9)], desk.parts.clock.now())
        return found

    def of(key):
        with closing(desk.cache()) as cache:
            return cache.columns([key]).findings

    monkeypatch.setattr(judged_keys, "check", meanwhile)
    try:
        desk.hygiene.judge()
        assert desk.hygiene.judged()[1] == "read"
        assert of("fake:place/key-9") == [("unjudged",)], "no rule was asked of what came meanwhile"
        monkeypatch.setattr(judged_keys, "check", real)
        assert desk.hygiene.judge_keys() == ["fake:place/key-9"]
        assert desk.hygiene.judged()[1] == ""
        assert desk.hygiene.judge_keys() == (), "it holds: nothing is judged"
    finally:
        desk.close()


def test_a_judging_that_nobody_waits_for_stops_and_keeps_nothing(scene, planted):
    forget(scene)
    desk, stop = Desk(Parts(environ=scene.environ(), interactive=False)), threading.Event()
    stop.set()
    try:
        for judging in (partial(desk.hygiene.judge, None, stop), partial(desk.hygiene.of_key, planted[1], stop)):
            with pytest.raises(Interrupted):
                judging()
        assert desk.hygiene.judged() is None
        assert {one.rule for one in desk.hygiene.of_key(planted[1]).judged.broken} >= {"KW-101", "KW-401"}
    finally:
        desk.close()


def test_a_policy_that_cannot_be_read_is_said_and_the_scan_is_kept(scene, planted):
    scene.settings(
        '[scan]\nread_values = ["project:acme-prod"]\n[[policy]]\nrule = "KW-999"\nmatch = "project:*"\noff = true\n'
    )
    done = scene.keyward("scan", "-o", "json")
    assert done.status == 0
    assert "The keys were not judged" in done.err + json.dumps(done.json)
    document, _ = listed(scene)
    assert document["judged"]["stale"] == "read"


def test_many_keys_are_judged_when_somebody_asks_and_not_by_the_scan(scene, planted, monkeypatch):
    monkeypatch.setattr("keyward.desk.desk._JUDGED", 1)
    desk = Desk(Parts(environ=scene.environ(), interactive=False))
    try:
        desk.scan(ScanWish())
        assert desk.hygiene.judged()[1] == "read"
        monkeypatch.setattr("keyward.desk.desk._JUDGED", 2)
        desk.scan(ScanWish())
        assert desk.hygiene.judged()[1] == ""
    finally:
        desk.close()
