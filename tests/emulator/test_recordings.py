"""Recorded traffic of the live services, sent to the emulator: the answers must have the same form."""

import http.client
import json
import os
import random
import re
import string
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

import keyward.emulator
from tests.parts.need import missing

_REPOSITORY = Path(__file__).parents[2]
_NAMES = ("apikeys/key-lifecycle", "secretmanager/secret-version-lifecycle")
_NUMBER = re.compile(r"(projects/|akmf\.p\d+-)(\d+)")
_PATHS = re.compile(r"projects/([^/:?\"]+)|/keys/([^/:?\"&]+)|/secrets/([^/:?\"&]+)|(?:keyId|secretId)=([^&\"]+)")


@cache
def recording(name):
    folder = Path(os.environ.get("KEYWARD_RECORDINGS") or _REPOSITORY.parent / "shared" / "recordings")
    file = folder / "google" / f"{name}.yaml"
    if not file.exists():
        missing(f"no recorded traffic at {file}; KEYWARD_RECORDINGS names the folder")
    return yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"]


def shape(value, at="$"):
    """All paths in a JSON value with their types, every list element on its own."""
    if isinstance(value, dict):
        return {(at, "object")}.union(*(shape(item, f"{at}.{name}") for name, item in value.items()))
    if isinstance(value, list):
        return {(at, f"list of {len(value)}")}.union(*(shape(one, f"{at}[{n}]") for n, one in enumerate(value)))
    return {(at, type(value).__name__)}


def spelling(text):
    """A text with its letters and digits replaced by their kind, so that only the pattern is left."""
    return re.sub(r"[a-z]+", "a", re.sub(r"[0-9]+", "0", re.sub(r"[A-Z]+", "A", text)))


def identifiers(interactions):
    """Every project, key and secret id in the requests."""
    found = set()
    for one in interactions:
        for text in (one["request"]["url"], one["request"]["body"]):
            found |= {name for match in _PATHS.findall(text) for name in match if name}
    return found - {"global", "-"}


class Replay:
    """Sends the requests of a recording and compares what comes back, call by call."""

    def __init__(self, emulator, rename):
        self.host = urlsplit(emulator.url).netloc
        self.rename = rename
        self.known = {}  # recorded value -> ours: operation names, etags, numbers
        self.differences = []

    def run(self, interactions):
        for number, one in enumerate(interactions):
            self.step(number, one["request"], one["response"])
        return self.differences

    def translate(self, text):
        swap = {**self.known, **self.rename}
        swap |= {json.dumps(old)[1:-1]: json.dumps(new)[1:-1] for old, new in swap.items()}
        longest_first = sorted(swap, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, longest_first)), lambda hit: swap[hit[0]], text) if swap else text

    def step(self, number, request, response):
        parts = urlsplit(request["url"])
        target = self.translate(f"{parts.path}?{parts.query}")
        headers = {name: values[0] for name, values in request["headers"].items()}
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.request(request["method"], target, self.translate(request["body"]) or None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        self.compare(number, "status", response["code"], answer.status)
        try:
            wanted = json.loads(response["body"])
        except ValueError:
            # The recorder replaced error bodies by a fixed text: only the code can be compared.
            assert answer.status == response["code"] >= 400
            error = json.loads(body)["error"]
            self.compare(number, "error", (404, "NOT_FOUND"), (error["code"], error["status"]))
            return
        self.values(number, wanted, json.loads(body))

    def values(self, number, wanted, got):
        self.compare(number, "keys and types", shape(wanted), shape(got))
        for at, old, new in pairs(wanted, got):
            name = at.rpartition(".")[2]
            if name in {"name", "etag", "uid", "createTime"}:
                # What the service handed out once must stay: names, etags, ids and creation times.
                self.compare(number, at, self.known.setdefault(old, new), new)
            if name == "name":
                self.numbers(number, old, new)
            if name.endswith("Time"):
                self.compare(number, at, spelling(old), spelling(new))
            if name == "etag":
                self.compare(number, at, len(old), len(new))
            if name in {"displayName", "data", "service", "state", "@type"}:
                self.compare(number, at, old, new)

    def numbers(self, number, old, new):
        mine, theirs = _NUMBER.search(new), _NUMBER.search(old)
        self.compare(number, "has a project number", theirs is not None, mine is not None)
        if mine and theirs:
            self.compare(number, "project number", self.known.setdefault(theirs[2], mine[2]), mine[2])

    def compare(self, number, what, wanted, got):
        if wanted != got:
            self.differences.append((number, what, wanted, got))


def pairs(wanted, got, at="$"):
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name in wanted.keys() & got.keys():
            yield from pairs(wanted[name], got[name], f"{at}.{name}")
    elif isinstance(wanted, list) and isinstance(got, list):
        for one, other in zip(wanted, got, strict=False):
            yield from pairs(one, other, at)
    else:
        yield at, wanted, got


def other_name(old, draw):
    return "x" + "".join(draw.choices(string.ascii_lowercase + string.digits, k=max(5, len(old) - 1)))


@pytest.mark.parametrize("name", _NAMES)
def test_recorded_traffic_replays_without_difference(emulator, name):
    assert Replay(emulator, {}).run(recording(name)) == []


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("seed", [1, 2])
def test_recorded_traffic_replays_with_other_ids(emulator, name, seed):
    draw = random.Random(seed)
    interactions = recording(name)
    rename = {old: other_name(old, draw) for old in sorted(identifiers(interactions), key=len, reverse=True)}
    assert len(rename) >= 2
    assert Replay(emulator, rename).run(interactions) == []


def test_a_changed_recording_is_noticed(emulator):
    interactions = json.loads(json.dumps(recording(_NAMES[0])))
    interactions[4]["response"]["body"] = interactions[4]["response"]["body"].replace('"service"', '"serviced"')
    assert [(number, what) for number, what, *_ in Replay(emulator, {}).run(interactions)] == [(4, "keys and types")]


def test_no_id_of_a_recording_is_in_the_emulator():
    ids = set().union(*(identifiers(recording(name)) for name in _NAMES))
    ids |= {old for name in _NAMES for one in recording(name) for _, old in _NUMBER.findall(one["response"]["body"])}
    assert len(ids) >= 4
    for file in Path(keyward.emulator.__file__).parent.rglob("*"):
        if file.is_file() and file.suffix != ".pyc":
            text = file.read_text(encoding="utf-8")
            assert [one for one in ids if one in text] == [], file
