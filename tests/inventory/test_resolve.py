"""Which key a person means."""

import pytest

from keyward.inventory.cache import CacheReader
from keyward.inventory.resolve import resolve
from keyward.model.errors import AmbiguousKey, UnknownKey
from tests.inventory.test_cache import write
from tests.parts.scanning import made_up


@pytest.fixture
def cache(tmp_path):
    path = tmp_path / "cache" / "inventory.db"
    names = ["maps", "maps", "billing", None, "fake:place/key-1"]
    write(path, *(made_up(number, name=name) for number, name in enumerate(names)), made_up(10))
    return CacheReader(path)


def test_a_full_id_wins_over_everything(cache):
    assert resolve(cache, "fake:place/key-1") == "fake:place/key-1"
    assert resolve(cache, "fake:place/key-1", exact=True) == "fake:place/key-1"


def test_a_unique_name_or_prefix_will_do(cache):
    assert resolve(cache, "billing") == "fake:place/key-2"
    assert resolve(cache, "fake:place/key-3") == resolve(cache, "key-3") == "fake:place/key-3"


def test_two_keys_of_one_name_are_listed_by_id(cache):
    with pytest.raises(AmbiguousKey) as caught:
        resolve(cache, "maps")
    assert "fake:place/key-0, fake:place/key-1" in caught.value.hint
    assert "2 keys" in caught.value.message


def test_a_prefix_of_several_is_ambiguous(cache):
    with pytest.raises(AmbiguousKey, match="6 keys"):
        resolve(cache, "fake:")


@pytest.mark.parametrize("text", ["k", "", "%", "_", "fake:place/key-%"])
def test_too_little_and_wildcards_find_nothing(cache, text):
    with pytest.raises(UnknownKey):
        resolve(cache, text)


def test_a_slip_is_told_the_nearest_name(cache):
    with pytest.raises(UnknownKey, match="'billing' \\(fake:place/key-2\\)"):
        resolve(cache, "biling")


def test_unattended_only_a_full_id_will_do(cache):
    with pytest.raises(UnknownKey, match="full id"):
        resolve(cache, "billing", exact=True)


def test_an_empty_cache_says_what_to_do(tmp_path):
    with pytest.raises(UnknownKey, match="keyward scan"):
        resolve(CacheReader(tmp_path / "none.db"), "billing")


def test_what_was_typed_is_cleaned(cache):
    with pytest.raises(UnknownKey) as caught:
        resolve(cache, "evil\x1b[2J")
    assert "\x1b" not in str(caught.value)
