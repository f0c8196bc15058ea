"""Histories and indexes of real repositories: each value once, with the commit that first brought it to each path."""

import os
import secrets
import subprocess

import pytest

from keyward.hygiene.leaks import search
from keyward.hygiene.leaks.found import Left
from keyward.hygiene.leaks.git import Git
from keyward.hygiene.leaks.seek import Keys
from keyward.model.errors import UsageError
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret
from tests.model.shapes import sample
from tests.parts.repo import Repo

KEY = FingerprintKey("test", Secret(secrets.token_bytes(32)))
ONE, TWO, THREE = (sample("stripe", seed).decode() for seed in (1, 2, 3))


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo")


def name_of(value):
    return f"stripe/{KEY.fingerprint(Secret.of(value))[:16]}"


def wish(repo, **more):
    return search.Wish(Keys(KEY), repo.environ, jobs=1, **more)


def history(repo, *revisions, **more):
    """(what was looked at, places by id)."""
    looked, leaks = search.history(Git(repo.folder, repo.environ), wish(repo, **more), revisions)
    return looked, {leak.mark.id: list(leak.places) for leak in leaks}


def index(repo, **more):
    looked, leaks = search.index(Git(repo.folder, repo.environ), wish(repo, **more))
    return looked, {leak.mark.id: [(place.path, place.line) for place in leak.places] for leak in leaks}


def test_a_key_that_is_gone_from_the_files_is_found_with_the_commit_that_brought_it(repo):
    repo.write("a.txt", "nothing\n")
    repo.commit()
    repo.write("src/config.py", f"# one\nKEY = '{ONE}'\n")
    brought = repo.commit()
    repo.write("src/config.py", f"# one\n# two\nKEY = '{ONE}'\nmore = 1\n")
    repo.commit()
    repo.write("src/config.py", "# nothing any more\n")
    repo.commit()
    _, found = history(repo)
    (place,) = found[name_of(ONE)]
    assert (place.path, place.line, place.commit, place.in_head) == ("src/config.py", 2, brought, False)
    assert place.at == 1_767_355_200, "2026-01-02T12:00:00Z"


def test_what_is_still_there_is_said(repo):
    repo.write("a.txt", f"K={ONE}\n")
    repo.commit()
    repo.write("a.txt", f"K={ONE}\nand a line that makes it another version\n")
    repo.write("gone.txt", f"K={ONE}\n")
    repo.commit()
    (repo.folder / "gone.txt").unlink()
    repo.commit()
    _, found = history(repo)
    assert [(place.path, place.in_head) for place in found[name_of(ONE)]] == [("a.txt", True), ("gone.txt", False)]


def test_branches_tags_stashes_merges_and_messages_are_looked_at(repo):
    repo.write("a.txt", "x\n")
    repo.commit()
    repo.git("checkout", "-q", "-b", "side")
    repo.write("side.txt", f"K={ONE}\n")
    repo.commit()
    repo.git("checkout", "-q", "main")
    repo.write("main.txt", "x\n")
    repo.commit()
    repo.git("merge", "-q", "--no-commit", "side")
    repo.write("in_the_merge.txt", f"K={TWO}\n")
    merged = repo.commit("merge")
    message = repo.commit(f"remove {THREE}")
    tag, stash = (sample("groq", seed).decode() for seed in (1, 2))
    repo.git("tag", "-a", "v1", "-m", f"made with {tag}")
    repo.write("a.txt", f"K={stash}\n")
    repo.git("stash", "-q")
    _, found = history(repo)
    assert {place.path for place in found[name_of(ONE)]} == {"side.txt"}
    assert [(place.path, place.commit) for place in found[name_of(TWO)]] == [("in_the_merge.txt", merged)]
    said = {place.commit: place for place in found[name_of(THREE)]}
    assert len(said) == 3, "git repeats the first line of the commit in the two that make the stash"
    assert (said[message].path, said[message].in_head) == ("", None)
    assert all(place.at is not None for place in said.values())
    groq = {f"groq/{KEY.fingerprint(Secret.of(value))[:16]}" for value in (tag, stash)}
    assert groq <= found.keys()


def test_a_version_is_read_once_however_many_commits_have_it(repo):
    for number in range(3):
        repo.write(f"copy{number}.txt", f"K={ONE}\n")
        repo.commit(f"{number}")
    looked, found = history(repo)
    assert looked.read == 4, "one version of a file, three texts of commits"
    assert [place.path for place in found[name_of(ONE)]] == ["copy0.txt", "copy1.txt", "copy2.txt"]


def test_only_the_commits_that_were_named(repo):
    repo.write("a.txt", f"K={ONE}\n")
    first = repo.commit()
    repo.write("b.txt", f"K={TWO}\n")
    repo.commit()
    assert history(repo, f"{first}..HEAD")[1].keys() == {name_of(TWO)}
    assert history(repo, first)[1].keys() == {name_of(ONE)}
    for wrong in ("nothing-of-that-name", "--output=/tmp/x"):
        with pytest.raises(UsageError):
            history(repo, wrong)


def test_binary_and_large_versions_are_counted_and_large_ones_named(repo):
    repo.write("a.bin", b"\0\1\2")
    repo.write("large.txt", b"text\n" * 5_000)
    repo.commit()
    looked, _ = history(repo, largest=10_000)
    assert looked.left == {Left.BINARY: 1, Left.TOO_LARGE: 1}
    ((path, why, _),) = looked.gaps
    assert path.startswith("large.txt (")
    assert why is Left.TOO_LARGE


