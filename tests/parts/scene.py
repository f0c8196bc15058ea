"""A small world for end-to-end stories: an emulated cloud, a folder of env files, a keyring, and the command line in between.

The emulator runs in the test's process, so the test is the judge; the command line runs in its own, as a user's would.
"""

import base64
import json
import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.planting import plant_secret, plant_version
from keyward.emulator.secretmanager.resources import Parent
from keyward.emulator.server import Emulator
from keyward.emulator.world import World
from tests.parts import command
from tests.parts.emulator import START
from tests.parts.secret_service import item

PROJECT = "acme-prod"
MAPS = {"apiTargets": [{"service": "maps-backend.googleapis.com"}]}
GEMINI = {"apiTargets": [{"service": "generativelanguage.googleapis.com"}]}


@dataclass
class Result:
    """What a command line left: exit status and its two streams."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Scene:
    """One world and one user's machine.

    `rate` is how many times faster than real time the cloud's clock runs.
    """

    home: Path
    keyring: Mapping[str, str] | None = None
    world: World = field(default=None)  # type: ignore[assignment]  # made after the home is known
    rate: float = 1.0
    behaviour: dict = field(default_factory=dict)

    def __post_init__(self):
        self.home.mkdir(parents=True, exist_ok=True)
        if self.world is None:
            self.world = World(seed=7, clock=Clock(START, self.rate), behaviour=quick(**self.behaviour))
        self.emulator = Emulator(self.world, validate=True, project=PROJECT)
        self.work = self.home / "work"
        self.work.mkdir(exist_ok=True)
        self.config = self.home / "config" / "keyward.toml"
        self.config.parent.mkdir(exist_ok=True)

    def __enter__(self):
        self.emulator.start()
        return self

    def __exit__(self, *_):
        self.emulator.stop()
        assert self.emulator.violations == []

    # The cloud

    def key(self, name="app key", *, project=PROJECT, days=200, restrictions=GEMINI, **more):
        """Plant a key that was made so many days ago; gives the emulator's own record of it."""
        born = self.world.clock.now() - timedelta(days=days)
        place = self.world.known(project) or self.world.new_project(project)
        return self.world.state(ApiKeys).plant(
            place, display_name=name, create_time=born, restrictions=restrictions, **more
        )

    def secret(self, name, *payloads, project=PROJECT, region="", **fields):
        """Plant a secret with these versions, oldest first."""
        place = self.world.known(project) or self.world.new_project(project)
        book = self.world.state(Book)
        then = self.world.clock.now() - timedelta(days=100)
        secret = plant_secret(book, Parent(str(place.number), region), name, then, **fields)
        for payload in payloads:
            plant_version(book, secret, payload if isinstance(payload, bytes) else payload.encode(), then)
        return secret

    def all_keys(self):
        """Every key of the cloud, deleted ones too, as the emulator keeps them."""
        return self.world.dump()["slots"]["apikeys"]["keys"]

    def live(self):
        """Key strings that are not deleted."""
        keys = self.world.state(ApiKeys)._by_string.values()
        return {key.key_string for key in list(keys) if not key.delete_time and not key.purged}

    def versions(self, name, project=PROJECT, region=""):
        """(state, payload) of every version of a secret, oldest first."""
        number = self.world.known(project).number
        for secret in self.world.state(Book)._secrets.get(Parent(str(number), region), {}).values():
            if secret.secret_id == name:
                return [(version.state.value, version.payload) for version in secret.versions]
        raise KeyError(name)

    def current(self, name, project=PROJECT, region=""):
        """The payload of the newest version."""
        return self.versions(name, project, region)[-1][1]

    def log(self):
        """The emulator's requests so far, without those of its control plane."""
        return [entry for entry in self.world.log.since(0) if not str(entry.get("path", "")).startswith("/emulator/")]

    # The machine

    def environ(self, **more):
        """What the user's shell would export."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "KEYWARD_HOME": str(self.home / "state"),
            "KEYWARD_CONFIG": str(self.config),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **self.emulator.environment(),
            **(self.keyring or {}),
            **more,
        }

    def settings(self, text=""):
        """Write the user's own keyward.toml."""
        keyring = '[keyring]\nservices = ["*"]\n' if self.keyring else ""
        self.config.write_text(f"{keyring}{text}\n")
        self.config.chmod(0o600)

    def env(self, name, text):
        """Write an env file; gives its path."""
        file = self.work / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(0o600)
        return file

    def ring(self, service, user, value=None):
        """Set (or without a value read) an item of the keyring, as another program would."""
        return item(self.keyring, service, user, value)

    def keyward(self, *arguments, stdin="", timeout=120, **more):
        """Run the command line as the user would, without a terminal."""
        done = command.run(arguments, self.environ(**more), self.home, stdin=stdin, timeout=timeout)
        return Result(done.returncode, done.stdout, done.stderr)

    def key_id(self, key, project=PROJECT):
        """keyward's id of a planted key."""
        return f"google-api-keys:{project}/{key.uid}"


def encoded(value: str) -> set[str]:
    """Every form in which a value could slip out: base64, URL-, JSON- and hex-escaped, whole or cut, and each piece of twelve characters."""
    raw = value.encode()
    forms = {urllib.parse.quote(value, safe=""), json.dumps(value)[1:-1], *_pieces(value, 12)}
    for text in (raw.hex(), raw.hex().upper()):
        forms |= _pieces(text, 24)
    for shift in range(3):  # inside a longer text a value can stand at any of three offsets of base64
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw).decode()
            forms |= _pieces(text[(4 if shift else 0) : -4], 16)
    return {form for form in forms if len(form) >= 12}


def _pieces(text: str, size: int) -> set[str]:
    return {text[start : start + size] for start in range(max(1, len(text) - size + 1))}
