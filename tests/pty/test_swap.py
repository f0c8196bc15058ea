"""A key in an env file and in the keyring, no cloud account at all: swapped at a real terminal, killed in the middle, gone on with.

The vendor is a small server on this machine: a new key works, a deleted one does not.
"""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.parts.laptop import Laptop
from tests.parts.scene import encoded

pytestmark = pytest.mark.pty


class Story:
    """One laptop with one key in two places."""

    def __init__(self, laptop):
        self.laptop, self.vendor = laptop, laptop.vendor
        self.old, self.new = self.vendor.make(), self.vendor.make()
        self.text = "# mine\nOPENAI_API_KEY={}\nOTHER=1\n"
        self.file = laptop.env(".env", self.text.format(self.old))
        laptop.ring("openai", "me", self.old)
        self.said = []
        (self.key,) = laptop.scan()

    def swap(self, *arguments, **more):
        """`keyward swap` at a terminal of its own."""
        return self.laptop.terminal("swap", *(arguments or (self.key,)), **more)

    def places(self):
        """What both places hold."""
        return self.file.read_text(), self.laptop.ring("openai", "me")

    def holds(self, value):
        """Whether both places hold that value, and nothing else changed."""
        return self.places() == (self.text.format(value), value)

    def agree(self, terminal):
        """Accept both places and type the phrase."""
        for place in (f"Write to env:{self.file}#OPENAI_API_KEY?", "Write to keyring:openai/me?"):
            terminal.wait(place)
            _type(terminal, "y")
        terminal.wait("Type 'swap 1 key' to go on:")
        _type(terminal, "swap 1 key")

    def hand_in(self, terminal, value=None):
        """Paste the new key at the hidden prompt."""
        terminal.wait("The new key (not shown")
        _type(terminal, value or self.new)

    def ended(self, terminal):
        """Wait for its end, keep every byte of it; gives the exit status."""
        status = terminal.end()
        self.said.append(terminal.raw)
        return status


def _type(terminal, text):
    time.sleep(0.3)  # what is typed ahead of a question is no answer to it
    terminal.send(f"{text}\r")


@pytest.fixture
def story(tmp_path, own_secret_service):
    with Laptop(tmp_path / "home", own_secret_service) as laptop:
        yield Story(laptop)


def test_both_places_are_changed_in_under_a_minute_and_history_tells_it(story):
    began = time.monotonic()
    with story.swap("shape:openai") as terminal:
        terminal.wait(f"shape:openai is {story.key}", "you make the new key at https://platform.openai.com/")
        story.agree(terminal)
        terminal.wait(
            "Make the new key at https://platform.openai.com/settings/organization/api-keys", "name it    keyward-"
        )
        story.hand_in(terminal)
        terminal.wait("Restart what read the old key", "delete it at https://platform.openai.com/", "[d]eleted now")
        assert story.holds(story.new)
        story.vendor.delete(story.old)
        _type(terminal, "d")
        assert story.ended(terminal) == 0
        assert "retiring" in terminal.text
    assert time.monotonic() - began < 60
    (rotation,) = story.laptop.keyward("history", "-o", "json").json["rotations"]
    assert {one["status"] for one in rotation["targets"]} == {"done"}
    told = story.laptop.keyward("history", rotation["id"])
    for word in ("works", "read back and equal", "says that it was deleted", "dead"):
        assert word in told.out
    assert story.old.encode() not in b"".join(story.said)
    assert story.new.encode() not in b"".join(story.said)


def test_nothing_that_is_no_key_is_taken(story):
    with story.swap() as terminal:
        story.agree(terminal)
        for typed, answer in (
            (f"{story.new}\r{story.new}", "Several lines were pasted"),
            ("hello", "could be guessed"),
            (story.old, "This is the old key"),
            ("sk-proj-" + story.new[8:-6] + "xxxxxx", "It does not work, so it is not taken."),
        ):
            story.hand_in(terminal, typed)
            terminal.wait(answer)
            terminal.settle()
        _type(terminal, "")
        assert story.ended(terminal) == 6
        assert "No key was handed in" in terminal.text
        assert f"keyward swap {story.key}" in terminal.text
    assert story.holds(story.old)
    with story.swap() as terminal:  # days later
        story.hand_in(terminal)
        terminal.wait("[k]eep it")
        _type(terminal, "")
        assert story.ended(terminal) == 0
        assert f"keyward swap {story.key} --old-deleted" in terminal.text
    assert story.holds(story.new)


