"""What happens to the file: unsafe places, changes between reading and writing, links, full disks, kills."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keyward.model.capability import Can, Ready
from keyward.model.errors import Conflict, Gone, Refused, SourceError
from keyward.model.ids import PlacementRef, SecretRef
from keyward.model.secret import Secret
from keyward.stores.env_files import EnvFiles
from tests.contract.stores import MARK, a_ctx
from tests.parts.mounts import bound, fill, small_disk
from tests.parts.need import missing

STORE = EnvFiles(Path("/nonexistent"), {})


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".env").write_bytes(b"A=old\n")
    return folder


def ref_in(folder, name=".env"):
    return SecretRef("env", (str(folder / name),), str(folder))


def write(ref, data=b"A=new\n", store=STORE):
    return store.write(ref, Secret(data), a_ctx(), expect=store.read(ref, a_ctx()).token, mark=MARK)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_owner_mode_and_everything_else_in_the_folder_stay(folder):
    path = folder / ".env"
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, -1, 4242)
    before = path.stat()
    write(ref_in(folder))
    after = path.stat()
    assert path.read_bytes() == b"A=new\n"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert names(folder) == [".env"]


def _writable(folder):
    (folder / ".env").chmod(0o666)


def _folder_writable(folder):
    folder.chmod(0o777)


def _hard_link(folder):
    os.link(folder / ".env", folder.parent / "other name")


def _of_another(folder):
    os.chown(folder / ".env", 12345, -1)


def _folder_of_another(folder):
    os.chown(folder, 12345, -1)


@pytest.mark.parametrize("spoil", [_writable, _folder_writable, _hard_link, _of_another, _folder_of_another])
def test_unsafe_files_are_read_listed_as_unsafe_and_never_written(folder, spoil):
    if "another" in spoil.__name__ and os.geteuid() != 0:
        missing("root, to give files away")
    spoil(folder)
    ref = ref_in(folder)
    (info,) = STORE.list(str(folder), a_ctx())
    assert info.unsafe
    assert STORE.get(ref, a_ctx()).unsafe == info.unsafe
    with pytest.raises(Refused) as refused:
        write(ref)
    assert info.unsafe in refused.value.message
    assert str(folder / ".env") in refused.value.message
    assert (folder / ".env").read_bytes() == b"A=old\n"
    (_, answer) = STORE.preflight(ref, frozenset({Can.READ, Can.WRITE}), a_ctx())
    assert answer.ready is Ready.NO
    assert info.unsafe in answer.why


def test_a_link_inside_the_folder_is_kept_and_its_target_replaced(folder):
    (folder / "shared").mkdir()
    (folder / ".env").rename(folder / "shared" / "real.env")
    (folder / ".env").symlink_to("shared/real.env")
    write(ref_in(folder))
    assert (folder / ".env").is_symlink()
    assert (folder / "shared" / "real.env").read_bytes() == b"A=new\n"
    assert names(folder / "shared") == ["real.env"]


def test_a_link_out_of_the_folder_is_listed_and_neither_read_nor_written(folder):
    outside = folder.parent / "outside.env"
    outside.write_bytes(b"A=theirs\n")
    (folder / ".env").unlink()
    (folder / ".env").symlink_to(outside)
    (info,) = STORE.list(str(folder), a_ctx())
    assert "leads out of" in info.unsafe
    with pytest.raises(Refused, match="leads out of"):
        STORE.read(ref_in(folder), a_ctx())
    with pytest.raises(Refused, match="leads out of"):
        STORE.write(ref_in(folder), Secret(b"new"), a_ctx(), expect="", mark=MARK)
    assert outside.read_bytes() == b"A=theirs\n"


def test_a_folder_in_between_that_became_a_link_is_noticed(folder):
    (folder / "sub").mkdir()
    (folder / "sub" / ".env").write_bytes(b"A=old\n")
    ref = ref_in(folder, "sub/.env")
    token = STORE.read(ref, a_ctx()).token
    (folder / "sub").rename(folder.parent / "moved")
    (folder / "sub").symlink_to(folder.parent / "moved")
    with pytest.raises(Refused, match="leads out of"):
        STORE.write(ref, Secret(b"new"), a_ctx(), expect=token, mark=MARK)
    assert (folder.parent / "moved" / ".env").read_bytes() == b"A=old\n"


def test_a_path_that_leaves_its_folder_by_dots_is_refused(folder):
    (folder.parent / "other.env").write_bytes(b"A=theirs\n")
    for path, scope in ((f"{folder}/../other.env", str(folder)), (str(folder.parent / "other.env"), str(folder))):
        with pytest.raises(Refused):
            STORE.read(SecretRef("env", (path,), scope), a_ctx())


def test_a_bound_file_and_a_bound_folder_are_refused(folder):
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".env").write_bytes(b"A=theirs\n")
    (folder / "sub").mkdir()
    with bound(elsewhere, folder / "sub"), pytest.raises(Refused, match="mount point"):
        STORE.read(ref_in(folder, "sub/.env"), a_ctx())
    with bound(elsewhere / ".env", folder / ".env"), pytest.raises(Refused, match="mount point"):
        STORE.write(ref_in(folder), Secret(b"new"), a_ctx(), expect="", mark=MARK)
    assert (elsewhere / ".env").read_bytes() == b"A=theirs\n"


def test_an_id_typed_by_a_person_is_bound_to_the_named_folder_around_it(folder):
    outside = folder.parent / "outside.env"
    outside.write_bytes(b"A=theirs\n")
    (folder / "link.env").symlink_to(outside)
    named = EnvFiles(Path("/nonexistent"), {folder.parent: 4})
    by_id = PlacementRef.parse(f"env:{folder}/link.env#A").secret
    assert named.read(by_id, a_ctx()).data.reveal() == b"A=theirs\n"
    with pytest.raises(Refused, match="leads out of"):
        STORE.read(by_id, a_ctx())


def test_an_edit_while_the_new_file_is_prepared_is_a_conflict(folder, monkeypatch):
    ref, path = ref_in(folder), folder / ".env"
    fsync, edits = os.fsync, [b"A=edited by hand\n"]

    def edit_meanwhile(fd):
        fsync(fd)
        if edits:
            path.write_bytes(edits.pop())

    monkeypatch.setattr(os, "fsync", edit_meanwhile)
    with pytest.raises(Conflict):
        write(ref)
    assert path.read_bytes() == b"A=edited by hand\n"
    assert names(folder) == [".env"]


def test_a_conflict_known_beforehand_writes_no_temporary_file(folder, monkeypatch):
    monkeypatch.setattr("keyward.files.replace", None)
    with pytest.raises(Conflict):
        STORE.write(ref_in(folder), Secret(b"new"), a_ctx(), expect="another", mark=MARK)


@pytest.mark.parametrize("what", ["time", "inode", "content"])
def test_any_change_of_the_file_is_a_conflict(folder, what):
    ref, path = ref_in(folder), folder / ".env"
    token, before = STORE.read(ref, a_ctx()).token, path.stat()
    if what == "time":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    elif what == "inode":
        (folder / "copy").write_bytes(path.read_bytes())
        os.utime(folder / "copy", ns=(before.st_atime_ns, before.st_mtime_ns))
        (folder / "copy").replace(path)
    else:
        path.write_bytes(b"A=odl\n")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(Conflict):
        STORE.write(ref, Secret(b"new"), a_ctx(), expect=token, mark=MARK)
    assert names(folder) == [".env"]


def test_a_file_that_went_away_is_gone_and_not_made_anew(folder):
    ref = ref_in(folder)
    token = STORE.read(ref, a_ctx()).token
    (folder / ".env").unlink()
    with pytest.raises(Gone):
        STORE.write(ref, Secret(b"new"), a_ctx(), expect=token, mark=MARK)
    assert names(folder) == []


def test_a_folder_in_the_place_of_the_file_is_gone(folder):
    (folder / "dir.env").mkdir()
    with pytest.raises(Gone):
        STORE.read(ref_in(folder, "dir.env"), a_ctx())


def test_binary_files_are_refused_by_name(folder):
    (folder / ".env").write_bytes(b"A=1\0")
    with pytest.raises(Refused, match="not a text file") as refused:
        STORE.read(ref_in(folder), a_ctx())
    assert str(folder / ".env") in refused.value.message


def test_a_file_that_may_not_be_read_is_denied(folder):
    (folder / ".env").chmod(0)
    for above in (folder, *folder.parents):
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(SourceError) as denied:
            STORE.read(ref_in(folder), a_ctx())
    finally:
        if root:
            os.seteuid(0)
    assert denied.value.status == "denied"
    assert "owner" in denied.value.hint


def test_a_full_disk_loses_nothing(folder):
    with small_disk(folder):
        (folder / ".env").write_bytes(b"A=old\n")
        fill(folder)
        with pytest.raises(Refused, match="the disk is full"):
            write(ref_in(folder), b"A=" + b"n" * 9000)
        assert (folder / ".env").read_bytes() == b"A=old\n"
        assert names(folder) == [".env", "filler"]


def test_direnv_is_said_before_its_file_is_written(folder):
    (folder / ".env").rename(folder / ".envrc")
    ref = ref_in(folder, ".envrc")
    answers = STORE.preflight(ref, frozenset({Can.READ, Can.WRITE}), a_ctx())
    assert [answer.fix for answer in answers if answer.what == "direnv allow"] == [f"direnv allow {folder}/.envrc"]
    assert all(answer.ready is Ready.YES for answer in answers)


KILLED = """
import os, signal, sys
from pathlib import Path
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.stores.env_files import EnvFiles
from tests.contract.stores import a_ctx

