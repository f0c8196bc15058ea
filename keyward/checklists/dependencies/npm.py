"""npm audit: its own lock files; only they are read, and no script of a package is run. Forms as of npm 11.19 (report version 2)."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keyward.checklists.dependencies.tool import Failed, Hole, NotUnderstood, Tool, member, word
from keyward.model.text import clean

_REPORT = 2
_INSTALL = "brew install node" if sys.platform == "darwin" else "apt-get install npm"


def _arguments(lock: Path) -> list[str]:
    del lock  # it looks for it in its folder
    return [
        "audit",
        "--json",
        "--package-lock-only",
        "--ignore-scripts",
        "--audit-level=none",
        "--fetch-retries=1",
        "--logs-max=0",
    ]


def _read(document: Any, status: int) -> tuple[Hole, ...]:
    """With the level `none` it ends with 0 whatever it found, so the numbers that it counted itself are compared instead."""
    if isinstance(document, dict) and "error" in document:
        raise Failed(clean(str(document.get("message") or "it says that it failed"), 300))
    if member(document, "auditReportVersion", int) != _REPORT:
        raise NotUnderstood("its report is of another version")
    holes = [_hole(one) for one in member(document, "vulnerabilities", dict).values()]
    counted = member(member(member(document, "metadata", dict), "vulnerabilities", dict), "total", int)
    if counted != len(holes) or status:
        raise NotUnderstood(f"it counted {counted}, told of {len(holes)} and ended with status {status}")
    return tuple(holes)


def _hole(one: Mapping[str, Any]) -> Hole:
    """One library; `via` names the advisories, or other libraries through which it is affected."""
    ids = [
        word(each, "url").rpartition("/")[2] if isinstance(each, dict) else f"through {clean(str(each), 100)}"
        for each in member(one, "via", list)
    ]
    fix = one.get("fixAvailable")
    fixed = (f"{word(fix, 'name')} {word(fix, 'version')}",) if isinstance(fix, dict) else ()
    severity = word(one, "severity")
    return Hole(f"{word(one, 'name')} ({severity})", word(one, "range"), tuple(dict.fromkeys(ids)), fixed)


TOOL = Tool("npm", ("package-lock.json", "npm-shrinkwrap.json"), _arguments, _read, _INSTALL)
