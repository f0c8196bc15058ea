"""Baselines: ids under a key of the file's own, nothing that lets a value be guessed, nothing that moves with lines."""

import json

import pytest

from keyward.hygiene.leaks import baseline
from keyward.hygiene.leaks.found import Leak, Mark, Place
from keyward.hygiene.leaks.seek import Keys, Seeker
from keyward.model.errors import UsageError
from tests.model.shapes import sample


def leaks(known, text, path="a.py"):
    return [Leak(mark, (Place(path, mark.line),)) for mark in Seeker(Keys(known.naming)).seek(text, path)]


def test_a_baseline_comes_back_as_it_was_written(tmp_path):
    file = tmp_path / "leaks.json"
    assert baseline.read(file) is None
    known = baseline.new()
    written = known.of(leaks(known, b"K=" + sample("openai", 1)))
    baseline.write(file, written)
    assert baseline.read(file) == written
    assert file.stat().st_mode & 0o777 == 0o644


def test_it_holds_no_value_no_line_and_no_hash_that_others_could_make(tmp_path):
    file = tmp_path / "leaks.json"
    weak, strong = "hunter2", sample("stripe", 1).decode()
    text = f"\n\n\nK={strong}\nURL=postgres://app:{weak}@db/x\n".encode()
    one, other = baseline.new(), baseline.new()
    baseline.write(file, one.of(leaks(one, text)))
    said = file.read_text()
    assert weak not in said
    assert strong[8:] not in said
    entries = json.loads(said)["entries"]
    assert all(set(entry) == {"id", "kind", "paths", "note"} for entry in entries)
    assert [leak.mark.id for leak in leaks(one, text)] != [leak.mark.id for leak in leaks(other, text)]
    assert one.entries.keys().isdisjoint(other.of(leaks(other, text)).entries)


def test_it_is_the_same_file_when_lines_move(tmp_path):
    known = baseline.new()
    text = b"K=" + sample("groq", 1) + b"\n"
    baseline.write(tmp_path / "a", known.of(leaks(known, text)))
    baseline.write(tmp_path / "b", known.of(leaks(known, b"\n" * 50 + text)))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_notes_of_people_stay_and_what_is_gone_goes():
    known = baseline.new()
    one, two = (b"K=" + sample("groq", seed) for seed in (1, 2))
    first = known.of([*leaks(known, one), *leaks(known, two)])
    name, other = (leaks(known, text)[0].mark.id for text in (one, two))
    noted = baseline.Baseline(known.key, {**first.entries, name: {**first.entries[name], "note": "a test account"}})
    again = noted.of(leaks(known, one, "moved/b.py"))
    assert again.entries == {name: {"kind": "groq", "paths": ["moved/b.py"], "note": "a test account"}}
    assert noted.unused([name]) == (other,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "no JSON"),
        ("[]", "its schema is not"),
        ("{}", "its schema is not"),
        ('{"schema": "keyward.leaks-baseline/1"}', "no key"),
        ('{"schema": "keyward.leaks-baseline/1", "key": "00", "entries": []}', "no key"),
        (f'{{"schema": "keyward.leaks-baseline/1", "key": "{"0" * 64}", "entries": [{{"id": "../x"}}]}}', "entry 1"),
        (f'{{"schema": "keyward.leaks-baseline/1", "key": "{"0" * 64}", "entries": [7]}}', "entry 1"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_baseline_is_said_and_never_taken_for_an_empty_one(tmp_path, text, said):
    file = tmp_path / "leaks.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        baseline.read(file)


def test_a_folder_is_no_baseline(tmp_path):
    with pytest.raises(UsageError, match="Is a directory"):
        baseline.read(tmp_path)


def test_a_mark_of_the_inventory_alone_can_be_in_it(tmp_path):
    known = baseline.new().of([Leak(Mark(1, "", "proved", "…", "value/0123456789abcdef"), (Place("a", 1),))])
    baseline.write(tmp_path / "x", known)
    assert baseline.read(tmp_path / "x") == known