when, path, mark = sys.argv[1:]
rename = os.rename
def killed(*args, **options):
    if when == "after":
        rename(*args, **options)
    os.kill(os.getpid(), signal.SIGKILL)
os.rename = killed
store, ref = EnvFiles(Path("/nonexistent"), {}), SecretRef("env", (path,))
store.write(ref, Secret(b"A=new\\n"), a_ctx(), expect=store.read(ref, a_ctx()).token, mark=mark)
"""


@pytest.mark.crash
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_the_rename_leaves_a_whole_file_and_a_sweep_cleans_up(folder, when):
    arguments = [sys.executable, "-c", KILLED, when, str(folder / ".env"), MARK]
    done = subprocess.run(arguments, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL
    left = [".env", f".env.keyward-{MARK}"] if when == "before" else [".env"]
    assert names(folder) == left
    assert (folder / ".env").read_bytes() == (b"A=old\n" if when == "before" else b"A=new\n")
    assert [info.ref for info in STORE.list(str(folder), a_ctx())] == [ref_in(folder)]
    assert not STORE.sweep(ref_in(folder), "another", a_ctx())
    assert STORE.sweep(ref_in(folder), MARK, a_ctx()) is (when == "before")
    assert names(folder) == [".env"]
    write(ref_in(folder), b"A=again\n")
    assert names(folder) == [".env"]


def test_the_leftover_beside_the_target_of_a_link_is_swept(folder):
    (folder / "real").mkdir()
    (folder / ".env").rename(folder / "real" / "x.env")
    (folder / ".env").symlink_to("real/x.env")
    (folder / "real" / f"x.env.keyward-{MARK}").write_bytes(b"half")
    assert STORE.sweep(ref_in(folder), MARK, a_ctx())
    assert names(folder / "real") == ["x.env"]
