"""Which files of a folder are looked into: what git would let into the repository, or all of them."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from keyward.hygiene.leaks.found import Item, Left, Looked
from keyward.hygiene.leaks.git import Git, GitFailed
from keyward.model.errors import UsageError
from keyward.model.redact import label
from keyward.model.text import escaped

_INSIDE = frozenset({".git", ".hg", ".svn", ".jj"})
"""What version control keeps for itself: histories are looked into by `--git`."""
_LONGEST = 4_096


def shown(path: str) -> str:
    """A path that is safe to show: one line without key material; different names stay different."""
    return label(escaped(path), _LONGEST)


class Tree:
    """Lists files below what was named. Links are not followed, except when one was named itself.

    Args:
        looked: hears what is left out.
        environ: the user's variables, for git.
        ignore: whether what git ignores is left out.
        check: called for every folder; what it raises stops the listing.
    """

    def __init__(
        self,
        looked: Looked,
        environ: Mapping[str, str],
        *,
        ignore: bool = True,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._looked, self._environ, self._check = looked, environ, check
        self._git = ignore and Git.there(environ)
        if ignore and not self._git:
            looked.notes.append("git is not installed, so what it would ignore was looked at too")
        self._seen: set[str] = set()

    def items(self, named: Sequence[str]) -> Iterator[Item]:
        """Every file below these files and folders, once.

        Raises:
            UsageError: one of them is not there.
        """
        for path in named:
            try:
                about = os.stat(path)  # noqa: PTH116  # names may be any bytes, and there are many: texts all the way
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or "no such name"
                raise UsageError(f"{shown(path)} cannot be looked at: {why}.", hint="Correct the path.") from None
            if stat.S_ISDIR(about.st_mode):
                yield from self._folder(path, "", named=True)
            else:
                yield from self._file(os.path.realpath(path), self._name(path), about)

    def _name(self, path: str) -> str:
        """The path of a named file from the root of its repository, else its own name."""
        real = Path(os.path.realpath(path))
        with contextlib.suppress(GitFailed):
            if self._git:
                return Git(real.parent, self._environ).line("rev-parse", "--show-prefix") + real.name
        return real.name

    def _folder(self, folder: str, name: str, *, named: bool = False) -> Iterator[Item]:
        """What is in a folder, by git's rules where it lies in a repository.

        Args:
            folder: its path.
            name: its path from the root of the repository, or from what was named, with a slash behind it; empty for these themselves.
            named: whether it is what was named.
        """
        self._check()
        begins = os.path.lexists(os.path.join(folder, ".git"))  # noqa: PTH118  # likewise
        if self._git and (named or begins):
            git = Git(Path(folder), self._environ)
            try:
                name = git.line("rev-parse", "--show-prefix")
                if (
                    git.line("rev-parse", "--is-inside-work-tree") == "true"
                    and git.status("check-ignore", "-q", ".") != 0
                ):
                    yield from self._listed(git, folder, name)
                    return
            except GitFailed as error:
                if begins:
                    self._looked.notes.append(f"{shown(folder)}: what git would ignore was looked at too ({error})")
        yield from self._walk(folder, name)

    def _listed(self, git: Git, folder: str, prefix: str) -> Iterator[Item]:
        hidden = git.start("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
        names = git.ask("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
        for raw in sorted({*names.split(b"\0")} - {b""}):
            name = os.fsdecode(raw)
            yield from self._entry(_below(folder, name), prefix + name)
        ignored, _ = hidden.communicate()
        self._looked.leave(Left.IGNORED, ignored.count(b"\0"))

    def _entry(self, path: str, name: str) -> Iterator[Item]:
        """One entry of git's list: a file, or a folder that is a repository of its own."""
        try:
            about = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return  # deleted, and not yet committed so
        except OSError as error:
            self._unread(path, error)
            return
        if stat.S_ISDIR(about.st_mode):
            yield from self._folder(path.rstrip("/"), f"{name.rstrip('/')}/")
        else:
            yield from self._file(path, name, about)

    def _walk(self, folder: str, name: str) -> Iterator[Item]:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self._unread(folder, error)
            return
        for entry in entries:
            path = _below(folder, entry.name)
            try:
                about = entry.stat(follow_symlinks=False)
            except OSError as error:
                self._unread(path, error)
                continue
            if not stat.S_ISDIR(about.st_mode):
                yield from self._file(path, name + entry.name, about)
            elif entry.name not in _INSIDE:
                yield from self._folder(path, f"{name}{entry.name}/")

    def _file(self, path: str, name: str, about: os.stat_result) -> Iterator[Item]:
        """One entry that is no folder."""
        full = os.path.abspath(path)  # noqa: PTH100  # likewise
        if full in self._seen:
            return
        self._seen.add(full)
        if stat.S_ISREG(about.st_mode):
            yield Item(path, name, about.st_size)
        else:
            self._looked.leave(Left.LINK if stat.S_ISLNK(about.st_mode) else Left.SPECIAL)

    def _unread(self, path: str, error: OSError) -> None:
        self._looked.leave(Left.UNREADABLE)
        self._looked.gaps.append((shown(path), Left.UNREADABLE, error.strerror or type(error).__name__))


def _below(folder: str, name: str) -> str:
    return name if folder == "." else os.path.join(folder, name)  # noqa: PTH118  # names may be any bytes, and there are many
