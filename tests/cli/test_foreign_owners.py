"""Keys and secrets that somebody else looks after: refused by default, with what to run there."""

import json

import pytest

from keyward.desk.tfstate import LARGEST
from tests.cli.conftest import changes_in, files_of
from tests.parts.scene import GEMINI, PROJECT, Scene

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")


@pytest.fixture
def scene(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        yield scene


def state(scene, *resources, **more):
    """A state file as `terraform state pull` writes it."""
    file = scene.home / "terraform.tfstate"
    head = {"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x", "outputs": {}, **more}
    file.write_text(json.dumps({**head, "resources": list(resources), "check_results": None}))
    return file


def resource(kind, name, *instances, **more):
    provider = 'provider["registry.terraform.io/hashicorp/google"]'
    found = [{"schema_version": 0, **one, "sensitive_attributes": []} for one in instances]
    return {"mode": "managed", "type": kind, "name": name, "provider": provider, "instances": found, **more}


def key_resource(scene, key, **more):
    """The key as Terraform's Google provider keeps it: its value stands in the state, too."""
    name = f"projects/{PROJECT}/locations/global/keys/gemini"
    attributes = {"id": name, "name": "gemini", "uid": key.uid, "project": PROJECT, "key_string": key.key_string}
    one = {"index_key": "blue", "attributes": attributes}
    return resource("google_apikeys_key", "gemini", one, module="module.keys", **more)


def _scanned(scene, **more):
    key = scene.key(**more)
    scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    return key


def _refused(scene, key, *options):
    before, live, seen = files_of(scene.work), scene.live(), len(scene.log())
    done = scene.keyward("rotate", scene.key_id(key), *NOW, *options)
    assert done.status == 6, done.err
    assert (files_of(scene.work), scene.live()) == (before, live)
    assert changes_in(scene.log()[seen:]) == []
    return done.err


def test_a_key_of_terraform_is_refused_with_its_exact_address(scene):
    key = _scanned(scene)
    file = state(scene, key_resource(scene, key))
    said = _refused(scene, key, "--tfstate", file)
    assert """terraform apply '-replace=module.keys.google_apikeys_key.gemini["blue"]'""" in said
    assert "create_before_destroy" in said
    assert key.key_string not in said
    done = scene.keyward("rotate", scene.key_id(key), *NOW, "--tfstate", file, "--even-if-foreign", "--wait")
    assert done.status == 0, done.err


def test_a_state_that_names_only_other_keys_is_in_nobodys_way(scene):
    key, other = _scanned(scene), scene.key("other")
    data = {**key_resource(scene, other), "mode": "managed"}
    read_only = {**key_resource(scene, key), "mode": "data"}
    file = state(scene, data, read_only, resource("google_project", "p", {"attributes": {"id": PROJECT}}))
    done = scene.keyward("rotate", scene.key_id(key), *NOW, "--tfstate", file, "--dry-run")
    assert done.status == 0, done.err


@pytest.mark.parametrize("by", ["id", "number"])
def test_a_secret_of_terraform_is_refused_and_can_be_left_out(scene, by):
    key = scene.key()
    scene.secret("app", key.key_string)
    scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    where = PROJECT if by == "id" else scene.world.known(PROJECT).number
    full = f"projects/{where}/secrets/app"
    version = {"id": f"{full}/versions/1", "name": f"{full}/versions/1", "secret": full, "secret_data": key.key_string}
    file = state(scene, resource("google_secret_manager_secret_version", "app", {"attributes": version}))
    said = _refused(scene, key, "--tfstate", file)
    assert "-replace=google_secret_manager_secret_version.app" in said
    assert "--waive gsm:acme-prod/app" in said


def test_what_is_no_state_is_said_to_be_none_and_nothing_is_read(scene):
    key = _scanned(scene)
    file = scene.home / "terraform.tfstate"
    for content in (
        b"",
        b"\xff\x00",
        b"[]",
        b'{"version": 4}',
        b"[" * 200_000,
        b'{"terraform_version": 1, "resources": 3}',
    ):
        file.write_bytes(content)
        done = scene.keyward("rotate", scene.key_id(key), *NOW, "--tfstate", file)
        assert done.status == 2, content[:20]
        assert "Traceback" not in done.err
        assert str(file) in done.err
    with file.open("r+b") as huge:
        huge.truncate(LARGEST + 1)  # a sparse file
    assert "too large" in scene.keyward("rotate", scene.key_id(key), *NOW, "--tfstate", file).err
    state(scene, version=3)
    assert "format 3" in scene.keyward("rotate", scene.key_id(key), *NOW, "--tfstate", file).err
    odd = [
        None,
        3,
        {
            "mode": "managed",
            "type": "google_apikeys_key",
            "instances": [None, {"attributes": 3}, {"attributes": {"uid": 3}}],
        },
    ]
    state(scene, *odd)
    assert scene.keyward("rotate", scene.key_id(key), *NOW, "--tfstate", file, "--dry-run").status == 0
    for gone in (scene.home, scene.home / "absent"):
        assert scene.keyward("rotate", scene.key_id(key), *NOW, "--tfstate", gone).status == 2


@pytest.mark.parametrize(
    ("client", "said"),
    [
        (
            {
                "androidKeyRestrictions": {
                    "allowedApplications": [{"packageName": "com.acme.app", "sha1Fingerprint": "AB" * 20}]
                }
            },
            "Android",
        ),
        ({"iosKeyRestrictions": {"allowedBundleIds": ["com.acme.app"]}}, "iOS"),
        ({"browserKeyRestrictions": {"allowedReferrers": ["https://acme.example/*"]}}, "web pages"),
    ],
)
def test_a_key_in_apps_or_pages_is_refused_since_its_users_hold_copies(scene, client, said):
    key = _scanned(scene, restrictions={**client, **GEMINI})
    told = _refused(scene, key)
    assert said in told
    assert "users hold copies" in told
    plan = scene.keyward("rotate", scene.key_id(key), "--accept-targets", "--even-if-foreign", "--dry-run")
    assert plan.status == 0, plan.err
    assert "all the same: it " in plan.out
    assert "unused for 7d" in plan.out  # it waits until nobody uses it


def test_a_key_of_firebase_is_only_said_to_be_one_perhaps(scene):
    key = _scanned(scene, name="Browser key (auto created by Firebase)")
    said = _refused(scene, key)
    assert f"a Firebase app may refer to it by its uid {key.uid}" in said
    assert "Firebase was not asked" in said
