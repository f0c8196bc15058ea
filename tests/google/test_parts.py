"""How the parts are put together; nothing here reaches a network."""

import json
from types import SimpleNamespace

import pytest

from keyward.google import credentials
from keyward.google.parts import of
from keyward.model.errors import NotConfigured
from keyward.stores.gsm.client import Connection
from tests.parts.cloud import Time, surroundings


@pytest.fixture(autouse=True)
def _no_metadata_server(monkeypatch, tmp_path):
    monkeypatch.setattr(credentials, "_DMI", tmp_path / "no-dmi")


def with_token(tmp_path, **environ):
    (tmp_path / "token").write_text("t")
    return {"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(tmp_path / "token"), **environ}


def test_all_factories_of_a_process_share_the_parts(tmp_path):
    around = surroundings(with_token(tmp_path), tmp_path)
    assert of(around) is of(around)
    assert of(around).calls is of(around).calls
    assert of(around) is not of(surroundings({}, tmp_path))


def test_secret_manager_of_google_is_asked_over_encrypted_grpc(tmp_path):
    place = "secretmanager.europe-west3.rep.googleapis.com"
    for environ, host in (
        ({}, "secretmanager.googleapis.com:443"),
        ({"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": f"https://{place}/"}, f"{place}:443"),
    ):
        connection = Connection(of(surroundings(with_token(tmp_path, **environ), tmp_path)))
        assert connection.client().transport.kind == "grpc"
        assert connection.client().transport.host == host
        connection.close()


def test_the_discovery_clients_go_where_the_endpoints_say_whatever_the_library_would_choose(tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    around = surroundings(with_token(tmp_path), tmp_path)
    for api in ("apikeys", "monitoring", "orgpolicy", "iam", "cloudresourcemanager"):
        assert of(around).services.api(api)._baseUrl == f"https://{api}.googleapis.com/"
    around.close()


def test_who_pays_for_what_a_project_refuses_in_order_of_say(tmp_path, monkeypatch):
    file = tmp_path / "adc.json"
    user = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "quota_project_id": "of-login",
    }
    file.write_text(json.dumps(user))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(file), "CLOUDSDK_CORE_PROJECT": "of-work"}
    assert of(surroundings(environ, tmp_path)).home == "of-login"
    environ["CLOUDSDK_BILLING_QUOTA_PROJECT"] = "of-gcloud"
    assert of(surroundings(environ, tmp_path)).home == "of-gcloud"
    assert of(surroundings(environ, tmp_path, **{"google.quota_project": "of-keyward"})).home == "of-keyward"
    assert of(surroundings(with_token(tmp_path, CLOUDSDK_CORE_PROJECT="of-work"), tmp_path)).home == "of-work"


def test_who_asks_depends_on_the_project_and_on_what_for_and_the_first_rule_wins(tmp_path):
    def rule(match, read="", write=""):
        return SimpleNamespace(match=f"project:{match}", read=read, write=write)

    options = {
        "google.read.impersonate": "r@x.iam.gserviceaccount.com",
        "google.write.impersonate": "w@x.iam.gserviceaccount.com",
        "google.identity": (
            rule("acme-*-prod", write="prod@x.iam.gserviceaccount.com"),
            rule("acme-*", read="acme@x.iam.gserviceaccount.com"),
        ),
    }
    parts = of(surroundings(with_token(tmp_path), tmp_path, **options))

    def who(project, *, changes):
        return parts.identities.of(project, changes=changes).description.partition("@")[0]

    assert [who(one, changes=False) for one in ("acme-a-prod", "acme-b", "other", "")] == ["r", "acme", "r", "r"]
    assert [who(one, changes=True) for one in ("acme-a-prod", "acme-b", "other", "")] == ["prod", "w", "w", "w"]
    said = parts.identities.said(changes=True)
    assert said.startswith("in project:acme-*-prod prod@x.iam.gserviceaccount.com (impersonated by access token from")
    assert "; elsewhere w@x.iam.gserviceaccount.com (impersonated by access token" in said
    assert parts.identities.of("other", changes=True) is parts.identities.of("", changes=True)


def test_without_impersonation_everybody_is_oneself(tmp_path):
    parts = of(surroundings(with_token(tmp_path), tmp_path))
    assert parts.identities.of("acme", changes=True) is parts.identities.of("", changes=False) is parts.identity
    assert parts.identities.said(changes=True) == parts.identity.description


def test_without_credentials_the_endpoints_can_still_be_told(tmp_path):
    parts = of(surroundings({}, tmp_path))
    assert parts.endpoints.world() == "google"
    assert parts.project == ""
    with pytest.raises(NotConfigured):
        list(parts.projects.search(Time().ctx()))
