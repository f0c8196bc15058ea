"""Rules on what a key may be used for, and by whom: a restriction that restricts nothing is none."""

import pytest

from keyward.hygiene.daily import CallsOfDay, Days
from keyward.hygiene.gemini import GEMINI
from keyward.hygiene.rules import BY_ID
from keyward.model.about import Known
from keyward.model.credential import Kind, Restrictions, State
from keyward.model.usage import UseStatus
from tests.parts.estate import PROJECT, about, estate, judged, key, place, results, secret, silent

MAPS = "maps-backend.googleapis.com"
PROJECT_FACT = f"project:{PROJECT}"
ON = about(PROJECT_FACT, "services", GEMINI, MAPS)
OFF = about(PROJECT_FACT, "services", MAPS)


def limits(*apis, client=None, allowed=()):
    return Restrictions(apis, client, allowed)


@pytest.mark.parametrize("rule", ["KW-401", "KW-402", "KW-403", "KW-404"])
def test_unknown_restrictions_are_no_pass_and_what_is_off_is_not_asked(rule):
    assert results(BY_ID[rule], key(restrictions=None), estate(ON)) == ["unknown"]
    assert results(BY_ID[rule], key(restrictions=None, state=State.DELETED), estate(ON)) == []
    assert results(BY_ID[rule], key(restrictions=limits(), kind=Kind.SA_KEY), estate(ON)) == []


def test_a_key_that_every_api_takes():
    rule = BY_ID["KW-401"]
    (found,) = judged(rule, key(restrictions=limits()), estate())
    assert found.result.value == "fail"
    assert found.fix.commands == ("keyward usage google-api-keys:acme-prod/one",), "nothing tells what it is used for"
    (found,) = judged(rule, key(restrictions=limits(), last_use=silent(UseStatus.NEVER)), estate())
    assert found.fix.commands == ("keyward revoke google-api-keys:acme-prod/one --unused",)
    calls = (CallsOfDay(20_000, ((MAPS, "2xx", 4), (GEMINI, "4xx", 1))), CallsOfDay(20_001, ((MAPS, "2xx", 4),)))
    one = key(restrictions=limits())
    (found,) = judged(rule, one, estate(one, place(one, secret()), days={one.id: Days.of(calls)}))
    assert found.fix.commands == (f"keyward rotate google-api-keys:acme-prod/one --restrict-to {GEMINI},{MAPS}",)
    assert results(rule, key(restrictions=limits(client="ip", allowed=("203.0.113.4",))), estate()) == ["fail"]
    assert results(rule, key(restrictions=limits(MAPS)), estate()) == ["pass"]


def test_a_key_that_works_from_anywhere():
    rule = BY_ID["KW-402"]
    assert results(rule, key(restrictions=limits(MAPS)), estate()) == ["fail"]
    assert results(rule, key(restrictions=limits(MAPS, client="ip", allowed=("203.0.113.4",))), estate()) == ["pass"]
    assert results(rule, key(kind=Kind.AUTH_KEY, restrictions=limits(GEMINI)), estate()) == []


@pytest.mark.parametrize(
    ("client", "entry"),
    [
        ("referrer", "*"),
        ("referrer", "https://*"),
        ("referrer", "*/*"),
        ("referrer", "https://*.*/*"),
        ("referrer", "*.com"),
        ("referrer", "HTTPS://*.CO.UK/*"),
        ("ip", "0.0.0.0/0"),
        ("ip", "::/0"),
    ],
)
def test_a_restriction_that_allows_everybody_restricts_nothing(client, entry):
    (found,) = judged(BY_ID["KW-403"], key(restrictions=limits(MAPS, client=client, allowed=("x", entry))), estate())
    assert found.evidence == (f"the {client} restriction {entry} allows everybody",)


@pytest.mark.parametrize(
    ("client", "entry"),
    [
        ("referrer", "https://*.acme.example/*"),
        ("referrer", "shop.acme.com/*"),
        ("referrer", "*.acme.co.uk"),
        ("ip", "203.0.113.0/28"),
        ("ip", "2001:db8::/32"),
        ("ip", "not an address"),
        ("android", "*"),
    ],
)
def test_a_restriction_to_somebody_restricts(client, entry):
    assert results(BY_ID["KW-403"], key(restrictions=limits(MAPS, client=client, allowed=(entry,))), estate()) == [
        "pass"
    ]


def test_a_name_for_nearly_every_api_restricts_nothing_and_none_at_all_is_another_finding():
    (found,) = judged(BY_ID["KW-403"], key(restrictions=limits("cloudapis.googleapis.com")), estate())
    assert found.evidence == ("cloudapis.googleapis.com stands for nearly every API",)
    assert results(BY_ID["KW-403"], key(restrictions=limits()), estate()) == []


@pytest.mark.parametrize(
    ("restrictions", "ended"),
    [
        (limits(), "fail"),
        (limits("cloudapis.googleapis.com"), "fail"),
        (limits(GEMINI, client="referrer", allowed=("https://acme.example/*",)), "fail"),
        (limits(GEMINI, MAPS, client="android", allowed=("example.acme 0A",)), "fail"),
        (limits(client="ios", allowed=("example.acme",)), "fail"),
        (limits(GEMINI), "pass"),
        (limits(GEMINI, client="ip", allowed=("203.0.113.4",)), "pass"),
        (limits(MAPS, client="referrer", allowed=("https://acme.example/*",)), "pass"),
    ],
)
def test_a_key_of_another_purpose_must_not_open_gemini(restrictions, ended):
    assert results(BY_ID["KW-404"], key(restrictions=restrictions), estate(ON)) == [ended]
    assert results(BY_ID["KW-404"], key(restrictions=restrictions), estate(OFF)) == ["pass"]


def test_whether_gemini_is_on_has_to_be_known():
    (found,) = judged(BY_ID["KW-404"], key(restrictions=limits()), estate())
    assert found.result.value == "unknown"
    assert found.evidence == ("services of acme-prod: not asked for",)
    assert found.fix.commands == ("keyward show google-api-keys:acme-prod/one --refresh",)
    denied = about(PROJECT_FACT, "services", status=Known.DENIED, detail="It needs serviceusage.services.list.")
    (found,) = judged(BY_ID["KW-404"], key(restrictions=limits()), estate(denied))
    assert found.result.value == "unknown"
    assert "serviceusage.services.list" in found.evidence[0]


def test_a_standard_key_for_gemini_is_to_be_migrated():
    rule = BY_ID["KW-405"]
    (found,) = judged(rule, key(restrictions=limits(GEMINI)), estate())
    assert found.fix.commands == (
        "keyward rotate google-api-keys:acme-prod/one --as auth-key --service-account NAME@acme-prod.iam.gserviceaccount.com",
    )
    assert results(rule, key(kind=Kind.AUTH_KEY, restrictions=limits(GEMINI)), estate()) == ["pass"]
    assert results(rule, key(restrictions=limits(MAPS)), estate()) == []
