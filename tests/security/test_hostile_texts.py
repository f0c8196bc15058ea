"""What others wrote and keyward reads: pending secrets, key files, plans, Terraform states, variables, addresses, answers. Each is data.

Nothing of it may bring keyward down, send a value elsewhere, or reach a screen with orders to the terminal in it.
"""

import json
import os
import random
import socket
import threading

import pytest

from keyward.desk import Desk, saved_plan
from keyward.desk.tfstate import tfstate
from keyward.google.endpoints import Endpoints
from keyward.model.errors import KeywardError, NotAllowed
from keyward.model.fingerprint import FingerprintKey
from keyward.model.keyfile import canonical, dressed, fields, key_id
from keyward.model.secret import Secret
from keyward.model.verdict import VerdictKind
from keyward.notify.channels import send
from keyward.notify.heartbeat import beat
from keyward.providers import catalog
from keyward.providers.google_sa_keys import material
from keyward.providers.google_sa_keys.exchange import Exchange
from keyward.providers.guided.where import Where
from keyward.rotation import slot
from keyward.rotation.consumers.process import run
from keyward.rotation.plan_json import SCHEMA
from keyward.wiring import Parts
from tests.parts.scene import encoded
from tests.providers.test_guided import NOW

KEY = FingerprintKey("test", Secret(bytes(range(32))))
ODD = "\x1b]0;owned\x07\u202eabc\x00\r\n"
DEEP = "[" * 100_000
NESTED = '{"a":' * 985 + "1" + "}" * 985
TOKEN = "tok" + "en" * 12


def safe(text):
    """Nothing in it that a terminal would take for an order."""
    return text.replace("\n", "").isprintable() and "\u202e" not in text


# Pending secrets

FORGED = {"keyward": 1, "rotation": "01", "replaces": "google-sa-keys:p/a@b/c", "material": "x", "value": "y"}
PENDING = ["", "x", "null", "[]", DEEP, NESTED, "1e999", '{"keyward": 1}', '"\\ud800"', json.dumps({**FORGED, "seal": 7}),
           json.dumps({**FORGED, "seal": "0" * 64}), json.dumps({**FORGED, "value": {"a": []}}), json.dumps({**FORGED, "seal": "é"}),
           json.dumps({**FORGED, "seal": "\ud800"}), json.dumps(FORGED)]  # fmt: skip


@pytest.mark.parametrize("text", PENDING)
def test_a_pending_secret_that_somebody_made_up_bears_no_seal(text):
    data = Secret(text.encode("utf-8", "surrogatepass"))
    slot.told_by(data)
    assert not slot.sealed(data, KEY)


def test_a_seal_covers_everything_and_belongs_to_one_rotation_and_one_key():
    pending = slot.Pending(value=Secret.of("new"), credential="c", old=Secret.of("old"))
    text = slot._text(pending, "01", "k", KEY)
    assert slot.sealed(text, KEY)
    assert not slot.sealed(text, FingerprintKey("test", Secret(bytes(32))))
    kept = json.loads(text.reveal())
    for name in kept:
        assert not slot.sealed(Secret.of(json.dumps({**kept, name: "other"})), KEY), name
        assert not slot.sealed(Secret.of(json.dumps({one: kept[one] for one in kept if one != name})), KEY), name
    assert not slot.sealed(Secret.of(json.dumps({**kept, "material": "more"})), KEY)


# Key files


def keyfile(**changed):
    found = {"type": "service_account", "project_id": "p", "private_key_id": "0" * 40, "client_email": "a@b",
             "private_key": material.make().reveal_text(), "token_uri": "https://oauth2.googleapis.com/token"}  # fmt: skip
    return json.dumps({**found, **changed})


class Recorder:
    """Stands for the network: says where it was asked, and that nobody is there."""

    def __init__(self):
        self.sent = []

    def request(self, address, *_):
        self.sent.append(address)
        raise ConnectionRefusedError


