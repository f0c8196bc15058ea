"""A place can be written and not read: "written, unread". The old key stays until a person accepts that, or the place can be read again.

For each class that keyward makes by itself: API keys (A), service account keys by upload (B) and by create (D).
"""

import contextlib

import pytest

from keyward.emulator.faults import Fault
from tests.crash.stage import nothing
from tests.crash.test_read_only_ledger import KINDS, NOW, finish, rotation_of

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]

ACCESS = "secretmanager.projects.secrets.versions.access"


def _usable(story):
    """Whether the old key works."""
    if hasattr(story, "stage"):
        return story.old in {key.key_id for key in story.stage.live(story.scene) if not key.disabled}
    return story.old in story.scene.live()


@contextlib.contextmanager
def _written_unread(zygote, folder, kind):
    """A rotation whose secret may be written, and not read from the moment on in which it was; it has run once."""
    with contextlib.closing(KINDS[kind](zygote, folder)) as story:
        name = "robot" if hasattr(story, "stage") else "app"
        before = len(story.scene.versions(name))
        judge, faults = story.judge, story.scene.world.faults

        def shut(point):
            judge(point)
            if len(story.scene.versions(name)) > before and not faults._rules:
                denied = {"path": f"/secrets/{name}/", "status": "PERMISSION_DENIED", "times": -1}
                faults.add(Fault(rpc=rf"^{ACCESS}$", **denied))

        story.judge = shut
        run = story.run("rotate", story.id, *NOW)
        story.judge = judge
        assert faults._rules, "the secret was never written"
        assert run.status in (4, 6), run.out + run.err
        assert "written, not readable" in run.out + run.err, run.out + run.err
        assert f"gsm:acme-prod/{name}" in run.err
        assert "Traceback" not in run.err
        assert "--accept-unread" in run.err, run.err
        assert _usable(story)
        for _ in range(3):
            story.scene.world.clock.advance(20 * 86_400)
            again = story.run("resume")
            assert again.status in (0, 4, 6), again.out + again.err
            assert not nothing(again)
            assert _usable(story), "it was ended although nobody could look into a place that is on record"
        yield story


@pytest.mark.parametrize("kind", [*KINDS])
def test_the_old_key_stays_until_a_person_accepts_it(zygote, tmp_path, kind):
    with _written_unread(zygote, tmp_path / "home", kind) as story:
        (rotation,) = rotation_of(story)
        accepted = story.run("resume", rotation, "--accept-unread")
        assert accepted.status == 0, accepted.out + accepted.err
        assert not _usable(story)
        finish(story)


@pytest.mark.parametrize("kind", [*KINDS])
def test_it_goes_on_by_itself_once_the_place_can_be_read(zygote, tmp_path, kind):
    with _written_unread(zygote, tmp_path / "home", kind) as story:
        story.scene.world.faults.clear()
        finish(story)
