"""Every JSON document that a command prints fits the schema that the package publishes."""

import json
from functools import cache
from importlib.resources import files

import jsonschema
import pytest

from tests.parts.scene import Scene

FOLDERS = ("keyward.cli", "keyward.inventory")


@cache
def published():
    """Every schema of the package, by the document's `schema` field."""
    found = {}
    for package in FOLDERS:
        for file in (files(package) / "schema").iterdir():
            schema = json.loads(file.read_text())
            jsonschema.Draft202012Validator.check_schema(schema)
            found[schema["properties"]["schema"]["const"]] = schema
    return found


@cache
def _judge(name):
    return jsonschema.Draft202012Validator(published()[name], format_checker=jsonschema.FormatChecker())


def check(document):
    _judge(document["schema"]).validate(document)
    return document


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What every command printed in one story."""
    with Scene(tmp_path_factory.mktemp("documents") / "scene", rate=1000) as scene:
        scene.settings()
        key, other = scene.key("one"), scene.key("two", project="acme-denied")
        scene.world.known("acme-denied").denied.add("secretmanager.*")
        scene.secret("app", "text", labels={"owner": "web"})
        scene.env(".env", f"A={key.key_string}\nB={other.key_string}\n")
        full = scene.key_id(key)
        now = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
        results = {
            "scan": scene.keyward("scan", scene.work, "--values", "all", "-o", "json"),
            "list": scene.keyward("list", "-o", "json"),
            "show": scene.keyward("show", full, "--refresh", "-o", "json"),
            "usage": scene.keyward("usage", full, "-o", "json"),
            "show a secret": scene.keyward("show", "gsm:acme-prod/app", "--refresh", "-o", "json"),
            "verify": scene.keyward("verify", "--all", "-o", "json"),
            "identify": scene.keyward("identify", "-o", "json", stdin=key.key_string),
            "blocked": scene.keyward("rotate", full, "--yes", "-o", "json"),
            "dry run": scene.keyward("rotate", full, *now, "--dry-run", "-o", "json"),
            "begun": scene.keyward("rotate", full, *now[:1], "--yes", "-o", "json"),
            "status": scene.keyward("status", "-o", "json"),
            "rotate": scene.keyward("rotate", scene.key_id(other, "acme-denied"), *now, "--wait", "-o", "json"),
            "resume": scene.keyward("resume", "-o", "json"),
            "history": scene.keyward("history", "-o", "json"),
            "doctor": scene.keyward("doctor", "-o", "json"),
            "settings": scene.keyward("config", "show", "-o", "json"),
            "providers": scene.keyward("provider", "list", "-o", "json"),
            "provider": scene.keyward("provider", "show", "gemini", "-o", "json"),
        }
        yield key, other, results


def test_every_document_fits_its_schema(told):
    key, other, results = told
    for name, done in results.items():
        assert "Traceback" not in done.err, (name, done.err)
        check(done.json)
        for value in (key.key_string, other.key_string):
            assert value not in done.out + done.err


def test_exit_codes_are_in_the_documents_too(told):
    _, _, results = told
    for name, done in results.items():
        if "exit_code" in done.json:
            assert done.json["exit_code"] == done.status, name
    assert results["blocked"].status == 6
    assert results["rotate"].status == 0
    assert results["list"].status == results["scan"].status == 3


def test_what_is_denied_is_said_everywhere(told):
    _, _, results = told
    for name in ("scan", "list"):
        source = next(one for one in results[name].json["sources"] if one["id"] == "gsm:acme-denied")
        assert source["status"] == "denied"
        assert source["permission"] == "secretmanager.secrets.list"
        assert "gsm:acme-denied" in results[name].err
    assert [one["id"] for one in results["status"].json["missing"]] == ["gsm:acme-denied"]


def test_a_document_with_something_else_in_it_does_not_fit(told):
    _, _, results = told
    for done in results.values():
        with pytest.raises(jsonschema.ValidationError):
            check({**done.json, "value": "something that nobody agreed to"})
