"""Whether keyward's own files on this machine are their owner's alone."""

import stat
from shlex import quote
from typing import TYPE_CHECKING

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, nothing, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome
from keyward.files import shown

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    del item
    if subject.name != ground.machine.host:
        return unknown(f"this is {ground.machine.host}; the files of {subject.name} are seen there only")
    open_ones: list[tuple[str, Path, int]] = []
    looked = 0
    for what, path in ground.machine.own:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            continue
        except OSError as error:
            return unknown(f"{what} {shown(path)} cannot be looked at: {error.strerror}")
        looked += 1
        if mode & _OTHERS:
            open_ones.append((what, path, mode))
    if open_ones:
        said = tuple(f"{what} {shown(path)} has mode {mode:04o}" for what, path, mode in open_ones)
        commands = tuple(f"chmod go= {quote(str(path))}" for _, path, _ in open_ones)
        return failed(*said, text="Take the rights of others away.", commands=commands)
    return (
        fine(f"{looked} file{'' if looked == 1 else 's'} of keyward's own are their owner's alone")
        if looked
        else nothing("keyward keeps nothing here yet")
    )


EVALUATOR = Evaluator("own-files", "modes of keyward's own files", frozenset({SubjectKind.MACHINE}), _evaluate)
