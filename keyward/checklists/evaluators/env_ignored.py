"""Whether git passes over the env files that stand in repositories of this machine: one that it tracks or would add goes to everybody."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, nothing, unknown
from keyward.checklists.evaluators.folders import ENV, env_files
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.files import shown
from keyward.hygiene.leaks.git import Git, GitFailed
from keyward.hygiene.say import shell

_SHOWN = 5
_MODELS = re.compile(
    r".*[._-](?:example|sample|template|dist|tpl|tmpl)(?:\.[a-z]+)?|(?:example|sample|template)[._-].*", re.IGNORECASE
)
"""Names of files that are meant to be committed: they show which variables there are. One in which a key stands is none of them."""
_SPECIAL = re.compile(r"[*?\[\\]|^[#!]| $")


@dataclass(frozen=True, slots=True)
class _Open:
    """An env file that git does not pass over: the root of its repository, its path from there, whether git tracks it."""

    root: Path
    name: str
    tracked: bool

    def __str__(self) -> str:
        path = shown(self.root / self.name)
        return f"{path} is in the repository" if self.tracked else f"{path} would be added by the next `git add .`"


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    """By the env files that the last scan saw and that are still there."""
    del item
    sources = [one for one in ground.estate.sources.values() if one.id.partition(":")[0] == ENV]
    stopped = _stopped(subject, ground, scanned=bool(sources))
    if stopped is not None:
        return stopped
    looked, open_ones = 0, list[_Open]()
    for path in _files(ground):
        root = _root(path, ground)
        if root is not None:
            looked += 1
            open_ones += _not_passed_over(root, path, ground)
    if open_ones:
        said = [str(one) for one in open_ones[:_SHOWN]]
        said += [f"and {len(open_ones) - _SHOWN:,} more"] if len(open_ones) > _SHOWN else []
        text = "Have git pass over them; a key in one that git tracks is in the history already: replace it."
        return failed(*said, text=text, commands=tuple(line for one in open_ones for line in _mended(one)))
    dark = [one.id for one in sources if not one.covered or one.stale_since]
    if dark:
        return unknown(*(f"{one} was not read" for one in dark[:_SHOWN]), commands=("keyward scan",))
    if not looked:
        return nothing("no env file is in a repository")
    return fine(f"git passes over {looked} env file{'' if looked == 1 else 's'} in repositories")


def _stopped(subject: Subject, ground: Ground, *, scanned: bool) -> Outcome | None:
    """Why nothing can be looked at."""
    if subject.name != ground.machine.host:
        return unknown(f"this is {ground.machine.host}; the repositories of {subject.name} are seen there only")
    if not scanned:
        return unknown("no folder was scanned for env files", commands=("keyward scan",))
    if not Git.there(ground.machine.environ):
        return unknown("git is not installed, so what it passes over is not known")
    return None


def _files(ground: Ground) -> Iterator[Path]:
    for name, path in env_files(ground):
        if ground.estate.held.get(name) or not _MODELS.fullmatch(path.name):
            yield path


def _root(path: Path, ground: Ground) -> Path | None:
    """The folder of the work tree that it is in; None when it is in none."""
    try:
        return Path(Git(path.parent, ground.machine.environ).line("rev-parse", "--show-toplevel"))
    except GitFailed:
        return None


def _not_passed_over(root: Path, path: Path, ground: Ground) -> Iterator[_Open]:
    git = Git(path.parent, ground.machine.environ)
    name = git.line("rev-parse", "--show-prefix") + path.name
    if git.status("ls-files", "--error-unmatch", "--", f":(literal){path.name}") == 0:
        yield _Open(root, name, tracked=True)
    elif git.status("check-ignore", "-q", "--", path.name) != 0:
        yield _Open(root, name, tracked=False)


def _mended(one: _Open) -> Iterator[str]:
    line = "/" + _SPECIAL.sub(lambda found: f"\\{found[0]}", one.name)
    add, ignored = shell("printf", "%s\\n", line), shell(os.fspath(one.root / ".gitignore"))
    yield f"{add} >> {ignored}"
    if one.tracked:
        yield shell("git", "-C", os.fspath(one.root), "rm", "--cached", "--", one.name)


EVALUATOR = Evaluator(
    "env-ignored", "env files in repositories that git does not pass over", frozenset({SubjectKind.MACHINE}), _evaluate
)
