"""What `keyward check` says of values as they are written, and that the line it prints mends it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.cli.test_documents import check as fits
from tests.model.shapes import sample
from tests.parts.laptop import Laptop
from tests.parts.scene import encoded

STRIPE, GROQ, GITHUB = (sample(kind, 5).decode() for kind in ("stripe", "groq", "github"))


def findings(machine, rule):
    """The findings of one rule; nothing that is printed holds a value."""
    done = machine.keyward("check", "--rule", rule, "-o", "json")
    shown = done.out + done.err + machine.keyward("check", "--rule", rule).out
    assert not any(form in shown for value in (STRIPE, GROQ, GITHUB) for form in encoded(value[8:]))
    return fits(done.json)["findings"]


def run(line, **variables):
    """Run a printed line as a person would who copies it into a shell."""
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {**variables, "PATH": tools}
    done = subprocess.run(["sh", "-c", line], env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def laptop(tmp_path):
    """A machine without a cloud and without a keyring."""
    with Laptop(tmp_path / "home") as laptop:
        yield laptop


def test_values_of_files_as_they_are_written(laptop):
    bad = GITHUB[:-1] + ("a" if GITHUB[-1] != "a" else "b")
    first = laptop.env("one/.env", f"A={STRIPE}\nB={STRIPE}\nSESSION=q7Zp2LxV9sKd4TnR8bYw1MfC\n")
    second = laptop.env("two/.env", f"SIGNED_WITH=q7Zp2LxV9sKd4TnR8bYw1MfC\nTOKEN={bad}\nOPENAI_API_KEY=changeme\n")
    third = laptop.env("three/.env", f"URL=https://x.example/v1?q=1&key={GROQ}\n")
    laptop.env("three/.env.example", "OPENAI_API_KEY=changeme\n")
    laptop.scan()
    assert findings(laptop, "KW-307") == [], "in a file a line ends with its end"
    twins = {one["evidence"][0].partition(": ")[2] for one in findings(laptop, "KW-308")}
    assert twins == {f"env:{first}#A, env:{first}#B", f"env:{first}#SESSION, env:{second}#SIGNED_WITH"}
    made = {(one["subject"], one["about"]) for one in findings(laptop, "KW-309")}
    assert made == {(f"env:{second}", "TOKEN"), (f"env:{second}", "OPENAI_API_KEY")}
    assert [one["subject"] for one in findings(laptop, "KW-310")] == [f"env:{third}"]
    second.write_text("NONE=1\n")
    first.write_text(f"A={STRIPE}\n")
    third.write_text(f"HEADER={GROQ}\n")
    laptop.scan()
    for rule in ("KW-308", "KW-309", "KW-310"):
        assert findings(laptop, rule) == []


def test_a_file_that_others_may_read_is_closed_by_the_line_that_is_printed():
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        with Laptop(Path(name) / "it's home") as laptop:
            file = laptop.env("web/.env", f"A={STRIPE}\n")
            laptop.env("safe/.env", f"B={GROQ}\n")
            laptop.env("empty/.env", "PORT=8080\n").chmod(0o644)
            for folder in (laptop.home, laptop.work, file.parent):
                folder.chmod(0o755)
            file.chmod(0o644)
            laptop.scan()
            (one,) = findings(laptop, "KW-306")
            assert one["evidence"][0].startswith("everybody on this machine (mode 0644) may read it")
            run(*one["fix"]["commands"])
            assert file.stat().st_mode & 0o777 == 0o600
            laptop.scan()
            assert findings(laptop, "KW-306") == []
            assert file.read_text() == f"A={STRIPE}\n"
            assert one["subject"] == f"env:{laptop.work}/web/.env".replace(" ", "%20").replace("'", "%27")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_white_space_in_secret_manager_is_taken_off_by_the_line_that_is_printed(scene):
    key = scene.key()
    scene.secret("web", f"{key.key_string}\r\n")
    scene.settings('[scan]\nread_values = ["all"]\n')
    scene.keyward("scan")
    (one,) = findings(scene, "KW-307")
    assert one["subject"] == "gsm:acme-prod/web"
    run(*one["fix"]["commands"], **scene.environ(CLOUDSDK_CONFIG=str(scene.home / "gcloud")) | {"LANG": "C"})
    scene.keyward("scan")
    assert findings(scene, "KW-307") == []
    places = next(iter(scene.keyward("list", "-o", "json").json["keys"]))["placements"]
    assert {one["version"]: one["role"] for one in places} == {"1": "old", "2": "current"}


def test_white_space_in_the_keyring_is_taken_off_by_the_line_that_is_printed(tmp_path, own_secret_service):
    with Laptop(tmp_path / "home", own_secret_service) as laptop:
        laptop.ring("my app", "ana", f"{STRIPE}\n")
        laptop.scan()
        (one,) = findings(laptop, "KW-307")
        assert one["subject"] == "keyring:my%20app/ana"
        (line,) = one["fix"]["commands"]
        run(line, HOME=str(laptop.home), **own_secret_service)
        assert laptop.ring("my app", "ana") == STRIPE
        laptop.scan()
        assert findings(laptop, "KW-307") == []
        assert laptop.keyward("check", "--rule", "KW-307", "-o", "json").json["rules"][0]["pass"] == 1
