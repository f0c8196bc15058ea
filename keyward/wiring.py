"""The one place that builds real parts, each when it is first asked for.

The command line and the app get a `Parts` and nothing else; what they do with the engines stands in `keyward.desk`.
"""

import getpass
import os
import re
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.clock import Clock, FollowedClock, SystemClock
from keyward.model.errors import NotConfigured
from keyward.model.text import clean
from keyward.paths import Paths, find
from keyward.settings import Loaded, Settings, load
from keyward.settings.schema import sections
from keyward.settings.values import show_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyward.google.endpoints import Endpoints
    from keyward.google.gcloud import Gcloud
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.model.events import Event
    from keyward.model.surroundings import Surroundings
    from keyward.plugins import Plugins
    from keyward.providers.interface import Provider
    from keyward.stores.interface import Store


class Parts:
    """Real parts of one run.

    Args:
        environ: environment variables.
        config: the settings file named on the command line, or None.
        folder: the working folder, whose `keyward.toml` may filter, limit and display; None to look at none.
        cancel: set when the run is to stop at the next safe place.
        interactive: whether a person sits at a terminal; by default whether stdin and stderr are terminals.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        config: Path | None = None,
        folder: Path | None = None,
        cancel: threading.Event | None = None,
        interactive: bool | None = None,
    ) -> None:
        self.environ = environ
        self._config = config
        self._folder = folder
        self.cancel = cancel or threading.Event()
        self.interactive = sys.stdin.isatty() and sys.stderr.isatty() if interactive is None else interactive

    # What the user wants

    @cached_property
    def paths(self) -> Paths:
        """Folders and files; nothing is created."""
        return find(self.environ, self._config)

    @cached_property
    def loaded(self) -> Loaded:
        """The settings with the origin of each value."""
        return load(
            file=self.paths.config_file, explicit=self.paths.config_named, environ=self.environ, folder=self._folder
        )

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.loaded.settings

    def reload(self) -> None:
        """Read the settings again, and let go of everything that was built from them; endpoints, world and clock stay."""
        for name in ("loaded", "surroundings", "providers", "stores"):
            self.__dict__.pop(name, None)

    def setting_rows(self) -> Iterator[tuple[str, str, str]]:
        """Every setting as (dotted name, value as written in the file, where it came from)."""
        for section, names in sections().items():
            for name in names:
                dotted = f"{section}.{name}"
                yield dotted, _shown(getattr(getattr(self.settings, section), name)), str(self.loaded.origin(dotted))
        for folder in self.settings.env:
            yield "env", f"{folder.path} (depth {folder.depth})", str(self.loaded.origin("env"))

    # Who and where

    @cached_property
    def host(self) -> str:
        """This machine's name, as placements and the audit trail know it."""
        return clean(socket.gethostname()) or "unnamed-host"

    @cached_property
    def actor(self) -> str:
        """Who runs this, for the audit trail."""
        try:
            return clean(getpass.getuser())
        except (KeyError, OSError):  # a container's user may have no name
            return f"uid {os.geteuid()}"

    @cached_property
    def gcloud(self) -> "Gcloud":
        """The settings of gcloud itself."""
        from keyward.google.gcloud import Gcloud

        return Gcloud(self.environ, Path.home())

    @cached_property
    def endpoints(self) -> "Endpoints":
        """Where Google's APIs are asked, checked."""
        from keyward.google.endpoints import find as find_endpoints

        return find_endpoints(self.gcloud, self.settings.endpoints.allow)

    @cached_property
    def world(self) -> str:
        """`google`, `emulator:<instance>` or `custom:<hosts>`: what ledger and cache are stamped with.

        Raises:
            NotConfigured: the emulator that the variables name does not answer.
        """
        try:
            return self.endpoints.world()
        except OSError as error:
            raise NotConfigured(
                f"The emulator that the environment names does not answer: {clean(str(error))}.",
                hint="Start it with `keyward demo --serve` and export what it prints, or unset those variables.",
            ) from None

    @property
    def emulated(self) -> bool:
        """Whether everything goes to the built-in emulator: every screen says so."""
        return self.world.startswith("emulator:")

    # Time

    @cached_property
    def clock(self) -> Clock:
        """This machine's clock, or the emulator's where every endpoint is loopback."""
        tell = self.endpoints.emulator_clock() if self.endpoints.overrides and self.emulated else None
        return FollowedClock(tell) if tell else SystemClock()

    def ctx(self, report: "Callable[[Event], None] | None" = None, cancel: threading.Event | None = None) -> "Ctx":
        """What calls to providers and stores carry."""
        from keyward.model.context import Ctx  # a list of cached keys makes no calls

        stop = cancel or self.cancel
        ctx = Ctx(clock=self.clock.now, wait=lambda seconds: self.clock.wait(seconds, stop), cancel=stop)
        return ctx if report is None else Ctx(ctx.clock, ctx.wait, stop, report=report)

    # Providers and stores

    @property
    def google(self) -> "GoogleParts":
        """What all Google modules share: projects, credentials, connections. Nothing is asked yet."""
        from keyward.google.parts import of

        return of(self.surroundings)

    @property
    def identity(self) -> str:
        """Whom the cloud sees, for plans and the audit trail."""
        try:
            return self.google.identity.description
        except NotConfigured:
            return "no Google credentials"

    @cached_property
    def surroundings(self) -> "Surroundings":
        """What providers and stores are built from."""
        from keyward.model.surroundings import Surroundings

        options: dict[str, object] = {
            f"{section}.{name}": getattr(getattr(self.settings, section), name)
            for section, names in sections().items()
            for name in names
        }
        return Surroundings(
            environ=self.environ,
            config_dir=self.paths.config_file.parent,
            state_dir=self.paths.state,
            cache_dir=self.paths.cache,
            host=self.host,
            user_home=Path.home(),
            interactive=self.interactive,
            options={**options, "env": self.settings.env},
        )

    @cached_property
    def providers(self) -> "Plugins[Provider]":
        """Every provider that may load."""
        from keyward.plugins import providers

        return providers(self.surroundings, self.settings.plugins.allow)

    @cached_property
    def stores(self) -> "Plugins[Store]":
        """Every store that may load."""
        from keyward.plugins import stores

        return stores(self.surroundings, self.settings.plugins.allow)


def _shown(value: object) -> str:
    from keyward.model.redact import label  # the table of shapes is only needed where settings are shown

    if isinstance(value, timedelta):
        return show_duration(value)
    if isinstance(value, tuple):
        return ", ".join(label(str(item)) for item in value) or "-"
    # A password in the address of a ledger is refused where it is used; it is not shown either.
    return label(re.sub(r"(?<=://)[^/@]*@", "…@", str(value))) or "-"
