"""Several processes find what one finds; one that dies is told; nothing of the folder or the user's variables is run in them."""

import os
import secrets
import sys
import threading
import time

import pytest

from keyward.hygiene.leaks import crew
from keyward.hygiene.leaks.found import Item, Left
from keyward.hygiene.leaks.reading import Setup
from keyward.hygiene.leaks.seek import Keys
from keyward.model.errors import Interrupted
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret
from tests.model.shapes import sample

KEY = FingerprintKey("test", Secret(secrets.token_bytes(32)))
LARGEST = 1_000_000


@pytest.fixture
def items(tmp_path):
    """Enough files for several batches, every tenth with a key; one name is no text."""
    found = []
    for number in range(4 * crew._BATCH_ITEMS):
        file = tmp_path / (f"{number}" if number else os.fsdecode(b"caf\xe9"))
        file.write_bytes(b"some text\n" + (sample("openai", number) if number % 10 == 0 else b""))
        found.append(Item(str(file), file.name, file.stat().st_size))
    return found


def look(items, jobs, keys=None, check=lambda: None):
    answers = list(crew.look(items, Setup(keys or Keys(KEY, KEY), LARGEST), check, jobs))
    marks = sorted((item.name, mark.line, mark.id, mark.fingerprint) for one in answers for item, mark in one.marks)
    left = [(unread.item.name, unread.why, unread.detail) for one in answers for unread in one.left]
    return sum(one.read for one in answers), sum(one.size for one in answers), marks, left


def test_several_processes_find_what_one_finds(items):
    alone, together = look(items, 1), look(items, 3)
    assert alone == together
    assert alone[0] == len(items)
    assert len(alone[2]) == len(items) // 10
    separate = look(items, 3, Keys(FingerprintKey("ids", Secret(b"i" * 32)), KEY))
    assert [mark[3] for mark in separate[2]] == [mark[3] for mark in alone[2]]
    assert {mark[2] for mark in separate[2]}.isdisjoint({mark[2] for mark in alone[2]})


def test_other_processes_take_their_share(items, monkeypatch):
    gate, here, real = threading.Event(), [], crew.Reader.look

    def wait(self, batch):
        here.append(batch)
        assert gate.wait(60)
        return real(self, batch)

    monkeypatch.setattr(crew.Reader, "look", wait)
    monkeypatch.setattr(crew, "_feed", _telling(crew._feed, gate))
    assert look(items, 2)[0] == len(items)
    assert len(here) == 1, "all other batches were done elsewhere meanwhile"


def _telling(feed, turn):
    def told(work, setup, process, answers):
        feed(work, setup, process, answers)
        turn.set()

    return told


@pytest.mark.parametrize(
    "end", ["pass", "print('nonsense', flush=True)", "print('[250, 0, [', end='')"], ids=["dies", "nonsense", "cut"]
)
def test_a_process_that_dies_leaves_its_texts_unread_and_that_is_said(items, monkeypatch, end):
    program = f"import sys; sys.stdin.readline(); print('ready', flush=True); sys.stdin.readline(); {end}; sys.exit(0)"
    monkeypatch.setattr(crew, "_ARGV", (sys.executable, "-c", program))
    gate = threading.Event()
    real = crew.Reader.look
    monkeypatch.setattr(crew.Reader, "look", lambda self, batch: (gate.wait(30), real(self, batch))[1])
    monkeypatch.setattr(crew, "_feed", _telling(crew._feed, gate))
    read, _, marks, left = look(items, 2)
    assert read + len(left) == len(items)
    assert len(left) == crew._BATCH_ITEMS
    assert {(why, detail) for _, why, detail in left} == {(Left.UNREADABLE, "the process that read it ended")}
    assert len(marks) == read // 10


def test_nothing_of_the_folder_and_no_variable_changes_what_other_processes_load(items, tmp_path, monkeypatch):
    for name in ("json", "re", "keyward", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').write({name!r})\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    done = crew.subprocess.run([*crew._ARGV], input="", capture_output=True, text=True, check=False)
    assert "JSONDecodeError" in done.stderr, "it came as far as reading its first line"
    assert not (tmp_path / "ran").exists()


def test_the_keys_that_name_values_are_in_no_argument_and_no_variable(items):
    assert KEY.key.reveal().hex() not in repr(crew._ARGV)
    assert KEY.key.reveal().hex() not in repr(dict(os.environ))


def test_who_stops_it_is_heard_and_no_process_is_left(items):
    stop = threading.Event()

    def check():
        if stop.is_set():
            raise Interrupted("Cancelled.")

    work = crew.look(items, Setup(Keys(KEY), LARGEST), check, 3)
    next(work)
    stop.set()
    with pytest.raises(Interrupted):
        list(work)
    end = time.monotonic() + 30
    while any(thread.name.startswith("Thread-") and "_help" in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < end, "a helper still waits"
        time.sleep(0.01)


def test_what_the_listing_raises_is_raised(items):
    def broken():
        yield from items
        raise RuntimeError("the listing broke")

    with pytest.raises(RuntimeError, match="the listing broke"):
        look(broken(), 3)


def test_large_files_are_left_out_and_large_binaries_are_binaries(tmp_path):
    files = {
        "large.txt": b"text\n" * 300_000,
        "large.bin": b"\0" * 1_500_000,
        "fits.txt": b"x" * 900_000,
        "small.bin": b"\0",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    batch = [Item(str(tmp_path / name), name, len(data)) for name, data in files.items()]
    batch += [Item(str(tmp_path / "gone"), "gone")]
    (tmp_path / "link").symlink_to("large.txt")
    batch += [Item(str(tmp_path / "link"), "link")]
    read, size, _, left = look(batch, 1)
    assert (read, size) == (1, 900_000)
    assert sorted(left) == [
        ("gone", Left.UNREADABLE, "No such file or directory"),
        ("large.bin", Left.BINARY, ""),
        ("large.txt", Left.TOO_LARGE, "1500000 bytes"),
        ("link", Left.LINK, ""),
        ("small.bin", Left.BINARY, ""),
    ]
