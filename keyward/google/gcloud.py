"""gcloud's own settings: environment variables first, then the active configuration in gcloud's folder."""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from keyward.model.errors import NotConfigured
from keyward.model.text import clean
from keyward.paths import expanded

_TRUE = frozenset({"1", "true", "yes", "on", "y"})


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from: the variable, or the property and its file."""

    value: str
    origin: str


@dataclass(frozen=True)
class Gcloud:
    """Reads properties as gcloud does: `CLOUDSDK_<SECTION>_<NAME>` wins over the active configuration's file.

    Args:
        environ: the environment variables.
        user_home: the user's home folder, below which gcloud keeps its own (`.config/gcloud`, on macOS too).
    """

    environ: Mapping[str, str]
    user_home: Path
    _nothing: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def folder(self) -> Path:
        """Gcloud's folder, which also holds the Application Default Credentials."""
        named = self.environ.get("CLOUDSDK_CONFIG")
        return expanded(named) if named else self.user_home / ".config" / "gcloud"

    @cached_property
    def file(self) -> Path | None:
        """The active configuration's file, or None when there is none."""
        name = self.environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or self._active()
        file = self.folder / "configurations" / f"config_{name}"
        # A name with a separator would leave the folder.
        try:
            return file if name == Path(name).name and file.is_file() else None
        except OSError:  # a name longer than names can be
            return None

    def _active(self) -> str:
        try:
            return (self.folder / "active_config").read_text(encoding="utf-8").strip() or "default"
        except (OSError, UnicodeDecodeError):
            return "default"

    @cached_property
    def _properties(self) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(interpolation=None)
        if self.file is not None:
            try:
                parser.read_string(self.file.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError, configparser.Error) as error:
                raise NotConfigured(
                    f"gcloud's configuration {clean(str(self.file), 4_096)} cannot be read: {type(error).__name__}.",
                    hint="Check it with `gcloud config list`, or name another one in CLOUDSDK_ACTIVE_CONFIG_NAME.",
                ) from None
        return parser

    def get(self, section: str, name: str) -> Setting | None:
        """The property, or None when it is neither set nor exported.

        Raises:
            NotConfigured: the active configuration's file cannot be read.
        """
        variable = f"CLOUDSDK_{section}_{name}".upper()
        if value := self.environ.get(variable, "").strip():
            return Setting(value, variable)
        if value := self._properties.get(section, name, fallback="").strip():
            return Setting(value, f"{section}/{name} in {clean(str(self.file), 4_096)}")
        return None

    def true(self, section: str, name: str) -> bool:
        """Whether the property is set to something that gcloud reads as true."""
        setting = self.get(section, name)
        return setting is not None and setting.value.lower() in _TRUE
