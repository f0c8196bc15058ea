"""The emulator as a fixture: every answer is checked against Google's documents, time starts on a fixed day."""

import http.client
import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.server import Emulator
from keyward.emulator.world import World

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""When the time of an emulator in a test begins."""


@pytest.fixture
def make_emulator():
    """A function that starts an emulator: `make_emulator(seed=1, rate=0, grpc=False, strict_projects=True)`.

    Without arguments: no propagation windows and no quotas; further arguments set fields of `Behaviour`.
    When the test ends, no answer may have broken Google's schema and no handler may have crashed.
    """
    running = []

    def make(*, seed=7, rate=1.0, file=None, grpc=True, start=START, **behaviour):
        world = World(seed=seed, clock=Clock(start, rate), behaviour=quick(**behaviour), file=file)
        one = Emulator(world, grpc_port=0 if grpc else None, validate=True)
        one.start()
        running.append(one)
        return one

    yield make
    for one in running:
        one.stop()
    assert [violation for one in running for violation in one.violations] == []


@pytest.fixture
def emulator(make_emulator):
    """An empty emulated cloud over HTTP and gRPC."""
    return make_emulator()


def call(emulator, method, path, body=None, headers=None):
    """Send one request over a connection of its own; give status and decoded JSON."""
    host = urlsplit(emulator.url).netloc
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def good(emulator, method, path, body=None, headers=None):
    """Send one request that must succeed; give the decoded JSON."""
    status, data = call(emulator, method, path, body, headers)
    assert status == 200, data
    return data


def refused(emulator, method, path, body=None, headers=None):
    """Send one request that must be refused; give (HTTP code, status, reason, message)."""
    code, data = call(emulator, method, path, body, headers)
    error = data["error"]
    assert error["code"] == code
    assert code >= 400
    reasons = [detail["reason"] for detail in error.get("details", []) if detail["@type"].endswith("ErrorInfo")]
    return code, error["status"], (reasons or [""])[0], error["message"]


def make_key(emulator, project="p1", **body):
    """Create a key over HTTP; give the finished resource with its string. `keyId` is taken out of the body."""
    key_id = body.pop("keyId", "")
    query = f"?keyId={key_id}" if key_id else ""
    started = good(emulator, "POST", f"/v2/projects/{project}/locations/global/keys{query}", body)
    return good(emulator, "GET", f"/v2/{started['name']}")["response"]


@contextmanager
def discovery(emulator, api, version):
    """Google's discovery client on the emulator, closed at the end."""
    from google.auth.credentials import AnonymousCredentials
    from googleapiclient.discovery import build

    options = {"api_endpoint": emulator.url.rstrip("/")}
    with build(
        api,
        version,
        credentials=AnonymousCredentials(),
        client_options=options,
        static_discovery=True,
        cache_discovery=False,
    ) as service:
        yield service


def gcloud(emulator, home, *arguments, code=0, **more):
    """Run stock gcloud against the emulator (`more` are variables); give its JSON output, or its error text for another exit code."""
    variables = {"PATH": os.environ["PATH"], "CLOUDSDK_CONFIG": str(home), "HOME": str(home)}
    done = subprocess.run(
        [shutil.which("gcloud"), *arguments, "--format=json"],
        env={**variables, **emulator.environment(), **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout or "null") if code == 0 else done.stderr
