"""Files of other programs: seen once accepted, named in a plan as a person's to change, and left alone by a rotation."""

import json

import pytest

from tests.parts.scene import Scene


@pytest.fixture
def at_home(tmp_path):
    """A world whose user has his home folder in it, and one key in an env file and in an agent's settings."""
    with Scene(tmp_path / "scene") as scene:
        scene.planted = scene.key("agent key")
        scene.env(".env", f"GEMINI_API_KEY={scene.planted.key_string}\n")
        (scene.home / ".claude.json").write_text(
            json.dumps({"mcpServers": {"maps": {"env": {"GOOGLE_API_KEY": scene.planted.key_string}}}}, indent=2)
        )
        yield scene


def placements(scene):
    done = scene.keyward("list", "--format", "json", HOME=str(scene.home))
    return {place["store"] for key in done.json["keys"] for place in key["placements"]}


def test_the_agents_file_is_read_only_after_it_was_accepted(at_home):
    scene = at_home
    scene.settings(f'[[env]]\npath = "{scene.work}"\n')
    assert scene.keyward("scan", HOME=str(scene.home)).status == 0
    assert placements(scene) == {"env"}
    scene.settings(f'[[env]]\npath = "{scene.work}"\n[local]\nread = ["agents", "shell"]\n')
    assert scene.keyward("scan", HOME=str(scene.home)).status == 0
    assert placements(scene) == {"env", "agents"}


def test_a_plan_names_it_as_a_persons_to_change_and_waiving_it_rotates_the_rest(at_home):
    scene = at_home
    scene.settings(f'[[env]]\npath = "{scene.work}"\n[local]\nread = ["agents"]\n')
    home = {"HOME": str(scene.home)}
    assert scene.keyward("scan", **home).status == 0
    before = (scene.home / ".claude.json").read_bytes()
    key, place = scene.key_id(scene.planted), f"agents:{scene.home}/.claude.json#/mcpServers/maps/env/GOOGLE_API_KEY"
    for accepted in ((), ("--accept-targets",), ("--accept-target", place)):
        plan = scene.keyward("rotate", key, "--dry-run", *accepted, **home)
        assert f"{place} is not written: it belongs to another program" in " ".join(plan.out.split())
        assert f"--accept-target {place}" not in " ".join(plan.out.split())
    refused = scene.keyward("rotate", key, "--yes", "--accept-targets", **home)
    assert refused.status != 0
    assert scene.planted.key_string in (scene.work / ".env").read_text()
    done = scene.keyward("rotate", key, "--yes", "--accept-targets", "--waive", place, **home)
    assert done.status == 0, done.err
    assert scene.planted.key_string not in (scene.work / ".env").read_text()
    assert (scene.home / ".claude.json").read_bytes() == before
