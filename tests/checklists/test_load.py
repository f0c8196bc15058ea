"""Definitions of users: a good one works without code, a wrong one is told with file, line, reason and the nearest right name."""

import pytest

from keyward.checklists.item import Kind
from keyward.checklists.library import library
from keyward.checklists.load import drafts
from keyward.model.errors import NotAllowed, SettingsError, UsageError

HEAD = (
    'schema = "keyward.checklist/1"\nid = "acme"\nversion = 1\ntitle = "Ours"\nwhy = "Because."\nabout = ["project"]\n'
)
ITEM = '[[item]]\nid = "acme.one"\ntitle = "One"\nwhy = "Why."\nkind = "attest"\n'


def read(tmp_path, *texts):
    for number, text in enumerate(texts):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        file.chmod(0o600)
    return library(drafts([tmp_path]))


GOOD = (
    HEAD.replace('id = "acme"', 'id = "acme-service"')
    + """include = ["google-cloud-project"]
take = ["any.tls", "any.consent"]
sign_off = true

[[item]]
id = "acme.reviewed"
title = "A security engineer looked at it"
why = "Two see more than one."
kind = "attest"
fields = ["who"]

[[item]]
id = "acme.paid"
title = "It is paid for"
why = "Unpaid is public."
kind = "auto"
check = "billing"

[[override]]
item = "any.tls"
attest_days = 30

[[override]]
item = "any.consent"
sign_off = true

[[disable]]
item = "gcp.dedicated-project"
reason = "one project for all is our decision of May"
"""
)


def test_a_good_one_works_without_code(tmp_path):
    found = read(tmp_path, GOOD).named("acme-service")
    assert found.file == str(tmp_path / "0.toml")
    assert found.item("any.tls").attest_days == 30
    assert found.item("any.consent").sign_off
    assert found.item("gcp.dedicated-project").off == "one project for all is our decision of May"
    assert (found.item("acme.reviewed").sign_off, found.item("acme.reviewed").fields) == (True, ("who",))
    assert found.item("acme.paid").kind is Kind.AUTO
    assert "KW-401" in found.rules
    assert library().named("any-provider").item("any.tls").attest_days == 180, "keyward's own list is as it was"


def test_a_users_list_of_keywards_name_changes_it_for_all_that_include_it(tmp_path):
    changed = read(
        tmp_path,
        'schema = "keyward.checklist/1"\nid = "any-provider"\nversion = 2\nextends = "any-provider"\n'
        '[[disable]]\nitem = "any.zdr"\nreason = "nothing needs it"\n',
    )
    assert changed.named("any-provider").version == 2
    assert changed.named("any-provider").title == "Any provider"
    assert changed.named("gemini-production").item("any.zdr").off == "nothing needs it"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (HEAD + "[[item\n", 7, "this is not TOML"),
        (HEAD.replace("title", "titel"), 4, "a checklist has no setting 'titel'. Did you mean title?"),
        (HEAD.replace("version = 1\n", ""), 1, "version is missing"),
        (HEAD.replace("checklist/1", "checklist/9"), 1, "is not one of keyward.checklist/1"),
        (HEAD.replace('"project"', '"projekt"'), 6, "Did you mean project"),
        (HEAD + ITEM.replace("kind", "kindd"), 11, "[[item]] has no setting 'kindd'. Did you mean kind?"),
        (HEAD + ITEM.replace('"attest"', '"attests"'), 11, "Did you mean attest"),
        (HEAD + ITEM.replace('title = "One"\n', ""), 7, "[[item]]: title is missing"),
        (HEAD + ITEM.replace('"attest"', '"auto"'), 11, "an item of kind auto needs an evaluator"),
        (HEAD + ITEM.replace('"attest"', '"auto"') + 'check = "biling"\n', 12, "there is no evaluator 'biling'. Did you mean billing?"),
        (HEAD + ITEM.replace('"attest"', '"auto"') + 'rules = ["KW-4O1"]\n', 12, "there is no rule 'KW-4O1'. Did you mean KW-401"),
        (HEAD + ITEM + 'check = "billing"\nwant = { of = "x" }\n', 13, "billing is told no 'of'"),
        (HEAD + ITEM + 'check = "services"\nwant = { on = "x" }\n', 13, "'x' is not a list of texts"),
        (HEAD + ITEM + 'rules = ["KW-401"]\ncheck = "billing"\n', 12, "rules are named for the evaluator `rules`"),
        (HEAD + ITEM + ITEM, 13, "there is an item of that id already"),
        (HEAD + ITEM.replace("acme.one", "any.tls"), 8, "there is an item of that id already"),
        (HEAD + ITEM.replace("acme.one", "One"), 8, "is not a name such as acme.reviewed"),
        (HEAD + ITEM + "attest_days = 0\n", 12, "not a whole number"),
        (HEAD + 'take = ["any.tsl"]\n', 7, "there is no item 'any.tsl'. Did you mean any.tls?"),
        (HEAD + 'include = ["gemini-produktion"]\n', 7, "Did you mean gemini-production?"),
        (HEAD + 'include = ["acme"]\n', 7, "the list 'acme' includes itself"),
        (HEAD + 'take = ["any.tls"]\n[[override]]\nitem = "any.zdr"\n', 9, "this list has no item 'any.zdr'"),
        (HEAD + 'take = ["any.zdr"]\n[[override]]\nitem = "any.zdr"\nkind = "auto"\n', 10, "needs an evaluator"),
        (HEAD + 'take = ["any.tls"]\n[[disable]]\nitem = "any.tls"\n', 8, "reason is missing"),
        (HEAD.replace('title = "Ours"\n', ""), 2, "title is missing"),
        (HEAD + ITEM.replace('"One"', '"One\\u001b[31m"'), 9, "control character"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path, text, line, said):
    with pytest.raises(SettingsError) as wrong:
        read(tmp_path, text)
    assert wrong.value.line == line, wrong.value
    assert str(wrong.value).startswith(f"{tmp_path / '0.toml'}:{line}: ")
    assert said in str(wrong.value)


def test_two_lists_of_one_name_are_told(tmp_path):
    with pytest.raises(SettingsError, match="there is a list 'acme' already"):
        read(tmp_path, HEAD + ITEM, HEAD + ITEM.replace("acme.one", "acme.two"))


def test_what_others_can_write_is_not_read(tmp_path):
    file = tmp_path / "list.toml"
    file.write_text(HEAD + ITEM)
    file.chmod(0o666)
    with pytest.raises(NotAllowed, match="can be written by others"):
        drafts([file])
    with pytest.raises(SettingsError, match=r"nowhere\.toml: it cannot be read"):
        drafts([tmp_path / "nowhere.toml"])


def test_a_name_may_be_cut_where_no_other_begins_like_it():
    assert library().named("leaked").id == "leaked-key"
    with pytest.raises(UsageError, match="could be gemini-data, gemini-hobby, gemini-production"):
        library().named("gemini")
    with pytest.raises(UsageError, match="Did you mean invideo"):
        library().named("inviedo")
    with pytest.raises(UsageError, match=r"Did you mean any\.tls"):
        library().item("any.tsl")