def test_another_shape_is_asked_about(story):
    other = story.vendor.make("github")
    with story.swap() as terminal:
        story.agree(terminal)
        story.hand_in(terminal, other)
        terminal.wait("looks like a GitHub token", "[y/N]")
        _type(terminal, "n")
        story.hand_in(terminal)
        terminal.wait("[k]eep it")
        _type(terminal, "k")
        assert story.ended(terminal) == 0
    assert story.holds(story.new)


def test_an_undo_asks_for_a_value_that_is_kept_nowhere(tmp_path):
    with Laptop(tmp_path / "home") as laptop:
        old, new = laptop.vendor.make(), laptop.vendor.make()
        file = laptop.env(".env", f"OPENAI_API_KEY={old}\n")
        (key,) = laptop.scan()
        done = laptop.keyward("swap", key, "--stdin", "--accept-targets", "--grace", "1s", stdin=new)
        assert done.status in (0, 6), done.err
        rotation = laptop.keyward("history", "-o", "ids").out.strip()
        with laptop.terminal("undo", rotation, "--yes", "--wait=dead") as terminal:
            terminal.wait("kept nowhere", "The old key (not shown")
            _type(terminal, old)
            assert terminal.end() == 0, terminal.text
            assert old.encode() not in terminal.raw
        assert file.read_text() == f"OPENAI_API_KEY={old}\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_prompt_leaves_the_terminal_as_it_was_and_a_swap_that_goes_on(story, number):
    with story.swap() as terminal:
        story.agree(terminal)
        terminal.wait("The new key (not shown")
        time.sleep(0.3)
        if number == signal.SIGINT:
            terminal.send("\x03")
        else:
            os.kill(terminal.pid, number)
        assert story.ended(terminal) == 130
    assert story.holds(story.old)
    with story.swap() as terminal:
        story.hand_in(terminal)
        terminal.wait("[k]eep it")
        _type(terminal, "")
        assert story.ended(terminal) == 0
    assert story.holds(story.new)


def test_it_is_killed_while_the_vendor_is_asked_and_goes_on(story):
    """The first question is asked before anything is staged, the second when the value is staged and nothing is written."""
    for question, asks_again in ((1, True), (2, False)):
        with story.swap() as terminal:
            if question == 1:
                story.agree(terminal)
            asked = len(story.vendor.log)
            story.vendor.hold = asked + question
            story.hand_in(terminal)
            story.vendor.held.wait(30)
            os.kill(terminal.pid, signal.SIGKILL)
            assert story.ended(terminal) == -signal.SIGKILL
            story.vendor.release()
        assert story.holds(story.old)
        kept = "".join(story.laptop.pending().values())
        assert (story.new in kept) is not asks_again
        status = story.laptop.keyward("status", "-o", "json")
        assert status.status == 0, status.err
        assert set(status.json["open"]) <= {"planned", "creating", "staged"}
    done = story.laptop.keyward("resume", "--wait=cut-over", "--timeout", "60s")
    assert done.status == 0, done.err
    assert story.holds(story.new)


KILL = """
import os, signal, sys
_left = [int(os.environ.get("KILL_AT", "0"))]
_count = [0]
_file = os.environ.get("COUNT_FILE")
def _seen(event, args):
    if event in ("os.rename", "socket.connect", "socket.sendmsg", "socket.sendto"):
        _count[0] += 1
        if _count[0] == _left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        if _file:
            fd = os.open(_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(fd, str(_count[0]).encode())
            os.close(fd)
sys.addaudithook(_seen)
"""
"""A site customisation: counts what leaves the process or renames a file, and kills it at one of these."""


