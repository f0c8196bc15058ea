"""Servers that keys are sent to are those that settings, variables and the catalog name; what else a variable holds is not repeated."""

from pathlib import Path

import pytest

from keyward.desk.servers import servers
from keyward.google.endpoints import find
from keyward.google.gcloud import Gcloud
from keyward.model.credential import Kind
from keyward.providers import catalog
from tests.parts.estate import key

OPENAI = catalog.read("openai").probe


def found(environ=(), allow=(), keys=()):
    """Endpoints by provider."""
    given = dict(environ)
    made = servers(find(Gcloud(given, Path("/nowhere")), tuple(allow)), allow, given, keys)
    return made, {name: one for one in made for name in one.providers}


def test_google_and_every_vendor_with_a_server_are_there_and_only_those_with_keys_are_used():
    shaped = key("x", provider="shape", project="openai", kind=Kind.API_KEY)
    made, by = found(keys=[shaped])
    assert by["gemini"].url == "https://generativelanguage.googleapis.com"
    assert by["openai"].url == OPENAI.base.removesuffix("/v1")
    assert [name for name, one in by.items() if one.used] == ["openai"]
    assert not any(one.loopback or one.proxy for one in made)
    assert by.keys() >= {name for name in catalog.ids() if not catalog.read(name).issuers}
    assert by["invideo"].url.startswith("https://")
    _, with_google = found(keys=[key()])
    assert {name for name, one in with_google.items() if one.used} == {
        "gemini",
        "google-api-keys",
        "google-sa-keys",
        "google-hmac-keys",
    }


def test_endpoints_on_this_machine_are_told_as_such():
    environ = {
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS": "http://127.0.0.1:8085/",
        "SECRET_MANAGER_EMULATOR_HOST": "127.0.0.1:8086",
        OPENAI.variable: "http://localhost:9/v1",
    }
    made, by = found(environ)
    assert (by["google-api-keys"].url, by["google-api-keys"].loopback) == ("http://127.0.0.1:8085", True)
    assert (by["openai"].url, by["openai"].loopback) == ("http://localhost:9", True)
    assert ("http://127.0.0.1:8086", True) in {(one.url, one.loopback) for one in made}


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("http://someone:hidden-word@gateway.example:8080/v1?token=hidden-word", "http://gateway.example:8080"),
        ("https://gateway.example/hidden-word", "https://gateway.example"),
        ("https://[hidden-word", "an address that is none"),
    ],
)
def test_a_place_that_keyward_refuses_is_looked_at_all_the_same_because_programs_use_it(named, shown):
    made, by = found({OPENAI.variable: named})
    assert by["openai"].url == shown
    assert not by["openai"].loopback
    assert "hidden-word" not in repr(made)


def test_hosts_that_the_settings_allow_are_used():
    made, _ = found(allow=("gateway.example:8443",))
    assert [one.url for one in made if one.used] == ["https://gateway.example:8443"]


def test_a_proxy_is_told_but_not_for_hosts_that_go_past_it():
    made, by = found({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "googleapis.com"})
    assert (by["openai"].proxy, by["gemini"].proxy) == ("HTTPS_PROXY", "")
    assert "proxy.example" not in repr(made)
    assert found({"all_proxy": "socks5://proxy.example"})[1]["openai"].proxy == "ALL_PROXY"
