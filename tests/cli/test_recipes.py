"""The recipes of docs/consumers.md: the real kubectl against a small API server, stand-ins for what cannot run here."""

import json
import re
import shlex
import stat
import sys
from pathlib import Path

import pytest

from tests.parts import kubernetes, need
from tests.parts.scene import Scene

PAGE = (Path(__file__).parents[2] / "docs" / "consumers.md").read_text()
ROTATE = ("--accept-targets", "--yes", "--reason", "trial", "--wait=cut-over")


def recipe(name):
    """The settings of one recipe."""
    return re.search(rf"<!-- recipe {name} -->\n```toml\n(.*?)```", PAGE, re.DOTALL)[1]


@pytest.fixture
def placed(tmp_path):
    """One key in the places that the recipes name."""
    with Scene(tmp_path / "scene", rate=1000) as scene:
        key = scene.key("app key")
        scene.secret("web-key", key.key_string)
        scene.env(".env", f"KEY={key.key_string}\n")
        scene.old, scene.name = key.key_string, scene.key_id(key)
        yield scene


def rotated(scene, text, **more):
    """Rotate with these settings; gives the new value."""
    text = text.replace("env:/srv/web/.env*", f"env:{scene.work}/.env*")
    scene.settings(f'[scan]\nread_values = ["project:acme-prod"]\n\n{text}')
    assert scene.keyward("scan", scene.work, "--project", "acme-prod").status == 0
    done = scene.keyward("rotate", scene.name, *ROTATE, **more)
    assert done.status == 0, done.out + done.err
    (new,) = scene.live() - {scene.old}
    return new


def stand_in(folder, name):
    """A program of that name that notes how it is called; gives what it noted."""
    log = folder / f"{name}.log"
    program = folder / name
    program.write_text(
        f"#!{sys.executable} -I\nimport json, os, sys\n"
        f"note = [sys.argv[1:], sys.stdin.read(), sorted(os.environ)]\nopen({str(log)!r}, 'a').write(json.dumps(note) + '\\n')\n"
    )
    program.chmod(stat.S_IRWXU)
    return program, lambda: [json.loads(line) for line in log.read_text().splitlines()]


def test_kubernetes(placed, tmp_path):
    need.require("kubectl")
    with kubernetes.running() as (cluster, kubeconfig):
        file = tmp_path / "kubeconfig"
        file.write_text(kubeconfig)
        rotated(placed, recipe("kubernetes"), KUBECONFIG=str(file))
        assert len(cluster.restarts) == 1
    history = placed.keyward("history").out
    assert "kubectl rollout restart deploy/web" in history
    assert "deployment.apps/web restarted" in history


@pytest.mark.parametrize(("name", "program"), [("cloud-run", "gcloud"), ("systemd", "systemctl")])
def test_what_cannot_run_here_is_called_as_the_recipe_says(placed, tmp_path, name, program):
    folder = tmp_path / "bin"
    folder.mkdir()
    _, calls = stand_in(folder, program)
    text = recipe(name)
    rotated(placed, text, PATH=f"{folder}:{placed.environ()['PATH']}", XDG_RUNTIME_DIR="/run/user/7")
    wanted = [json.loads(found) for found in re.findall(r"^(?:run|ready) = (\[.*\])$", text, re.MULTILINE)]
    made = calls()
    assert [call[0] for call in made] == [argv[1:] for argv in wanted], shlex.join(wanted[0])
    assert all(call[1] == "" for call in made)
    assert all("CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS" not in call[2] for call in made)


def test_a_program_that_takes_the_value(placed, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    program, calls = stand_in(folder, "put-secret")
    new = rotated(placed, recipe("stdin").replace("/usr/local/bin/put-secret", str(program)))
    assert [(call[0], call[1]) for call in calls()] == [(["web-key"], new)]
