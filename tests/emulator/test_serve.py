"""The emulator as a process: what it prints, when it ends."""

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.emulator.test_tokens import token
from tests.parts.need import missing


class Server:
    """`python -m keyward.emulator` in a process of its own."""

    def __init__(self, *options):
        command = [sys.executable, "-m", "keyward.emulator", *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.variables = {}
        try:
            self.read()
        except BaseException:
            self.end()
            raise
        self.url = self.variables["KEYWARD_EMULATOR"]

    def read(self):
        for line in self.process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            name, _, value = rest.partition("=")
            assert word == "export"
            self.variables[name] = value
            if name == "SECRET_MANAGER_EMULATOR_HOST":
                return
        raise AssertionError(f"the emulator ended with {self.process.wait()} before it was ready")

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:  # noqa: S310  # our own loopback URL
            return json.loads(answer.read())

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def start():
    running = []

    def run(*options):
        running.append(Server(*options))
        return running[-1]

    yield run
    for server in running:
        server.end()


def test_it_prints_what_gcloud_python_and_keyward_need(start):
    server = start()
    names = ("APIKEYS", "SECRETMANAGER", "IAM", "MONITORING", "CLOUDRESOURCEMANAGER", "CLOUDASSET", "SERVICEUSAGE")
    names += (
        "CLOUDBILLING",
        "BILLINGBUDGETS",
        "POLICYANALYZER",
        "ORGPOLICY",
        "GENERATIVELANGUAGE",
        "LOGGING",
        "IAMCREDENTIALS",
    )
    for name in names:
        assert server.variables[f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}"] == server.url
    assert server.variables["CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE"] == f"{server.url}storage/v1/"
    assert server.variables["CLOUDSDK_AUTH_DISABLE_CREDENTIALS"] == "true"
    assert server.variables["CLOUDSDK_CORE_PROJECT"]
    assert server.url.startswith("http://127.0.0.1:")
    assert server.url.endswith("/")
    assert server.get("emulator/v1")["product"] == "keyward-emulator"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_on_signals(start, number):
    server = start()
    server.process.send_signal(number)
    assert server.process.wait(timeout=20) == 0


def test_it_ends_with_its_standard_input_only_if_asked(start):
    server, asked = start(), start("--until-stdin-closes")
    for one in (server, asked):
        one.process.stdin.close()
    assert asked.process.wait(timeout=20) == 0
    assert server.get("emulator/v1")["rate"] == 1


def test_options_reach_the_world(start, tmp_path):
    file = tmp_path / "world.json"
    options = ("--now", "2020-01-01T00:00:00Z", "--clock-rate", "0", "--state", str(file), "--strict-projects")
    server = start(*options)
    about = server.get("emulator/v1")
    assert (about["now"], about["rate"]) == ("2020-01-01T00:00:00.000000Z", 0)
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.get("v3/projects/p1")
    refused.value.close()
    assert refused.value.code == 403
    server.process.terminate()
    server.process.wait(timeout=20)
    assert start(*options).get("emulator/v1")["instance"] == about["instance"]


def test_a_descriptor_tells_when_it_is_ready(tmp_path):
    read, write = os.pipe()
    command = [sys.executable, "-m", "keyward.emulator", "--ready-fd", str(write), "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[write]) as process:
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            assert stream.read() == b"ready\n"
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_the_sample_organisation_and_its_truth(start, tmp_path):
    try:
        import keyward.emulator.organisation  # noqa: F401  # whether it can be imported is the question
    except ImportError:
        missing("the sample organisation is not built yet")
    truth = tmp_path / "truth.json"
    server = start("--org", "demo", "--seed", "1", "--truth", str(truth), "--validate")
    assert json.loads(truth.read_text(encoding="utf-8"))
    projects = server.get("v3/projects:search")["projects"]
    assert len(projects) > 5
    assert server.variables["CLOUDSDK_CORE_PROJECT"]


def test_account_keys_of_the_sample_organisation_get_tokens_here(start, tmp_path):
    truth = tmp_path / "truth.json"
    server = start("--org", "demo", "--seed", "1", "--truth", str(truth), "--validate")
    keys = json.loads(truth.read_text(encoding="utf-8"))["service_account_keys"]
    key = next(
        key for key in keys if key["placements"] and key["state"] == "active" and not key["placements"][0]["path"]
    )
    project, secret = key["placements"][0]["secret"].removeprefix("gsm:").split("/")
    version = server.get(f"v1/projects/{project}/secrets/{secret}/versions/latest:access")
    text = base64.b64decode(version["payload"]["data"])
    assert token(json.loads(text if text.startswith(b"{") else base64.b64decode(text)))
    assert server.get("emulator/v1/violations") == {"violations": []}


def test_wrong_options_are_named(tmp_path):
    options = (["--org", "huge"], ["--now", "soon"], ["--truth", str(tmp_path / "none" / "truth"), "--org", "empty"])
    for given in options:
        command = [sys.executable, "-m", "keyward.emulator", *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "error:" in done.stderr


def test_time_goes_on_where_a_snapshot_was_ahead(start, tmp_path):
    options = ("--state", str(tmp_path / "world.json"))
    server = start(*options)
    body = json.dumps({"now": "2090-01-01T00:00:00Z"}).encode()
    with urllib.request.urlopen(f"{server.url}emulator/v1/clock", body, timeout=20) as answer:  # noqa: S310  # our own
        answer.read()
    server.process.terminate()
    server.process.wait(timeout=20)
    assert start(*options).get("emulator/v1")["now"] >= "2090-01-01"


def test_starting_imports_no_cloud_library_before_it_must():
    code = "import sys, keyward.emulator.serve; print([m for m in ('grpc', 'google', 'cryptography', 'googleapiclient', 'proto') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_taken_port_and_a_foreign_file_are_named(start, tmp_path):
    port = start().url.rpartition(":")[2].rstrip("/")
    foreign = tmp_path / "notes.json"
    foreign.write_text("[]", encoding="utf-8")
    for given, word in (
        (["--port", port], "in use"),
        (["--grpc-port", port], port),
        (["--state", str(foreign)], "notes.json"),
    ):
        command = [sys.executable, "-m", "keyward.emulator", *given]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert word in done.stderr
    assert foreign.read_text(encoding="utf-8") == "[]"
