"""What the catalog says of providers can be read, fits together, and covers every shape that keyward knows."""

import hashlib
import json
import re
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from keyward.model.detectors import DETECTORS
from keyward.model.errors import UsageError
from keyward.model.handling import Answer, Evidence, Topic
from keyward.providers import catalog
from keyward.providers.catalog.load import parse

FOLDER = files("keyward.providers.catalog")
SCHEMA = json.loads((FOLDER / "schema" / "entry.schema.json").read_text("utf-8"))
ENTRIES = [catalog.read(name) for name in catalog.ids()]
STATEMENTS = [(entry.id, one) for entry in ENTRIES for one in entry.statements]

GOOD = """
id = "acme"
label = "Acme"
automation = "manual"
checked = 2026-11-20
[pages]
create = "https://acme.example/keys"
revoke = "https://acme.example/keys"
[probe]
base = "https://api.acme.example"
path = "v1/me"
header = "authorization"
"""


@pytest.mark.parametrize("name", catalog.ids())
def test_every_entry_can_be_read_and_names_its_sources(name):
    entry = catalog.read(name)
    assert entry.label
    assert entry.sources or entry.pages.evidence == "prior"
    assert (entry.probe is None) is bool(entry.no_probe)
    if entry.probe is not None:
        assert "{" not in entry.probe.base + entry.probe.path
        assert set(entry.probe.kinds) <= set(entry.kinds)


SEEN_ONLY = {
    "private-key", "jwt",
    "url-password", "sk-hex", "nvidia", "cerebras", "tavily", "langsmith", "langfuse", "pinecone", "wandb", "gitlab", "slack", "slack-app",
    "slack-webhook", "vercel", "supabase", "supabase-secret", "doppler", "postman", "vault", "1password", "databricks", "linear", "notion",
    "entra-secret",
}  # fmt: skip
"""Shapes that are recognised, and of whose making and deleting nothing has been looked up."""


def test_every_shape_has_one_issuer_or_is_only_recognised():
    issuers = {
        detector.kind: [one.id for one in ENTRIES if detector.kind in one.kinds and not one.issuers]
        for detector in DETECTORS
    }
    assert {kind for kind, found in issuers.items() if len(found) != 1} == SEEN_ONLY
    assert {kind for kind, found in issuers.items() if found} >= {"openai", "anthropic", "github", "aws-secret-key"}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("InVideo AI", "invideo"),
        ("invideo", "invideo"),
        ("openai", "openai"),
        ("Hugging Face", "huggingface"),
        ("hf", "huggingface"),
        ("Vertex", "vertex-ai"),
        ("nobody", None),
    ],
)
def test_a_person_may_call_a_provider_by_its_name(typed, found):
    entry = catalog.of_name(typed)
    assert (entry.id if entry else None) == found


