"""pip-audit: requirements files whose versions are pinned. Nothing is resolved, downloaded or built. Forms as of pip-audit 2.10.1."""

from pathlib import Path
from typing import Any

from keyward.checklists.dependencies.tool import Hole, NotUnderstood, Tool, agrees, member, word
from keyward.model.text import clean


def _arguments(lock: Path) -> list[str]:
    quiet = ("--progress-spinner", "off", "--desc", "off", "--format", "json")
    return [*quiet, "--no-deps", "--disable-pip", "--requirement", str(lock)]


def _read(document: Any, status: int) -> tuple[Hole, ...]:
    holes = []
    for one in member(document, "dependencies", list):
        name = word(one, "name")
        if "skip_reason" in one:
            raise NotUnderstood(f"{name} was passed over: {word(one, 'skip_reason')}")
        found = member(one, "vulns", list)
        if found:
            fixed = {clean(str(version), 50) for each in found for version in member(each, "fix_versions", list)}
            holes.append(
                Hole(name, word(one, "version"), tuple(word(each, "id") for each in found), tuple(sorted(fixed)))
            )
    return agrees(holes, status)


TOOL = Tool("pip-audit", ("requirements*.txt", "requirements/*.txt"), _arguments, _read, "pipx install pip-audit")
