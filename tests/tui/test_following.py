"""What a scan writes, read for the screen."""

import threading
import time
from contextlib import contextmanager

import pytest

from keyward.inventory.cache import CacheReader
from keyward.inventory.cache_write import CacheWriter
from keyward.model.credential import Credential, Kind, State
from keyward.model.errors import AnotherWorld
from keyward.model.ids import CredentialRef
from keyward.tui import following
from keyward.tui.messages import Failed
from tests.parts.desk import NOW

SOURCE = "google-api-keys:acme"


class Screen:
    def __init__(self):
        self.names, self.errors, self.at = [], [], []

    def post_message(self, message):
        if isinstance(message, Failed):
            self.errors.append(message.error)
        else:
            self.names.append(message.columns.name)
            self.at.append(time.monotonic())
        return True


class Opened:
    """Opens a real cache, and knows how often and what is still open. It takes `seconds` to read, where that matters."""

    def __init__(self, path):
        self._path, self.times, self.open, self.seconds, self.trouble = path, 0, 0, 0.0, None

    def __call__(self):
        self.times += 1
        if self.trouble is not None:
            raise self.trouble
        self.open += 1
        reader = CacheReader(self._path, "google")
        close, columns = reader.close, reader.columns

        def closed():
            self.open -= 1
            close()

        def read(ids):
            time.sleep(self.seconds)
            return columns(ids)

        reader.close, reader.columns = closed, read
        return reader


@pytest.fixture
def opened(tmp_path):
    return Opened(tmp_path / "inventory.db")


def write(opened, *names):
    """Keys of these names; gives their ids."""
    keys = [
        Credential(CredentialRef("google-api-keys", "acme", (f"k{at}",)), Kind.API_KEY, State.ACTIVE, name=name)
        for at, name in enumerate(names)
    ]
    cache = CacheWriter(opened._path, "google", print)
    with cache.batch():
        cache.keys(SOURCE, keys, NOW)
    cache.close()
    return [key.id for key in keys]


@contextmanager
def scan(opened):
    """The screen that a scan is followed on, and how to tell of changes; waits for the end of both."""
    made, screen = following.Following(opened), Screen()
    thread = threading.Thread(target=made.run, args=(screen,), daemon=True)
    thread.start()
    yield made, screen
    made.end()
    thread.join(10)
    assert not thread.is_alive()


def until(holds):
    """Wait for it."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_it_is_opened_once_for_a_scan_and_sees_every_change(opened):
    with scan(opened) as (made, screen):
        for number, name in enumerate(("one", "two", "three"), 1):
            made.changed(write(opened, name, f"{name} again"))
            until(lambda number=number: len(screen.names) == number)
        assert screen.names == [["one", "one again"], ["two", "two again"], ["three", "three again"]]
        assert (opened.times, opened.open) == (1, 1)
    assert opened.open == 0


def test_one_that_was_not_there_yet_is_opened_again(opened):
    with scan(opened) as (made, screen):
        made.changed(["google-api-keys:acme/k0"])
        until(lambda: screen.names)
        made.changed(write(opened, "one"))
        until(lambda: len(screen.names) == 2)
        assert screen.names == [[], ["one"]]
        assert (opened.times, opened.open) == (2, 1)


def test_what_changes_after_the_end_is_not_read(opened):
    ids = write(opened, "one")
    with scan(opened) as (made, screen):
        made.end()
        made.changed(ids)
    assert (screen.names, opened.times, opened.open) == ([], 0, 0)


def test_the_screen_is_told_at_most_ten_times_a_second_and_of_everything(opened):
    """A burst is one message with the state at its end."""
    with scan(opened) as (made, screen):
        for number in range(60):
            made.changed(write(opened, f"n{number}"))
            time.sleep(0.005)
        until(lambda: screen.names and screen.names[-1] == ["n59"])
    assert all(later - before > 0.08 for before, later in zip(screen.at, screen.at[1:], strict=False))


def test_reading_that_takes_long_is_done_the_less_often(opened):
    ids = write(opened, "one")
    opened.seconds = 0.1
    with scan(opened) as (made, screen):
        began = time.monotonic()
        while len(screen.names) < 3:
            made.changed(ids)
            time.sleep(0.005)
        assert time.monotonic() - began > 2 * following._REST * opened.seconds


def test_the_end_is_not_waited_for(opened, monkeypatch):
    monkeypatch.setattr(following, "_OFTEN", 60)
    with scan(opened) as (made, screen):
        made.changed(write(opened, "one"))
        until(lambda: screen.names)


def test_what_cannot_be_read_is_said_and_the_next_change_is_tried(opened):
    ids = write(opened, "one")
    opened.trouble = AnotherWorld("It is of another world.")
    with scan(opened) as (made, screen):
        made.changed(ids)
        until(lambda: screen.errors)
        opened.trouble = None
        made.changed(ids)
        until(lambda: screen.names)
    assert [type(error) for error in screen.errors] == [AnotherWorld]
    assert screen.names == [["one"]]


def test_many_come_in_several_messages(opened, monkeypatch):
    monkeypatch.setattr(following, "CHUNK", 2)
    screen = Screen()
    ids = write(opened, "a", "b", "c", "d", "e")
    assert following.send_rows(screen, opened(), ids) == 5
    assert screen.names == [["a", "b"], ["c", "d"], ["e"]]
