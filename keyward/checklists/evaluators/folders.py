"""What evaluators of code share: the folders that the user named, and how the team's own lines differ from those of tests and of others."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from keyward.checklists.code.search import Hit, Searched, Whose
from keyward.checklists.evaluators.evaluator import failed, fine, nothing, unknown
from keyward.checklists.ground import Ground
from keyward.checklists.item import Subject, SubjectKind
from keyward.checklists.result import Outcome, Word
from keyward.files import shown

ABOUT = frozenset({SubjectKind.MACHINE, SubjectKind.PROVIDER, SubjectKind.PROJECT})
"""Code that uses a provider or project is looked for in every folder that was named on this machine."""
SHOWN = 5
ENV = "env"
"""The store of env files."""


def nowhere(subject: Subject, ground: Ground) -> Outcome | None:
    """Why no folder can be looked at; None when one can."""
    machine = ground.machine
    if subject.kind is SubjectKind.MACHINE and subject.name != machine.host:
        return unknown(f"this is {machine.host}; the folders of {subject.name} are seen there only")
    if not machine.folders:
        return unknown(
            "no folder is named in which code could be looked at",
            text="Name the folders with your projects.",
            commands=("keyward init ~/work",),
        )
    gone = [one for one in machine.folders if not one.is_dir()]
    if gone:
        return unknown(*(f"the folder {shown(one)} is not there" for one in gone[:SHOWN]))
    return None


def named(ground: Ground) -> list[str]:
    """The folders, as paths."""
    return [str(one) for one in ground.machine.folders]


def with_env_files(ground: Ground) -> list[str]:
    """The folders, and the env files that the last scan saw there: git ignores most of them, and programs read them all the same."""
    return [*named(ground), *(str(path) for _, path in env_files(ground))]


def env_files(ground: Ground) -> Iterator[tuple[str, Path]]:
    """The env files that the last scan saw and that are still there: the id of each and its path."""
    for name, info in ground.estate.secrets.items():
        path = Path(info.ref.name)
        if info.ref.store == ENV and info.is_file and path.is_file():
            yield name, path


def where(ground: Ground) -> str:
    """The folders in words."""
    folders = ground.machine.folders
    more = (
        f" and {len(folders) - 1} more folders" if folders[2:] else f" and {shown(folders[1])}" if folders[1:] else ""
    )
    return f"below {shown(folders[0])}{more} on {ground.machine.host}"


def outcome(found: Searched, ground: Ground, *, kept: str) -> Outcome:
    """Own lines fail, lines of tests and of others warn, what was not read leaves it unknown; `kept` says what holds otherwise."""
    own = [one for one in found.hits if one.whose is Whose.OWN]
    rest = [one for one in found.hits if one.whose is not Whose.OWN]
    text = " ".join(dict.fromkeys(one.pattern.instead for one in (own or rest)[:SHOWN]))
    if own:
        return failed(*told(own), *_counted(rest), text=text)
    if found.gaps:
        return unknown(*found.gaps[:SHOWN], *_counted(rest))
    if rest:
        said = failed(*told(rest), *_counted(rest), text=text)
        return Outcome(Word.WARN, said.evidence, said.fix)
    if not found.read:
        return nothing(f"no code is {where(ground)}")
    files = f"{found.read:,} file{'' if found.read == 1 else 's'}"
    return fine(f"{files} {where(ground)}: {kept}")


def told(hits: Sequence[Hit]) -> list[str]:
    """The first of them one by one, the rest as a number."""
    return [str(one) for one in hits[:SHOWN]] + ([f"and {len(hits) - SHOWN:,} more"] if len(hits) > SHOWN else [])


def _counted(hits: Sequence[Hit]) -> list[str]:
    tests = sum(one.whose is Whose.TEST for one in hits)
    others = len(hits) - tests
    return [f"{tests:,} in tests"] * bool(tests) + [f"{others:,} in code that others wrote"] * bool(others)
