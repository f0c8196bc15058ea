"""What the history of a repository holds: every version of every file once, and the texts of commits and tags. Nothing is checked out."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from keyward.hygiene.leaks.found import Item, Left, Looked
from keyward.hygiene.leaks.git import Git, GitFailed
from keyward.hygiene.leaks.tree import shown
from keyward.model.errors import UsageError

_FORMAT = "%(objectname) %(objecttype) %(objectsize) %(rest)"
_LATEST = 253_402_300_800
"""The first second that no date can tell."""
_SHALLOW = "the clone is shallow, older commits are not here; `git fetch --unshallow` brings them"
_LINK, _GITLINK = b"120000", b"160000"


@dataclass(frozen=True, slots=True)
class First:
    """The commit that brought a version of a file, when it was made (seconds since 1970), and the file's path there.

    `order` is smaller for what came earlier.
    """

    commit: str
    at: float | None
    path: str
    order: int = 0


class History:
    """The history of one repository.

    Args:
        git: git in it.
        looked: hears what is left out.
        largest: bytes of the largest text that is read.
        revisions: which commits, as git names them; none: all that a branch, tag, remote or stash leads to.

    Raises:
        UsageError: there is no repository, or no such revision.
    """

    def __init__(self, git: Git, looked: Looked, *, largest: int, revisions: Sequence[str] = ()) -> None:
        self._git, self._looked, self._largest = git, looked, largest
        if any(one.startswith("-") for one in revisions):
            raise UsageError(
                "A revision does not begin with a dash.", hint="Name commits as git does: main, v1.0..HEAD."
            )
        try:
            git.ask("rev-parse", "--git-dir")
            found = git.ask("rev-parse", *revisions, "--") if revisions else b""
            shallow = git.line("rev-parse", "--is-shallow-repository") == "true"
        except GitFailed as error:
            raise UsageError(
                f"The history of {shown(os.fspath(git.folder))} cannot be read: {error}.", hint="Name a git repository."
            ) from None
        self._revisions = tuple(word for word in found.decode().split() if word != "--") or ("--all",)
        if shallow and not revisions:
            looked.leave(Left.MISSING)
            looked.gaps.append((shown(os.fspath(git.folder)), Left.MISSING, _SHALLOW))

    @property
    def reads(self) -> tuple[str, ...]:
        """The command line that gives objects by their id."""
        return self._git.argv("cat-file", "--batch")

    @property
    def environ(self) -> Mapping[str, str]:
        """Its environment."""
        return self._git.environ

    def items(self) -> Iterator[Item]:
        """Every object that holds text, as soon as git names it."""
        named = self._git.start("rev-list", "--objects", "--missing=print", *self._revisions, "--")
        assert named.stdout is not None  # noqa: S101  # a pipe, as asked for
        sized = self._git.start("cat-file", f"--batch-check={_FORMAT}", "--buffer", stdin=named.stdout.fileno())
        named.stdout.close()  # so that git hears when the other one ends
        assert sized.stdout is not None  # noqa: S101  # likewise
        try:
            for line in sized.stdout:
                yield from self._item(line.rstrip(b"\n"))
        except GeneratorExit:
            named.kill()
            sized.kill()
            raise
        finally:
            sized.stdout.close()
            ended = named.wait() or sized.wait()
        if ended:
            self._looked.leave(Left.MISSING)
            self._looked.gaps.append(
                (
                    shown(os.fspath(self._git.folder)),
                    Left.MISSING,
                    "git could not name everything; `git fsck` tells more",
                )
            )

    def _item(self, line: bytes) -> Iterator[Item]:
        words = line.split(b" ", 3)
        if len(words) < 3:  # id, type, size, and perhaps a path
            self._looked.leave(Left.MISSING)
            self._looked.gaps.append(
                (words[0].decode("ascii", "replace").lstrip("?"), Left.MISSING, "the repository does not have it")
            )
            return
        oid, kind, size = words[0].decode(), words[1], int(words[2])
        path = os.fsdecode(words[3]) if len(words) > 3 else ""  # likewise
        if kind == b"tree":
            return
        if size > self._largest:
            self._looked.leave(Left.TOO_LARGE)
            self._looked.gaps.append((f"{shown(path)} ({oid[:12]})", Left.TOO_LARGE, f"{size} bytes"))
            return
        yield Item(oid, path, size, commit=kind != b"blob")

    def first(self, objects: Iterable[str]) -> dict[str, list[First]]:
        """Which commits brought these versions of files: for each path the oldest. Paths that no commit tells are missing."""
        wanted = {one.encode() for one in objects}
        found: dict[str, dict[str, tuple[int, str]]] = {one.decode(): {} for one in wanted}
        for order, (commit, oid, path) in enumerate(self._changes(wanted)):
            found[oid].setdefault(path, (order, commit))
        times = self.times({commit for paths in found.values() for _, commit in paths.values()})
        return {
            oid: [First(commit, times.get(commit), path, order) for path, (order, commit) in paths.items()]
            for oid, paths in found.items()
        }

    def _changes(self, wanted: set[bytes]) -> Iterator[tuple[str, str, str]]:
        """(commit, object, path), oldest commits first."""
        if not wanted:
            return
        commits = self._git.start("rev-list", "--reverse", "--topo-order", *self._revisions, "--")
        assert commits.stdout is not None  # noqa: S101  # a pipe, as asked for
        differs = self._git.start(
            "diff-tree", "--stdin", "-r", "-m", "--root", "--raw", "-z", "--no-renames", "--no-abbrev",
            stdin=commits.stdout.fileno(),
        )  # fmt: skip  # one flag a word
        commits.stdout.close()
        assert differs.stdout is not None  # noqa: S101  # likewise
        commit, new = "", b""
        try:
            for word in _words(differs.stdout):
                if new:
                    if new in wanted:
                        yield commit, new.decode(), os.fsdecode(word)
                    new = b""
                elif word.startswith(b":"):
                    new = word.split(b" ")[3]
                elif word:
                    commit = word.decode("ascii", "replace").split()[0]
        finally:
            for process in (commits, differs):
                process.kill()
                process.wait()
            differs.stdout.close()

    def times(self, commits: Iterable[str]) -> dict[str, float]:
        """When commits were made, in seconds since 1970; those with a date that no calendar has are missing."""
        asked = "".join(f"{one}\n" for one in sorted(commits)).encode()
        if not asked:
            return {}
        told = self._git.ask("rev-list", "--no-walk=unsorted", "--timestamp", "--stdin", stdin=asked).decode()
        dated = ((commit, float(at)) for at, commit in (line.split() for line in told.splitlines()))
        return {commit: at for commit, at in dated if 0 <= at < _LATEST}

    def in_head(self, objects: set[str]) -> set[tuple[str, str]] | None:
        """Which of these the commit that is checked out has, with their paths there; None when there is no such commit."""
        try:
            told = self._git.ask("ls-tree", "-r", "-z", "HEAD")
        except GitFailed:
            return None
        entries = (entry.partition(b"\t") for entry in told.split(b"\0") if entry)
        there = ((head.split()[2].decode(), os.fsdecode(path)) for head, _, path in entries)
        return {(oid, path) for oid, path in there if oid in objects}


def _words(stream: IO[bytes]) -> Iterator[bytes]:
    """What stands between zeros."""
    rest = b""
    while data := stream.read(65_536):
        *words, rest = (rest + data).split(b"\0")
        yield from words
    if rest:
        yield rest


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is about to be committed.

    `before` is its version in the commit that is checked out, empty for a new file; `after` the one in the index, empty for one that goes.
    """

    path: str
    before: str
    after: str


def staged(git: Git) -> list[Change]:
    """What the index has otherwise than the commit that is checked out.

    Raises:
        UsageError: there is no repository.
    """
    try:
        git.ask("rev-parse", "--git-dir")
        base = (
            "HEAD"
            if git.status("rev-parse", "-q", "--verify", "HEAD^{commit}") == 0
            else git.line("hash-object", "-t", "tree", "--stdin")
        )
        told = git.ask("diff-index", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", base, "--")
    except GitFailed as error:
        raise UsageError(f"There is no index to look at: {error}.", hint="Run it in a git repository.") from None
    words = told.split(b"\0")
    changes = []
    for head, path in zip(words[::2], words[1::2], strict=False):
        modes = head.lstrip(b":").split(b" ")
        before, after = (
            "" if mode in (_LINK, _GITLINK) or not oid.strip(b"0") else oid.decode()
            for mode, oid in ((modes[0], modes[2]), (modes[1], modes[3]))
        )
        changes.append(Change(os.fsdecode(path), before, after))
    return changes
