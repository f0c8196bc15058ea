"""Enrolment at a terminal: shown, asked place by place, confirmed by typing; and what the documents of unattended commands hold."""

import pytest

from tests.cli.conftest import changes_in
from tests.cli.test_documents import check
from tests.cli.test_terminal import Terminal
from tests.cli.test_unattended import plant


@pytest.mark.pty
def test_a_person_accepts_places_one_by_one(scene):
    keys = plant(scene, "a", "b", allow=False)
    key = scene.key_id(keys["a"], "acme-a")
    seen = len(scene.log())
    terminal = Terminal(scene, "enrol", "project:acme-*")
    terminal.until("a/.env#KEY from now on? [y/N]")
    assert "rule 1 (project:acme-*), at 90 d" in terminal.seen
    terminal.type("y")
    terminal.until("b/.env#KEY from now on? [y/N]")
    terminal.type("n")
    terminal.until("Type 'accept 1 place' to go on:")
    terminal.type("accept 1 place")
    assert terminal.end() == 0, terminal.seen
    assert changes_in(scene.log()[seen:]) == []
    listed = {one["id"]: one for one in scene.keyward("due", "-o", "json").json["keys"]}
    assert {name: one["because"] for name, one in listed.items()} == {
        key: "age",
        scene.key_id(keys["b"], "acme-b"): "no accepted target",
    }
    again = check(scene.keyward("enrol", "project:acme-*", "-o", "json").json)
    assert [place["accepted"] for one in again["keys"] for place in one["places"]] == [True, False]


@pytest.mark.pty
def test_what_is_not_typed_is_not_accepted(scene):
    plant(scene, "a", allow=False)
    terminal = Terminal(scene, "enrol", "project:acme-*", "--accept-targets")
    terminal.until("Type 'accept 1 place' to go on:")
    terminal.type("yes")
    assert terminal.end() == 6
    listed = scene.keyward("due", "-o", "json").json["keys"]
    assert [one["because"] for one in listed] == ["no accepted target"]


def test_what_cannot_be_accepted_is_said(scene):
    plant(scene, "a", allow=False)
    nowhere = scene.keyward("enrol", "project:acme-*", "--accept-target", "env:/nowhere#A", "--yes")
    assert nowhere.status == 2
    assert "was found in env:/nowhere#A" in nowhere.err
    for text in ("name:a", "", "a"):
        assert scene.keyward("enrol", text, "--yes").status == 2
    assert scene.keyward("enrol", "project:none", "--yes").status == 1
    unasked = scene.keyward("enrol", "project:acme-*", "--accept-targets")
    assert unasked.status == 2
    assert "no terminal" in unasked.err


def test_the_other_documents_fit_their_schemas(scene):
    plant(scene, "a")
    assert check(scene.keyward("schedule", "status", "-o", "json").json)["last_run"] is None
    scene.keyward("rotate", "--due", "--yes", "--new-ledger")
    told = check(scene.keyward("schedule", "status", "-o", "json").json)
    assert told["last_result"] == "started 1"
    status = check(scene.keyward("status", "-o", "json").json)
    assert status["last_run"]["exit_code"] == 0
    assert [one["needs_person"] for one in status["rotations"]] == [False]
    assert check(scene.keyward("pause", "-o", "json").json)["pauses"] == []
    text = scene.keyward("status").out
    assert "last run" in text
    assert "started 1" in text
