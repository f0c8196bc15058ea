"""What AWS's own tools keep: `~/.aws/credentials` and `~/.aws/config`, or the files that its variables name.

Where: the AWS CLI user guide, "Configuration and credential file settings".
"""

from collections.abc import Sequence
from pathlib import Path

from keyward.model.surroundings import Surroundings
from keyward.stores.read_only import ReadOnlyFiles

NAME = "aws-files"
_FILES = {"AWS_SHARED_CREDENTIALS_FILE": "credentials", "AWS_CONFIG_FILE": "config"}


def store(surroundings: Surroundings) -> ReadOnlyFiles:
    """The store of this user's AWS files."""
    return ReadOnlyFiles(NAME, lambda: paths(surroundings), surroundings, {"": "ini"})


def paths(surroundings: Surroundings) -> Sequence[Path]:
    """Where such a file can be."""
    home = surroundings.user_home
    named = ((surroundings.environ.get(variable, ""), home / ".aws" / usual) for variable, usual in _FILES.items())
    return tuple(path for path in (Path(text) if text else usual for text, usual in named) if path.is_absolute())
