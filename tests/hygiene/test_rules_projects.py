"""Rules on what a project is to the keys in it."""

from dataclasses import replace

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.about import Known
from keyward.model.credential import Kind, Restrictions, State
from keyward.model.finding import Severity
from keyward.model.handling import Word
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.usage import UseStatus
from keyward.model.watch import Alert, Budget
from tests.parts.estate import PROJECT, about, estate, judged, key, place, results, secret, silent, used

UNPAID, BUDGET, ALERT = (BY_ID[f"KW-{number}"] for number in (601, 602, 603))
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


def test_in_the_eea_its_data_is_safe_and_its_users_are_not_served():
    other = key("two", restrictions=None)
    known = (CALLER, other, OFF, APIS, PROD)
    eea = {CALLER.id: (Word.EEA,), other.id: (Word.NOT_TRAINED, Word.EEA)}
    (found,) = judged(UNPAID, PROJECT, estate(*known, data=eea))
    assert (found.result.value, found.severity, "paid services only" in found.evidence[1]) == (
        "fail",
        Severity.MEDIUM,
        True,
    )
    (found,) = judged(UNPAID, PROJECT, estate(*known, data={**eea, other.id: (Word.UNPAID,)}))
    assert (found.severity, len(found.evidence)) == (None, 1)


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
        ((PROD,), "billing of acme-prod: not asked for"),
        ((denied("billing"), APIS, PROD), "billing of acme-prod: denied (It needs something.)"),
        ((OFF, denied("services"), PROD), "services of acme-prod: denied"),
        ((OFF, APIS), "whether it is production: labels of acme-prod: not asked for"),
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


BUSY = key("busy", last_use=used(3))
CALLS = "serviceruntime.googleapis.com/api/request_count"


def alerts(*policies, **more):
    return about(SUBJECT, "alerts", *map(str, policies), detail="others were not asked for", **more)


def watching(*metrics, on=True, channels=1):
    return Alert(on, channels, metrics, "Calls; of [APIs]")


def test_a_policy_is_read_as_it_is_written():
    for one in (watching(), watching(CALLS, "a.googleapis.com/b"), watching(CALLS, on=False, channels=12)):
        assert Alert.of(str(one)) == one


def test_a_project_whose_keys_are_used_and_of_which_nobody_hears_is_told():
    (found,) = judged(ALERT, PROJECT, estate(BUSY, alerts()))
    assert found.evidence == ("no alert policy looks at calls of APIs", "others were not asked for")
    channel, policy = found.fix.commands
    assert channel.startswith("gcloud beta monitoring channels create --project=acme-prod ")
    assert policy.startswith("gcloud alpha monitoring policies create --project=acme-prod ")


@pytest.mark.parametrize(
    ("policy", "ended"),
    [
        (watching(CALLS), "pass"),
        (watching("compute.googleapis.com/x", CALLS), "pass"),
        (watching("generativelanguage.googleapis.com/quota/x/usage"), "pass"),
        (watching(CALLS, on=False), "fail"),
        (watching(CALLS, channels=0), "fail"),
        (watching("compute.googleapis.com/x"), "fail"),
        (watching(), "fail"),
    ],
)
def test_a_policy_counts_when_it_is_on_looks_at_calls_and_tells_somebody(policy, ended):
    (found,) = judged(ALERT, PROJECT, estate(BUSY, alerts(policy)))
    assert found.result.value == ended
    if ended == "fail" and CALLS in policy.metrics:
        state = "on, tells 0 channels that work" if policy.on else "off, tells 1 channel that works"
        assert found.evidence[0] == f"Calls; of [APIs]: {state}"
    assert results(ALERT, PROJECT, estate(BUSY, alerts(watching(CALLS, on=False), policy))) == [ended]


def test_an_alert_is_asked_of_keys_in_use():
    for quiet in (UseStatus.NEVER, UseStatus.NOT_SEEN):
        assert results(ALERT, PROJECT, estate(key(last_use=silent(quiet)), alerts())) == []
    gone = key(last_use=used(1), state=State.RESTORABLE)
    assert results(ALERT, PROJECT, estate(gone, alerts())) == []
    assert results(ALERT, PROJECT, estate(key(last_use=used(1), project="acme-dev"), alerts())) == []


