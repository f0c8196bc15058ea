"""A process in an odd place: no output, no room, no working folder; names made to mislead."""

import subprocess
import sys

import pytest

from tests.parts.scene import Scene


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with Scene(tmp_path_factory.mktemp("odd") / "home") as scene:
        scene.settings()
        for number in range(3):
            scene.key(f"key {number}")
        scene.env("a\x1b[31mred\nline/.env", "NOTHING=1\n")
        (scene.work / "a\x1b[31mred\nline" / "loop.env").symlink_to("loop.env")
        assert scene.keyward("scan", scene.work / "a\x1b[31mred\nline").status == 3
        yield scene


def _shell(scene, command):
    return subprocess.run(
        ["bash", "-c", command.replace("KEYWARD", f"{sys.executable} -m keyward")],
        env={**scene.environ(), "PYTHONPATH": ":".join(sys.path)},
        cwd=scene.home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_full_disk_behind_the_output_is_said_in_a_line(scene):
    done = _shell(scene, "KEYWARD list > /dev/full")
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_failure(scene):
    done = _shell(scene, "KEYWARD list -o json | head -c 10; exit ${PIPESTATUS[0]}")
    assert done.returncode in {0, 3}  # it may have ended before the reader did
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_crash(scene, closed):
    done = _shell(scene, f"KEYWARD list {closed}")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_working_folder_that_is_gone_is_no_crash(scene):
    done = _shell(scene, "mkdir gone && cd gone && rmdir ../gone && KEYWARD list -o ids")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", ["table", "json", "csv", "ids"])
def test_a_folder_with_a_misleading_name_is_shown_harmless(scene, form):
    done = scene.keyward("list", "-o", form)
    assert done.status == 3
    said = done.out + done.err
    assert "\x1b" not in said
    assert "red\nline" not in said
    assert "red%0Aline" in said


@pytest.mark.parametrize("project", ["a/../b", "new\nline", "a?b=c#d", "x%2fy", "a b", "\x1b[31m", ""])
def test_what_is_no_project_id_is_not_asked_for(scene, project):
    before = len(scene.log())
    done = scene.keyward("scan", "--project", project)
    assert done.status == 2, done.err
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err
    assert len(scene.log()) == before