def test_an_entry_is_what_its_text_says():
    entry = parse(GOOD)
    assert (entry.id, entry.probe.path, entry.probe.dead, entry.revocation.run) == ("acme", "v1/me", (401,), 120.0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("[probe]", "[prob]"), "prob"),
        (('label = "Acme"', "label = 7"), "label"),
        (('label = "Acme"', ""), "label"),
        (('"https://acme.example/keys"', '"http://acme.example/keys"'), "https"),
        (('"https://api.acme.example"', '"http://api.acme.example"'), "https"),
        (('"v1/me"', '"v1/me?key={key}"'), "query"),
        (('automation = "manual"', 'automation = "magic"'), "magic"),
        (("checked = 2026-11-20", 'checked = "soon"'), "checked"),
        (('header = "authorization"', 'header = "authorization"\nnone = "why"'), "either"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_place(wrong, said):
    with pytest.raises(ValueError, match=said):
        parse(GOOD.replace(*wrong, 1))


# The files as data


def plain(value):
    """What TOML read, as JSON would have it."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def wrong(data):
    """What the schema finds wrong."""
    judge = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    return [f"{list(one.path)}: {one.message}" for one in judge.iter_errors(plain(data))]


@pytest.mark.parametrize("name", catalog.ids())
def test_every_file_fits_the_published_schema(name):
    assert wrong(tomllib.loads((FOLDER / "data" / f"{name}.toml").read_text("utf-8"))) == []


def test_the_schema_and_the_reader_refuse_the_same():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    good = (FOLDER / "data" / "gemini.toml").read_text("utf-8")
    for before, after in (
        ('topic = "kept"', 'topic = "keep"'),
        ('answer = "limited"', 'answer = "maybe"'),
        ('source = "https://ai', 'source = "http://ai'),
        ('evidence = "doc"\nsource = "https://ai.google.dev/gemini-api/terms"', 'evidence = "doc"'),
        ("checked = 2026-11-20\n\n[[data]]", "\n[[data]]"),
        ("days = 55", 'days = "55"'),
        ('when = "billing on"', 'when = "paid"'),
        ('service = "', 'servise = "'),
    ):
        assert before in good
        broken = good.replace(before, after, 1)
        assert wrong(tomllib.loads(broken)), after
        with pytest.raises(ValueError, match=r"\S"):
            parse(broken)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('tiers = ["paid", "eea"]', 'tiers = ["gold"]', "a tier that is none"),
        ('id = "paid-people"', 'id = "paid-improvement"', "its id is taken"),
    ],
)
def test_statements_that_do_not_fit_together_are_refused(before, after, said):
    good = (FOLDER / "data" / "gemini.toml").read_text("utf-8")
    with pytest.raises(ValueError, match=said):
        parse(good.replace(before, after, 1))


def test_what_is_said_of_data_names_its_source_or_that_nobody_looked():
    assert len(STATEMENTS) > 100
    for provider, one in STATEMENTS:
        where = f"{provider}: {one.id}"
        assert (one.evidence is Evidence.PRIOR) is (not one.source), where
        assert one.checked <= date(2026, 12, 31), where
        assert one.answer is not Answer.UNKNOWN or one.evidence is not Evidence.SPEC or one.surface, where
        assert not one.proof or one.shows, where


def test_the_vendors_that_matter_most_are_covered_tier_by_tier():
    topics = {entry.id: {one.topic for one in entry.statements} for entry in ENTRIES}
    for name in ("gemini", "vertex-ai", "invideo", "openai", "anthropic"):
        assert topics[name] >= {Topic.PEOPLE, Topic.ZERO}, name
        assert topics[name] & {Topic.IMPROVEMENT, Topic.TRAINING}, name
        assert topics[name] & {Topic.KEPT}, name
        assert catalog.read(name).sources, name
    assert topics["gemini"] >= {
        Topic.VOTING,
        Topic.LOGS,
        Topic.GROUNDING,
        Topic.REGIONS,
        Topic.MISUSE,
        Topic.WHAT,
        Topic.OPT_OUT,
    }
    improvement = {
        tier: one.answer
        for one in catalog.read("gemini").statements
        if one.topic is Topic.IMPROVEMENT
        for tier in one.tiers
    }
    assert improvement == {"unpaid": Answer.YES, "paid": Answer.NO, "eea": Answer.NO}
    covered = {name for name, found in topics.items() if found}
    assert covered >= {
        *("mistral", "cohere", "groq", "xai", "deepseek", "huggingface", "replicate", "elevenlabs", "perplexity"),
        *("together", "fireworks", "openrouter", "azure-openai", "aws-bedrock"),
    }


# Our own words

LENGTH = 8
"""Words in a row that are no accident."""


def runs(text):
    """Every so many words in a row, as hashes."""
    words = re.findall(r"[a-z0-9]+", text.casefold().replace("'", ""))
    several = (" ".join(words[at : at + LENGTH]) for at in range(len(words) - LENGTH + 1))
    return {hashlib.sha256(one.encode()).hexdigest()[:8] for one in several}


@pytest.fixture(scope="module")
def sources():
    """Hashes of all runs of eight words of the articles and pages that the statements were made from."""
    return set(Path(__file__).with_name("sources.sha256").read_text("ascii").split())


def test_no_sentence_is_copied_from_a_source(sources):
    for provider, one in STATEMENTS:
        for text in (one.said, one.control, one.shows):
            assert not runs(text) & sources, f"{provider}: {one.id}: {text}"
    for entry in ENTRIES:
        assert not runs(entry.limits) & sources


def test_the_test_would_see_a_copy(sources):
    assert runs("Google retains the following data for fifty-five (55) days") & sources
    assert not runs("Anybody can write eight words that nobody wrote before") & sources


# Names


@pytest.mark.parametrize(
    ("typed", "found"),
    [("gemini", "gemini"), ("gem", "gemini"), ("AI-Studio", "gemini"), ("invi", "invideo"), ("grok", "xai")],
)
def test_a_provider_is_named_by_id_alias_or_the_beginning_of_one(typed, found):
    assert catalog.named(typed).id == found


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("opnai", "Did you mean openai"), ("a", "Type more"), ("", "provider list"), ("\x1b[2J", "provider list")],
)
def test_a_name_that_fits_none_or_several_is_refused_with_what_would(typed, hint):
    with pytest.raises(UsageError) as refused:
        catalog.named(typed)
    assert hint in refused.value.hint
    assert "\x1b" not in str(refused.value)


def test_a_shape_belongs_to_whoever_issues_it_and_not_to_the_services_that_take_it():
    assert catalog.of_kind("google-api-key").id == "google-api-keys"
    assert catalog.of_kind("google-sa-json").id == "google-sa-keys"


def test_no_two_providers_have_one_name():
    names = [name for entry in ENTRIES for name in {entry.id, *entry.aliases}]
    assert len(names) == len(set(names))
