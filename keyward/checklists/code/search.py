"""Searches the code below folders for patterns, and tells the team's own code from tests and from what others wrote."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath

from keyward.checklists.code.languages import language, without_comments, without_texts
from keyward.checklists.code.pattern import Pattern
from keyward.hygiene.leaks.found import GAPS, Item, Looked, Unread
from keyward.hygiene.leaks.reading import Files
from keyward.hygiene.leaks.tree import Tree, shown

_LARGEST = 2_000_000
"""Bytes of the largest text that is read; generated and packed files are larger, and nobody reads them."""
_OTHERS = frozenset(
    {"vendor", "vendored", "_vendor", "third_party", "thirdparty", "node_modules", "site-packages", "bower_components"}
    | {".venv", "venv", ".tox", ".nox", ".eggs", "pods", "dist-packages"}
)
_TESTS = frozenset(
    {"test", "tests", "testing", "testdata", "fixtures", "spec", "specs", "__tests__", "__mocks__", "e2e"}
)
_TEST_FILE = re.compile(r"(?:test_.*|.*[._-](?:test|tests|spec)\.[a-z]+|conftest\.py|.*Tests?\.(?:java|kt|cs|scala))")


class Whose(StrEnum):
    """What kind of code it is: the team's own, a test of theirs, or another's that was copied in."""

    OWN = "own"
    TEST = "test"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that matches; `path` is safe to show. The line itself is not kept: a key may stand in it."""

    path: str
    line: int
    pattern: Pattern
    whose: Whose

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.pattern.what}"


@dataclass(frozen=True, slots=True)
class Searched:
    """What was found, how many files were read, and what could not be: each a path and why."""

    hits: tuple[Hit, ...]
    read: int
    gaps: tuple[str, ...] = ()


@dataclass(slots=True)
class _Counted:
    read: int = 0
    hits: list[Hit] = field(default_factory=list)


def search(folders: Sequence[str], patterns: Sequence[Pattern], environ: Mapping[str, str]) -> Searched:
    """Look for the patterns in every file of a known language below the folders, but for what git ignores.

    Args:
        folders: paths.
        patterns: what to look for.
        environ: the user's variables, for git.

    Raises:
        UsageError: one of the folders is not there.
    """
    looked, counted = Looked(), _Counted()
    for item, data in Files(_LARGEST).read(_code(Tree(looked, environ).items(folders))):
        if isinstance(data, Unread):
            if data.why in GAPS:
                looked.gaps.append((shown(item.at), data.why, data.detail))
            continue
        counted.read += 1
        counted.hits += _hits(item, data.decode("utf-8", "replace"), patterns)
    gaps = tuple(f"{path} was not read: {detail or why.value}" for path, why, detail in looked.gaps)
    return Searched(tuple(sorted(counted.hits, key=lambda one: (one.path, one.line))), counted.read, gaps)


def whose(name: str) -> Whose:
    """What kind of code a file is, by its path from the root of its repository."""
    *above, last = PurePath(name).parts
    folders = {one.lower() for one in above}
    if folders & _OTHERS or last.endswith(".min.js"):
        return Whose.OTHERS
    return Whose.TEST if folders & _TESTS or _TEST_FILE.fullmatch(last) else Whose.OWN


def _code(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if language(item.name)]


def _hits(item: Item, text: str, patterns: Sequence[Pattern]) -> Iterator[Hit]:
    written_in = language(item.name)
    fitting = [one for one in patterns if one.fits(written_in) and one.find.search(text)]
    if not fitting:  # most files: nothing is taken out of a text that has no hit
        return
    plain, bare = without_comments(text, written_in), ""
    for pattern in fitting:
        bare = bare or (without_texts(text, written_in) if pattern.code else "")
        looked_in = bare if pattern.code else plain
        begins = [0, *(found.end() for found in re.finditer("\n", looked_in))]
        lines = {bisect_right(begins, found.start()) for found in pattern.find.finditer(looked_in)}
        for line in sorted(lines):
            yield Hit(shown(item.at), line, pattern, whose(item.name))
