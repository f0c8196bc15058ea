"""Rules on what kind of key it is, how many there are, and what its provider did about it."""

import pytest

from keyward.hygiene.gemini import GEMINI
from keyward.hygiene.rules import BY_ID
from keyward.ledger.records import ProbeRow
from keyward.model.credential import Kind, Restrictions, State
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.verdict import LEAKED
from tests.parts.estate import PROJECT, ago, estate, judged, key, place, results, secret

BLOCKED, NEEDLESS, MANY, LEAK = (BY_ID[f"KW-{number}"] for number in (406, 407, 408, 409))
EMAIL = "job@acme-prod.iam.gserviceaccount.com"


def account_key(name, state=State.ACTIVE, email=EMAIL, project=PROJECT):
    return key(f"{email}/{name}", provider="google-sa-keys", kind=Kind.SA_KEY, state=state, bound_identity=email, project=project)  # fmt: skip


def test_what_its_provider_blocked_is_told_in_the_providers_words():
    held = key(state=State.BLOCKED, state_why="Google found it in public and disabled it")
    (found,) = judged(BLOCKED, held, estate(held, place(held, secret())))
    assert found.evidence == ("Google found it in public and disabled it",)
    assert found.fix.commands == (
        "keyward rotate google-api-keys:acme-prod/one --emergency --reason 'leaked: its provider blocked it'",
    )
    assert results(BLOCKED, key(), estate()) == ["pass"]
    assert results(BLOCKED, key(state=State.DELETED), estate()) == []


def test_a_key_file_of_an_account_is_needed_by_few():
    assert results(NEEDLESS, account_key("a"), estate()) == ["fail"]
    assert results(NEEDLESS, account_key("a", State.DISABLED), estate()) == []
    assert results(NEEDLESS, key(), estate()) == []


@pytest.mark.parametrize(("number", "ended"), [(2, ["pass"]), (3, ["fail"])])
def test_an_account_has_two_keys_while_one_replaces_the_other(number, ended):
    keys = [account_key(str(one)) for one in range(number)]
    assert results(MANY, PROJECT, estate(*keys)) == ended


def test_each_account_is_counted_for_itself_and_only_what_lives():
    keys = [account_key(str(one)) for one in range(3)]
    others = [account_key("x", State.DISABLED), account_key("y", email="b@acme-prod.iam.gserviceaccount.com")]
    elsewhere = [account_key(str(one), project="acme-dev", email="c@x") for one in range(9)]
    found = judged(MANY, PROJECT, estate(*keys, *others, *elsewhere))
    assert [(one.result.value, one.about) for one in found] == [("pass", ""), ("fail", EMAIL)]
    assert found[1].evidence == (f"{EMAIL} has 3 keys",)
    assert results(MANY, PROJECT, estate(key())) == []


@pytest.mark.parametrize("status", [one for one in SourceStatus if one is not SourceStatus.OK])
def test_keys_that_could_not_be_counted_are_no_pass(status):
    sources = {one: SourceReport(f"{one}:{PROJECT}", status if one == "b" else SourceStatus.OK) for one in ("a", "b")}
    (found,) = judged(MANY, PROJECT, estate(sources=sources))
    assert (found.result.value, found.evidence) == ("unknown", (f"b:{PROJECT} is {status.value}",))
    elsewhere = {"b": SourceReport("b:acme-dev", status)}
    assert results(MANY, PROJECT, estate(sources=elsewhere)) == []


def test_a_blocked_key_of_which_no_place_is_known_is_deleted():
    (found,) = judged(BLOCKED, key(state=State.BLOCKED), estate())
    assert found.fix.commands == (
        "keyward revoke google-api-keys:acme-prod/one --even-if-used --reason 'leaked: its provider blocked it'",
    )


CALLER = key("caller", restrictions=Restrictions((GEMINI,)))


def answered(verdict, evidence="GET models: 200, it works", days=1, held=CALLER):
    return {"answers": {held.id: ProbeRow(held.id, ago(days), verdict, evidence)}}


@pytest.mark.parametrize("held", [CALLER, key("maps")])
@pytest.mark.parametrize("days", [1, 400])
def test_what_its_provider_reported_leaked_stays_so_until_it_says_otherwise(held, days):
    (found,) = judged(
        LEAK, held, estate(held, place(held, secret()), **answered("blocked", f"403, Google {LEAKED}", days, held))
    )
    assert found.evidence == (f"tried on {ago(days):%Y-%m-%d}: 403, Google {LEAKED}",)
    assert found.fix.commands == (f"keyward rotate {held.id} --emergency --reason 'leaked: its provider reports it'",)


@pytest.mark.parametrize("verdict", ["works", "recognised", "blocked"])
def test_another_answer_reports_nothing(verdict):
    assert results(LEAK, CALLER, estate(CALLER, **answered(verdict))) == ["pass"]
    assert results(LEAK, CALLER, estate(CALLER, **answered("works", f"Google {LEAKED}"))) == ["pass"]


@pytest.mark.parametrize(("days", "ended"), [(30, "pass"), (31, "unknown")])
def test_an_answer_is_good_for_a_month(days, ended):
    (found,) = judged(LEAK, CALLER, estate(CALLER, **answered("works", days=days)))
    assert found.result.value == ended
    if ended == "unknown":
        assert found.evidence == ("it was last tried 31 days ago",)


def test_a_key_that_nobody_tried_is_unknown_where_trying_would_tell():
    (found,) = judged(LEAK, CALLER, estate(CALLER))
    assert (found.result.value, found.fix.commands) == ("unknown", (f"keyward verify {CALLER.id}",))
    assert results(LEAK, key("maps"), estate()) == [], "of other keys only Gemini would tell, and it never gets to that"
    assert results(LEAK, account_key("a"), estate()) == []
    gone = key(restrictions=None, state=State.RESTORABLE)
    assert results(LEAK, gone, estate(**answered("blocked", f"Google {LEAKED}", 1, gone))) == []
