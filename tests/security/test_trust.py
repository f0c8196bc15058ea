"""Who may be told what: places that look like this machine or like Google, and configuration of gcloud that somebody else wrote."""

import http.server
import threading

import pytest

from keyward.google.endpoints import find
from keyward.google.gcloud import Gcloud
from keyward.model.errors import NotAllowed, NotConfigured
from tests.parts.scene import Scene

VARIABLE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://0.0.0.0:8085/",
        "http://[::]/",
        "http://localhost./",
        "http://localhost.localdomain/",
        "http://127.0.0.1\\@evil.example/",
        "http://127.0.0.1\\.evil.example/",
        "http://127.0.0.1#@evil.example/",
        "http://127.0.0.1?@evil.example/",
        "http://127.0.0.1:80:90/",
        "ht\ttp://127.0.0.1/",
        "http://127.0.0.1/\x1b[31m",
        "http://127.0.0.1/\u202e",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "https://apikeys.googleapis.com./",
        "https://apikeys.googleapis.com@evil.example/",
        "https://apikeys.g\u043e\u043egleapis.com/",
        "https://evil.example/apikeys.googleapis.com/",
        "https://evil.example:443#.googleapis.com/",
        "//127.0.0.1/",
    ],
)
def test_what_only_looks_trusted_gets_nothing(tmp_path, url):
    with pytest.raises(NotAllowed) as caught:
        find(Gcloud({VARIABLE: url}, tmp_path))
    assert VARIABLE in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "place",
    [
        "127.0.0.1:80/@evil.example",
        "127.0.0.1",
        "127.0.0.1:80,evil.example:80",
        "127.0.0.1:80?x=evil.example",
        "127.0.0.1@evil.example:80",
        "dns://evil.example/127.0.0.1:80",
        "unix:/tmp/evil",
        "ipv4:10.0.0.1:80",
        "0.0.0.0:80",
        "localhost.evil.example:80",
    ],
)
def test_plaintext_grpc_goes_to_a_port_of_this_machine_and_nowhere_else(tmp_path, place):
    with pytest.raises(NotAllowed, match="SECRET_MANAGER_EMULATOR_HOST"):
        find(Gcloud({"SECRET_MANAGER_EMULATOR_HOST": place}, tmp_path))


@pytest.mark.parametrize("place", ["127.0.0.1:80", "localhost:8085", "[::1]:8085"])
def test_plaintext_grpc_goes_to_a_port_of_this_machine(tmp_path, place):
    assert find(Gcloud({"SECRET_MANAGER_EMULATOR_HOST": place}, tmp_path)).grpc == place


def _configured(folder, name, data, active=b"default"):
    (folder / "configurations").mkdir(parents=True)
    (folder / "configurations" / f"config_{name}").write_bytes(data)
    (folder / "active_config").write_bytes(active)
    return Gcloud({"CLOUDSDK_CONFIG": str(folder)}, folder)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"no section = 1\n", b"[core]\nproject\n", b"[core]\n[core]\n", b"[a\n"])
def test_a_broken_configuration_of_gcloud_is_named(tmp_path, data):
    with pytest.raises(NotConfigured) as caught:
        find(_configured(tmp_path / "g\x1b[31m\nx", "default", data))
    assert "config_default" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("active", [b"\xff\xfe", b"../../etc/passwd", b"", b"a\0b", b"x" * 5_000])
def test_a_name_of_a_configuration_leads_nowhere_else(tmp_path, active):
    (tmp_path / "g").mkdir()
    gcloud = _configured(tmp_path / "g" / "loud", "other", b"[core]\nproject = evil\n", active)
    assert gcloud.file is None
    assert not find(gcloud).overrides


def test_a_property_of_gcloud_is_trusted_no_more_than_a_variable(tmp_path):
    with pytest.raises(NotAllowed, match="api_endpoint_overrides/apikeys"):
        find(_configured(tmp_path / "g", "default", b"[api_endpoint_overrides]\napikeys = https://evil.example/\n"))


def test_a_home_of_nobody_is_no_crash(tmp_path):
    assert find(Gcloud({"CLOUDSDK_CONFIG": "~nobody-of-that-name/x"}, tmp_path)).overrides == {}


class _Server(http.server.ThreadingHTTPServer):
    """Sends everything on to another place, or, without one, only remembers that it was asked."""

    def __init__(self, onward=""):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.onward, self.asked = onward, []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(307 if self.server.onward else 200)
        self.send_header("location", self.server.onward + self.path)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("api", ["SECRETMANAGER", "APIKEYS"])
def test_nobody_is_followed_to_another_place(tmp_path, api):
    elsewhere = _Server()
    with Scene(tmp_path / "home") as scene, elsewhere, _Server(elsewhere.url) as sender:
        scene.key("app")
        scene.settings()
        override = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"{sender.url}/", "SECRET_MANAGER_EMULATOR_HOST": ""}
        done = scene.keyward("scan", **override)
        sender.shutdown()
        elsewhere.shutdown()
    assert done.status == 3, done.err
    asked = [path for path in sender.asked if not path.startswith("/emulator")]
    assert asked
    assert len(asked) == len(set(asked)), "asking again leads to the same place"
    assert elsewhere.asked == []
