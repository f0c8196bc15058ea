"""`keyward provider`: what is known of providers, each statement with its source and its date."""

import csv
import io
import json
from types import SimpleNamespace

import pytest

from keyward.cli.output import Format
from keyward.cli.provider import list_providers, show
from keyward.desk import Desk
from keyward.wiring import Parts
from tests.cli.test_documents import check
from tests.parts.scene import Scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """No key, no scan: the catalog needs neither."""
    with Scene(tmp_path_factory.mktemp("provider") / "scene") as scene:
        scene.settings(
            '[[data.statement]]\nprovider = "openai"\nid = "abuse-logs"\ntopic = "kept"\nanswer = "no"\n'
            'said = "Our contract says none."\nchecked = 2026-05-01\nsource = "https://acme.example/contract"\n'
        )
        yield scene


@pytest.fixture
def printed(scene, capsys):
    """A function that prints a provider, or without a name the list, and gives what was printed."""
    desk = Desk(Parts(environ=scene.environ(), interactive=False))
    context = SimpleNamespace(obj=SimpleNamespace(desk=desk))

    def run(name="", form=Format.TABLE):
        list_providers(context, form) if not name else show(context, name, form)
        return capsys.readouterr().out

    yield run
    desk.close()


def document(text):
    return check(json.loads(text))


def test_the_list_counts_what_is_stale_and_what_nobody_looked_up(printed):
    by_id = {one["id"]: one for one in document(printed(form=Format.JSON))["providers"]}
    assert by_id["invideo"]["unverified"] == by_id["invideo"]["statements"] > 0
    assert (by_id["github"]["statements"], by_id["openai"]["stale"]) == (0, 1)
    lines = {line.split()[0]: line for line in printed().splitlines()}
    assert "1 STALE" in lines["openai"]
    assert "not looked up" in lines["github"]
    assert set(printed(form=Format.IDS).split()) == set(by_id)
    assert {row["id"] for row in csv.DictReader(io.StringIO(printed(form=Format.CSV)))} == set(by_id)


@pytest.mark.parametrize("name", ["gemini", "vertex-ai", "invideo", "openai", "anthropic"])
def test_a_provider_is_shown_with_every_source_and_date(printed, name):
    known, text = document(printed(name, Format.JSON)), printed(name)
    for one in known["statements"]:
        assert one["said"] in text
        assert f"{one['checked']}{': ' + one['source'] if one['source'] else ''}" in text
    assert ("(unverified)" in text) is any(one["unverified"] for one in known["statements"])
    assert known["sources"]
    assert all(one["url"] in text for one in known["sources"])


def test_gemini_is_told_tier_by_tier_with_what_proves_it(printed):
    text = printed("gem")
    order = [text.index(f"[{tier}]") for tier in ("unpaid", "paid", "eea")]
    assert order == sorted(order)
    unpaid = text[order[0] : order[1]]
    assert "improves products: yes." in unpaid
    assert "people may read it: yes." in unpaid
    assert "billingInfo: billingEnabled is false" in unpaid
    paid = text[order[1] : order[2]]
    assert "improves products: no." in paid
    assert "zero retention: it depends." in paid
    assert "only a person can say" in paid
    assert "improves products: no." in text[order[2] :]
    everybody = text[: order[0]]
    assert "kept: 55 d." in everybody
    assert "votes and feedback [AI Studio]: yes." in everybody


def test_a_statement_of_ones_own_stands_in_place_of_the_catalogs(printed):
    (one,) = [one for one in document(printed("openai", Format.JSON))["statements"] if one["id"] == "abuse-logs"]
    assert (one["said"], one["evidence"], one["stale"]) == ("Our contract says none.", "own", True)
    text = printed("openai")
    assert "your settings, 2026-05-01: https://acme.example/contract (STALE)" in text
    assert "up to 30 days; longer" not in text


def test_statements_as_csv_and_the_id(printed):
    rows = list(csv.DictReader(io.StringIO(printed("xai", Format.CSV))))
    assert {row["provider"] for row in rows} == {"xai"}
    assert any("x-zero-data-retention" in row["shows"] for row in rows)
    assert printed("grok", Format.IDS) == "xai\n"


def test_what_nobody_looked_up_is_said_instead_of_nothing(printed):
    assert "Data handling: nothing was looked up." in printed("github")


def test_the_command_line_says_what_a_name_could_have_been(scene):
    done = scene.keyward("provider", "show", "opnai")
    assert (done.status, done.out) == (2, "")
    assert "Did you mean openai?" in done.err
    assert "gemini" in scene.keyward("provider", "list").out
