"""What a scan writes, read for the screen."""

import pytest

from keyward.inventory.cache import CacheReader
from keyward.inventory.cache_write import CacheWriter
from keyward.model.credential import Credential, Kind, State
from keyward.model.ids import CredentialRef
from keyward.tui import following
from tests.parts.desk import NOW

SOURCE = "google-api-keys:acme"


class Screen:
    def __init__(self):
        self.names = []

    def post_message(self, message):
        self.names.append(message.columns.name)
        return True


class Opened:
    """Opens a real cache, and knows how often and what is still open."""

    def __init__(self, path):
        self._path, self.times, self.open = path, 0, 0

    def __call__(self):
        self.times += 1
        self.open += 1
        reader = CacheReader(self._path, "google")
        close = reader.close

        def closed():
            self.open -= 1
            close()

        reader.close = closed
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


def test_it_is_opened_once_for_a_scan_and_sees_every_change(opened):
    made, screen = following.Following(opened), Screen()
    made.begin()
    for name in ("one", "two", "three"):
        made.send(screen, write(opened, name, f"{name} again"))
    assert screen.names == [["one", "one again"], ["two", "two again"], ["three", "three again"]]
    assert (opened.times, opened.open) == (1, 1)
    made.end()
    assert opened.open == 0


def test_one_that_was_not_there_yet_is_opened_again(opened):
    made, screen = following.Following(opened), Screen()
    made.begin()
    made.send(screen, ["google-api-keys:acme/k0"])
    made.send(screen, write(opened, "one"))
    assert screen.names == [[], ["one"]]
    assert (opened.times, opened.open) == (2, 1)
    made.end()


def test_what_is_sent_after_the_end_leaves_nothing_open(opened):
    made, screen = following.Following(opened), Screen()
    ids = write(opened, "one")
    made.begin()
    made.end()
    made.send(screen, ids)
    assert screen.names == [["one"]]
    assert opened.open == 0


def test_many_come_in_several_messages(opened, monkeypatch):
    monkeypatch.setattr(following, "CHUNK", 2)
    screen = Screen()
    ids = write(opened, "a", "b", "c", "d", "e")
    assert following.send_rows(screen, opened(), ids) == 5
    assert screen.names == [["a", "b"], ["c", "d"], ["e"]]
