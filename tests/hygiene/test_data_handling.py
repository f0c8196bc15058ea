"""What holds of the data that is sent with a key: proved, attested, asked for and unknown are different answers, and none is a guess."""

from datetime import UTC, date, datetime, timedelta

import pytest

from keyward.hygiene.data_handling import of_key, of_project, production, words
from keyward.hygiene.handled import How, Terms
from keyward.model.about import About, Known, What
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.handling import Answer, Attestation, Evidence, Handling, Statement, Topic, Word
from keyward.model.ids import CredentialRef
from keyward.providers import catalog

DAY = date(2026, 12, 1)
GEMINI = "generativelanguage.googleapis.com"
VERTEX = "aiplatform.googleapis.com"
EVERY = tuple(catalog.read(one).handling for one in catalog.ids())
NOBODY, EEA = Terms(), Terms("eea")


def key(*apis, kind=Kind.API_KEY, state=State.ACTIVE, provider="google-api-keys", **more):
    limits = more.pop("restrictions", Restrictions(apis))
    return Credential(CredentialRef(provider, "acme", ("uid-1",)), kind, state, restrictions=limits, **more)


def by_shape(kind):
    return Credential(CredentialRef("shape", kind, ("0" * 16,)), Kind.BY_SHAPE, State.UNKNOWN)


def fact(what, *values, status=Known.KNOWN, detail=""):
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return {("project:acme", what): About("project:acme", what, status, values, at, detail)}


ON = fact(What.SERVICES, GEMINI)
UNPAID = {**ON, **fact(What.BILLING, "off")}
PAID = {**ON, **fact(What.BILLING, "on", "billingAccounts/1")}


def found(credential, facts, terms=NOBODY, day=DAY):
    """What is said, by provider."""
    return {one.handling.provider: one for one in of_key(credential, facts, EVERY, terms, day)}


def said(credential, facts, terms=NOBODY, day=DAY):
    return set(words(of_key(credential, facts, EVERY, terms, day)))


def about(handled, topic):
    """The statements about the API as a whole on that topic."""
    return [one for one in handled.about(topic) if not one.statement.surface]


# Gemini


@pytest.mark.parametrize("apis", [(GEMINI,), ()])
def test_prompts_of_an_unpaid_project_may_improve_products_and_be_read(apis):
    gemini = found(key(*apis), UNPAID)["gemini"]
    assert (gemini.standing.tier.id, gemini.standing.how) == ("unpaid", How.PROVED)
    assert "no open billing account, asked 2026-11-20" in gemini.standing.why
    for topic in (Topic.IMPROVEMENT, Topic.PEOPLE):
        (one,) = about(gemini, topic)
        assert (one.statement.answer, one.how) == (Answer.YES, How.PROVED)
        assert one.statement.source.startswith("https://ai.google.dev/")
    assert 55 in {one.statement.days for one in about(gemini, Topic.KEPT)}
    assert said(key(*apis), UNPAID) == {Word.TRAINS, Word.READ, Word.UNPAID}


def test_those_of_a_paid_one_are_not_and_what_is_doubtful_is_asked_for():
    gemini = found(key(GEMINI), PAID)["gemini"]
    assert (gemini.standing.tier.id, gemini.standing.how) == ("paid", How.PROVED)
    assert "billingAccounts/1" in gemini.standing.why
    (improvement,) = about(gemini, Topic.IMPROVEMENT)
    assert (improvement.statement.answer, improvement.how) == (Answer.NO, How.PROVED)
    (people,) = about(gemini, Topic.PEOPLE)
    assert people.statement.answer is Answer.LIMITED
    (tier,) = about(gemini, Topic.OPT_OUT)
    assert (tier.how, "[[data.attest]]" in tier.fix) == (How.ASKED, True)
    assert said(key(GEMINI), PAID) == {Word.PAID, Word.ATTEST}
    vouched = Terms(attestations=(Attestation("gemini", Topic.OPT_OUT, "ada", DAY),))
    assert said(key(GEMINI), PAID, vouched) == {Word.PAID, Word.NOT_TRAINED}


def test_the_european_exception_rests_on_what_the_user_says():
    gemini = found(key(GEMINI), UNPAID, EEA)["gemini"]
    assert (gemini.standing.tier.id, gemini.standing.how) == ("eea", How.ATTESTED)
    (improvement,) = about(gemini, Topic.IMPROVEMENT)
    assert (improvement.statement.answer, improvement.how) == (Answer.NO, How.ATTESTED)
    assert said(key(GEMINI), UNPAID, EEA) == {Word.EEA, Word.NOT_TRAINED}
    assert said(key(GEMINI), ON, EEA) == {Word.EEA, Word.NOT_TRAINED}, "whatever billing says"
    assert said(key(GEMINI), PAID, EEA) == said(key(GEMINI), PAID), "an open account is proved"
    assert said(key(GEMINI), {}, EEA) == {Word.UNKNOWN}, "whether the API is on nobody knows"


