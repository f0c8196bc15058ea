"""Files are replaced whole, keep what they were, and are refused where others could interfere."""

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from keyward import files, places
from keyward.model.errors import Ambiguous, Refused
from tests.parts.mounts import bound, fill, small_disk
from tests.parts.need import missing


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        files.replace(tmp_path / "new", b"content")
    finally:
        os.umask(before)
    assert (tmp_path / "new").read_bytes() == b"content"
    assert _mode(tmp_path / "new") == 0o600


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o644, 0o755])
def test_a_replaced_file_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    about = files.replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert _mode(path) == mode
    assert about.st_ino == path.stat().st_ino
    assert _names(tmp_path) == ["file"]


def test_a_replaced_file_keeps_its_group_and_attributes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    if os.geteuid() == 0:
        os.chown(path, -1, 12345)
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        missing("a file system with extended attributes")
    group = path.stat().st_gid
    files.replace(path, b"new")
    assert path.stat().st_gid == group
    assert os.getxattr(path, "user.note") == b"kept"


def test_a_link_is_kept_and_its_target_replaced(tmp_path):
    (tmp_path / "deep").mkdir()
    target, link = tmp_path / "deep" / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to("deep/target")
    files.replace(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_the_check_runs_before_the_rename_and_stops_it(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    seen = []

    def check():
        seen.append((path.read_bytes(), (tmp_path / "file.keyward-m").read_bytes()))
        raise Refused("changed meanwhile")

    with pytest.raises(Refused, match="changed meanwhile"):
        files.replace(path, b"new", mark="m", check=check)
    assert seen == [(b"old", b"new")]
    assert _names(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


def test_the_temporary_file_is_private_until_it_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    modes = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: (modes.append(os.fstat(fd).st_mode & 0o777), write(fd, data))[1])
    files.replace(path, b"new")
    assert modes == [0o600]


def test_content_is_on_the_disk_before_the_rename_and_the_folder_after(tmp_path, monkeypatch):
    order = []
    for name in ("fsync", "rename"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, r=real, **k: (order.append(n), r(*a, **k))[1])
    files.replace(tmp_path / "file", b"new")
    assert order == ["fsync", "rename", "fsync"]


def test_a_folder_that_is_not_confirmed_is_ambiguous(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    real = os.fsync

    def fsync(fd):
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(Ambiguous):
        files.replace(path, b"new")
    assert path.read_bytes() == b"new"


def _shared(path):
    path.chmod(0o666)


def _group(path):
    path.chmod(0o660)
    os.chown(path, -1, 12345) if os.geteuid() == 0 else None


def _linked(path):
    os.link(path, path.with_name("other name"))


def _open_folder(path):
    path.parent.chmod(0o777)


def _open_above(path):
    path.parent.parent.chmod(0o777)


def _strange(path):
    os.chown(path, 12345, -1)


def _strange_folder(path):
    os.chown(path.parent, 12345, -1)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_shared, "can be written by others"),
        (_group, "can be written by others"),
        (_linked, "hard links"),
        (_open_folder, "which others can write"),
        (_open_above, "which others can write"),
        (_strange, "belongs to user id 12345"),
        (_strange_folder, "belongs to user id 12345"),
    ],
)
def test_unsafe_places_are_refused_and_nothing_changes(tmp_path, spoil, why):
    if spoil in (_strange, _strange_folder, _group) and os.geteuid() != 0:
        missing("root, to give files away")
    path = tmp_path / "above" / "folder" / "file"
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_bytes(b"old")
    spoil(path)
    assert why in places.unsafe(path)
    with pytest.raises(Refused, match="was not written") as refused:
        files.replace(path, b"new")
    assert str(path) in str(refused.value)
    assert path.read_bytes() == b"old"
    assert not list(path.parent.glob("*.keyward-*"))


@pytest.fixture
def passable():
    """A folder in a path that everybody passes."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name) / "folder"
        folder.mkdir()
        for one in (folder.parent, folder):
            one.chmod(0o755)
        yield folder


_STRANGER, _MEMBERS = 54321, 12346
"""A user and a group that are nobody's here."""


