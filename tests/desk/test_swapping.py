"""A swap over days, in one process with a clock of its own: what is probed, what is waited for, what is left at the end."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from keyward.desk import Changes, Desk, ScanWish
from keyward.desk.swapping import by_hand, meant, needs_value, under_way
from keyward.model.errors import Exit, NeedsPerson, NeedsValue, UnknownKey, UsageError
from keyward.model.secret import Secret
from keyward.rotation.history import to_json
from keyward.rotation.outcome import Until
from keyward.wiring import Parts
from tests.parts import small_keyring
from tests.parts.laptop import Laptop
from tests.parts.terminal import environment


class Clock:
    """Time that only waiting moves."""

    def __init__(self):
        self.present = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self):
        return self.present

    def wait(self, seconds, _stop):
        self.present += timedelta(seconds=seconds)
        return True


class Days:
    """A laptop whose command line runs in this process."""

    def __init__(self, laptop, *, keyring=True):
        self.laptop, self.vendor, self.clock = laptop, laptop.vendor, Clock()
        ring = {"PYTHON_KEYRING_BACKEND": small_keyring.NAME} if keyring else {}
        self.environ = environment(laptop.home, **(laptop.variables | ring))
        self.old, self.new = self.vendor.make(), self.vendor.make()
        self.file = laptop.env(".env", f"OPENAI_API_KEY={self.old}\n")
        self.desk = self.another()
        self.desk.scan(ScanWish(folders=(laptop.work,), local=True))
        with closing(self.desk.cache()) as cache:
            (self.key,) = [row[0] for row in cache.rows("SELECT id FROM key")]

    def another(self):
        """The desk of another run: it knows what is on disk, and no value."""
        parts = Parts(environ=self.environ, interactive=False)
        parts.__dict__["clock"] = self.clock
        return Desk(parts)

    def begin(self, **changes):
        """Begin, or go on; gives where it stands."""
        wished = Changes(**{"accept_targets": True, "by_hand": True, "interactive": True, **changes})
        (outcome,) = self.desk.rotating.apply(self.desk.rotating.plan([self.key], wished))
        return outcome

    def hand_in(self, value, rotation, **more):
        (outcome,) = self.desk.rotating.hand_in(
            rotation, Secret.of(value), wait=Until.CUT_OVER, timeout=timedelta(seconds=30), **more
        )
        return outcome

    def later(self, seconds):
        """Another run, so many seconds later; gives where it stands."""
        self.clock.present += timedelta(seconds=seconds)
        self.desk.close()
        self.desk = self.another()
        outcomes = self.desk.rotating.go_on()
        return outcomes[0] if outcomes else None

    def pending(self):
        return [name for name in small_keyring.Keyring.entries if name[1].startswith("keyward-pending-")]


@pytest.fixture
def days(tmp_path, monkeypatch):
    monkeypatch.setattr(small_keyring.Keyring, "entries", {})
    with Laptop(tmp_path / "home") as laptop:
        days = Days(laptop)
        yield days
        days.desk.close()


@pytest.fixture
def homeless(tmp_path):
    """Without a keyring: nothing can be staged."""
    with Laptop(tmp_path / "home") as laptop:
        days = Days(laptop, keyring=False)
        yield days
        days.desk.close()


def test_a_deleted_key_is_probed_until_it_is_dead_and_nothing_is_left(days):
    began = days.begin()
    assert needs_value(days.desk, began)
    done = days.hand_in(days.new, began.rotation)
    assert (done.state.value, done.exit_code) == ("overlap", Exit.OK)
    assert days.file.read_text() == f"OPENAI_API_KEY={days.new}\n"
    assert len(days.pending()) == 1
    days.vendor.delete(days.old)
    ended = days.begin(old_gone=True)
    assert ended.state.value == "retiring"
    for _ in range(10):
        ended = days.later(60) or ended
    assert ended.state.value == "done"
    assert days.pending() == []
    told = to_json(days.desk.record.history(began.rotation))
    assert told["confirmed"].startswith("dead: ")
    assert days.later(60) is None


def test_a_key_that_goes_on_working_after_it_was_said_to_be_deleted_is_a_matter_for_a_person(days):
    began = days.begin()
    days.hand_in(days.new, began.rotation)
    ended = days.begin(old_gone=True)
    assert (ended.state.value, ended.waiting_on.value) == ("retiring", "provider")
    assert "still works" in ended.why
    ended = days.later(40 * 60)
    assert (ended.waiting_on.value, ended.exit_code) == ("person", Exit.NEEDS_PERSON)
    assert "https://platform.openai.com/" in ended.why
    days.vendor.delete(days.old)
    for _ in range(10):
        ended = days.later(60) or ended
    assert ended.state.value == "done"


def test_after_the_overlap_an_unattended_run_says_who_has_to_do_what(days):
    began = days.begin()
    days.hand_in(days.new, began.rotation)
    assert days.later(3600).exit_code is Exit.OK
    due = days.later(24 * 3600)
    assert due.exit_code is Exit.NEEDS_PERSON
    assert "a person deletes the old key at https://platform.openai.com/" in due.why
    assert f"keyward swap {days.key} --old-deleted" in due.why


def test_a_value_that_is_staged_is_not_asked_for_again(days):
    began = days.begin()
    days.vendor.answer = (503, b"")
    held = days.hand_in(days.new, began.rotation)
    assert (held.state.value, held.waiting_on.value) == ("staged", "provider")
    days.vendor.answer = None
    assert days.later(60).state.value == "overlap"
    assert days.file.read_text() == f"OPENAI_API_KEY={days.new}\n"


def test_a_staged_value_that_does_not_work_is_replaced_by_the_next_one(days):
    began = days.begin()
    days.vendor.delete(days.new)
    held = days.hand_in(days.new, began.rotation)
    assert (held.state.value, held.waiting_on.value) == ("staged", "person")
    assert needs_value(days.desk, held)
    assert days.file.read_text() == f"OPENAI_API_KEY={days.old}\n"
    better = days.vendor.make()
    done = days.hand_in(better, began.rotation)
    assert done.state.value == "overlap"
    assert days.file.read_text() == f"OPENAI_API_KEY={better}\n"
    assert days.new not in "".join(small_keyring.Keyring.entries.values())


def test_the_old_key_handed_in_as_the_new_one_is_refused_by_the_engine_too(days):
    began = days.begin()
    held = days.hand_in(days.old, began.rotation)
    assert (held.waiting_on.value, held.exit_code) == ("person", Exit.NEEDS_PERSON)
    assert "old key's" in held.why
    assert needs_value(days.desk, held)


def test_a_place_that_somebody_else_changed_is_never_overwritten(days):
    began = days.begin()
    days.file.write_text("OPENAI_API_KEY=somebody-else-put-this-here-0815\n")
    held = days.hand_in(days.new, began.rotation)
    assert held.exit_code is Exit.NEEDS_PERSON
    assert days.file.read_text() == "OPENAI_API_KEY=somebody-else-put-this-here-0815\n"


def test_without_a_home_a_value_that_was_lost_is_handed_in_again(homeless):
    began = homeless.begin()
    homeless.vendor.answer = (503, b"")
    assert homeless.hand_in(homeless.new, began.rotation).state.value == "staged"
    homeless.vendor.answer = None
    lost = homeless.later(60)
    assert (lost.state.value, lost.waiting_on.value) == ("creating", "person")
    assert needs_value(homeless.desk, lost)
    other = homeless.vendor.make()
    assert homeless.hand_in(other, began.rotation).state.value == "overlap"
    assert homeless.file.read_text() == f"OPENAI_API_KEY={other}\n"


def test_without_a_home_an_undo_asks_for_the_old_value_and_takes_no_other(homeless):
    began = homeless.begin(grace=timedelta(0))
    homeless.hand_in(homeless.new, began.rotation)
    with pytest.raises(NeedsValue) as asked:
        homeless.desk.rotating.undo(began.rotation)
    assert asked.value.credential == homeless.key
    with pytest.raises(UsageError, match="not the value"):
        homeless.desk.rotating.undo(began.rotation, value=Secret.of(homeless.new))
    (done,) = homeless.desk.rotating.undo(began.rotation, value=Secret.of(homeless.old), wait=True)
    assert done.state.value == "aborted"
    assert homeless.file.read_text() == f"OPENAI_API_KEY={homeless.old}\n"


def test_a_key_that_does_not_work_any_more_is_not_written_back(days):
    began = days.begin()
    days.hand_in(days.new, began.rotation)
    days.vendor.delete(days.old)
    with pytest.raises(NeedsPerson, match="cannot come back"):
        days.desk.rotating.undo(began.rotation)
    assert days.file.read_text() == f"OPENAI_API_KEY={days.new}\n"


def test_a_swap_is_found_by_its_old_key_its_new_key_its_id_and_a_prefix(days):
    began = days.begin()
    done = days.hand_in(days.new, began.rotation)
    for text, full in ((days.key, True), (done.successor, True), (began.rotation, True), (days.key[:20], False)):
        assert meant(days.desk, text) == (days.key, full)
    with pytest.raises(UnknownKey):
        meant(days.desk, "nobody")


def test_what_a_person_does_is_said_with_a_name_that_stays_the_same(days):
    days.begin()
    rotation = under_way(days.desk, days.key)
    first = by_hand(days.desk, rotation)
    days.clock.present += timedelta(days=3)
    assert by_hand(days.desk, rotation).name == first.name
    assert first.name.startswith("keyward-2026-11-20-")
    assert "https://platform.openai.com/" in first.make
    assert "https://platform.openai.com/" in first.delete
    assert "last used" in first.seen
