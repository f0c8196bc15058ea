"""One key on two machines that share a ledger: each writes, reads and writes back its own places, and waits for the other."""

import contextlib
import json

import pytest

from tests.cli.test_documents import check
from tests.crash.zygotes import Zygote
from tests.parts.hosts import Hosts
from tests.parts.scene import Scene

pytestmark = [pytest.mark.timeout(600)]

A, B = "alpha", "beta"


@pytest.fixture(scope="module")
def zygote():
    with contextlib.closing(Zygote()) as one:
        yield one


class Pair(Hosts):
    """An API key in an env file on each host and in a secret that both can reach; each host accepted what it has."""

    def __init__(self, scene, zygote, ledger=""):
        super().__init__(scene, zygote, ledger)
        self.key = scene.key("service")
        self.id = scene.key_id(self.key)
        scene.secret("app", self.key.key_string)
        self.files = {}
        for host in (A, B):
            self.files[host] = self.add(host) / ".env"
            self.put(host, self.key.key_string)

    def put(self, host, value):
        self.files[host].write_text(f"A={value}\n")
        self.files[host].chmod(0o600)

    def held(self, host):
        return self.files[host].read_text().removeprefix("A=").strip()

    @property
    def everywhere(self):
        """What the two files and the secret hold."""
        return [self.held(A), self.held(B), self.scene.current("app").decode()]

    def enrol(self, *hosts):
        for host in hosts or (A, B):
            assert self.run(host, "scan").status == 0
            done = self.run(host, "enrol", f"id:{self.id}", "--accept-targets", "--yes")
            assert done.status == 0, done.err
        return self

    def started(self):
        """Begun on the first host; gives the rotation and the new key."""
        done = self.cron(A, "-o", "json")
        assert done.status == 0, done.out + done.err
        (line,) = check(json.loads(done.out))["started"]
        return line, (self.scene.live() - {self.key.key_string}).pop()

    def state(self, host=A):
        """The one open rotation as `status` tells it."""
        (found,) = check(json.loads(self.run(host, "status", "-o", "json").out))["rotations"]
        return found

    def history(self, host=A):
        (found,) = json.loads(self.run(host, "history", "-o", "json").out)["rotations"]
        return found

    def safe(self):
        """Nobody reads a key that is off."""
        assert set(self.everywhere) <= self.scene.live()

    def crons(self, *hosts, hours=20):
        """Their scheduled runs, some hours later."""
        self.later(hours=hours)
        for host in hosts or (A, B):
            done = self.cron(host)
            assert done.status in (0, 6), done.out + done.err
            self.safe()

    def until_done(self, *hosts):
        """Their scheduled runs until the rotation is closed."""
        for _ in range(80):
            self.crons(*hosts)
            state = self.history()["state"]
            if state in ("done", "aborted"):
                return state
        pytest.fail(f"not closed: {self.history()['state']}, {self.history()['why']}")


@pytest.fixture
def pair(tmp_path, zygote):
    with Scene(tmp_path / "scene") as scene:
        yield Pair(scene, zygote)


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.slow), "postgres"])
def shared(request, tmp_path, zygote):
    """The same on both kinds of ledger."""
    with contextlib.ExitStack() as ending:
        ledger = ""
        if request.param == "postgres":
            cluster = request.getfixturevalue("postgres")
            ledger = cluster.url(ending.enter_context(cluster.database()))
        scene = ending.enter_context(Scene(tmp_path / "scene"))
        yield Pair(scene, zygote, ledger)


def test_from_due_on_one_host_to_done_by_both(shared):
    pair = shared.enrol()
    old = pair.key.key_string
    line, new = pair.started()
    assert pair.everywhere == [new, old, new]
    assert (line["state"], line["waiting_on"], line["awaits"]) == ("distributing", "host", [B])
    assert f"needs a run on {B}: `keyward resume {line['rotation']}` or its scheduled run there" in line["why"]
    assert (pair.state()["awaits"], pair.state()["due"]) == ([B], None)
    assert pair.state(B)["due"] is not None, "it is that host's turn"
    pair.later(minutes=15)
    assert (pair.cron(A).out, pair.everywhere) == ("", [new, old, new])
    done = pair.cron(B)
    assert (done.status, pair.everywhere) == (0, [new, new, new]), done.out
    assert pair.state()["state"] == "overlap"
    pair.crons(hours=30)
    assert pair.state()["waiting_on"] == "use"
    assert old in pair.scene.live()
    assert pair.until_done() == "done"
    assert pair.scene.live() == {new}
    assert pair.everywhere == [new, new, new]
    hosts = {event["host"] for event in pair.history()["events"] if event["step"] == "write"}
    assert hosts == {A, B}


