"""A locked keyring is told, and never asks on the screen: a run from cron would wait for an answer for ever."""

import subprocess
import sys

from tests.parts.scene import Scene
from tests.parts.secret_service import running

WATCH = """
import secretstorage.util, sys
def _asked(*_args, **_more):
    sys.stderr.write("A DIALOG\\n")
    sys.stderr.flush()
    return True, None
import secretstorage.collection, secretstorage.item
for module in (secretstorage.util, secretstorage.collection, secretstorage.item):
    for name in ("unlock_objects", "exec_prompt"):
        if hasattr(module, name):
            setattr(module, name, _asked)
"""


def test_a_fingerprint_key_in_a_locked_keyring_is_said_to_be_locked(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(WATCH)
    with Scene(tmp_path / "home") as scene:
        scene.settings()
        file = scene.env(".env", "A=1\n")
        with running(tmp_path / "ring", "one password") as service:
            done = scene.keyward("scan", scene.work, "--local", **service.environ)
            assert done.status == 0, done.err
        assert not (scene.home / "state" / "fingerprint.key").exists(), "the key is not in the keyring"
        with running(tmp_path / "ring", "another password") as service:
            done = scene.keyward("scan", scene.work, "--local", timeout=60, PYTHONPATH=str(site), **service.environ)
        assert done.status == 4, done.err
        assert "locked" in done.err
        assert "DIALOG" not in done.err
        assert not (scene.home / "state" / "fingerprint.key").exists(), "a second key was made"
        assert file.read_text() == "A=1\n"


def test_the_watch_sees_a_dialog(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    code = "import keyring; keyring.get_password('a', 'b')"
    with running(tmp_path / "ring", "one password"):
        pass
    with running(tmp_path / "ring", "another password") as service:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**service.environ, "PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert "DIALOG" in done.stderr