class Prey:
    """One more key in two places of the same laptop, swapped without a terminal by a process that is killed at a point."""

    def __init__(self, laptop, number):
        self.laptop, self.name = laptop, f"service-{number}"
        self.old, self.new = laptop.vendor.make(), laptop.vendor.make()
        self.file = laptop.env(f"{self.name}/.env", f"OPENAI_API_KEY={self.old}\n")
        laptop.ring(self.name, "me", self.old)
        known = set(laptop.keyward("list", "-o", "ids").out.split())
        (self.key,) = set(laptop.scan()) - known

    def swap(self, *more, **variables):
        arguments = ("swap", self.key, "--stdin", "--accept-targets", *more)
        return self.laptop.keyward(*arguments, stdin=self.new, **variables)

    def killed(self, at, count=None):
        site = self.laptop.home / "site"
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(KILL)
        counted = {"COUNT_FILE": str(count)} if count else {}
        return self.swap(PYTHONPATH=f"{site}{os.pathsep}{Path.cwd()}", KILL_AT=str(at), **counted)

    def places(self):
        return self.file.read_text().strip().removeprefix("OPENAI_API_KEY="), self.laptop.ring(self.name, "me")


def _killed_and_gone_on(laptop, share):
    rehearsal, count = Prey(laptop, 0), laptop.home / "count"
    assert rehearsal.killed(0, count).status == 0
    assert rehearsal.places() == (rehearsal.new, rehearsal.new)
    points = int(count.read_text())
    assert points > 20, "nothing was counted"
    for number, part in enumerate(share, 1):
        prey = Prey(laptop, number)
        at = min(points - 1, max(1, int(points * part)))
        done = prey.killed(at)
        assert done.status == -signal.SIGKILL, (at, points, done.err)
        now, kept = prey.places(), "".join(laptop.pending().values())
        assert set(now) <= {prey.old, prey.new}, (at, points)
        assert prey.old in now or prey.old in kept, (at, points, "the old value is kept nowhere")
        for _ in range(3):  # a lease of the dead process may have to be looked at first
            done = prey.swap("--wait=cut-over")
            if done.status == 0 and prey.places() == (prey.new, prey.new):
                break
        assert prey.places() == (prey.new, prey.new), (at, points, done.out, done.err)
        rotations = laptop.keyward("history", "-o", "json").json["rotations"]
        assert len([one for one in rotations if one["key"] == prey.key]) == 1
        prey.laptop.vendor.delete(prey.old)
        ended = laptop.keyward("swap", prey.key, "--old-deleted")
        assert (ended.status, "retiring" in ended.out) == (0, True), ended.err


@pytest.mark.slow
def test_it_is_killed_at_several_points_and_the_same_command_goes_on(tmp_path, own_secret_service):
    """The points (what leaves the process, and renames) are counted first; the later ones are where it stages and writes."""
    with Laptop(tmp_path / "home", own_secret_service) as laptop:
        _killed_and_gone_on(laptop, (0.6, 0.95))


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_it_is_killed_at_many_points_and_the_same_command_goes_on(tmp_path, own_secret_service):
    with Laptop(tmp_path / "home", own_secret_service) as laptop:
        _killed_and_gone_on(laptop, [number / 40 for number in range(1, 41)])


def test_no_value_is_in_anything_that_is_left_or_said(story):
    """Values are looked for in every file of keyward, in what was shown and in what the vendor saw besides the header."""
    with story.swap() as terminal:
        story.agree(terminal)
        story.hand_in(terminal)
        terminal.wait("[k]eep it")
        story.vendor.delete(story.old)
        _type(terminal, "d")
        assert story.ended(terminal) == 0
    said = [story.laptop.keyward(*one).out for one in (("list",), ("history", "-o", "json"), ("status",), ("doctor",))]
    channels = {str(file): data for file, data in story.laptop.files().items()}
    channels |= {"terminal": b"".join(story.said), "output": "".join(said).encode()}
    channels["urls"] = "\n".join(path for path, _ in story.vendor.log).encode()
    assert {re.sub(r".*/", "", name) for name in channels} >= {"ledger.db", "inventory.db", "terminal"}
    for name, data in channels.items():
        for value in (story.old, story.new):
            assert not [form[:6] for form in encoded(value) if form.encode() in data], name
