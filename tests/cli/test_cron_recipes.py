"""The recipes of docs/cron.md: their settings are read, and what their jobs run is run, with their variables, each in an empty home."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from keyward.settings import load
from tests.parts.need import require
from tests.parts.scene import Scene

PAGE = (Path(__file__).parents[2] / "docs" / "cron.md").read_text()
SETTINGS = """
[scan]
read_values = ["all"]

[targets]
allow = ["gsm:*"]

[[rotation.rule]]
match = "project:acme-*"
max_age = "90d"
"""


def recipe(name, kind="yaml"):
    return re.search(rf"<!-- recipe {name} -->\n```{kind}\n(.*?)```", PAGE, re.DOTALL)[1]


def manifest_job(name):
    """The command line of a container and its variables; those from a secret get a made-up value."""
    found = yaml.safe_load(recipe(name))
    spec = found["spec"]["jobTemplate"]["spec"] if name == "kubernetes" else found["spec"]["template"]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    environ = {one["name"]: one.get("value", "made-up") for one in container["env"]}
    return [*container["command"], *container["args"]], environ


def github_job():
    """The scripts of the workflow in one shell, and their variables."""
    steps = yaml.safe_load(recipe("github"))["jobs"]["due"]["steps"]
    scripts = [step for step in steps if "run" in step and "pip install" not in step["run"]]
    environ = {}
    for step in scripts:
        environ |= step["env"]
    return ["bash", "-euo", "pipefail", "-c", "\n".join(step["run"] for step in scripts)], environ


JOBS = {
    "github": github_job,
    "kubernetes": lambda: manifest_job("kubernetes"),
    "cloud-run": lambda: manifest_job("cloud-run"),
}


@pytest.mark.parametrize("name", sorted(JOBS))
def test_what_a_job_runs(tmp_path, postgres, name):
    require("bash", "install")
    command, environ = JOBS[name]()
    with Scene(tmp_path / "scene") as scene, postgres.database() as database:
        scene.settings(SETTINGS)
        key = scene.key("service")
        scene.secret("app", key.key_string)
        key_file = scene.home / "secret" / "fingerprint.key"
        key_file.parent.mkdir(mode=0o700)
        url = postgres.url(database)
        first = scene.keyward(
            "rotate",
            "--due",
            "--yes",
            "--new-ledger",
            KEYWARD_LEDGER_URL=url,
            KEYWARD_FINGERPRINT_KEY_FILE=str(key_file),
        )
        assert "started    rotation" in first.out, first.err
        scene.world.clock.advance(2 * 86400)
        # The paths of a container, the address of the example and the secrets of the runner become those of this test.
        run = scene.home / "run"
        run.mkdir(mode=0o700)
        shutil.copy(scene.config, run / "keyward.toml")
        swaps = {
            "/secret/": f"{key_file.parent}/",
            "/tmp/": f"{run}/",  # noqa: S108  # the container's, in the recipe
            "/etc/keyward/": f"{run}/",
            "postgresql://keyward_writer@db.example.org/keyward": url,
            "${{ runner.temp }}": str(run),
            "${{ secrets.KEYWARD_FINGERPRINT_KEY }}": key_file.read_text(),
        }
        known = re.compile("|".join(map(re.escape, swaps)))

        def swapped(text):
            return known.sub(lambda found: swaps[found[0]], text)

        programs = scene.home / "bin"
        programs.mkdir()
        (programs / "keyward").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m keyward "$@"\n')
        (programs / "keyward").chmod(0o755)
        shell = {name: value for name, value in scene.environ().items() if not name.startswith("KEYWARD_HOME")}
        done = subprocess.run(
            [swapped(word) for word in command],
            env={
                **shell,
                **{name: swapped(value) for name, value in environ.items()},
                "HOME": str(run),
                "RUNNER_TEMP": str(run),
                "PATH": f"{programs}:{shell['PATH']}",
            },
            cwd=run,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert "waiting on use" in done.stdout


def test_the_settings_of_the_page_are_settings(tmp_path):
    for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        assert tomllib.loads(text)
        file = tmp_path / "keyward.toml"
        file.write_text(text)
        file.chmod(0o600)
        load(file=file, explicit=True, environ={})
    rules = tmp_path / "keyward.toml"
    rules.write_text(recipe("rules", "toml"))
    loaded = load(file=rules, explicit=True, environ={})
    assert [rule.max_age.days for rule in loaded.settings.rules] == [30, 90]


def test_every_command_of_the_page_exists():
    from typer.main import get_command

    from keyward.cli.main import app

    commands = get_command(app).commands
    shells = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
    named = re.findall(r"^keyward (\w+)(.*)$", shells, re.MULTILINE)
    assert {"enrol", "due", "pause", "unpause", "status", "rotate", "schedule"} <= {name for name, _ in named}
    for name, rest in named:
        options = {option for parameter in commands[name].params for option in parameter.opts}
        if name == "schedule":
            options = {option for sub in commands[name].commands.values() for p in sub.params for option in p.opts}
        for option in re.findall(r"--[a-z-]+", rest.partition("#")[0]):
            assert option in options, (name, option)