# Whose word makes a place a target


def test_a_plan_tells_what_has_to_be_done_on_the_other_host(pair):
    place = f"env:{pair.files[B]}#A"
    assert pair.run(B, "scan").status == 0
    pair.enrol(A)
    plan = json.loads(pair.run(A, "rotate", pair.id, "--dry-run", "-o", "json").out)
    (blocker,) = plan["keys"][0]["blockers"]
    assert blocker["what"] == f"{place} on host {B} holds the key, and is not accepted there as a place to write to"
    assert f"On {B}: keyward enrol id:{pair.id} --accept-target {place}" in blocker["hint"]
    refused = pair.run(A, "rotate", pair.id, "--yes", "--accept-targets", "--accept-target", place)
    assert (refused.status, pair.everywhere) == (6, [pair.key.key_string] * 3), "a word on one host is none on another"
    pair.enrol(B)
    ready = json.loads(pair.run(A, "rotate", pair.id, "--dry-run", "-o", "json").out)
    assert ready["ready"]
    assert (place, B) in {(target["at"], target["host"]) for target in ready["keys"][0]["targets"]}
    assert place not in ready["command"]
    shown = pair.run(A, "rotate", pair.id, "--dry-run").out
    assert f"on {B}, which writes it itself; last read there" in shown
    pair.later(hours=25)
    stale = json.loads(pair.run(A, "rotate", pair.id, "--dry-run", "-o", "json").out)["keys"][0]["blockers"]
    assert ["must have been read within 24 h" in one["what"] for one in stale] == [True]
    assert stale[0]["hint"].startswith(f"Run `keyward scan` on {B}, or leave it out with --waive '{place} on {B}'")


def test_settings_of_the_other_host_accept_its_places_as_long_as_they_do(pair):
    allow = f'\n[targets]\nallow = ["env:{pair.files[B]}*"]\n'
    pair.add(A, allow)
    assert pair.run(B, "scan").status == 0
    pair.enrol(A)
    assert pair.cron(A).status == 6, "what the settings here say of a place there means nothing"
    pair.add(B, allow)
    assert pair.run(B, "scan").status == 0
    pair.later(hours=25)
    assert pair.run(B, "scan").status == 0
    _, new = pair.started()
    pair.add(B)
    done = pair.cron(B)
    assert done.status == 6, done.out
    assert f"on {B} was not accepted there as a place to write to" in done.out
    assert pair.held(B) == pair.key.key_string
    pair.add(B, allow)
    assert pair.run(B, "resume").status == 0
    assert pair.everywhere == [new] * 3


def test_a_host_with_another_fingerprint_key_does_nothing(pair):
    pair.enrol().started()
    pair.add(B, key="another.key")
    done = pair.cron(B)
    assert (done.status, pair.held(B)) == (4, pair.key.key_string), done.out


# Going back


def undo(pair, by):
    """A person takes it back on one host, and keeps the key from being due again at once."""
    assert pair.run(by, "pause", f"id:{pair.id}", "--reason", "the new key is bad").status == 0
    done = pair.run(by, "undo", pair.history()["id"], "--yes", "--reason", "back")
    assert done.status == 0, done.err


def taken_back(pair, *hosts):
    """The scheduled runs of these hosts bring it to its end."""
    for _ in range(6):
        pair.crons(*hosts, hours=1)
        if pair.history()["state"] == "aborted":
            break
    assert pair.history()["state"] == "aborted"
    assert pair.scene.live() == {pair.key.key_string}
    assert pair.everywhere == [pair.key.key_string] * 3


def test_undo_before_the_other_host_came_needs_nobody_else(pair):
    pair.enrol().started()
    undo(pair, A)
    taken_back(pair, A)