def test_the_assertion_of_a_hostile_key_file_goes_nowhere():
    for uri in (
        "https://oauth2.googleapis.com/token\r\nhost: thief.example", "https://oauth2.googleapis.com/\ttoken",
        "https://oauth2.googleapis.com/to ken", "https://oauth2.googleapis.com/\u202e", "https://oauth2.googleapis.com@thief.example/",
        "https://thief.example/?https://oauth2.googleapis.com", "https://oauth2.googleapis.com.:443/token", "//oauth2.googleapis.com/t",
        "https://oauth2\u3002googleapis.com/token", "https://oauth2.googleapis.com\\.thief.example/", f"https://{'a' * 70_000}/",
    ):  # fmt: skip
        network = Recorder()
        verdict = Exchange(network, Endpoints()).verify(Secret.of(keyfile(token_uri=uri)[:32_000]), NOW, lambda: None)
        assert verdict.kind in (VerdictKind.UNPROVED, VerdictKind.DEAD), uri
        assert network.sent == [], uri
        assert safe(verdict.evidence)
    network = Recorder()
    verdict = Exchange(network, Endpoints()).verify(
        Secret.of(keyfile(client_email=ODD, project_id=ODD)), NOW, lambda: None
    )
    assert safe(verdict.evidence)
    assert set(network.sent) == {"https://oauth2.googleapis.com/token"}


def test_a_key_file_that_is_huge_nested_or_odd_is_no_key_file():
    huge = keyfile(extra="x" * 40_000).encode()
    for data in (
        huge,
        f'{{"type": "service_account", "a": {DEEP}'.encode(),
        b'{"type": "service_account", "private_key": 7}',
    ):
        assert fields(data) is None
        assert key_id(data) == ""
        assert canonical(data) == data
        assert dressed(Secret(data), like=Secret(data)).reveal() == data
    for odd in (ODD, "../../x", "0" * 41, ["a"], None, "é" * 40):
        assert key_id(keyfile(private_key_id=odd).encode()) == ""


# Variables of a vendor's SDK


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/v1", "https://evil.example/v1", "https://user:word@api.openai.com/v1", "https://api.openai.com@evil.example/",
        "https://api.openai.com.evil.example/v1", "https://api.openai.com\n.evil.example/v1", "http://localhost.evil.example/v1",
        "http://127.0.0.1@evil.example/", "http://127.0.0.1.evil.example/", "http://0.0.0.0/v1", "http://[::ffff:1.2.3.4]/", "file:///etc/passwd",
        "//api.openai.com/v1", "https://api.openai.com/v1?to=evil", "https://api.openai.com/v1#x", "https://[", "https://api.openai.com:x/",
        "ftp://127.0.0.1/", "https://\u0430pi.openai.com/v1", "http://2130706433.evil.example/", "javascript:alert(1)", ODD,
    ],
)  # fmt: skip
def test_a_variable_that_would_send_the_key_elsewhere_is_refused(url):
    probe = catalog.read("openai").probe
    with pytest.raises(NotAllowed) as refused:
        Where({probe.variable: url}).of(probe)
    assert safe(str(refused.value))
    assert "word" not in str(refused.value)


# Saved plans