@pytest.mark.parametrize("status", [UseStatus.DENIED, UseStatus.UNSUPPORTED, UseStatus.FAILED, UseStatus.NOT_SCANNED])
def test_use_that_is_not_known_asks_for_none_and_is_not_fine_without(status):
    held = key(last_use=silent(status))
    (found,) = judged(ALERT, PROJECT, estate(held, alerts()))
    assert (found.result.value, found.fix.commands) == ("unknown", ("keyward doctor",))
    assert found.evidence[0].endswith(f"{held.id}: {status.value}")
    assert results(ALERT, PROJECT, estate(held, alerts(watching(CALLS)))) == ["pass"]
    assert results(ALERT, PROJECT, estate(held, BUSY, alerts())) == ["fail"]


def test_keys_that_were_not_listed_may_be_used():
    sources = {"a": SourceReport(f"google-api-keys:{PROJECT}", SourceStatus.DENIED)}
    (found,) = judged(ALERT, PROJECT, estate(alerts(), sources=sources))
    assert found.evidence[0].endswith("google-api-keys:acme-prod is denied")
    assert results(ALERT, PROJECT, estate(alerts(watching(CALLS)), sources=sources)) == ["pass"]


def test_policies_that_were_not_listed_are_not_known():
    for facts in ((), (alerts(status=Known.DENIED),)):
        (found,) = judged(ALERT, PROJECT, estate(BUSY, *facts))
        assert (found.result.value, found.fix.commands) == ("unknown", ("keyward scan --context",))


COUNTED = Budget("100.00 EUR", (50, 90), "project", False, False, "all; of it")
QUIET = replace(COUNTED, percents=())


def budgets(*found, **more):
    return about(SUBJECT, "budgets", *map(str, found), **more)


def test_a_budget_is_read_as_it_is_written():
    every = (COUNTED, QUIET, replace(COUNTED, covers="account", part=True), replace(COUNTED, capped=True))
    for one in every:
        assert Budget.of(str(one)) == one


def test_a_project_whose_spending_nobody_counts_is_told_with_the_command_that_makes_a_budget():
    (found,) = judged(BUDGET, PROJECT, estate(CALLER, ON, budgets()))
    assert found.evidence == ("no budget counts what it spends",)
    (command,) = found.fix.commands
    assert command.startswith(
        "gcloud billing budgets create --billing-account=1 '--display-name=API keys' --budget-amount=AMOUNT "
    )
    assert command.endswith(" --threshold-rule=percent=0.5 --threshold-rule=percent=0.9 --threshold-rule=percent=1.0")
    assert " --filter-projects=projects/acme-prod " in command


@pytest.mark.parametrize(
    ("one", "ended"),
    [
        (COUNTED, "pass"),
        (replace(COUNTED, covers="account"), "pass"),
        (replace(QUIET, part=True, capped=True), "pass"),
        (QUIET, "fail"),
        (replace(COUNTED, part=True), "fail"),
        (replace(COUNTED, covers="folder"), "unknown"),
        (replace(QUIET, covers="folder"), "fail"),
    ],
)
def test_a_budget_counts_when_it_counts_everything_and_somebody_is_told_or_when_it_caps(one, ended):
    (found,) = judged(BUDGET, PROJECT, estate(CALLER, ON, budgets(one)))
    assert found.result.value == ended
    if ended == "fail":
        assert found.evidence == (f"all; of it: {one.does}",)
    if ended == "unknown":
        assert found.fix.commands == ("gcloud projects get-ancestors acme-prod",)
    assert results(BUDGET, PROJECT, estate(CALLER, ON, budgets(QUIET, one))) == [ended]


def test_a_budget_is_asked_of_projects_with_keys_that_can_spend():
    assert results(BUDGET, PROJECT, estate(CALLER, OFF, budgets())) == []
    assert results(BUDGET, PROJECT, estate(key(state=State.RESTORABLE), ON, budgets())) == []
    assert results(BUDGET, PROJECT, estate(key(project="acme-dev"), ON, budgets())) == []
    sources = {"a": SourceReport(f"google-api-keys:{PROJECT}", SourceStatus.DENIED)}
    assert results(BUDGET, PROJECT, estate(ON, budgets(), sources=sources)) == ["fail"]


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((), "billing of acme-prod: not asked for"),
        ((denied("billing"), denied("budgets")), "billing of acme-prod: denied"),
        ((ON,), "budgets of acme-prod: not asked for"),
        ((ON, denied("budgets")), "budgets of acme-prod: denied (It needs something.)"),
    ],
)
def test_budgets_that_nobody_could_list_are_not_known(facts, said):
    (found,) = judged(BUDGET, PROJECT, estate(CALLER, *facts))
    assert (found.result.value, found.fix.commands) == ("unknown", ("keyward scan --context",))
    assert said in found.evidence[0]
