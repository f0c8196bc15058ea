"""A rotation's audit trail in a file: whole, of that rotation alone, its owner's, and never over what is there."""

import json
import stat
import threading

import pytest

from keyward.desk import Desk
from keyward.ledger.records import EventRow
from keyward.model.errors import Interrupted, NotConfigured, UsageError
from keyward.wiring import Parts


@pytest.fixture
def parts(tmp_path):
    config = tmp_path / "keyward.toml"
    config.write_text(f'[fingerprint]\nkey_file = "{tmp_path}/fingerprint.key"\n')
    config.chmod(0o600)
    environ = {"KEYWARD_HOME": str(tmp_path / "state"), "KEYWARD_CONFIG": str(config)}
    return Parts(environ=environ, interactive=False)


@pytest.fixture
def desk(parts):
    made = Desk(parts)
    ledger, _ = made.books.writing()
    now = parts.clock.now()
    ledger.append(
        [
            EventRow(
                kind, rotation=rotation, step="write", detail={"evidence": "gelesen und gleich"}, actor="ana", at=now
            )
            for rotation, kind in (("r1", "intent"), ("r2", "intent"), ("r1", "outcome"))
        ]
    )
    yield made
    made.close()


def test_it_has_the_lines_of_that_rotation_in_order_with_their_links(desk, tmp_path):
    path, count = desk.record.export_trail("r1", str(tmp_path / "trail.jsonl"))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert count == len(lines) == 2
    assert [(one["schema"], one["rotation"], one["kind"]) for one in lines] == [
        ("keyward.audit/1", "r1", "intent"),
        ("keyward.audit/1", "r1", "outcome"),
    ]
    assert all(len(one["chain"]) == 64 for one in lines)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("there", ["file", "folder", "link", "dangling"])
def test_what_is_there_is_left_alone(desk, tmp_path, there):
    file, other = tmp_path / "trail.jsonl", tmp_path / "other"
    if there == "file":
        file.write_text("mine")
    elif there == "folder":
        file.mkdir()
    else:
        file.symlink_to(other)
        if there == "link":
            other.write_text("mine")
    with pytest.raises(UsageError, match="is there already, and was left alone"):
        desk.record.export_trail("r1", str(file))
    assert there != "file" or file.read_text() == "mine"
    assert other.exists() is (there == "link")


def test_a_folder_that_is_not_there_and_no_name_at_all_are_refused(desk, tmp_path):
    with pytest.raises(UsageError, match="cannot be made: No such file"):
        desk.record.export_trail("r1", str(tmp_path / "nowhere" / "trail.jsonl"))
    with pytest.raises(UsageError, match="Name a file"):
        desk.record.export_trail("r1", "  ")


def test_who_does_not_wait_any_more_leaves_no_file_and_no_check(desk, tmp_path):
    stop = threading.Event()
    assert desk.record.check_trail(stop).fine
    stop.set()
    with pytest.raises(Interrupted):
        desk.record.check_trail(stop)
    with pytest.raises(Interrupted):
        desk.record.export_trail("r1", str(tmp_path / "trail.jsonl"), stop)
    assert not (tmp_path / "trail.jsonl").exists()


def test_without_a_ledger_there_is_nothing_to_write(parts, tmp_path):
    desk = Desk(parts)
    with pytest.raises(NotConfigured):
        desk.record.export_trail("r1", str(tmp_path / "trail.jsonl"))
    assert not (tmp_path / "trail.jsonl").exists()