@pytest.mark.parametrize("by", [A, B])
def test_an_undo_on_one_host_waits_for_the_other(pair, by):
    other = B if by == A else A
    _, new = pair.enrol().started()
    assert pair.cron(B).status == 0
    undo(pair, by)
    assert (pair.held(by), pair.held(other)) == (pair.key.key_string, new)
    assert pair.state(by)["awaits"] == [other]
    pair.crons(by, hours=20)
    assert new in pair.scene.live(), "the other host reads it still"
    taken_back(pair, other, by)


def test_undo_after_the_end(pair):
    pair.enrol().started()
    pair.cron(B)
    assert pair.until_done() == "done"
    undo(pair, A)
    taken_back(pair, B, A)


# A host that does not come


def test_a_host_that_never_comes_is_reported_and_keeps_the_old_key_alive(pair):
    line, new = pair.enrol().started()
    place = f"env:{pair.files[B]}#A"
    pair.later(hours=23)
    assert pair.cron(A).out == ""
    pair.later(hours=2)
    late = pair.cron(A, "-o", "json")
    assert late.status == 6
    (found,) = check(json.loads(late.out))["needs_person"]
    assert (found["awaits"], found["rotation"]) == ([B], line["rotation"])
    assert found["awaited_since"] == pair.state()["awaited_since"]
    assert f"only {B} can go on with it, and nothing happened there for a day" in found["why"]
    assert pair.state()["needs_person"]
    due = json.loads(pair.run(A, "due", "-o", "json").out)
    assert any(f"({B} awaited since 2026-" in key["why"] for key in due["keys"])
    assert f"{B} awaited since" in pair.run(A, "status").out
    assert f"awaits     {B} since" in pair.run(A, "history").out
    for _ in range(8):
        pair.crons(A, hours=5 * 24)
    assert pair.key.key_string in pair.scene.live()
    assert pair.everywhere == [new, pair.key.key_string, new]
    word = ("--waive", f"{place} on {B}", "--yes", "--reason", "that machine is gone")
    assert pair.run(A, "resume", line["rotation"], *word).status == 0
    assert pair.history()["state"] == "overlap"
    for _ in range(20):
        pair.later(hours=20)
        assert pair.cron(A).status in (0, 6)
        if pair.history()["state"] == "done":
            break
    assert pair.history()["state"] == "done"
    assert pair.scene.live() == {new}


def test_the_old_key_is_kept_while_the_other_hosts_reading_is_older_than_a_day(pair):
    line, new = pair.enrol().started()
    pair.cron(B)
    for _ in range(12):
        pair.crons(A, hours=20)
    assert pair.key.key_string in pair.scene.live()
    assert (pair.state()["waiting_on"], pair.state()["awaits"]) == ("host", [B])
    assert f"on {B} was not read within 24 h and needs a run on {B}" in pair.state()["why"]
    assert pair.run(B, "resume", line["rotation"]).status == 0
    assert pair.scene.live() == {new}, "whoever comes next ends it"
    assert pair.until_done(A) == "done"


# What other people do meanwhile


def test_a_file_that_was_edited_in_between_is_not_overwritten(pair):
    line, new = pair.enrol().started()
    pair.put(B, "somebody else's")
    done = pair.cron(B)
    assert (done.status, pair.held(B)) == (6, "somebody else's")
    why = f"env:{pair.files[B]}#A on {B} holds another value, neither the old key nor the new one"
    assert why in done.out
    assert why in pair.state()["why"]
    pair.later(hours=30)
    assert pair.cron(A).status in (0, 6)
    assert (pair.state()["waiting_on"], pair.key.key_string in pair.scene.live()) == ("conflict", True)
    pair.put(B, pair.key.key_string)
    assert pair.run(B, "resume", line["rotation"]).status == 0
    assert pair.everywhere == [new] * 3


def test_a_file_that_goes_back_is_written_again_by_its_own_host(pair):
    _, new = pair.enrol().started()
    pair.cron(B)
    pair.put(B, pair.key.key_string)
    pair.crons(A, hours=13)
    assert pair.held(B) == pair.key.key_string
    pair.crons(B, hours=1)
    assert pair.held(B) == new
    assert pair.until_done() == "done"
    assert pair.everywhere == [new] * 3


