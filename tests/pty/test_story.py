"""Keys rotated in the app at a real terminal, from marking them to undoing one, quit in the middle and gone on with from a command line.

The cloud is the emulator in this process, over real HTTP and the real client libraries, so the test is the judge of what became of keys.
"""

import re
import time

import pytest

from tests.parts.scene import PROJECT, Scene, encoded
from tests.parts.terminal import terminal

pytestmark = pytest.mark.pty
ENTER = "\r"


@pytest.fixture
def scene(tmp_path):
    # Ten minutes until a new key works: the time to quit in.
    with Scene(tmp_path / "home", behaviour={"fresh_seconds": (600.0, 600.0)}) as made:
        made.settings(
            '[scan]\nprojects = ["acme-prod"]\nread_values = ["project:acme-prod"]\n[production]\nmatch = "project:*-prod"\n'
        )
        yield made


def phrase(term, text):
    """Type the phrase of a dialog, and confirm it."""
    term.wait(f"Type  {text}  to go on:")
    time.sleep(0.4)  # a dialog hears nothing at first
    term.send(text)
    term.wait(f" {text} ")
    term.press(ENTER, ENTER)


def leave(term):
    """Quit while a rotation is being worked on, which has to be said twice."""
    term.press("q")
    term.wait("Leave?", "stays resumable")
    time.sleep(0.4)  # a question hears nothing at first
    term.press("\t", ENTER)
    assert term.end() == 0


def rotations(scene):
    """By the name of the key, as the command line tells them."""
    found = scene.keyward("history", "-o", "json").json["rotations"]
    names = {scene.key_id(key): key.display_name for key in scene.planted}
    return {names[one["key"]]: one for one in found}


def test_three_keys_from_marks_to_undo_with_a_quit_in_the_middle(scene):
    scene.planted = keys = [scene.key(name) for name in ("alpha", "beta", "gamma")]
    for key in keys[:2]:  # nobody knows where the third one is kept
        scene.secret(f"{key.display_name}-key", key.key_string)
    alpha, beta, gamma = (key.key_string for key in keys)
    assert scene.keyward("scan").status == 0
    with terminal(["-m", "keyward", "--write"], scene.home, columns=150, lines=44, **scene.environ()) as term:
        term.wait("EMULATOR", "WRITE", "3 keys")
        term.press("*")
        term.wait("3 marked")
        term.send("r")
        term.wait("! 1 to accept", "✗ blocked", "no place is known that holds this key", "of 3 of 3 keys")
        term.send("*")
        term.wait("of 1 of 3 keys", "X leaves those out", "planned again: +2 places to write")
        term.send("X")
        term.wait("rotate 2 in production acme-prod", "1 left out", "✓ ready: a asks for the phrase", "- left out")
        term.press("e", "\x7f\x7f\x7f")
        term.send(f"5x{ENTER}")
        term.wait("'5x' is not a duration such as 24h")
        term.press("\x7f\x7f", f"2h{ENTER}")
        term.wait("planned again: grace 1d -> 2h", "both keys work for 2h")
        assert scene.live() == {alpha, beta, gamma}, "so far nothing was changed"
        term.press("a")
        term.wait("PRODUCTION")
        phrase(term, "rotate 2 in production acme-prod")
        term.wait("◷ waits", "✓ done", "the new key does not work yet", "Esc leaves it at work", "keyward resume")
        leave(term)
        said = term.raw
    assert len(scene.live()) == 5, "two were made, and the old ones work"
    assert {one["state"] for one in rotations(scene).values()} == {"creating"}
    scene.world.clock.advance(660)
    done = scene.keyward("resume", "--wait=cut-over", "-o", "json")
    assert done.status == 0, done.err
    assert {name: one["state"] for name, one in rotations(scene).items()} == {"alpha": "overlap", "beta": "overlap"}
    new = {name: scene.current(f"{name}-key").decode() for name in ("alpha", "beta")}
    assert new["alpha"] not in (alpha, beta)
    assert scene.live() == {alpha, beta, gamma, *new.values()}
    with terminal(["-m", "keyward", "--write"], scene.home, columns=150, lines=44, **scene.environ()) as term:
        term.wait("EMULATOR", "keys")
        term.press("4")
        term.wait("audit chain intact", "2 rotations, 2 open", "U at any time")
        term.press("/")
        term.send(f"alpha{ENTER}")
        term.wait("1 of 2 rotations")
        term.press("U")
        (what,) = re.findall(r"Type  (undo \S+ in production acme-prod)", term.wait("Type  undo"))
        phrase(term, what)
        term.wait("write the old key back", "waits for time")
        term.press("L")
        calls = term.wait("METHOD", "STATUS", "AddSecretVersion", "OK")
        assert re.search(r"GET +/v1beta/models\?pageSize +200 +\d+", calls), (
            "of what was asked only the names are shown"
        )
        leave(term)
        said += term.raw
    assert scene.current("alpha-key").decode() == alpha
    scene.world.clock.advance(360)  # the readers' delay
    assert scene.keyward("resume").status == 0
    assert {name: one["state"] for name, one in rotations(scene).items()} == {"alpha": "aborted", "beta": "overlap"}
    assert scene.live() == {alpha, beta, gamma, new["beta"]}
    for value in (alpha, beta, gamma, *new.values()):
        assert not [form for form in encoded(value) if form.encode() in said], "no value ever reached the terminal"
    assert PROJECT.encode() in said
