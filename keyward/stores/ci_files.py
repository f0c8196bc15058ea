"""What tells continuous integration what to do, in the folders that the user named and those directly in them: keys get written there.

Where: the documentation of GitHub Actions, GitLab CI, CircleCI, Azure Pipelines, Bitbucket Pipelines, Travis CI, Cloud Build and Jenkins.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from keyward.model.surroundings import Surroundings
from keyward.stores.read_only import ReadOnlyFiles

if TYPE_CHECKING:
    from keyward.stores.env_files import Folder

NAME = "ci"
_FILES = (
    ".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".travis.yml", "cloudbuild.yaml", "Jenkinsfile",
)  # fmt: skip
_WORKFLOWS = Path(".github") / "workflows"


def store(surroundings: Surroundings) -> ReadOnlyFiles:
    """The store of CI files in the user's env folders."""
    return ReadOnlyFiles(NAME, lambda: paths(surroundings), surroundings)


def paths(surroundings: Surroundings) -> Sequence[Path]:
    """Where such a file can be; a workflow is one that is there."""
    folders = cast("Sequence[Folder]", surroundings.options.get("env") or ())
    return tuple(dict.fromkeys(path for folder in folders for root in _roots(Path(folder.path)) for path in _in(root)))


def _roots(folder: Path) -> Iterator[Path]:
    yield folder
    yield from (Path(entry.path) for entry in _entries(folder) if entry.is_dir(follow_symlinks=False))


def _in(root: Path) -> Iterator[Path]:
    yield from (root / file for file in _FILES)
    for entry in _entries(root / _WORKFLOWS):
        if entry.name.endswith((".yml", ".yaml")):
            yield Path(entry.path)


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    """What is in a folder, sorted; nothing of one that is none or may not be listed: the env store of that folder says so."""
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda entry: entry.name)
    except OSError:
        return []
