"""Stock gcloud on the emulated Secret Manager: a second client, written by others."""

import base64
import json
import os
import subprocess

import pytest

from keyward.emulator.secretmanager import versions
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.resources import Parent, Ref
from tests.emulator.secretmanager_serving import serving
from tests.parts.need import require


@pytest.fixture
def running():
    require("gcloud")
    with serving() as servers:
        yield servers


@pytest.fixture
def gcloud(running, tmp_path):
    """Runs `gcloud secrets` against the emulator and gives its output; a failure gives what it said."""
    variables = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(tmp_path / "gcloud")}
    environment = {**running.emulator.environment(), **variables, "CLOUDSDK_CORE_PROJECT": "acme-demo"}

    def run(*arguments, stdin="", fails=False):
        done = subprocess.run(
            ["gcloud", "secrets", *arguments], env=environment, input=stdin, capture_output=True, text=True, check=False
        )
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr if fails else done.stdout

    return run


def test_gcloud_lists_creates_adds_reads_and_disables(gcloud):
    gcloud("create", "db-password", "--labels=team=web")
    gcloud("versions", "add", "db-password", "--data-file=-", stdin="first\n")
    gcloud("versions", "add", "db-password", "--data-file=-", stdin="second\n")
    listed = json.loads(gcloud("list", "--format=json"))
    assert [(each["name"].split("/")[-1], each["labels"]) for each in listed] == [("db-password", {"team": "web"})]
    assert gcloud("versions", "access", "latest", "--secret=db-password") == "second\n"
    gcloud("versions", "disable", "2", "--secret=db-password")
    states = json.loads(gcloud("versions", "list", "db-password", "--format=json"))
    assert [each["state"] for each in states] == ["DISABLED", "ENABLED"]
    said = gcloud("versions", "access", "latest", "--secret=db-password", fails=True)
    assert "FAILED_PRECONDITION" in said
    assert "is in DISABLED state." in said


def test_gcloud_refuses_a_payload_that_does_not_match_its_checksum(gcloud, running):
    gcloud("create", "db-password", "--data-file=-", stdin="value")
    book = running.world.state(Book)
    number = running.world.project("acme-demo").number
    book.get(Ref(Parent(str(number)), "db-password")).versions[0].checksum ^= 1
    said = gcloud("versions", "access", "1", "--secret=db-password", fails=True)
    assert "crc32c" in said.lower()


def test_gcloud_is_told_when_the_checksum_that_it_sent_is_not_taken(gcloud, monkeypatch):
    gcloud("create", "db-password")
    monkeypatch.setattr(versions, "_given_checksum", lambda _: None)
    said = gcloud("versions", "add", "db-password", "--data-file=-", stdin=base64.b64encode(b"x").decode(), fails=True)
    assert "data-integrity" in said
