import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from keyward import plugins
from keyward.model.errors import NotConfigured, UsageError
from keyward.plugins import Plugins
from tests.parts.cloud import surroundings


@dataclass
class Point:
    name: str
    distribution: str
    made: object = None

    @property
    def dist(self):
        return SimpleNamespace(name=self.distribution)

    def load(self):
        if isinstance(self.made, Exception):
            raise self.made
        return lambda around: self.made or SimpleNamespace(name=self.name, made_by=self.distribution, around=around)


def found(tmp_path, *points, allow=()):
    return Plugins("keyward.providers", surroundings({}, tmp_path), allow, lambda group: points)


def test_shipped_ones_load_and_others_only_when_listed(tmp_path):
    points = (Point("aws", "keyward-aws"), Point("google-api-keys", "keyward"))
    assert found(tmp_path, *points).names == ["google-api-keys"]
    assert found(tmp_path, *points, allow=("Keyward_AWS",)).names == ["aws", "google-api-keys"]
    with pytest.raises(UsageError, match="not listed"):
        found(tmp_path, *points).get("aws")


def test_an_unlisted_one_is_not_even_imported(tmp_path):
    found(tmp_path, Point("bad", "bad", RuntimeError("imported")))


def test_a_shipped_name_cannot_be_taken_whatever_the_order(tmp_path):
    thief, own = Point("google-api-keys", "aardvark"), Point("google-api-keys", "keyward")
    for points in ((thief, own), (own, thief)):
        all_of_them = found(tmp_path, *points, allow=("aardvark",))
        assert all_of_them.get("google-api-keys").made_by == "keyward"
        assert [one.passed_over for one in all_of_them.found if one.distribution == "aardvark"] == [
            "the name belongs to keyward"
        ]


def test_a_distribution_is_asked_for_its_name_once_however_much_it_registers(tmp_path):
    asked = []

    class Dist:
        @property
        def name(self):
            asked.append(self)
            return "keyward"

    points = [SimpleNamespace(name=name, dist=dist) for dist in (Dist(), Dist()) for name in "abc"]
    assert found(tmp_path, *points).names == ["a", "b", "c"]
    assert len(asked) == 2 + 3, "one for each, and one for each name that was taken already"


def test_one_that_calls_itself_otherwise_is_refused(tmp_path):
    points = Point("aws", "keyward-aws", SimpleNamespace(name="google-api-keys"))
    with pytest.raises(NotConfigured, match="calls itself"):
        found(tmp_path, points, allow=("keyward-aws",)).get("aws")


def test_one_that_breaks_is_named_with_its_distribution(tmp_path):
    broken = found(tmp_path, Point("aws", "keyward-aws", RuntimeError("secret detail")), allow=("keyward-aws",))
    with pytest.raises(NotConfigured, match="keyward-aws") as caught:
        broken.get("aws")
    assert "secret detail" not in str(caught.value)


def test_each_is_built_once_from_the_same_surroundings(tmp_path):
    all_of_them = found(tmp_path, Point("a", "keyward"), Point("b", "keyward"))
    assert all_of_them.get("a") is all_of_them.get("a")
    assert len({id(one.around) for one in all_of_them}) == 1


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match="google-api-keys"):
        found(tmp_path, Point("google-api-keys", "keyward")).get("gogle")


def test_what_is_registered_can_be_built_without_any_account(tmp_path):
    for _ in range(2):  # a module that has the name of its factory would hide it from the second on
        around = surroundings({}, tmp_path)
        assert plugins.providers(around).get("google-api-keys").name == "google-api-keys"
        assert plugins.stores(around).get("gsm").name == "gsm"


def test_threads_that_ask_at_once_get_the_same_one(tmp_path):
    @dataclass
    class Slow(Point):
        def load(self):
            def build(around):
                time.sleep(0.05)
                return SimpleNamespace(name=self.name, around=around)

            return build

    plugins = found(tmp_path, Slow("google-api-keys", "keyward"))
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: plugins.get("google-api-keys"), range(8)))
    assert len({id(one) for one in got}) == 1
