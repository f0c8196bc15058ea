"""The lists that keyward brings: they can be read, fit the published schema, and stand for every practice of the source documents."""

import json
import re
import tomllib
from importlib.resources import files

import jsonschema
import pytest

from keyward.checklists.item import Kind
from keyward.checklists.library import library, shipped
from keyward.checklists.tables import DisableTable, ItemTable, ListTable, OverrideTable

FOLDER = files("keyward.checklists")
SCHEMA = json.loads((FOLDER / "schema" / "checklist.schema.json").read_text("utf-8"))
LISTS = library().lists
ITEMS = {item.id: item for one in LISTS for item in one.items}

WANTED = {
    "any-provider", "google-cloud-project", "gemini-production", "gemini-hobby", "invideo", "other-ai-provider", "developer-machine",
    "departing-colleague", "leaked-key", "new-service",
}  # fmt: skip
PRACTICES = {
    "article: encryption in transit", "article: storage, retention and access known", "article: explicit consent",
    "article: clear privacy policy", "article: minimisation", "article: anonymisation", "article: GDPR, CCPA and local law",
    "article: API keys and OAuth tokens", "article: role-based access", "article: regular rotation",
    "article: monitoring for suspicious activity", "article: dependencies up to date",
    "article: know where data is and who has access", "thread: use of data for product improvement",
    "thread: a switch that is not there", "thread: human review of input and output", "thread: no sensitive data",
    "thread: what data is collected", "thread: Gemini Apps is another product", "policies: automated and manual detection",
    "policies: 55 days of retention", "policies: what is kept", "policies: human review", "policies: escalation",
    "policies: preference voting", "policies: prohibited use",
}  # fmt: skip
"""What the three source documents (an article on an API, a forum thread, a page of usage policies) ask for."""


def test_there_is_a_list_for_each_occasion():
    assert {one.id for one in LISTS} >= WANTED
    assert all(one.items for one in LISTS)


@pytest.mark.parametrize("file", sorted(one.name for one in (FOLDER / "lists").iterdir()))
def test_every_definition_fits_the_published_schema(file):
    data = json.loads(json.dumps(tomllib.loads((FOLDER / "lists" / file).read_text("utf-8")), default=str))
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(data)
    assert f"{data['id']}.toml" == file


def test_the_schema_names_the_settings_that_are_read_and_no_others():
    tables = {"item": ItemTable, "override": OverrideTable, "disable": DisableTable}
    props = SCHEMA["properties"]
    assert set(props) == {*ListTable.__dataclass_fields__, *tables}
    for name, kind in tables.items():
        inside = props[name]["items"]
        assert set(inside["properties"]) == set(kind.__dataclass_fields__)
        required = {one for one, item in kind.__dataclass_fields__.items() if item.metadata["required"]}
        assert set(inside["required"]) == required
    assert set(SCHEMA["required"]) == {
        one for one, item in ListTable.__dataclass_fields__.items() if item.metadata["required"]
    }


def test_every_practice_of_the_source_documents_has_an_item():
    assert {practice for item in ITEMS.values() for practice in item.practice} == PRACTICES


def test_every_item_says_why_and_what_to_do_and_dates_what_it_took_from_elsewhere():
    for draft in shipped():
        for item in draft.items:
            assert item.how, item.id
            assert item.why.endswith("."), item.id
            assert item.practice or item.source, item.id
            if any("https://" in one or "discovery" in one for one in item.source):
                assert item.checked is not None, item.id
            if item.kind is Kind.AUTO:
                assert not item.fields, item.id


def test_a_practice_is_mapped_to_its_items_in_the_documentation():
    """The table of docs/checklists.md says of every practice which items stand for it, who proves them, and where that is tested."""
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "checklists.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| (article|thread|policies): ", line)]
    told = {
        (cells[0], cells[1].strip("`")): cells[2:]
        for row in rows
        if (cells := [cell.strip() for cell in row.strip("|").split("|")])
    }
    wanted = {(practice, item.id): item for item in ITEMS.values() for practice in item.practice}
    assert set(told) == set(wanted)
    for key, item in wanted.items():
        assert told[key][0] == item.kind.value, key
        assert told[key][1] == (" ".join(item.rules) or item.check or "a person"), key
        for name in told[key][2].strip("`").split(", "):
            assert (Path(__file__).parents[2] / name).exists(), name