def test_a_file_that_holds_something_else_after_the_cut_over_keeps_the_old_key(pair):
    pair.enrol().started()
    pair.cron(B)
    pair.put(B, "somebody else's")
    pair.later(hours=13)
    assert pair.cron(B).status == 6
    for _ in range(10):
        pair.later(hours=20)
        pair.cron(A)
    assert pair.key.key_string in pair.scene.live()
    assert f"on {B}" in pair.state()["why"]


# What each host runs


def test_each_host_runs_its_own_commands(pair):
    seen = pair.scene.home / "seen"
    for host in (A, B):
        run = f"echo {host} $KEYWARD_TARGET >> {seen}"
        pair.add(host, f'\n[[consumer]]\nmatch = "*"\nrun = ["sh", "-c", "{run}"]\n')
    pair.enrol().started()
    assert pair.cron(B).status == 0
    told = sorted(line.split()[0] + " " + line.split(":")[0].split()[1] for line in seen.read_text().splitlines())
    assert told == [f"{A} env", f"{A} gsm", f"{B} env", f"{B} gsm"]
    assert pair.state()["state"] == "overlap"


def test_a_command_that_fails_on_one_host_keeps_both_waiting(pair):
    pair.add(B, '\n[[consumer]]\nmatch = "env:*"\nrun = ["false"]\n')
    pair.enrol().started()
    pair.cron(B)
    assert pair.held(B) != pair.key.key_string
    assert (pair.state()["state"], pair.state()["waiting_on"]) == ("distributing", "blocked")
    pair.crons(A, hours=3)
    assert (pair.state()["state"], pair.state()["waiting_on"]) == ("distributing", "blocked")
    pair.add(B, '\n[[consumer]]\nmatch = "env:*"\nrun = ["true"]\n')
    assert pair.run(B, "resume").status == 0
    assert pair.state()["state"] == "overlap"


# Killed, and at once


@pytest.mark.parametrize("share", [0.3, *(pytest.param(one, marks=pytest.mark.slow) for one in (0.6, 0.9))])
def test_killed_on_either_host_its_next_run_goes_on(pair, share):
    pair.enrol()
    for host, other, points in ((A, B, 75), (B, A, 28)):
        killed = pair.cron(host, kill_at=int(share * points), judge=lambda _: pair.safe())
        assert killed.killed, f"{host} passed {len(killed.points)} points"
        # Another host cannot know that the process is dead, and leaves it alone until its lease has ended.
        assert pair.cron(other).status == 0
        assert pair.cron(host).status == 0
        pair.safe()
    pair.later(minutes=10)
    assert pair.cron(A).status == 0
    assert len(set(pair.everywhere)) == 1
    assert pair.until_done() == "done"
    assert set(pair.everywhere) == pair.scene.live()
    assert len(pair.scene.live()) == 1


def test_the_scheduled_runs_of_both_hosts_at_once(shared):
    from concurrent.futures import ThreadPoolExecutor

    pair = shared.enrol()
    with contextlib.closing(Zygote()) as other, ThreadPoolExecutor(2) as pool:
        for hours in (0, *(20,) * 8):
            pair.later(hours=hours)
            for _ in range(2):
                runs = [
                    pool.submit(zygote.run, ["rotate", "--due", "--yes"], pair.environ(host), host=host)
                    for host, zygote in ((A, pair.zygote), (B, other))
                ]
                for done in (one.result() for one in runs):
                    assert done.status == 0, done.out + done.err
                pair.safe()
    assert pair.history()["state"] == "done"
    assert set(pair.everywhere) == pair.scene.live()
    assert len(pair.scene.live()) == 1
    assert len([key for key in pair.scene.all_keys() if key["key_id"].startswith("kw-")]) == 1


# What the rules know of the other host


def test_a_key_that_only_the_other_host_keeps_is_one_that_somebody_keeps(pair):
    pair.enrol()
    alone = pair.scene.key("alone")
    file = pair.files[B].parent / "alone" / ".env"
    file.parent.mkdir()
    file.write_text(f"ALONE={alone.key_string}\n")

    def homeless():
        done = pair.run(A, "check", "--rule", "KW-302", "-o", "json")
        return [one["subject"] for one in check(json.loads(done.out))["findings"] if one["result"] == "fail"]

    pair.run(A, "scan")
    assert homeless() == [pair.scene.key_id(alone)]
    pair.run(B, "scan")
    assert homeless() == []
