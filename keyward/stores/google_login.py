"""Application Default Credentials: the file that `gcloud auth application-default login` writes, and the one that a variable names.

Where: `google.auth._cloud_sdk` and Google's page on how Application Default Credentials work.
"""

from collections.abc import Sequence
from pathlib import Path

from keyward.model.surroundings import Surroundings
from keyward.stores.read_only import ReadOnlyFiles

NAME = "adc"


def store(surroundings: Surroundings) -> ReadOnlyFiles:
    """The store of this user's Application Default Credentials."""
    return ReadOnlyFiles(NAME, lambda: paths(surroundings), surroundings, {".json": "json"})


def paths(surroundings: Surroundings) -> Sequence[Path]:
    """Where such a file can be."""
    environ, home = surroundings.environ, surroundings.user_home
    folder = environ.get("CLOUDSDK_CONFIG", "")
    named = environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    found = [(Path(folder) if folder else home / ".config" / "gcloud") / "application_default_credentials.json"]
    return tuple(path for path in (*found, *([Path(named)] if named else [])) if path.is_absolute())
