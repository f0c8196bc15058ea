"""osv-scanner: lock files of many languages. Forms as its documentation has them (output and exit codes, version 2)."""

from pathlib import Path
from typing import Any

from keyward.checklists.dependencies.tool import Hole, Tool, agrees, member, word
from keyward.model.text import clean

_LOCKS = ("poetry.lock", "uv.lock", "pnpm-lock.yaml", "go.mod", "Cargo.lock", "package-lock.json", "requirements*.txt")


def _arguments(lock: Path) -> list[str]:
    return ["scan", "--format", "json", "--lockfile", str(lock)]


def _read(document: Any, status: int) -> tuple[Hole, ...]:
    holes = [
        hole
        for source in member(document, "results", list)
        for one in member(source, "packages", list)
        if (hole := _hole(one)) is not None
    ]
    return agrees(holes, status)


def _hole(one: Any) -> Hole | None:
    about = member(one, "package", dict)
    ids = [word(each, "id") for each in _listed(one, "vulnerabilities")]
    others = {clean(str(name)) for each in _listed(one, "groups") for name in member(each, "ids", list)[1:]}
    if not ids:
        return None
    return Hole(word(about, "name"), word(about, "version"), tuple(name for name in ids if name not in others))


def _listed(document: Any, name: str) -> list[Any]:
    """A member that is left out where it would be empty."""
    return list(member(document, name, list)) if document.get(name) is not None else []


TOOL = Tool(
    "osv-scanner", _LOCKS, _arguments, _read, "go install github.com/google/osv-scanner/v2/cmd/osv-scanner@latest"
)
