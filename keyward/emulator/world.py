"""The state of one emulated cloud: its time, projects and services, kept in memory or in a snapshot file."""

from __future__ import annotations

import os
import threading
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, cast

from keyward.emulator import snapshot
from keyward.emulator.behaviour import Behaviour
from keyward.emulator.clock import Clock, micros, parse
from keyward.emulator.errors import permission_denied
from keyward.emulator.faults import Faults
from keyward.emulator.ids import Ids
from keyward.emulator.projects import Project
from keyward.emulator.quota import Quotas
from keyward.emulator.requestlog import RequestLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class State(Protocol):
    """What a service keeps in a world; made on first use by `World.state`."""

    slot: ClassVar[str]

    def __init__(self, world: World) -> None: ...

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""


S = TypeVar("S", bound=State)


class World:
    """Everything that the services share. Handlers run with `lock` held, so they see and leave whole states.

    Args:
        seed: the same seed gives the same identifiers in the same order; None draws one.
        clock: the emulated time; None takes the real time, or that of the snapshot where it is ahead.
        behaviour: windows, limits, unverified facts.
        file: snapshot to continue from and to keep; None keeps nothing beyond this process.
    """

    def __init__(
        self,
        *,
        seed: int | str | None = None,
        clock: Clock | None = None,
        behaviour: Behaviour | None = None,
        file: Path | None = None,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.lock = threading.RLock()
        self._saving = threading.Lock()
        self.log = RequestLog()
        self.faults = Faults()
        self.quotas = Quotas()
        self.file = file
        self.dirty = False
        self._projects: dict[str, Project] = {}
        self._numbers: dict[int, Project] = {}
        self._states: dict[str, State] = {}
        saved = snapshot.read(file) if file else None
        self.url: str = saved.get("url", "") if saved else ""
        """Base URL, with a trailing slash, under which this world is or was last served; empty before that."""
        # A snapshot may come from a world whose time was moved ahead: it never goes back by itself.
        start = max(datetime.now(UTC), parse(saved["now"])) if saved else None
        self.clock = clock or Clock(start)
        self._pending: dict[str, Any] = dict(saved["slots"]) if saved else {}
        self.runs = 1 + (saved["runs"] if saved else 0)
        base = str(saved["seed"] if saved and seed is None else os.urandom(8).hex() if seed is None else seed)
        self.ids = Ids(base if self.runs == 1 else f"{base}+{self.runs}")
        self.seed = base
        self.instance: str = saved["instance"] if saved else str(uuid.uuid4())
        for data in saved["projects"] if saved else ():
            self.add(Project.load(data))
        if file and not saved:
            self.save()

    # Projects

    def project(self, id_or_number: str, permission: str = "resourcemanager.projects.get") -> Project:
        """Give a project by id or number; an unknown id is created empty on first use.

        Raises:
            ApiError: 403 for an unknown number, or for an unknown id when `strict_projects` is set.
        """
        with self.lock:
            found = self._numbers.get(int(id_or_number)) if id_or_number.isdigit() else self._projects.get(id_or_number)
            if found is None:
                if self.behaviour.strict_projects or id_or_number.isdigit() or not id_or_number:
                    resource = f"//cloudresourcemanager.googleapis.com/projects/{id_or_number}"
                    raise permission_denied(permission, resource)
                found = self.new_project(id_or_number)
            return found

    def known(self, id_or_number: str) -> Project | None:
        """Give a project that exists, or None; creates nothing."""
        with self.lock:
            return self._numbers.get(int(id_or_number)) if id_or_number.isdigit() else self._projects.get(id_or_number)

    def new_project(self, project_id: str, **fields: Any) -> Project:
        """Create a project with a number of its own; keyword arguments set fields of `Project`."""
        with self.lock:
            number = fields.pop("number", None)
            while number is None or number in self._numbers:
                number = int(self.ids.digits(12))
            fields.setdefault("name", project_id)
            fields.setdefault("create_time", self.clock.now())
            project = Project(id=project_id, number=number, **fields)
            self.add(project)
            return project

    def add(self, project: Project) -> None:
        """Put a project into the world."""
        with self.lock:
            self._projects[project.id] = project
            self._numbers[project.number] = project
            self.dirty = True

    def projects(self) -> Iterator[Project]:
        """Iterate over all projects, oldest first in this world."""
        with self.lock:
            yield from list(self._projects.values())

    # Services

    def state(self, kind: type[S]) -> S:
        """Give the state of a service, made (and loaded from the snapshot) on first use."""
        with self.lock:
            found = self._states.get(kind.slot)
            if found is None:
                found = self._states[kind.slot] = kind(self)
                if kind.slot in self._pending:
                    found.load(self._pending.pop(kind.slot))
            return cast("S", found)

    # Snapshot

    def dump(self) -> dict[str, Any]:
        """Give the whole state as JSON values, key strings and payloads included."""
        with self.lock:
            slots = {**self._pending, **{name: state.dump() for name, state in self._states.items()}}
            return {
                "instance": self.instance,
                "seed": self.seed,
                "runs": self.runs,
                "url": self.url,
                "now": micros(self.clock.now()),
                "projects": [project.dump() for project in self._projects.values()],
                "slots": slots,
            }

    def save(self) -> None:
        """Write the snapshot file, if there is one."""
        if self.file is None:
            return
        with self._saving:  # outside the world's lock: a slow disk holds up nobody
            with self.lock:
                self.dirty = False
                data = self.dump()
            snapshot.write(self.file, data)
