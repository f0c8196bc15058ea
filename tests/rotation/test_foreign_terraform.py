"""What a Terraform state says of keys and secrets: exact addresses, no values."""

import json
import secrets

import pytest

from keyward.model.credential import Credential, Kind, State
from keyward.model.ids import CredentialRef, SecretRef
from keyward.rotation.foreign_terraform import NO_STATE, read_state, trimmed

MAIL = "app@acme.iam.gserviceaccount.com"
ACCOUNT_KEY = f"projects/acme/serviceAccounts/{MAIL}/keys/0a1b2c"


def state(*resources):
    text = json.dumps({"version": 4, "terraform_version": "1.9.0", "resources": resources})
    return read_state(json.loads(text, object_hook=trimmed), "terraform.tfstate")


def resource(kind, attributes, *, name="it", index=None, module=None):
    instance = {"attributes": attributes, **({} if index is None else {"index_key": index})}
    found = {"mode": "managed", "type": kind, "name": name, "instances": [instance]}
    return {**found, "module": module} if module else found


def api_key(resource="projects/123456/locations/global/keys/maps", uid="6f9619ff-8b86-4011-b42d-00c04fc964ff"):
    ref = CredentialRef("google-api-keys", "acme", (uid,))
    return Credential(ref, Kind.API_KEY, State.ACTIVE, resource, uid)


@pytest.mark.parametrize(
    "attributes",
    [
        {"uid": api_key().uid},
        {"id": "projects/acme/locations/global/keys/maps"},
        {"id": "projects/123456/locations/global/keys/maps"},
    ],
)
def test_an_api_key_is_known_by_its_uid_or_its_name_in_its_own_project(attributes):
    assert "google_apikeys_key.it" in state(resource("google_apikeys_key", attributes)).key(api_key())


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"uid": ""},
        {"name": "maps"},
        {"id": "projects/another/locations/global/keys/maps"},
        {"uid": "00000000-0000-4000-8000-000000000000", "id": "projects/acme/locations/global/keys/other"},
    ],
)
def test_a_key_of_that_name_elsewhere_is_another_key(attributes):
    assert state(resource("google_apikeys_key", attributes)).key(api_key()) == ""


def test_a_service_account_key_is_known_by_its_full_name():
    found = state(resource("google_service_account_key", {"id": ACCOUNT_KEY, "name": ACCOUNT_KEY}))
    ref = CredentialRef("google-sa-keys", "acme", (MAIL, "0a1b2c"))
    assert "google_service_account_key.it" in found.key(Credential(ref, Kind.SA_KEY, State.ACTIVE, ACCOUNT_KEY))
    other = Credential(ref, Kind.SA_KEY, State.ACTIVE, ACCOUNT_KEY.replace("0a1b2c", "ffffff"))
    assert found.key(other) == ""


@pytest.mark.parametrize(
    ("index", "module", "address"),
    [
        (None, None, "google_apikeys_key.it"),
        (3, None, "google_apikeys_key.it[3]"),
        ("a b", None, 'google_apikeys_key.it["a b"]'),
        ("it's", 'module.m["x"].module.n', 'module.m["x"].module.n.google_apikeys_key.it["it\'s"]'),
    ],
)
def test_the_command_survives_a_shell(index, module, address):
    import shlex

    said = state(resource("google_apikeys_key", {"uid": api_key().uid}, index=index, module=module)).key(api_key())
    command = said.partition("rotate it there: ")[2].partition(" (with ")[0]
    assert shlex.split(command) == ["terraform", "apply", f"-replace={address}"]


def test_a_secret_is_known_by_project_and_name_and_only_in_its_store():
    found = state(
        resource(
            "google_secret_manager_secret", {"project": "acme", "secret_id": "app", "id": "projects/acme/secrets/app"}
        )
    )
    assert "google_secret_manager_secret.it" in found.secret(SecretRef("gsm", ("acme", "app"), "acme"))
    for other in (("gsm", ("acme", "web")), ("gsm", ("other", "app")), ("keyring", ("acme", "app"))):
        assert found.secret(SecretRef(*other, other[1][0])) == ""


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("google_secret_manager_regional_secret", {"project": "acme", "location": "europe-west3", "secret_id": "app"}),
        (
            "google_secret_manager_regional_secret_version",
            {"secret": "projects/acme/locations/europe-west3/secrets/app", "id": "x/versions/1"},
        ),
    ],
)
def test_a_secret_of_a_region_is_another_than_the_global_one_of_that_name(kind, attributes):
    found = state(resource(kind, attributes))
    assert f"{kind}.it" in found.secret(SecretRef("gsm", ("acme", "europe-west3", "app")))
    for other in (("acme", "app"), ("acme", "us-east1", "app"), ("other", "europe-west3", "app")):
        assert found.secret(SecretRef("gsm", other)) == ""
    plain = state(resource("google_secret_manager_secret", {"project": "acme", "secret_id": "app"}))
    assert plain.secret(SecretRef("gsm", ("acme", "europe-west3", "app"))) == ""


def test_nothing_but_names_is_kept():
    value = secrets.token_hex(20)
    attributes = {"uid": api_key().uid, "key_string": value, "restrictions": [{"api_targets": [{"service": value}]}]}
    found = state(resource("google_apikeys_key", attributes), resource("random_password", {"result": value}))
    assert value not in repr(found)
    text = json.dumps(
        {
            "resources": [{"instances": [{"attributes": attributes, "private": value}]}],
            "outputs": {"x": {"value": value}},
        }
    )
    assert value not in json.dumps(json.loads(text, object_hook=trimmed))


def test_several_states_are_one():
    first = state(resource("google_apikeys_key", {"uid": "another"}))
    second = state(resource("google_apikeys_key", {"uid": api_key().uid}, name="second"))
    assert "second" in (NO_STATE + first + second).key(api_key())
    assert NO_STATE.key(api_key()) == ""
