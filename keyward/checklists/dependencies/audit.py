"""Finds lock files below folders, and has each judged by the first tool that is installed for it."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from keyward.checklists.code.search import Whose, whose
from keyward.checklists.dependencies import npm, osv, pip_audit
from keyward.checklists.dependencies.process import run
from keyward.checklists.dependencies.tool import Failed, Hole, NotUnderstood, Tool
from keyward.hygiene.leaks.found import Looked
from keyward.hygiene.leaks.tree import Tree

TOOLS = (pip_audit.TOOL, npm.TOOL, osv.TOOL)
_SECONDS = 120.0
_STANDS_FOR = {"go.sum": "go.mod"}
"""Lock files that are judged by another file beside them."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What is known of one lock file: the tool that was run (empty: none is installed), its holes, or why nothing is known."""

    lock: Path
    tool: str = ""
    holes: tuple[Hole, ...] = ()
    unknown: str = ""
    install: str = ""


def locks(folders: Sequence[str], environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Every lock file below the folders that is the team's own: none that git ignores, that others wrote, or that a test is about.

    Raises:
        UsageError: one of the folders is not there.
    """
    found: dict[Path, None] = {}
    for item in Tree(Looked(), environ).items(folders):
        path = Path(item.at)
        path = path.with_name(_STANDS_FOR.get(path.name, path.name))
        if whose(item.name) is Whose.OWN and _tools(path) and path.exists():
            found[path] = None
    return tuple(found)


def audit(lock: Path, environ: Mapping[str, str], seconds: float = _SECONDS) -> Audit:
    """Have it judged. The network is asked."""
    tools = _tools(lock)
    for tool in tools:
        program = shutil.which(tool.program, path=environ.get("PATH", os.defpath))
        if program is not None:
            return _judged(lock, tool, os.path.abspath(program), environ, seconds)  # noqa: PTH100  # links stay as they are
    return Audit(lock, unknown=f"{tools[0].program} is not installed", install=tools[0].install)


def _tools(lock: Path) -> list[Tool]:
    last = {lock.name, f"{lock.parent.name}/{lock.name}"}
    return [tool for tool in TOOLS if any(fnmatchcase(name, one) for name in last for one in tool.locks)]


def _judged(lock: Path, tool: Tool, program: str, environ: Mapping[str, str], seconds: float) -> Audit:
    ended = run([program, *tool.arguments(lock.absolute())], lock.parent, environ, seconds)
    if ended.status is None:
        return Audit(lock, tool.program, unknown=ended.complaint)
    try:
        return Audit(lock, tool.program, tool.read(_json(ended.printed), ended.status))
    except Failed as error:
        return Audit(lock, tool.program, unknown=f"it failed: {error}")
    except NotUnderstood as error:
        return Audit(lock, tool.program, unknown="; ".join(_why(str(error), ended.complaint, ended.status)))


def _why(said: str, complaint: str, status: int) -> Iterator[str]:
    yield f"its answer could not be used ({said}, exit status {status})"
    if complaint:
        yield complaint


def _json(printed: bytes) -> object:
    try:
        return json.loads(printed)
    except (ValueError, RecursionError):
        raise NotUnderstood("it is no JSON" if printed.strip() else "there is none") from None
