"""Rules on what kind of key it is, how many there are, and what its provider did about it."""

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.credential import Kind, State
from keyward.model.source import SourceReport, SourceStatus
from tests.parts.estate import PROJECT, estate, judged, key, results

BLOCKED, NEEDLESS, MANY = BY_ID["KW-406"], BY_ID["KW-407"], BY_ID["KW-408"]
EMAIL = "job@acme-prod.iam.gserviceaccount.com"


def account_key(name, state=State.ACTIVE, email=EMAIL, project=PROJECT):
    return key(f"{email}/{name}", provider="google-sa-keys", kind=Kind.SA_KEY, state=state, bound_identity=email, project=project)  # fmt: skip


def test_what_its_provider_blocked_is_told_in_the_providers_words():
    (found,) = judged(
        BLOCKED, key(state=State.BLOCKED, state_why="Google found it in public and disabled it"), estate()
    )
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
