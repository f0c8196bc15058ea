"""Rules on keys that lie in files and histories."""

from datetime import timedelta

import pytest

from keyward.hygiene.leaks.found import Place
from keyward.hygiene.rules import BY_ID
from keyward.hygiene.searched import Lying, Searched
from keyward.model.credential import Kind, State
from tests.parts.estate import NOW, ago, estate, judged, key, results, secret
from tests.parts.estate import place as kept_in

OPEN = BY_ID["KW-901"]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def searched(*places, at=1, what="history", held=None):
    """One search, so many days ago, that found the key in those places."""
    keys = {(held or key()).id: Lying(len(places), places, ago(at or 0))} if places else {}
    return {"searched": (Searched(what, "/home/ana/web", "laptop", None if at is None else ago(at), keys),)}


def known(**more):
    """A key whose value was read before the last search."""
    return key(fingerprint="f" * 64, first_seen=ago(100), **more)


def test_a_live_key_in_a_history():
    place = Place("a.py", 3, COMMIT, ago(40).timestamp(), in_head=False)
    (found,) = judged(OPEN, known(), estate(known(), **searched(place)))
    said = "1 place in the history of /home/ana/web on laptop: a.py:3 (0123456789ab, 2026-10-11, not in HEAD); seen on 2026-11-19"
    assert (found.result.value, found.evidence) == ("fail", (said,))
    assert found.fix.commands == ("keyward revoke google-api-keys:acme-prod/one --even-if-used --reason leaked",), (
        "a successor would reach nobody"
    )
    held = known()
    (found,) = judged(OPEN, held, estate(held, kept_in(held, secret()), **searched(place)))
    assert found.fix.commands == ("keyward rotate google-api-keys:acme-prod/one --emergency --reason leaked",)


def test_a_key_that_only_a_person_can_make_and_the_query_of_an_address():
    mine = known(provider="shape", project="openai")
    places = [Place(f"/home/ana/web/{number}.md", number, in_query=number == 1) for number in (1, 2, 3, 4)]
    (found,) = judged(OPEN, mine, estate(mine, **searched(*places, what="files", held=mine)))
    assert found.evidence[0].startswith(
        "4 places in /home/ana/web on laptop: /home/ana/web/1.md:1, in the query of an address, "
    )
    assert " and 1 more; " in found.evidence[0]
    assert found.fix.commands == ("keyward swap shape:openai/one",)
    (found,) = judged(OPEN, mine, estate(mine, **searched(*places[:3], what="files", held=mine)))
    assert "more" not in found.evidence[0]


def test_where_it_was_found_stays_said_however_old_the_search():
    place = Place("a.py", 3)
    assert results(OPEN, known(), estate(known(), **searched(place, at=900))) == ["fail"]
    assert results(OPEN, known(), estate(known(), **searched(place, at=None))) == ["fail"], "in a part of a history"


def test_a_dead_key_opens_nothing():
    dead = known(state=State.DELETED)
    assert results(OPEN, dead, estate(dead, **searched(Place("a.py", 3)))) == []


@pytest.mark.parametrize(
    ("one", "search", "why", "commands"),
    [
        (known(), {}, "no files and no history were searched for it", ("keyward leaks --git",)),
        (known(), searched(at=None), "no files and no history were searched for it", ("keyward leaks --git",)),
        (known(), searched(at=31), "files or a history were last searched 31 days ago", ("keyward leaks --git",)),
        (
            key(first_seen=ago(5)),
            searched(),
            "its value was not read, so no search can tell it",
            ("keyward scan --values all", "keyward leaks --git"),
        ),
        (key(fingerprint="f" * 64, first_seen=NOW), searched(), "it was first seen after the last search", ("keyward leaks --git",)),
    ],
)  # fmt: skip
def test_what_no_search_can_have_found_is_not_known(one, search, why, commands):
    (found,) = judged(OPEN, one, estate(one, **search))
    assert (found.result.value, found.evidence, found.fix.commands) == ("unknown", (why,), commands)


def test_a_search_that_found_nothing_of_it():
    assert results(OPEN, known(), estate(known(), **searched())) == ["pass"]
    assert results(OPEN, known(), estate(known(), **searched(at=30))) == ["pass"]
    assert results(OPEN, known(), estate(known(), **searched(Place("a.py", 3), held=key("two")))) == ["pass"]
    exact = key(fingerprint="f" * 64, first_seen=ago(1))
    assert results(OPEN, exact, estate(exact, **searched())) == ["pass"]
    by_id = key(kind=Kind.SA_KEY, first_seen=None)
    assert results(OPEN, by_id, estate(by_id, **searched())) == ["pass"], "its id stands in its file"
    two = estate(known(), searched=(*searched(at=90)["searched"], *searched(at=2)["searched"]))
    assert results(OPEN, known(), two) == ["pass"]
    assert results(OPEN, known(), two, timedelta(days=1)) == ["unknown"]