@pytest.mark.parametrize(
    ("facts", "why", "fix"),
    [
        ({}, "nobody asked around acme", "keyward scan --context"),
        (ON, "nobody asked around acme", "keyward scan --context"),
        (
            {**ON, **fact(What.BILLING, status=Known.DENIED, detail="It needs resourcemanager.projects.get.")},
            "resourcemanager.projects.get",
            "keyward scan --context",
        ),
        (
            {
                **fact(What.BILLING, "on"),
                **fact(What.SERVICES, status=Known.DENIED, detail="It needs serviceusage.services.list."),
            },
            "serviceusage.services.list",
            "keyward scan --context",
        ),
        (
            {**fact(What.BILLING, "on"), **fact(What.SERVICES, status=Known.DISABLED)},
            "disabled",
            "keyward scan --context",
        ),
    ],
)
def test_what_could_not_be_asked_is_unknown_and_says_what_is_missing(facts, why, fix):
    assert said(key(GEMINI), facts) == {Word.UNKNOWN}
    gemini = found(key(GEMINI), facts)["gemini"]
    reasons = (gemini.reach, gemini.standing)
    assert any(why in one.why and one.fix == fix for one in reasons)


def test_while_the_tier_is_unknown_the_terms_of_all_of_them_are_told_as_unknown():
    gemini = found(key(GEMINI), ON)["gemini"]
    tiered = [one for one in gemini.held if one.statement.tiers]
    assert {tier for one in tiered for tier in one.statement.tiers} == {"unpaid", "paid", "eea"}
    assert {one.how for one in tiered} == {How.UNKNOWN}


@pytest.mark.parametrize(
    ("credential", "facts", "why"),
    [
        (key("maps-backend.googleapis.com"), UNPAID, "restrictions"),
        (key(GEMINI), fact(What.SERVICES, "vision.googleapis.com"), "off in acme"),
        (key(GEMINI, state=State.RESTORABLE), UNPAID, "deleted-restorable"),
        (key(GEMINI, state=State.BLOCKED), UNPAID, "blocked"),
    ],
)
def test_a_key_that_cannot_reach_it_is_said_not_to_and_nothing_holds(credential, facts, why):
    gemini = found(credential, facts)["gemini"]
    assert (gemini.reach.answer, gemini.held) == (Answer.NO, ())
    assert why in gemini.reach.why
    assert said(credential, facts) == {Word.NONE}


def test_restrictions_that_are_not_known_let_nothing_be_known():
    assert said(key(restrictions=None), PAID) == {Word.UNKNOWN}


def test_a_value_that_nobody_lists_has_no_project_to_ask():
    assert said(by_shape("google-auth-key"), UNPAID) == {Word.UNKNOWN}


# Others


def test_vertex_trains_nothing_and_takes_accounts_and_bound_keys_only():
    on = fact(What.SERVICES, VERTEX)
    account = key(kind=Kind.SA_KEY, provider="google-sa-keys", restrictions=None)
    for one in (account, key(VERTEX, kind=Kind.AUTH_KEY)):
        vertex = found(one, on)["vertex-ai"]
        (training,) = about(vertex, Topic.TRAINING)
        assert (training.statement.answer, training.how) == (Answer.NO, How.STATED)
        assert {held.how for held in about(vertex, Topic.ZERO)} == {How.ASKED}
        assert said(one, on) == {Word.NOT_TRAINED}
    assert "right role" in found(account, on)["vertex-ai"].reach.why
    assert "vertex-ai" not in found(key(VERTEX), on)
    assert said(account, fact(What.SERVICES, GEMINI)) == {Word.NONE}


def test_openai_and_anthropic_are_asked_for_and_an_attestation_holds_until_its_last_day():
    for kind, provider in (("openai", "openai"), ("anthropic", "anthropic")):
        one = by_shape(kind)
        handled = found(one, {})[provider]
        (training,) = about(handled, Topic.TRAINING)
        assert (training.statement.answer, training.how) == (Answer.NO, How.ASKED)
        assert [held.statement.days for held in about(handled, Topic.KEPT)] == [30]
        assert {held.how for held in about(handled, Topic.ZERO)} == {How.ASKED}
        assert said(one, {}) == {Word.ATTEST}
        terms = Terms(attestations=(Attestation(provider, Topic.TRAINING, "ada", DAY, why="contract 7"),))
        assert said(one, {}, terms) == {Word.NOT_TRAINED}
        (held,) = about(found(one, {}, terms)[provider], Topic.TRAINING)
        assert (held.how, "ada" in held.why, "contract 7" in held.why) == (How.ATTESTED, True, True)
        late = DAY + timedelta(days=1)
        assert Word.ATTEST in said(one, {}, terms, late)
        (held,) = about(found(one, {}, terms, late)[provider], Topic.TRAINING)
        assert "ended on 2026-12-01" in held.why


def test_what_the_openai_api_would_show_is_named_and_not_taken_for_shown():
    (zero,) = about(found(by_shape("openai"), {})["openai"], Topic.ZERO)
    assert "GET https://api.openai.com/v1/organization/data_retention" in zero.why
    assert "keyward does not ask that" in zero.why