def _reads(path, group):
    """Whether a stranger of that group can read the file: tried, not reasoned."""
    done = subprocess.run(["cat", path], user=_STRANGER, group=group, extra_groups=[], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize(
    ("file", "folder", "group", "who"),
    [
        (0o644, 0o755, 0, "everybody on this machine (mode 0644)"),
        (0o604, 0o711, 0, "everybody on this machine (mode 0604)"),
        (0o600, 0o755, 0, ""),
        (0o622, 0o777, 0, ""),
        (0o644, 0o700, 0, ""),
        (0o640, 0o755, _MEMBERS, "everybody in the group id 12346 (mode 0640)"),
        (0o640, 0o700, _MEMBERS, ""),
        (0o640, 0o750, _MEMBERS, "everybody in the group id 12346 (mode 0640)"),
        (0o644, 0o750, _MEMBERS, "everybody in the group id 12346 (mode 0644)"),
        (0o644, 0o740, _MEMBERS, ""),
        (0o640, 0o755, 0, ""),
    ],
)
def test_who_may_read_a_file_is_who_can(passable, file, folder, group, who):
    if os.geteuid() != 0:
        missing("root, to give files to a group and to be somebody else")
    path = passable / ".env"
    path.write_bytes(b"x")
    for one, mode in ((path, file), (passable, folder)):
        os.chown(one, 0, group)
        one.chmod(mode)
    assert places.open_to(path) == who
    assert _reads(path, _MEMBERS) is bool(who)
    assert _reads(path, _STRANGER) is who.startswith("everybody on")


def test_the_file_behind_a_link_is_the_one_that_is_read_and_none_is_not_known(passable):
    path, link = passable / ".env", passable / "link"
    path.write_bytes(b"x")
    path.chmod(0o644)
    link.symlink_to(path)
    assert places.open_to(link) == places.open_to(path) == "everybody on this machine (mode 0644)"
    assert places.open_to(passable / "none") is None


def test_a_group_that_cannot_pass_a_folder_of_another_group_does_not_read(passable):
    if os.geteuid() != 0:
        missing("root, to give files to a group")
    path = passable / ".env"
    path.write_bytes(b"x")
    path.chmod(0o640)
    os.chown(path, 0, _MEMBERS)
    passable.chmod(0o750)
    os.chown(passable, 0, _MEMBERS + 1)
    assert places.open_to(path) == ""
    assert not _reads(path, _MEMBERS)


def test_a_sticky_folder_is_fine_for_an_own_file(tmp_path):
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    files.replace(folder / "file", b"new")
    assert (folder / "file").read_bytes() == b"new"


def test_a_pipe_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert places.unsafe(tmp_path / "pipe") == "is not a regular file"


def test_a_planted_link_at_the_temporary_name_is_not_followed(tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_bytes(b"precious")
    (tmp_path / "file.keyward-m").symlink_to(victim)
    files.replace(path, b"new", mark="m")
    assert victim.read_bytes() == b"precious"
    assert path.read_bytes() == b"new"
    assert not path.is_symlink()


def test_a_link_planted_in_the_last_moment_is_not_followed_either(tmp_path, monkeypatch):
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_bytes(b"precious")
    path.write_bytes(b"old")
    monkeypatch.setattr(files, "_remove", lambda *_: (tmp_path / "file.keyward-m").symlink_to(victim))
    with pytest.raises(Refused):
        files.replace(path, b"new", mark="m")
    assert victim.read_bytes() == b"precious"
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("mark", ["", "../x", "a/b", "a b", "x" * 65])
def test_marks_that_are_no_file_names_are_refused(tmp_path, mark):
    with pytest.raises(Refused):
        files.replace(tmp_path / "file", b"", mark=mark)


def test_names_of_temporary_files_are_recognised():
    assert files.is_temporary(files.temporary_name(".env", "01JABC"))
    assert not files.is_temporary(".env.keyward-")
    assert not files.is_temporary(".env")


def test_sweep_removes_only_what_that_mark_left(tmp_path):
    path = tmp_path / "file"
    (tmp_path / "file.keyward-a").write_bytes(b"half")
    (tmp_path / "file.keyward-b").write_bytes(b"half")
    assert files.sweep(path, "a")
    assert not files.sweep(path, "a")
    assert _names(tmp_path) == ["file.keyward-b"]
    assert not files.sweep(tmp_path / "gone" / "file", "a")


def test_private_folder_makes_what_is_missing_for_the_owner_alone(tmp_path):
    folder = files.private_folder(tmp_path / "a" / "b")
    assert _mode(folder) == _mode(tmp_path / "a") == 0o700
    folder.chmod(0o777)
    with pytest.raises(Refused, match="others can write"):
        files.private_folder(folder)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="file"):
        files.private_folder(tmp_path / "file" / "below")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(Refused, match="No such file"):
        files.replace(tmp_path / "nowhere" / "file", b"")


KILLED = """
import os, signal, sys
from pathlib import Path
from keyward import files
files.replace(Path(sys.argv[1]), b"new", mark="m", check=lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.crash
def test_killed_between_temporary_file_and_rename_leaves_the_old_file_and_sweeps(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["file", "file.keyward-m"]
    assert _mode(tmp_path / "file.keyward-m") & 0o077 == path.stat().st_mode & 0o077
    assert files.sweep(path, "m")
    assert _names(tmp_path) == ["file"]


def test_a_full_disk_loses_nothing(tmp_path):
    with small_disk(tmp_path):
        path = tmp_path / "file"
        path.write_bytes(b"old")
        fill(tmp_path)
        with pytest.raises(Refused, match="the disk is full") as refused:
            files.replace(path, b"n" * 9000)
        assert "Make room" in refused.value.hint
        assert path.read_bytes() == b"old"
        assert _names(tmp_path) == ["file", "filler"]


def test_a_new_file_is_whole_or_not_there_and_never_written_over_another(tmp_path):
    with small_disk(tmp_path):
        path = tmp_path / "file"
        files.create(path, b"first")
        assert (path.read_bytes(), _mode(path)) == (b"first", 0o600)
        with pytest.raises(FileExistsError):
            files.create(path, b"second")
        assert path.read_bytes() == b"first"
        fill(tmp_path)
        with pytest.raises(OSError, match="No space left"):
            files.create(tmp_path / "other", b"n" * 9000)
        assert _names(tmp_path) == ["file", "filler"]


def test_a_file_bound_from_elsewhere_is_refused(tmp_path):
    path, elsewhere = tmp_path / "fi le", tmp_path / "elsewhere"
    path.write_bytes(b"old")
    elsewhere.write_bytes(b"other")
    with bound(elsewhere, path):
        assert places.unsafe(path) == "is a mount point"
        with pytest.raises(Refused, match="mount point"):
            files.replace(path, b"new")
        assert elsewhere.read_bytes() == b"other"
    assert path.read_bytes() == b"old"
