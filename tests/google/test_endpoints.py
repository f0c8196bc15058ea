import http.client
import http.server
import json
import threading

import pytest

from keyward.google import endpoints
from keyward.google.endpoints import APIS
from keyward.google.gcloud import Gcloud
from keyward.model.errors import NotAllowed, NotConfigured


def find(tmp_path, allow=(), **environ):
    return endpoints.find(Gcloud(environ, tmp_path), allow)


def configure(folder, text, name="default", active=True):
    (folder / "configurations").mkdir(parents=True, exist_ok=True)
    (folder / "configurations" / f"config_{name}").write_text(text)
    if active:
        (folder / "active_config").write_text(name)


def test_without_settings_google_is_asked_and_the_world_is_google(tmp_path):
    found = find(tmp_path)
    assert found.url("apikeys") == "https://apikeys.googleapis.com/"
    assert found.world() == "google"
    assert found.active_overrides() == ()
    assert not found.all_loopback
    assert found.emulator_clock() is None


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8085/", "http://localhost:8085/", "http://[::1]:8085/", "http://127.9.9.9:1/"]
)
def test_plaintext_stays_on_this_machine(tmp_path, url):
    found = find(tmp_path, CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS=url)
    assert found.url("apikeys") == url
    assert found.loopback("apikeys")
    assert not found.loopback("iam")


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.7:8085/",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/",
        "http://apikeys.googleapis.com/",
        "https://apikeys.googleapis.com.evil.example/",
        "https://evilgoogleapis.com/",
        "https://googleapis.com/",
        "https://user:word@apikeys.googleapis.com/",
        "https://gateway.example/",
        "https://apikeys.googleapis.com/?key=1",
        "ftp://127.0.0.1/",
        "127.0.0.1:8085",
        "https://",
        "http://0.0.0.0:1/",
    ],
)
def test_any_other_place_is_not_trusted_and_named(tmp_path, url):
    with pytest.raises(NotAllowed, match="CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS"):
        find(tmp_path, CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS=url)


@pytest.mark.parametrize(
    "host", ["apikeys.googleapis.com", "secretmanager.europe-west1.rep.googleapis.com", "apikeys-team.p.googleapis.com"]
)
def test_googles_own_hosts_are_google(tmp_path, host):
    found = find(tmp_path, CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER=f"https://{host}")
    assert found.url("secretmanager") == f"https://{host}/"
    assert found.world() == "google"
    assert found.active_overrides() == (
        f"secretmanager -> https://{host}/ (CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER)",
    )


def test_a_host_that_the_user_allows_is_another_world(tmp_path):
    variable = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM": "https://gateway.example:444/"}
    with pytest.raises(NotAllowed, match=r"\[endpoints\]"):
        find(tmp_path, **variable)
    for allow in ("gateway.example", "gateway.example:444"):
        assert find(tmp_path, (allow,), **variable).world() == "custom:gateway.example:444"
    with pytest.raises(NotAllowed):
        find(tmp_path, ("gateway.example",), CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM="http://gateway.example/")


def test_grpc_without_encryption_stays_on_this_machine(tmp_path):
    found = find(tmp_path, SECRET_MANAGER_EMULATOR_HOST="127.0.0.1:9999")
    assert found.grpc == "127.0.0.1:9999"
    assert found.loopback("secretmanager")
    assert found.world() == "custom:127.0.0.1:9999"
    with pytest.raises(NotAllowed, match="SECRET_MANAGER_EMULATOR_HOST"):
        find(tmp_path, SECRET_MANAGER_EMULATOR_HOST="secrets.example:9999")


def test_the_active_configuration_of_gcloud_counts_and_variables_win(tmp_path):
    folder = tmp_path / ".config" / "gcloud"
    configure(
        folder,
        "[api_endpoint_overrides]\napikeys = http://127.0.0.1:1/\niam = http://127.0.0.1:2/\n[core]\nproject = acme\n",
    )
    found = find(tmp_path, CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM="http://127.0.0.1:3/")
    assert found.url("apikeys") == "http://127.0.0.1:1/"
    assert found.url("iam") == "http://127.0.0.1:3/"
    assert "api_endpoint_overrides/apikeys" in found.active_overrides()[0]
    assert str(folder) in found.active_overrides()[0]


def test_another_configuration_can_be_named(tmp_path):
    folder = tmp_path / "elsewhere"
    configure(folder, "[core]\nproject = one\n")
    configure(folder, "[core]\nproject = two\n", "work", active=False)
    environ = {"CLOUDSDK_CONFIG": str(folder)}
    assert Gcloud(environ, tmp_path).get("core", "project").value == "one"
    environ["CLOUDSDK_ACTIVE_CONFIG_NAME"] = "work"
    assert Gcloud(environ, tmp_path).get("core", "project").value == "two"
    environ["CLOUDSDK_CORE_PROJECT"] = "three"
    assert Gcloud(environ, tmp_path).get("core", "project").value == "three"
    environ["CLOUDSDK_ACTIVE_CONFIG_NAME"] = "../../outside"
    assert Gcloud(environ, tmp_path).file is None


def test_a_broken_configuration_is_named_not_ignored(tmp_path):
    configure(tmp_path / ".config" / "gcloud", "no section = here\n")
    with pytest.raises(NotConfigured, match="config_default"):
        find(tmp_path)


def test_a_proxy_heads_the_plan(tmp_path):
    assert find(tmp_path, HTTPS_PROXY="http://proxy.example:3128").active_overrides() == ("proxy (HTTPS_PROXY)",)


def test_the_emulator_is_recognised_with_its_instance_and_its_clock(tmp_path, emulator):
    found = find(tmp_path, **emulator.environment())
    assert found.all_loopback
    assert found.world() == f"emulator:{emulator.world.instance}"
    now, rate = found.emulator_clock()()
    assert abs((now - emulator.world.clock.now()).total_seconds()) < 5
    assert rate == emulator.world.clock.rate


def test_one_api_on_real_google_makes_another_world_and_keeps_the_real_clock(tmp_path, emulator):
    environ = emulator.environment()
    del environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"]
    found = find(tmp_path, **environ)
    assert not found.all_loopback
    assert found.world().startswith("custom:")
    assert found.emulator_clock() is None


def test_two_emulators_are_no_world_of_either(tmp_path, make_emulator):
    first, second = make_emulator(seed=1, grpc=False), make_emulator(seed=2, grpc=False)
    environ = first.environment() | {"CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM": second.url}
    found = find(tmp_path, **environ)
    assert found.world() == f"custom:{','.join(found.world_hosts)}"
    assert found.emulator_clock() is None


class _Stranger(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"product": "something else"}).encode()
        self.send_response(http.client.OK)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_another_server_on_loopback_is_no_emulator_and_none_at_all_is_an_error(tmp_path):
    with http.server.HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        found = find(tmp_path, **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api.upper()}": url for api in APIS})
        assert found.world() == f"custom:127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
    with pytest.raises(ConnectionRefusedError):
        found.world()