@pytest.fixture
def desk(tmp_path):
    config = tmp_path / "keyward.toml"
    config.write_text("")
    config.chmod(0o600)
    environ = {"HOME": str(tmp_path), "KEYWARD_HOME": str(tmp_path / "state"), "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
               "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}  # fmt: skip
    found = Desk(Parts(environ=environ, config=config, folder=tmp_path))
    yield found
    found.close()


PLANS = {
    "nothing": b"", "a list": b"[]", "binary": bytes(range(256)), "deep": DEEP.encode(), "another": b'{"schema": "x"}',
    "no seal": json.dumps({"schema": SCHEMA}).encode(), "a seal of a surrogate": json.dumps({"schema": SCHEMA, "seal": "\ud800"}).encode(),
    "a seal that is none": json.dumps({"schema": SCHEMA, "seal": ["a"]}).encode(), "NaN": f'{{"schema": "{SCHEMA}", "at": NaN}}'.encode(),
    "nested": f'{{"schema": "{SCHEMA}", "a": {NESTED}}}'.encode(), "a long number": f'{{"schema": "{SCHEMA}", "a": {"9" * 9999}}}'.encode(),
    "odd": json.dumps({"schema": SCHEMA, "seal": "0" * 64, "keys": [{"id": ODD}], "asked": {"yes": True}}).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_that_somebody_made_up_is_refused(desk, tmp_path, name):
    file = tmp_path / "plan.json"
    file.write_bytes(PLANS[name])
    with pytest.raises(KeywardError) as refused:
        saved_plan.load(desk, str(file))
    assert safe(str(refused.value))


def test_a_plan_is_read_from_a_file_only(desk, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "link", ".", "none", "\x00", "x" * 5000, ODD):
        with pytest.raises(KeywardError) as refused:
            saved_plan.load(desk, str(tmp_path / name) if name != "\x00" else name)
        assert safe(str(refused.value))


# Terraform states

STATE = {"version": 4, "terraform_version": "1.9.0"}
STATES = {
    "nothing": "", "deep": DEEP, "a list": "[]", "no resources": json.dumps(STATE), "a text": json.dumps({**STATE, "resources": "x"}),
    "a long number": f'{{"version": {"9" * 9999}}}', "odd version": json.dumps({**STATE, "version": ODD, "resources": []}),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_a_state_that_is_none_is_refused(tmp_path, name):
    file = tmp_path / "x.tfstate"
    file.write_text(STATES[name])
    with pytest.raises(KeywardError) as refused:
        tfstate([str(file)])
    assert safe(str(refused.value))


def test_a_hostile_state_is_data(tmp_path):
    value = "".join(f"{byte:02x}" for byte in os.urandom(20))
    attributes = {"id": ODD, "uid": "u", "secret_data": value, "private_key": value, "name": {"a": 1}, "project": ["x"]}
    resource = {"mode": "managed", "type": "google_apikeys_key", "name": f"{ODD}'; rm -rf ~; '", "module": ODD}
    instances = [None, 7, {"attributes": None}, {"attributes": attributes, "index_key": ODD, "private": value}]
    resources = [None, 7, {}, {**resource, "instances": 7}, {**resource, "instances": instances}]
    file = tmp_path / "x.tfstate"
    file.write_text(json.dumps({**STATE, "resources": resources, "outputs": {"a": {"value": value}}}))
    found = tfstate([str(file)])
    assert value not in repr(found)
    assert all(safe(one.address) for one in found.keys)


# Monitors and channels


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 300, b"\x00" * 70_000],
)
def test_a_heartbeat_that_answers_nonsense_stops_nothing(answer):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            link, _ = server.accept()
            with link:
                link.recv(4096)
                link.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        said = beat(f"http://127.0.0.1:{server.getsockname()[1]}/{TOKEN}", timeout=5)
    assert said
    assert safe(said)
    assert TOKEN not in said


@pytest.mark.parametrize(
    "url", [f"mailto:me:{TOKEN}@example.org", TOKEN, f"{TOKEN}.x y://z", f"slack:/{TOKEN}", f"{ODD}://{TOKEN}"]
)
def test_an_address_that_is_none_is_not_repeated(url):
    (one,) = send([url], "title", "text")
    assert one.problem
    assert TOKEN not in repr(one)
    assert safe(one.channel)


# Consumers


def test_a_consumer_may_say_what_it_likes_and_the_value_is_not_in_it(tmp_path):
    value = "Zq" + "".join(f"{byte:02x}" for byte in random.Random(3).randbytes(30))
    pem = "\n".join("".join(random.Random(line).choices("ABCDEFGHabcdefgh0123456789+/", k=64)) for line in range(20))
    for secret in (value, pem):
        program = tmp_path / "parrot"
        program.write_text(
            "import base64, json, sys, urllib.parse\nv = sys.stdin.read()\n"
            "for t in (v, json.dumps(v), json.dumps(json.dumps(v)), urllib.parse.quote(v, safe=''), v.encode().hex(), repr(v), v[5:40]):\n"
            "    print('said', t)\n"
            "for n in range(3):\n    print(base64.b64encode(b'x' * n + v.encode()).decode())\n"
            "print(chr(27) + ']0;owned' + chr(7))\n"
        )
        ended = run(["python3", str(program)], {"PATH": os.environ["PATH"]}, value=Secret.of(secret), hide=[Secret.of(secret)],
                    seconds=30, alive=lambda: None)  # fmt: skip
        assert ended.ok
        assert "said" in ended.said
        assert safe(ended.said)
        assert [form for form in encoded(secret) if form in ended.said] == []