def test_names_of_any_bytes_and_escape_sequences(repo):
    names = [os.fsdecode(b"caf\xe9"), "\x1b[31mred", "new\nline", "tab\tname", " blank "]
    for number, name in enumerate(names):
        repo.write(name, f"{number} K={ONE}\n")
    repo.commit()
    _, found = history(repo)
    paths = {place.path for place in found[name_of(ONE)]}
    assert paths == {"caf%E9", "%1B[31mred", "new%0Aline", "tab%09name", " blank "}


def test_a_history_without_commits_and_a_bare_repository_and_no_repository(repo, tmp_path):
    assert history(repo)[0].read == 0
    repo.write("a.txt", f"K={ONE}\n")
    repo.commit()
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    looked, leaks = search.history(Git(tmp_path / "bare", repo.environ), wish(repo))
    assert [leak.mark.id for leak in leaks] == [name_of(ONE)]
    assert looked.complete
    (tmp_path / "none").mkdir()
    with pytest.raises(UsageError, match="not a git repository"):
        search.history(Git(tmp_path / "none", {**repo.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}), wish(repo))


def test_a_shallow_clone_says_that_there_is_more(repo, tmp_path):
    repo.write("a.txt", f"K={ONE}\n")
    repo.commit()
    repo.write("a.txt", "x")
    repo.commit()
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.folder}", str(tmp_path / "shallow"))
    looked, leaks = search.history(Git(tmp_path / "shallow", repo.environ), wish(repo))
    assert leaks == []
    ((_, why, detail),) = looked.gaps
    assert why is Left.MISSING
    assert "shallow" in detail
    looked, _ = search.history(Git(tmp_path / "shallow", repo.environ), wish(repo), ("HEAD",))
    assert looked.complete, "who names commits has those that were named"


def test_what_a_clone_does_not_have_is_missing_and_nothing_is_fetched(repo, tmp_path):
    repo.write("a.txt", "x\n")
    repo.write("b.txt", f"K={ONE}\n")
    repo.commit()
    (repo.folder / "b.txt").unlink()
    repo.commit()
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", "--filter=blob:none", f"file://{repo.folder}", str(tmp_path / "partial"))
    looked, leaks = search.history(Git(tmp_path / "partial", repo.environ), wish(repo))
    assert leaks == []
    assert looked.left[Left.MISSING] == 1
    assert not looked.complete
    log = subprocess.run(
        ["git", "-C", str(tmp_path / "partial"), "cat-file", "--batch-all-objects", "--batch-check"],
        env={**repo.environ, "GIT_NO_LAZY_FETCH": "1"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip  # one line a part
    assert log.count(" blob ") == 1, "only the one that was checked out"


def test_a_damaged_repository_is_no_clean_one(repo):
    repo.write("a.txt", f"K={ONE}\n")
    repo.commit()
    blob = repo.git("rev-parse", "HEAD:a.txt")
    (repo.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    looked, leaks = history(repo)
    assert leaks == {}
    assert not looked.complete


def test_a_date_that_no_calendar_has_does_no_harm(repo):
    repo.write("a.txt", f"K={ONE}\n")
    repo.git("add", "-A")
    tree = repo.git("write-tree")
    who = "A <a@example.org> 99999999999999 +0000"
    text = f"tree {tree}\nauthor {who}\ncommitter {who}\n\nfar away\n"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"], input=text.encode(), cwd=repo.folder,
        env=repo.environ, capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip  # one line a part
    repo.git("update-ref", "refs/heads/main", made)
    (place,) = history(repo)[1][name_of(ONE)]
    assert (place.commit, place.at) == (made, None)


def test_the_index_tells_what_a_commit_would_add_and_nothing_else(repo):
    repo.write("a.txt", f"K={ONE}\n")
    repo.write("b.txt", "x\n")
    repo.commit()
    assert index(repo)[1] == {}
    repo.write("a.txt", f"# moved\nK={ONE}\n")
    repo.write("b.txt", f"x\nK={TWO}\n")
    repo.write("c.txt", f"K={THREE}\n")
    repo.git("add", "a.txt", "b.txt")
    repo.write("b.txt", "x\nnothing in the folder any more\n")
    looked, found = index(repo)
    assert found == {name_of(TWO): [("b.txt", 2)]}
    assert looked.notes == ["1 of the keys in these files lay there before: `keyward leaks .` tells of all"]
    assert looked.read == 2


def test_a_renamed_file_adds_nothing_and_another_value_in_its_place_does(repo):
    repo.write("a.txt", f"K={ONE}\n")
    repo.commit()
    repo.git("mv", "a.txt", "b.txt")
    assert index(repo)[1] == {}
    repo.write("b.txt", f"K={TWO}\n")
    repo.git("add", "-A")
    assert index(repo)[1] == {name_of(TWO): [("b.txt", 1)]}


def test_the_index_of_a_repository_without_commits(repo):
    repo.write("a.txt", f"K={ONE}\n")
    repo.git("add", "-A")
    assert index(repo)[1] == {name_of(ONE): [("a.txt", 1)]}


def test_links_and_submodules_in_the_index_are_no_texts(repo, tmp_path):
    inner = Repo(tmp_path / "inner")
    inner.commit()
    (repo.folder / "link").symlink_to(ONE)
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "sub")
    repo.git("add", "-A")
    looked, found = index(repo)
    assert found == {}
    assert looked.read == 1, ".gitmodules"


def test_files_are_told_by_the_paths_that_were_named(repo):
    repo.write("src/a.py", f"\nK={ONE}\nAGAIN={ONE}\n")
    _, leaks = search.files([str(repo.folder / "src")], wish(repo))
    assert [(place.path, place.line) for place in leaks[0].places] == [
        (f"{repo.folder}/src/a.py", 2),
        (f"{repo.folder}/src/a.py", 3),
    ]
