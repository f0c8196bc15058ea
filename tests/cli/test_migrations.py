"""Migration as rotation: a standard key becomes an auth key, an unrestricted one a restricted one, a key of one project one of another."""

import json

import pytest

from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.usage import Usage
from tests.cli.conftest import changes_in, files_of
from tests.parts.scene import GEMINI, MAPS, PROJECT, Scene

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "migrated")
OTHER = "acme-other"
SERVICE = "generativelanguage.googleapis.com"


@pytest.fixture
def scene(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        scene.file = None
        yield scene


def plant(scene, **more):
    """A key in an env file, and a service account beside it."""
    key = scene.key(**more)
    scene.file = scene.env(".env", f"GEMINI_API_KEY={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    return key


def account(scene, project=PROJECT, **more):
    place = scene.world.known(project) or scene.world.new_project(project)
    return scene.world.state(ServiceAccounts).plant(place, "gemini-app", **more).email


def record(scene, value):
    """The cloud's own record of the live key with that value."""
    return next(key for key in scene.all_keys() if key["key_string"] == value)


def refused_before_anything(scene, key, *options):
    before, live, seen = files_of(scene.work), scene.live(), len(scene.log())
    done = scene.keyward("rotate", scene.key_id(key), *NOW, *options)
    assert "Traceback" not in done.err
    assert (files_of(scene.work), scene.live()) == (before, live)
    assert changes_in(scene.log()[seen:]) == []
    return done


def test_a_standard_key_becomes_an_auth_key_and_goes_back(scene):
    key, email = plant(scene), account(scene)
    into = ("--as", "auth-key", "--service-account", email)
    plan = scene.keyward("rotate", scene.key_id(key), *NOW, *into, "--dry-run")
    assert plan.status == 0, plan.err
    for said in (f"an auth key bound to {email}", "begins with AQ.", "x-goog-api-key", "--as auth-key"):
        assert said in plan.out, said
    done = scene.keyward("rotate", scene.key_id(key), *NOW, *into, "--wait", "-o", "json")
    assert done.status == 0, done.err
    (new,) = scene.live()
    assert new.startswith("AQ.")
    assert record(scene, new)["service_account"] == email
    assert record(scene, new)["restrictions"] == GEMINI
    assert scene.file.read_text() == f"GEMINI_API_KEY={new}\n"
    (one,) = done.json["rotations"]
    verified = scene.keyward("verify", one["successor"], "-o", "json")
    assert verified.json["verdicts"][0]["verdict"] == "works"
    assert "auth key" in json.dumps(scene.keyward("history", one["rotation"], "-o", "json").json)
    undone = scene.keyward("undo", one["rotation"], "--yes", "--reason", "a client cannot", "--wait")
    assert undone.status == 0, undone.err
    assert scene.live() == {key.key_string}
    assert scene.file.read_text() == f"GEMINI_API_KEY={key.key_string}\n"


def test_an_auth_key_under_an_org_policy_that_forbids_it_is_blocked_before_anything_is_made(scene):
    """The policy is enforced by default; only keys that nothing but Gemini accepts are exempt."""
    key, email = plant(scene, restrictions={}), account(scene)
    into = ("--as", "auth-key", "--service-account", email)
    done = refused_before_anything(scene, key, *into)
    assert done.status == 6
    assert "iam.managed.disableServiceAccountApiKeyCreation is enforced" in done.err
    assert f"--restrict-to {SERVICE}" in done.err
    plan = scene.keyward("rotate", scene.key_id(key), *NOW, *into, "--restrict-to", SERVICE, "--dry-run")
    assert plan.status == 0, plan.err


def test_a_policy_that_cannot_be_read_is_shown_as_unknown_and_a_refusal_ends_it(scene):
    key, email = plant(scene, restrictions={}), account(scene)
    scene.world.known(PROJECT).denied.add("orgpolicy.policy.get")
    into = ("--as", "auth-key", "--service-account", email)
    plan = scene.keyward("rotate", scene.key_id(key), *NOW, *into, "--dry-run")
    assert plan.status == 0, plan.err
    assert "not known" in plan.out
    assert "orgpolicy.policy.get" in plan.out
    done = scene.keyward("rotate", scene.key_id(key), *NOW, *into, "--wait", "-o", "json")
    assert done.status != 0
    (one,) = done.json["rotations"]
    assert one["state"] == "aborted"
    assert "refused" in one["why"]
    assert scene.live() == {key.key_string}
    assert scene.file.read_text() == f"GEMINI_API_KEY={key.key_string}\n"


@pytest.mark.parametrize("state", ["absent", "disabled"])
def test_an_account_that_cannot_be_bound_is_told_before_anything_is_made(scene, state):
    key = plant(scene)
    email = f"nobody@{PROJECT}.iam.gserviceaccount.com" if state == "absent" else account(scene, disabled=True)
    done = refused_before_anything(scene, key, "--as", "auth-key", "--service-account", email)
    assert done.status == 6
    assert ("there is no such service account" if state == "absent" else "it is disabled") in done.err


def test_an_unrestricted_key_becomes_a_restricted_one(scene):
    key = plant(scene, restrictions={})
    usage = scene.world.state(Usage)
    number = scene.world.known(PROJECT).number
    for _ in range(3):
        usage.record(number, key.uid, "maps-backend.googleapis.com")
    scene.world.clock.advance(7200)
    plan = scene.keyward("rotate", scene.key_id(key), *NOW, "--restrict-to", SERVICE, "--dry-run")
    assert plan.status == 0, plan.err
    assert f"restricted to {SERVICE}" in plan.out
    assert "used lately for maps-backend.googleapis.com (3 calls)" in plan.out
    done = scene.keyward("rotate", scene.key_id(key), *NOW, "--restrict-to", SERVICE, "--wait")
    assert done.status == 0, done.err
    (new,) = scene.live()
    assert record(scene, new)["restrictions"] == GEMINI


def test_a_rotation_never_opens_more_than_before(scene):
    key = plant(scene, restrictions=MAPS)
    done = refused_before_anything(scene, key, "--restrict-to", SERVICE)
    assert done.status == 6
    assert "it would open more than before" in done.err


def test_a_key_moves_to_another_project_and_back(scene):
    key = plant(scene)
    scene.world.new_project(OTHER)
    done = scene.keyward("rotate", scene.key_id(key), *NOW, "--to-project", OTHER, "--dry-run")
    assert done.status == 0, done.err
    for said in (
        f"in {OTHER}",
        "billing tier",
        "prompts may be used",
        f"no longer by {PROJECT}",
        f"--to-project {OTHER}",
    ):
        assert said in done.out, said
    done = scene.keyward("rotate", scene.key_id(key), *NOW, "--to-project", OTHER, "--wait", "-o", "json")
    assert done.status == 0, done.err
    (one,) = done.json["rotations"]
    assert one["successor"].startswith(f"google-api-keys:{OTHER}/")
    (new,) = scene.live()
    assert record(scene, new)["project"] == scene.world.known(OTHER).number
    assert scene.file.read_text() == f"GEMINI_API_KEY={new}\n"
    undone = scene.keyward("undo", one["rotation"], "--yes", "--reason", "wrong project", "--wait")
    assert undone.status == 0, undone.err
    assert scene.live() == {key.key_string}


def test_what_is_missing_in_the_other_project_is_told_before_anything_is_made(scene):
    key = plant(scene)
    other = scene.world.new_project(OTHER)
    other.api_off.add(SERVICE)
    other.denied.add("apikeys.keys.create")
    done = refused_before_anything(scene, key, "--to-project", OTHER)
    assert done.status == 6
    assert f"gcloud services enable {SERVICE} --project={OTHER}" in done.err
    assert "apikeys.keys.create is missing" in done.err
    scene.world.known(PROJECT).denied.add("apikeys.keys.delete")
    done = refused_before_anything(scene, key, "--to-project", OTHER)
    assert f"delete keys in {PROJECT}" in done.err


def test_options_that_mean_nothing_are_wrong_usage(scene):
    key = plant(scene)
    seen = len(scene.log())
    for options, said in (
        (("--as", "auth-key"), "--service-account EMAIL"),
        (("--service-account", "a@b.iam.gserviceaccount.com"), "--as auth-key"),
        (("--as", "sa-key"), "sa-key"),
        (("--as", "auth-key", "--service-account", "nobody"), "--service-account"),
        (("--restrict-to", "gemini"), "--restrict-to"),
        (("--to-project", "a/../b"), "--to-project"),
        (("--even-if-broken",), "--emergency"),
        (("--emergency",), "--grace"),
    ):
        done = scene.keyward("rotate", scene.key_id(key), *NOW, *options)
        assert done.status == 2, options
        assert said in done.err, (options, done.err)
    done = scene.keyward("rotate", scene.key_id(key), "--emergency", "--yes")
    assert done.status == 2
    assert "--reason" in done.err
    assert changes_in(scene.log()[seen:]) == []
