"""What may be done with what is sent with a key: found in bulk, shown for one, and never better than what could be asked."""

from contextlib import closing, contextmanager

import pytest

from keyward.desk import Desk
from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.organisation import build
from keyward.emulator.world import World
from keyward.model.errors import QueryError
from keyward.model.query import parse
from keyward.wiring import Parts
from tests.cli.test_documents import check
from tests.model.shapes import sample
from tests.parts.emulator import START
from tests.parts.scene import MAPS, Scene
from tests.parts.truth import expected as rows_by

BILLING = "cloudbilling.projects.getBillingInfo"
GEMINI = "generativelanguage.googleapis.com"


@contextmanager
def opened(scene):
    """A desk of this moment, in this process."""
    desk = Desk(Parts(environ=scene.environ(), interactive=False))
    try:
        yield desk
    finally:
        desk.close()


def listed(scene, text=""):
    """Ids of the keys that a query finds, as `keyward list` finds them, with their words."""
    with opened(scene) as desk:
        desk.hygiene.judge_data()
        with closing(desk.cache()) as cache:
            columns = cache.columns()
            rows = parse(text).columns(columns, range(len(columns.id)), desk.parts.clock.now())
            return {columns.id[row]: set(columns.data[row]) for row in rows}


def page(scene, key):
    """The document of one key."""
    with opened(scene) as desk:
        return check(desk.keys.show(key))


def words(scene, key):
    """What the list says of a key, which is what its own page says."""
    said, shown = listed(scene)[key], page(scene, key)
    assert said == set(shown["data_handling"]["words"]) == set(shown["key"]["data"])
    return said


def of(scene, key, provider):
    """What is said of one service on the page of a key."""
    (one,) = [one for one in page(scene, key)["data_handling"]["services"] if one["provider"] == provider]
    return one


def answers(service, topic):
    """(answer, how) of the statements about the API as a whole on that topic."""
    return {
        (one["answer"], one["how"]) for one in service["statements"] if one["topic"] == topic and not one["surface"]
    }


# One story


def test_an_unpaid_project_is_found_a_refusal_is_unknown_and_settings_count_at_once(scene):
    scene.world.new_project("acme-free", billing="", labels={"env": "prod"})
    scene.world.new_project("acme-denied").denied.add("serviceusage.services.list")
    scene.world.new_project("acme-off").api_off.add(GEMINI)
    keys = {name: scene.key(name, project=name) for name in ("acme-prod", "acme-free", "acme-denied", "acme-off")}
    ids = {name: scene.key_id(one, name) for name, one in keys.items()}
    maps = scene.key_id(scene.key("maps", project="acme-free", restrictions=MAPS), "acme-free")
    scene.env(".env", f"OPENAI_API_KEY={sample('openai', 7).decode()}\nEL={sample('elevenlabs', 7).decode()}\n")

    # A plain scan asks nobody, and says so
    assert scene.keyward("scan", scene.work).status == 0
    assert listed(scene, "data:unknown").keys() == set(ids.values())
    assert listed(scene, "data:trains project:acme-*") == {}
    shown = scene.keyward("show", ids["acme-free"]).out
    assert "nobody asked around acme-free -> keyward scan --context" in shown

    # With context: one question about billing for each project
    before = len(scene.log())
    assert scene.keyward("scan", scene.work, "--context").status == 0
    asked = [one["rpc"] for one in scene.log()[before:]]
    assert asked.count(BILLING) == 4
    assert listed(scene, "data:unpaid") == {ids["acme-free"]: {"trains", "read", "unpaid"}}
    assert listed(scene, "data:paid").keys() == {ids["acme-prod"]}
    assert listed(scene, "data:unknown").keys() == {ids["acme-denied"]}
    assert listed(scene, "data:none").keys() == {maps, ids["acme-off"]}
    eleven, openai = sorted(listed(scene, "provider:shape"))
    assert words(scene, openai) == {"attest"}
    assert listed(scene, "data:trains") == {**listed(scene, "data:unpaid"), eleven: {"trains", "attest"}}
    assert words(scene, ids["acme-prod"]) == {"paid", "attest"}

    # One key in full
    free = of(scene, ids["acme-free"], "gemini")
    assert (free["tier"]["id"], free["tier"]["how"]) == ("unpaid", "proved")
    assert answers(free, "improvement") == answers(free, "people") == {("yes", "proved")}
    assert ("yes", "stated") in answers(free, "kept")
    shown = scene.keyward("show", ids["acme-free"]).out
    assert "production: env=prod of acme-free" in shown
    assert "improves products: yes." in shown
    assert "keyward provider show gemini" in shown
    denied = of(scene, ids["acme-denied"], "gemini")
    assert denied["reach"]["answer"] == "unknown"
    assert "serviceusage.services.list" in denied["reach"]["why"]
    assert of(scene, maps, "gemini") == {
        **of(scene, maps, "gemini"),
        "reach": {"answer": "no", "why": "its restrictions leave out generativelanguage.googleapis.com", "fix": None},
        "statements": [],
    }
    table = scene.keyward("list", "data:trains", "--columns", "data").out
    assert "trains, read, unpaid" in table
    assert "trains read unpaid" in scene.keyward("list", "data:unpaid", "-o", "csv").out

    # Rules and policies may be about them too
    with opened(scene) as desk:
        found = {one.subject for one in desk.hygiene.check("data:unpaid").judged.findings}
    assert found == {ids["acme-free"]}

    # What the user says counts at once, without a scan
    scene.settings('[data]\nregion = "eea"\n')
    assert scene.keyward("list", "data:eea", "-o", "ids").out == f"{ids['acme-free']}\n"
    assert listed(scene, "data:trains").keys() == {eleven}
    assert f"{scene.config}:" in of(scene, ids["acme-free"], "gemini")["tier"]["why"]
    scene.settings(
        '[[data.attest]]\nprovider = "openai"\ntopic = "training"\nby = "ada@acme.example"\nuntil = 2026-12-31\n'
        '[[data.statement]]\nprovider = "gemini"\nid = "paid-improvement"\ntopic = "improvement"\nanswer = "yes"\n'
        'said = "Our own contract lets them."\ntiers = ["paid"]\nchecked = 2026-11-01\n'
    )
    assert words(scene, openai) == {"not-trained"}
    assert listed(scene, "data:trains").keys() == {ids["acme-free"], ids["acme-prod"], eleven}
    own = [one for one in of(scene, ids["acme-prod"], "gemini")["statements"] if one["id"] == "paid-improvement"]
    assert [(one["said"], one["evidence"]) for one in own] == [("Our own contract lets them.", "own")]

    # Days pass: the attestation ends, then what was checked long ago is stale
    scene.world.clock.advance(45 * 86_400)
    assert words(scene, openai) == {"attest"}
    scene.world.clock.advance(155 * 86_400)
    assert {"attest", "stale"} <= words(scene, openai)
    assert {ids["acme-free"], openai} <= listed(scene, "data:stale").keys()
    assert "STALE" in scene.keyward("show", openai).out
    with opened(scene) as desk:
        assert {one["stale"] for one in desk.hygiene.provider("openai")["statements"]} == {True}


