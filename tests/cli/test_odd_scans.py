"""Wishes that mean nothing are said to, before anything is asked or changed."""

import subprocess
import sys

import pytest

from tests.parts.scene import Scene


@pytest.fixture
def scene(tmp_path):
    with Scene(tmp_path / "home") as one:
        one.settings()
        yield one


def test_a_pattern_that_no_project_matches_is_said(scene):
    scene.key("mine")
    done = scene.keyward("scan", "--project", "nobody-*")
    assert done.status == 2
    assert "nobody-*" in done.err


def test_the_home_of_nobody_is_no_traceback(scene):
    done = scene.keyward("scan", "~no-such-user/work", "--local")
    assert done.status == 2
    assert "no-such-user" in done.err
    assert "unexpected" not in done.err


def test_a_working_folder_that_was_removed_is_no_traceback(scene):
    gone = scene.home / "gone"
    gone.mkdir()
    command = f"import os, sys; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r}); sys.argv[1:] = ['scan', '.', '--local']; from keyward.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command], env=scene.environ(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "removed" in done.stderr


def test_settings_are_shown_without_what_does_not_belong_there(scene):
    value = scene.key("pasted").key_string
    scene.settings(f'[scan]\nexclude = ["{value}"]\n[ledger]\nurl = "postgresql://me:{value}@db.example/keyward"\n')
    done = scene.keyward("config", "show")
    assert done.status == 0, done.err
    assert value not in done.out + done.err
    assert (
        "postgresql://… (cannot be used)" in done.out
    )  # an address with a password is refused, and shown by its kind alone
