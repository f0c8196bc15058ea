"""Rules on what a project is to the keys in it."""

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.about import Known
from keyward.model.credential import Kind, Restrictions, State
from keyward.model.source import SourceReport, SourceStatus
from tests.parts.estate import PROJECT, about, estate, judged, key, place, results, secret

UNPAID = BY_ID["KW-601"]
SUBJECT = f"project:{PROJECT}"
GEMINI = "generativelanguage.googleapis.com"
OFF, ON = about(SUBJECT, "billing", "off"), about(SUBJECT, "billing", "on", "billingAccounts/1")
APIS, LABELS, PROD = about(SUBJECT, "services", GEMINI), about(SUBJECT, "labels"), about(SUBJECT, "labels", "env=prod")
CALLER = key(restrictions=Restrictions((GEMINI,)))


def test_production_that_nobody_pays_for_is_told_with_the_command_that_links_an_account():
    (found,) = judged(UNPAID, PROJECT, estate(CALLER, OFF, APIS, PROD))
    assert found.result.value == "fail"
    assert found.evidence == (
        f"no open billing account is linked, Gemini is on, and {CALLER.id} is a key of production",
    )
    other = key("two", restrictions=None)
    (found,) = judged(UNPAID, PROJECT, estate(other, CALLER, OFF, APIS, PROD))
    assert found.evidence[0].endswith(f"{CALLER.id}, {other.id} are keys of production")
    assert found.fix.commands == ("gcloud billing projects link acme-prod --billing-account=ACCOUNT_ID",)


def test_who_pays_who_has_gemini_off_and_what_is_not_production_keeps_it():
    assert results(UNPAID, PROJECT, estate(CALLER, ON, APIS, PROD)) == ["pass"]
    assert results(UNPAID, PROJECT, estate(CALLER, ON)) == ["pass"], "what else is not known does not matter"
    assert results(UNPAID, PROJECT, estate(CALLER, OFF, about(SUBJECT, "services", "maps"), PROD)) == ["pass"]
    assert results(UNPAID, PROJECT, estate(CALLER, OFF, APIS, LABELS)) == ["pass"]


@pytest.mark.parametrize(
    ("one", "ended"),
    [
        (key(restrictions=None), ["fail"]),
        (key(restrictions=Restrictions(())), ["fail"]),
        (key(restrictions=Restrictions(("cloudapis.googleapis.com",))), ["fail"]),
        (key(restrictions=Restrictions((GEMINI,)), kind=Kind.AUTH_KEY), ["fail"]),
        (key(restrictions=Restrictions(("maps",))), []),
        (key(restrictions=Restrictions((GEMINI,)), state=State.RESTORABLE), []),
        (key(restrictions=None, kind=Kind.SA_KEY), []),
        (key(restrictions=None, provider="shape"), []),
        (key(restrictions=None, project="acme-dev"), []),
    ],
)
def test_it_is_about_keys_that_gemini_takes(one, ended):
    assert results(UNPAID, PROJECT, estate(one, OFF, APIS, PROD)) == ended


def test_production_is_what_settings_labels_or_a_secret_say():
    web = secret("web", labels={"Stage": "Live"})
    said = (CALLER, OFF, APIS, LABELS)
    assert results(UNPAID, PROJECT, estate(*said, production=frozenset({CALLER.id}))) == ["fail"]
    assert results(UNPAID, PROJECT, estate(*said, environments={PROJECT: "production"})) == ["fail"]
    assert results(UNPAID, PROJECT, estate(*said, environments={PROJECT: "dev"})) == ["pass"]
    assert results(UNPAID, PROJECT, estate(*said, web, place(CALLER, web))) == ["fail"]
    labelled = key(restrictions=Restrictions((GEMINI,)), annotations={"tier": "prod"})
    assert results(UNPAID, PROJECT, estate(labelled, OFF, APIS, LABELS)) == ["fail"]


def denied(what):
    return about(SUBJECT, what, status=Known.DENIED, detail="It needs something.")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((PROD,), "billing of acme-prod was not asked for"),
        ((denied("billing"), APIS, PROD), "billing of acme-prod: denied (It needs something.)"),
        ((OFF, denied("services"), PROD), "services of acme-prod: denied"),
        ((OFF, APIS), "whether it is production: labels of acme-prod was not asked for"),
        ((OFF, APIS, denied("labels")), "whether it is production: labels of acme-prod: denied"),
    ],
)
def test_what_was_not_answered_is_not_fine(facts, said):
    (found,) = judged(UNPAID, PROJECT, estate(CALLER, *facts))
    assert found.result.value == "unknown"
    assert said in found.evidence[0]
    assert found.fix.commands == ("keyward scan --context",)


@pytest.mark.parametrize("held", [(), (CALLER,)])
def test_keys_that_were_not_listed_may_be_of_production(held):
    sources = {"a": SourceReport(f"google-api-keys:{PROJECT}", SourceStatus.DENIED)}
    (found,) = judged(UNPAID, PROJECT, estate(*held, OFF, APIS, LABELS, sources=sources))
    assert found.evidence == ("whether it holds keys of production: google-api-keys:acme-prod is denied",)
    assert results(UNPAID, PROJECT, estate(*held, OFF, APIS, PROD, sources=sources)) == (
        ["fail"] if held else ["unknown"]
    )
    assert results(UNPAID, PROJECT, estate(*held, ON, sources=sources)) == ["pass"]
    others = {"a": SourceReport(f"gsm:{PROJECT}", SourceStatus.DENIED)}
    assert results(UNPAID, PROJECT, estate(OFF, APIS, LABELS, sources=others)) == []