def test_nothing_is_known_of_invideo_and_that_is_not_a_pass():
    invideo = Credential(CredentialRef("declared", "invideo.team", ("0" * 16,)), Kind.TOKEN, State.UNKNOWN)
    handled = found(invideo, {})["invideo"]
    assert {one.how for one in handled.held} == {How.UNKNOWN}
    assert {one.statement.evidence for one in handled.held} == {Evidence.PRIOR}
    assert said(invideo, {}) == {Word.UNKNOWN}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("cohere", {Word.TRAINS, Word.ATTEST}),
        ("openrouter", {Word.UNKNOWN}),
        ("perplexity", {Word.NOT_TRAINED}),
        ("mistral", {Word.ATTEST}),
        ("replicate", {Word.UNKNOWN}),
        ("github", {Word.NONE}),
        ("stripe", {Word.NONE}),
    ],
)
def test_other_vendors_get_the_words_of_their_statements(kind, expected):
    assert said(by_shape(kind), {}) == expected


def test_where_third_parties_contradict_each_other_the_answer_is_unknown():
    deepseek = Credential(CredentialRef("declared", "deepseek", ("0" * 16,)), Kind.TOKEN, State.UNKNOWN)
    (training,) = about(found(deepseek, {})["deepseek"], Topic.TRAINING)
    assert (training.how, training.statement.evidence) == (How.UNKNOWN, Evidence.THIRD)
    assert said(deepseek, {}) == {Word.UNKNOWN}


# Attestations and time


def test_nobody_can_vouch_away_what_an_api_answered():
    every = tuple(Attestation("gemini", topic, "ada", DAY) for topic in Topic)
    assert {Word.TRAINS, Word.READ, Word.UNPAID} <= said(key(GEMINI), UNPAID, Terms(attestations=every))


def test_an_attestation_is_for_the_keys_that_it_names_and_no_others():
    terms = Terms(attestations=(Attestation("openai", Topic.TRAINING, "ada", DAY, match="shape:openai/1*"),))
    assert said(by_shape("openai"), {}, terms) == {Word.ATTEST}
    other = Terms(attestations=(Attestation("anthropic", Topic.TRAINING, "ada", DAY),))
    assert said(by_shape("openai"), {}, other) == {Word.ATTEST}


@pytest.mark.parametrize(
    ("topic", "evidence", "expected"),
    [
        (Topic.TRAINING, Evidence.PRIOR, {Word.UNKNOWN}),
        (Topic.TRAINING, Evidence.THIRD, {Word.NOT_TRAINED}),
        (Topic.TRAINING, Evidence.OWN, {Word.NOT_TRAINED}),
        (Topic.KEPT, Evidence.DOC, {Word.UNKNOWN}),
    ],
)
def test_what_nobody_looked_up_is_not_known_whatever_it_says(topic, evidence, expected):
    one = Statement("a", topic, Answer.NO, "Nothing.", DAY, evidence)
    assert (
        set(words(of_key(by_shape("openai"), {}, (Handling("acme", "Acme", (one,), kinds=("openai",)),), NOBODY, DAY)))
        == expected
    )


def test_a_statement_is_stale_after_180_days_and_says_so():
    one = Statement("a", Topic.TRAINING, Answer.NO, "Nothing.", DAY, Evidence.DOC, source="https://acme.example")
    every = (Handling("acme", "Acme", (one,), kinds=("openai",)),)

    def at(days):
        (handled,) = of_key(by_shape("openai"), {}, every, Terms(), DAY + timedelta(days=days))
        return [held.stale for held in handled.held], set(words((handled,)))

    assert at(180) == ([False], {Word.NOT_TRAINED})
    assert at(181) == ([True], {Word.NOT_TRAINED, Word.STALE})


def test_every_statement_of_the_catalog_becomes_stale():
    oldest = min(one.checked for handling in EVERY for one in handling.statements)
    assert Word.STALE not in said(by_shape("openai"), {}, day=oldest + timedelta(days=180))
    assert Word.STALE in said(by_shape("openai"), {}, day=DAY + timedelta(days=200))


# Projects


def test_a_project_is_judged_like_its_keys_and_its_labels_say_production():
    labels = fact(What.LABELS, "team=web", "Env=Prod")
    (gemini, vertex) = of_project("acme", {**UNPAID, **labels}, EVERY, Terms(), DAY)
    assert (gemini.standing.tier.id, vertex.reach.answer) == ("unpaid", Answer.NO)
    assert set(words((gemini, vertex))) == {Word.TRAINS, Word.READ, Word.UNPAID}
    assert production("acme", labels) == ("Env=Prod",)
    assert production("acme", fact(What.LABELS, "env=dev", "stage=1")) == ()
    assert production("acme", fact(What.LABELS, status=Known.DENIED)) == ()


def test_an_attestation_for_one_key_says_nothing_of_its_project():
    def tier_is(match):
        terms = Terms(attestations=(Attestation("gemini", Topic.OPT_OUT, "ada", DAY, match=match),))
        gemini = of_project("acme", PAID, EVERY, terms, DAY)[0]
        return next(held.how for held in gemini.held if held.statement.id == "paid-tier")

    assert tier_is("google-api-keys:acme/uid-1") is How.ASKED
    assert tier_is("project:acme") is How.ATTESTED
