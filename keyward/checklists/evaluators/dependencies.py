"""Whether libraries have known holes, by their lock files in the folders that the user named."""

from collections.abc import Sequence

from keyward.checklists.dependencies.audit import Audit, audit, locks
from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, nothing, unknown
from keyward.checklists.evaluators.folders import ABOUT, SHOWN, named, nowhere, where
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject
from keyward.checklists.result import Outcome
from keyward.files import shown


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    del item
    stopped = nowhere(subject, ground)
    if stopped is not None:
        return stopped
    found = locks(named(ground), ground.machine.environ)
    if not found:
        return nothing(f"no lock file is {where(ground)}")
    if not ground.machine.probe:
        files = f"{len(found)} lock file{'' if len(found) == 1 else 's'}"
        text = "Tools that know of holes send names of libraries to a database in the network: run the list with --probe to let them."
        return unknown(f"{files} {where(ground)} not judged, because nobody asked to use the network", text=text)
    environ = ground.machine.environ
    return _judged(ground.once("dependencies", lambda: [audit(one, environ) for one in found]))


def _judged(audits: Sequence[Audit]) -> Outcome:
    """A hole fails, a file that no tool could judge leaves it unknown."""
    holes = [f"{shown(one.lock)}: {hole}" for one in audits for hole in one.holes]
    open_ones = [f"{shown(one.lock)}: {f'{one.tool}: ' * bool(one.tool)}{one.unknown}" for one in audits if one.unknown]
    install = tuple(dict.fromkeys(one.install for one in audits if one.install))
    if holes:
        text = "Raise each to a version that has it mended; write down why where that cannot be yet."
        return failed(*_first(holes), *_first(open_ones), text=text, commands=install)
    if open_ones:
        return unknown(*_first(open_ones), commands=install)
    tools = ", ".join(dict.fromkeys(one.tool for one in audits))
    return fine(f"{tools} knows of no hole by {len(audits)} lock file{'' if len(audits) == 1 else 's'}")


def _first(lines: Sequence[str]) -> list[str]:
    return [*lines[:SHOWN], *([f"and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else [])]


EVALUATOR = Evaluator("dependencies", "known holes in libraries, by lock files", ABOUT, _evaluate)
