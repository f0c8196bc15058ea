"""`keyward audit` on the command line, over both kinds of ledger: what fits, what was changed, what was cut off, what is written out."""

import json
import os
import shutil
import sqlite3

import pytest

from tests.cli.test_documents import check
from tests.parts.scene import Scene

FREE = ("event_never_update", "event_never_delete", "event_in_order")


class Book:
    """A ledger of four lines, as its user and as somebody with write access to its database."""

    def __init__(self, home, cluster=None, database=""):
        self.scene, self.cluster, self.database = Scene(home), cluster, database
        url = f'[ledger]\nurl = "{cluster.url(database)}"\n' if cluster else ""
        self.scene.settings(url)

    def fill(self):
        for number in range(2):
            assert self.keyward("pause", "--all", "--reason", f"trial {number}").status == 0
            assert self.keyward("unpause", "--all").status == 0

    def keyward(self, *arguments, **more):
        return self.scene.keyward(*arguments, **more)

    def meddle(self, *statements):
        """Change the tables behind keyward's back, as an owner of the database can."""
        if self.cluster:
            drop = [f"DROP TRIGGER {name} ON event" for name in FREE]
            self.cluster.sql("SET search_path TO keyward", *drop, *statements, database=self.database)
            return
        with sqlite3.connect(self.scene.home / "state" / "ledger.db") as ledger:
            for statement in (*(f"DROP TRIGGER {name}" for name in FREE), *statements):
                ledger.execute(statement)
        ledger.close()


@pytest.fixture(params=["sqlite", "postgres"])
def book(request, tmp_path):
    if request.param == "sqlite":
        made = Book(tmp_path / "scene")
        with made.scene:
            made.fill()
            yield made
        return
    cluster = request.getfixturevalue("postgres")
    with cluster.database() as database:
        made = Book(tmp_path / "scene", cluster, database)
        with made.scene:
            made.fill()
            yield made


def lines(done):
    assert done.status == 0, done.err
    return [check(json.loads(line)) for line in done.out.splitlines()]


def test_a_trail_that_fits_and_its_anchor(book):
    head = book.keyward("audit", "head")
    assert (head.status, head.err) == (0, "")
    anchor = head.out.strip()
    assert anchor.startswith("4:")
    assert book.keyward("audit", "verify").out == f"4 lines fit. Head: {anchor}\n"
    book.fill()
    grown = book.keyward("audit", "verify", "--anchor", anchor)
    assert grown.status == 0
    assert grown.out.startswith("8 lines fit, and line 4 is the anchored one. Head: 8:")
    assert book.keyward("audit", "verify", "--anchor", "0:").status == 0  # noted before the first line
    whole = lines(book.keyward("audit", "export"))
    assert [line["seq"] for line in whole] == list(range(1, 9))
    assert [line["kind"] for line in whole] == ["paused", "unpaused"] * 4
    assert f"4:{whole[3]['chain']}" == anchor
    assert lines(book.keyward("audit", "export", "--after", "6")) == whole[6:]
    assert lines(book.keyward("audit", "export", "--since", "1h")) == whole
    assert lines(book.keyward("audit", "export", "--since", whole[5]["at"])) == whole[5:]
    assert lines(book.keyward("audit", "export", "--since", "2999-01-01")) == []


@pytest.mark.parametrize(
    ("statement", "first"),
    [("UPDATE event SET actor = 'mallory' WHERE seq = 3", 3), ("DELETE FROM event WHERE seq = 2", 2)],
)
def test_a_changed_or_missing_line_is_named(book, statement, first):
    book.meddle(statement)
    done = book.keyward("audit", "verify")
    assert done.status == 1
    assert f"Line {first} does not fit" in done.out


def test_lines_cut_off_with_the_note_of_them_show_against_the_anchor_only(book):
    anchor = book.keyward("audit", "head").out.strip()
    third = lines(book.keyward("audit", "export"))[2]["chain"]
    note = f"UPDATE meta SET value = '3:{third}' WHERE name = 'head'"  # noqa: S608  # made up here
    book.meddle("DELETE FROM event WHERE seq = 4", note)
    assert book.keyward("audit", "verify").status == 0  # this alone cannot tell
    cut = book.keyward("audit", "verify", "--anchor", anchor)
    assert cut.status == 1
    assert "Line 4 is not the anchored one, or is gone" in cut.out
    assert book.keyward("pause", "--all", "--reason", "grown over it").status == 0
    grown = book.keyward("audit", "verify", "--anchor", anchor)
    assert (grown.status, "Line 4" in grown.out) == (1, True)


def test_a_cut_without_the_note_shows_at_once(book):
    book.meddle("DELETE FROM event WHERE seq = 4")
    done = book.keyward("audit", "verify")
    assert (done.status, "Line 4 does not fit" in done.out) == (1, True)
    head = book.keyward("audit", "head")
    assert (head.status, head.out) == (4, "")
    assert "audit verify" in head.err


def test_without_the_key_nobody_can_check_but_everybody_can_read(book):
    key = book.scene.home / "state" / "fingerprint.key"
    key.unlink()
    done = book.keyward("audit", "verify")
    assert (done.status, done.out) == (4, "")
    assert str(key).rpartition("/")[2] in done.err
    assert not key.exists()  # and no second one is made
    assert book.keyward("audit", "head").status == 0
    assert len(lines(book.keyward("audit", "export"))) == 4


def test_what_somebody_wrote_in_comes_out_without_orders_and_key_material(book):
    planted = book.scene.key().key_string
    text = f"\x1b]0;owned\x07\u202e{planted}"
    broken = f'{{"a": "{planted}'
    book.meddle(f"UPDATE event SET actor = '{text}', at = 'never', detail = '{broken}' WHERE seq = 2")  # noqa: S608  # made up here
    done = book.keyward("audit", "export", "--since", "2999-01-01")
    (line,) = lines(done)  # what has no time is never left out
    assert line["seq"] == 2
    assert "[hidden]" in line["actor"]
    assert "[hidden]" in line["detail"]
    assert planted not in done.out + done.err
    assert done.out.isascii()
    assert "\x1b" not in done.out
    assert planted not in book.keyward("audit", "verify").out


@pytest.mark.parametrize(
    "anchor", ["", "4", "4:", "4:xyz", "-1:" + "0" * 64, "0:" + "0" * 64, "٤:" + "0" * 64, "9" * 30 + ":" + "0" * 64]
)
def test_an_anchor_that_is_none(tmp_path, anchor):
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        done = scene.keyward("audit", "verify", f"--anchor={anchor}")
        assert done.status == (4 if not anchor else 2), done.err
        assert "Traceback" not in done.err


def test_where_there_is_no_ledger_nothing_is_made(tmp_path):
    with Scene(tmp_path / "scene") as scene:
        scene.settings()
        for word in ("verify", "head", "export"):
            done = scene.keyward("audit", word)
            assert (done.status, done.out) == (4, "")
            assert "no ledger" in done.err
        assert scene.keyward("audit", "export", "--since", "yesterday").status == 2
        assert not (scene.home / "state" / "ledger.db").exists()


def test_reading_needs_no_right_to_write(tmp_path):
    made = Book(tmp_path / "scene")
    with made.scene:
        made.fill()
        file = made.scene.home / "state" / "ledger.db"
        before = file.read_bytes()
        for word in ("verify", "head", "export"):
            assert made.keyward("audit", word).status == 0
        assert file.read_bytes() == before
        if os.geteuid() != 0:
            file.chmod(0o400)
            assert made.keyward("audit", "verify").status == 0
        shutil.rmtree(made.scene.home / "state")
