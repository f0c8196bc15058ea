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
from dataclasses import fields
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyward.clock import Clock, FollowedClock, SystemClock
from keyward.model.errors import NotConfigured
from keyward.model.text import clean
from keyward.paths import Paths, find
from keyward.settings import Loaded, Settings, load
from keyward.settings.schema import KEYS, LISTS, group, sections
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
        self._first_run = False
        self.cancel = cancel or threading.Event()
        self.read_only = False
        """Whether nothing may be changed: then nobody acts who is named for changes, not even to make a plan."""
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
            file=self.paths.config_file,
            explicit=self.paths.config_named and not self._first_run,
            environ=self.environ,
            folder=self._folder,
        )

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.loaded.settings

    def begin(self) -> None:
        """Take it that the settings file that is named may not be there yet; for the command that makes it."""
        self._first_run = True

    def reload(self) -> None:
        """Read the settings again, and let go of everything that was built from them; endpoints, world and clock stay."""
        for name in ("loaded", "surroundings", "providers", "stores"):
            self.__dict__.pop(name, None)

    def setting_rows(self) -> Iterator[tuple[str, str, str]]:
        """Every setting as (dotted name, value as written in the file, where it came from)."""
        for section, names in sections().items():
            for name in names:
                dotted = f"{section}.{name}"
                value, secret = getattr(getattr(self.settings, group(section)), name), names[name].metadata["secret"]
                if dotted == "ledger.url":
                    text = _shown_ledger(str(value))
                else:
                    text = _masked(value) if secret else _shown(value)
                yield dotted, text, str(self.loaded.origin(dotted))
        for name, (tables, _) in LISTS.items():
            for table in getattr(self.settings, tables):
                yield name, _table(table), str(self.loaded.origin(name))
        for choice in self.settings.keys:
            dotted = f"{KEYS}.{choice.action}"
            yield dotted, _shown(choice.keys), str(self.loaded.origin(dotted))

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
        """Whom the cloud sees when something is changed, for plans and the audit trail."""
        try:
            return self.google.identities.said(changes=True)
        except NotConfigured:
            return "no Google credentials"

    @cached_property
    def surroundings(self) -> "Surroundings":
        """What providers and stores are built from."""
        from keyward.model.surroundings import Surroundings

        options: dict[str, object] = {
            f"{section}.{name}": getattr(getattr(self.settings, group(section)), name)
            for section, names in sections().items()
            for name in names
            if not names[name].metadata["secret"]
        }
        return Surroundings(
            environ=self.environ,
            config_dir=self.paths.config_file.parent,
            state_dir=self.paths.state,
            cache_dir=self.paths.cache,
            host=self.host,
            user_home=Path.home(),
            interactive=self.interactive,
            options={**options, "env": self.settings.env, "google.identity": self.settings.identities},
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


def _table(table: Any) -> str:
    """One table of a list, by the names that are set in it."""
    found = ((item.name, getattr(table, item.name)) for item in fields(table))
    return ", ".join(f"{name} = {_shown(value)}" for name, value in found if value is not None)


def _masked(value: object) -> str:
    """What may hold a token: only what kind of address it is."""
    texts = value if isinstance(value, tuple) else (value,)
    return ", ".join(f"{str(text).partition('://')[0]}://…" for text in texts if text) or "-"


def _shown_ledger(where: str) -> str:
    """A ledger's address without what a password could be in; one with a password is refused where it is used."""
    from keyward.ledger.address import shown

    return _shown(shown(where))


def _shown(value: object) -> str:
    from keyward.model.redact import label  # the table of shapes is only needed where settings are shown

    if value is None:
        return "auto"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return show_duration(value)
    if isinstance(value, tuple):
        return ", ".join(label(str(item)) for item in value) or "-"
    return label(re.sub(r"(?<=://)[^/@]*@", "…@", str(value))) or "-"
