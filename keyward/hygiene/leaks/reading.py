"""Reads texts one after the other and looks into them: files of this machine, or objects of a repository."""

import os
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from keyward.hygiene.leaks.found import Answer, Item, Left, Unread
from keyward.hygiene.leaks.seek import Keys, Seeker, is_binary, text_of

if TYPE_CHECKING:
    from keyward.hygiene.leaks.found import Mark

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FIRST = 65_536
"""Bytes that are read before the rest: they tell whether it is text."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a reader is made of.

    `largest` is how many bytes a text may have; `git` is for a repository the command line that gives its objects, in `environ`.
    """

    keys: Keys
    largest: int
    git: tuple[str, ...] = ()
    environ: Mapping[str, str] | None = None


class Texts(Protocol):
    """Where texts come from."""

    def read(self, items: Sequence[Item]) -> Iterator[tuple[Item, bytes | Unread]]:
        """Each text, or why it is not looked into."""
        ...

    def close(self) -> None:
        """Let go of what was opened for it."""
        ...


class Reader:
    """Looks into batches of texts.

    Args:
        setup: what it is made of.
        check: called before every text; what it raises stops the work.
    """

    def __init__(self, setup: Setup, check: Callable[[], None] = lambda: None) -> None:
        self._texts: Texts = Objects(setup) if setup.git else Files(setup.largest)
        self._seeker, self._check = Seeker(setup.keys), check

    def look(self, items: Sequence[Item]) -> Answer:
        """What these texts hold."""
        read = size = 0
        marks: list[tuple[Item, Mark]] = []
        left: list[Unread] = []
        for item, data in self._texts.read(items):
            self._check()
            text = text_of(data) if isinstance(data, bytes) else None
            if isinstance(data, Unread):
                left.append(data)
            elif text is None:
                left.append(Unread(item, Left.BINARY))
            else:
                read, size = read + 1, size + len(data)
                marks.extend((item, mark) for mark in self._seeker.seek(text, item.name))
        return Answer(read, size, marks, left)

    def close(self) -> None:
        """Let go of what was opened."""
        self._texts.close()


class Files:
    """Files of this machine; links are not followed, and nothing but a regular file is read.

    Args:
        largest: bytes of the largest text that is read.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest

    def read(self, items: Sequence[Item]) -> Iterator[tuple[Item, bytes | Unread]]:
        """Each file."""
        return ((item, self._read(item)) for item in items)

    def _read(self, item: Item) -> bytes | Unread:
        try:
            opened = os.open(item.at, _OPEN)
        except OSError as error:
            return self._refused(item, error)
        try:
            about = os.fstat(opened)
            if not stat.S_ISREG(about.st_mode):
                return Unread(item, Left.SPECIAL)
            data = os.read(opened, _FIRST)
            if len(data) < _FIRST or is_binary(data):
                return data
            if about.st_size > self._largest:
                return Unread(item, Left.TOO_LARGE, f"{about.st_size} bytes")
            with os.fdopen(os.dup(opened), "rb") as stream:
                return data + stream.read(self._largest)
        except OSError as error:
            return self._refused(item, error)
        finally:
            os.close(opened)

    @staticmethod
    def _refused(item: Item, error: OSError) -> Unread:
        if os.path.islink(item.at):  # noqa: PTH114  # a path of any bytes
            return Unread(item, Left.LINK)
        return Unread(item, Left.UNREADABLE, error.strerror or type(error).__name__)

    def close(self) -> None:
        """Nothing stays open."""


class Objects:
    """Objects of a repository, by one `git cat-file --batch`.

    Args:
        setup: has the command line.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, items: Sequence[Item]) -> Iterator[tuple[Item, bytes | Unread]]:
        """Each object, in the order of the items; there are at most a few hundred, so that all their ids fit into a pipe."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._setup.git,
                env=self._setup.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self._process.stdin is not None  # noqa: S101  # both are pipes, as asked for
        assert self._process.stdout is not None  # noqa: S101  # likewise
        try:
            self._process.stdin.write("".join(f"{item.at}\n" for item in items).encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it says no more is found missing below
        for item in items:
            head = self._process.stdout.readline().split()
            if len(head) != 3 or not head[2].isdigit():  # id, type, size
                yield item, Unread(item, Left.MISSING, "the repository does not have it")
                continue
            data = self._process.stdout.read(int(head[2]) + 1)[:-1]
            yield item, data

    def close(self) -> None:
        """End git."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            self._process = None
