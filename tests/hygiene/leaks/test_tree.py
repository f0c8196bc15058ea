"""Which files are looked into: git's rules where there is git, everything named elsewhere, no links, and what was left out in numbers."""

import os

import pytest

from keyward.hygiene.leaks.found import Left, Looked
from keyward.hygiene.leaks.tree import Tree, shown
from keyward.model.errors import UsageError
from tests.model.shapes import sample
from tests.parts.repo import Repo

ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}


def listed(*named, environ=ENVIRON, **more):
    """(names by path below the first one, what was left out)."""
    looked = Looked()
    items = list(Tree(looked, environ, **more).items([str(one) for one in named]))
    return [os.path.relpath(item.at, named[0]) for item in items], looked


@pytest.fixture
def repo(tmp_path):
    repo = Repo(tmp_path / "repo")
    repo.write(".gitignore", "*.log\nbuild/\n.env\n")
    repo.write("src/app.py", "a")
    repo.commit()
    return repo


def test_gits_rules_hold_for_tracked_untracked_and_ignored_files(repo):
    repo.write("src/new.py", "not yet added")
    repo.write("src/debug.log", "x")
    repo.write("build/out/a.js", "x")
    repo.write(".env", "x")
    found, looked = listed(repo.folder)
    assert found == [".gitignore", "src/app.py", "src/new.py"]
    assert looked.left == {Left.IGNORED: 3}
    every, looked = listed(repo.folder, ignore=False)
    assert every == [".env", ".gitignore", "build/out/a.js", "src/app.py", "src/debug.log", "src/new.py"]
    assert looked.left == {}


def test_a_file_that_is_tracked_although_ignored_is_looked_at(repo):
    repo.write(".env", "x")
    repo.git("add", "-f", ".env")
    assert ".env" in listed(repo.folder)[0]


def test_what_is_named_is_looked_at_also_when_it_is_ignored(repo):
    repo.write("build/a.js", "x")
    repo.write(".env", "x")
    assert listed(repo.folder / "build") == (["a.js"], Looked())
    assert listed(repo.folder / ".env")[0] == ["."]


def test_names_are_from_the_root_of_the_repository_whatever_was_named(repo):
    looked = Looked()
    for named in (repo.folder, repo.folder / "src", repo.folder / "src" / "app.py"):
        names = [item.name for item in Tree(looked, ENVIRON).items([str(named)])]
        assert "src/app.py" in names
    assert [item.name for item in Tree(looked, ENVIRON, ignore=False).items([str(repo.folder / "src")])] == ["app.py"]


def test_repositories_inside_of_others_follow_their_own_rules(repo, tmp_path):
    inner = Repo(repo.folder / "vendor" / "inner")
    inner.write(".gitignore", "*.tmp\n")
    inner.write("a.tmp", "x")
    inner.write("a.py", "x")
    inner.commit()
    assert listed(repo.folder)[0] == [".gitignore", "src/app.py", "vendor/inner/.gitignore", "vendor/inner/a.py"]
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "sub")
    assert "sub/a.py" in listed(repo.folder)[0]
    above = tmp_path
    assert "repo/vendor/inner/a.tmp" not in listed(above)[0], "also below a folder that is no repository"
    assert "repo/src/app.py" in listed(above)[0]


def test_a_file_that_was_deleted_is_not_missed(repo):
    (repo.folder / "src" / "app.py").unlink()
    found, looked = listed(repo.folder)
    assert found == [".gitignore"]
    assert looked.complete


def test_links_are_not_followed_and_loops_end(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "real").write_text("x")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "a" / "out").symlink_to("/etc/hostname")
    found, looked = listed(tmp_path)
    assert found == ["a/real"]
    assert looked.left == {Left.LINK: 3}
    (tmp_path / "named").symlink_to(tmp_path / "a")
    assert len(listed(tmp_path / "named")[0]) == 1, "who names a link means what it leads to"


def test_pipes_and_sockets_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_text("x")
    assert listed(tmp_path) == (["a"], Looked(left={Left.SPECIAL: 1}))


def test_a_file_is_looked_at_once_however_often_it_is_named(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a").write_text("x")
    assert listed(tmp_path, tmp_path / "d", tmp_path / "d" / "a")[0] == ["d/a"]


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="No such file or directory"):
        listed(tmp_path / "nothing")


def test_folders_that_cannot_be_listed_are_named(tmp_path):
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("x")
    (tmp_path / "closed").chmod(0)
    tmp_path.chmod(0o755)
    for above in tmp_path.parents:
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)  # pytest's own folder, made for this run
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        found, looked = listed(tmp_path)
    finally:
        if root:
            os.seteuid(0)
        (tmp_path / "closed").chmod(0o700)
    assert found == ["open/a"]
    assert looked.gaps == [(str(tmp_path / "closed"), Left.UNREADABLE, "Permission denied")]
    assert not looked.complete


def test_without_git_everything_is_looked_at_and_that_is_said(repo):
    repo.write("build/a.js", "x")
    found, looked = listed(repo.folder, environ={"PATH": "/nonexistent"})
    assert found == [".gitignore", "build/a.js", "src/app.py"]
    assert "git is not installed" in looked.notes[0]


def test_a_repository_that_git_does_not_trust_is_looked_at_whole_and_that_is_said(repo):
    if os.geteuid() != 0:
        pytest.skip("only root can give a repository to somebody else")
    repo.write("build/a.js", "x")
    for file in (repo.folder, repo.folder / ".git"):
        os.chown(file, 65534, 65534)
    found, looked = listed(repo.folder)
    assert "build/a.js" in found
    assert "dubious ownership" in looked.notes[0]


def test_nothing_that_a_repository_configures_is_run(repo, tmp_path):
    trap = repo.write("trap.sh", f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    trap.chmod(0o755)
    for setting in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "diff.external",
        "uploadpack.packObjectsHook",
    ):
        repo.git("config", setting, str(trap))
    for hook in ("post-index-change", "fsmonitor-watchman", "query-watchman"):
        (repo.folder / ".git" / "hooks" / hook).write_bytes(trap.read_bytes())
        (repo.folder / ".git" / "hooks" / hook).chmod(0o755)
    repo.git("status", check=False)
    assert (tmp_path / "ran").exists(), "the trap works"
    (tmp_path / "ran").unlink()
    assert "src/app.py" in listed(repo.folder)[0]
    assert not (tmp_path / "ran").exists()


def test_names_are_shown_safely_and_stay_different():
    value = sample("stripe", 1).decode()
    assert shown("a\x1b[31mb\nc") == "a%1B[31mb%0Ac"
    assert shown("a\u202eb") != shown("a\u2066b")
    assert shown(os.fsdecode(b"caf\xe9")) == "caf%E9"
    assert value[12:] not in shown(f"exports/{value}.csv")


def test_names_of_any_bytes_are_listed_with_and_without_git(tmp_path):
    repo = Repo(tmp_path / "repo")
    names = sorted({b"caf\xe9", b"new\nline", b"\x1b[31m", b"-rf", b"quote\"'", b":(top)x"})
    for name in names:
        (tmp_path / "repo" / os.fsdecode(name)).write_bytes(b"x")
    for ignore in (True, False):
        found, looked = listed(repo.folder, ignore=ignore)
        assert sorted(map(os.fsencode, found)) == names
        assert looked.complete
