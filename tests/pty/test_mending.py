"""A loose end of a rotation, found by the app's doctor, mended at a real terminal against the emulated cloud, and only with the phrase."""

import pytest

from tests.parts.scene import Scene
from tests.parts.terminal import ESCAPE, terminal

pytestmark = pytest.mark.pty

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")


@pytest.fixture
def orphan(tmp_path):
    """A key that was replaced, and one more that the same rotation is said to have made."""
    with Scene(tmp_path / "scene") as scene:
        scene.settings('[scan]\nread_values = ["project:*"]\n')
        scene.world.clock.set_rate(20_000)
        key = scene.key()
        scene.secret("app", key.key_string)
        assert scene.keyward("scan").status == 0
        done = scene.keyward("rotate", scene.key_id(key), *NOW, "--wait=dead")
        assert done.status == 0, done.err
        (row,) = scene.keyward("history", "-o", "json").json["rotations"]
        yield scene, scene.key("late", annotations={"keyward": row["id"]}).key_string


def test_the_doctor_lists_it_and_only_the_phrase_in_write_mode_deletes_it(orphan):
    scene, value = orphan
    with terminal(["-m", "keyward"], scene.home, columns=120, lines=40, **scene.environ()) as term:
        term.wait("EMULATOR", "READ-ONLY", "keys")
        term.press("5")
        term.wait("Doctor", "orphan", "permissions in")
        term.wait_gone("still looking")
        term.press("m")
        term.wait("1 found, 1 can be mended", "read-only")
        term.press("a")
        assert "Type  mend 1" not in term.settle()
        term.press("W")
        term.settle(0.5)
        term.send("write\r")
        term.settle()
        term.send("\r")
        term.wait("WRITE", "1 can be mended")
        assert value in scene.live()
        term.send("a\r\r")
        term.settle(0.6)
        if "Type  mend 1" not in term.text:
            term.press("a")
        term.wait("Type  mend 1  to go on:")
        term.settle(0.5)
        assert value in scene.live(), "Enter typed ahead mends nothing"
        term.send("mend 1\r")
        term.settle()
        term.send("\r")
        term.wait("1 mended")
        assert value not in scene.live()
        term.press("\x12")
        term.wait("Nothing is wrong around rotations.")
        term.press(ESCAPE, "q")
        assert term.end() == 0
        assert value.encode() not in term.raw
