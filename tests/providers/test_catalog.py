"""What the catalog says of providers can be read, fits together, and covers every shape that keyward knows."""

import pytest

from keyward.model.detectors import DETECTORS
from keyward.providers import catalog
from keyward.providers.catalog.load import parse

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
        detector.kind: [one for one in catalog.ids() if detector.kind in catalog.read(one).kinds]
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
