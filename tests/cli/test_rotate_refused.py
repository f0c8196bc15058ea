"""What cannot be rotated, or was named wrongly, is refused before anything happens, with what to do about it."""

import random

import pytest

from keyward.model.detectors import BY_KIND
from tests.cli.conftest import changes_in, files_of

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")


def _scan(scene):
    done = scene.keyward("scan", scene.work, "--values", "all")
    assert done.status == 0, done.err


def test_a_key_known_only_by_its_shape_is_refused_with_what_to_do(scene):
    value = BY_KIND["openai"].sample(random.Random(5)).decode()
    scene.env(".env", f"OPENAI_API_KEY={value}\n")
    _scan(scene)
    (key,) = [one["id"] for one in scene.keyward("list", "-o", "json").json["keys"] if one["provider"] == "shape"]
    done = scene.keyward("rotate", key, *NOW)
    assert done.status == 6
    assert f"keyward swap {key}" in done.err


@pytest.mark.parametrize("option", ["--accept-target", "--waive"])
def test_a_place_in_which_the_key_is_not_is_wrong_usage(scene, option):
    key = scene.key()
    file = scene.env(".env", f"A={key.key_string}\n")
    _scan(scene)
    before, seen = files_of(scene.work), len(scene.log())
    done = scene.keyward("rotate", scene.key_id(key), option, f"env:{file}#B", *NOW)
    assert done.status == 2
    assert f"env:{file}#B" in done.err
    assert f"env:{file}#A" in done.err
    assert files_of(scene.work) == before
    assert changes_in(scene.log()[seen:]) == []