def test_asking_around_one_key_brings_the_list_up_to_date(scene):
    one, other = scene.key("one"), scene.key("two")
    scene.world.project("acme-prod").billing_open = False
    scene.keyward("scan")
    both = {scene.key_id(one), scene.key_id(other)}
    assert listed(scene, "data:unknown").keys() == both
    with opened(scene) as desk:
        assert set(desk.keys.ask_around(scene.key_id(one))) == both, "the app sends these rows again"
    assert listed(scene, "data:unpaid").keys() == both, "a closed account pays nothing"


def test_a_word_that_is_none_is_refused_with_the_nearest_one():
    with pytest.raises(QueryError) as refused:
        parse("data:unpayed")
    assert refused.value.hint == "Did you mean unpaid?"


def test_a_statement_for_a_tier_that_the_provider_has_not_is_an_error(scene):
    scene.settings(
        '[[data.statement]]\nprovider = "gemini"\nid = "own"\ntopic = "kept"\nanswer = "no"\nsaid = "None."\n'
        'tiers = ["gold"]\nchecked = 2026-11-01\n'
    )
    done = scene.keyward("provider", "show", "gemini")
    assert (done.status, done.out) == (4, "")
    assert "gemini has no tier 'gold'" in done.err
    assert "eea, paid, unpaid" in done.err


# The sample organisation


@pytest.fixture(scope="module")
def organisation(tmp_path_factory):
    """The sample organisation, scanned with context, and the truth that was written before."""
    world = World(seed=1, clock=Clock(START, 0), behaviour=quick())
    truth = build(world, "demo", 1).data
    with Scene(tmp_path_factory.mktemp("data") / "home", world=world) as scene:
        scene.emulator.project = truth["projects"][0]["id"]
        scene.settings('[scan]\nindex = "off"\n')
        assert scene.keyward("scan", "--context").status == 3
        yield scene, truth


def expected(truth, *billing):
    """Keys that may call Gemini in projects with such a billing account, by the truth; not where nobody may know that Gemini is on."""
    projects = {
        one["id"]
        for one in truth["projects"]
        if one["billing"] in billing and "serviceusage.services.list" not in one["denied"]
    }
    return {
        key
        for key, row in rows_by(truth).keys.items()
        if row["provider"] == "google-api-keys"
        and (row["scope"] in projects, row["state"]) == (True, "active")
        and (GEMINI in row["restrictions"]["apis"] or not row["restrictions"]["apis"])
    }


def found(scene, query):
    return {key for key in listed(scene, query) if key.startswith("google-api-keys:")}


def test_every_unpaid_gemini_key_of_the_sample_organisation_is_found(organisation):
    scene, truth = organisation
    unpaid = expected(truth, "none", "closed")
    assert len(unpaid) > 10
    assert found(scene, "data:unpaid") == found(scene, "data:trains data:read") == unpaid
    assert found(scene, "data:paid") == expected(truth, "open")


def test_the_unpaid_project_with_production_keys_is_found(organisation):
    scene, truth = organisation
    labelled = {
        one["id"] for one in truth["projects"] if one["labels"].get("env") == "prod" and one["billing"] != "open"
    }
    assert labelled == {"acme-partner-prod"}
    wanted = {one for one in expected(truth, "none") if one.startswith("google-api-keys:acme-partner-prod/")}
    assert len(wanted) == 3
    done = scene.keyward("list", "data:unpaid", "project:*-prod", "-o", "ids")
    assert set(done.out.split()) == wanted
    for key in sorted(wanted):
        handled = page(scene, key)["data_handling"]
        assert handled["production"] == ["env=prod"]
        assert {"trains", "read", "unpaid"} <= set(handled["words"])
