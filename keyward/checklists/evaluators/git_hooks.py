"""Whether git refuses a commit that adds a key, in every repository below the folders that are read."""

import os
from collections.abc import Iterator
from pathlib import Path

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, nothing, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.files import shown
from keyward.hygiene.leaks import hook
from keyward.hygiene.leaks.git import Git
from keyward.hygiene.say import command
from keyward.model.errors import UsageError

_DEPTH = 4
_SHOWN = 5
_PASSED_OVER = {"node_modules", ".venv", "venv", "__pycache__", ".tox", ".cache"}


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    del item
    if subject.name != ground.machine.host:
        return unknown(f"this is {ground.machine.host}; the repositories of {subject.name} are seen there only")
    if not ground.machine.folders:
        text = "Name the folders with your projects."
        return unknown(
            "no folder is named whose repositories could be looked at", text=text, commands=("keyward init ~/work",)
        )
    bare: list[Path] = []
    looked = 0
    for folder in ground.machine.folders:
        for repository in _repositories(folder, _DEPTH):
            looked += 1
            if not _refuses(repository):
                bare.append(repository)
    if bare:
        said = [f"{shown(one)} has no hook that asks keyward" for one in bare[:_SHOWN]]
        said += [f"and {len(bare) - _SHOWN:,} more"] if len(bare) > _SHOWN else []
        commands = tuple(command("leaks", "hook", "install", str(one)) for one in bare)
        return failed(
            *said,
            text="Install the hook; where there is another one, the command tells which line to add to it.",
            commands=commands,
        )
    return (
        fine(f"{looked} repositor{'y' if looked == 1 else 'ies'} with the hook")
        if looked
        else nothing("no repository is below the folders that are read")
    )


def _repositories(folder: Path, depth: int) -> Iterator[Path]:
    """Folders with a `.git`, down to so many levels; nothing below a repository is looked at."""
    try:
        if (folder / ".git").exists():
            yield folder
            return
        below = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in below if depth else ():
        if name not in _PASSED_OVER:
            yield from _repositories(folder / name, depth - 1)


def _refuses(repository: Path) -> bool:
    try:
        return hook.asks(hook.where(Git(repository, os.environ)))
    except UsageError:
        return False


EVALUATOR = Evaluator(
    "git-hooks", "keyward's hook in the repositories of this machine", frozenset({SubjectKind.MACHINE}), _evaluate
)
