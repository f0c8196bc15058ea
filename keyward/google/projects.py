"""Which projects there are, and which number belongs to which id."""

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading
from keyward.google.roles import TESTABLE
from keyward.google.times import moment
from keyward.model.errors import UsageError
from keyward.model.redact import label
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

API = "cloudresourcemanager"
_PAGE = 500
_WILD = "*?["
_PATTERN = re.compile(r"[A-Za-z0-9.:_*?\[\]!-]+")


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its id (what people type), number (what answers name), display name, parent and labels, clean."""

    id: str
    number: str
    name: str = ""
    parent: str = ""
    active: bool = True
    created: datetime | None = None
    labels: tuple[tuple[str, str], ...] = ()


class Projects:
    """Finds projects and remembers what it found.

    Args:
        parts: the Google parts.
    """

    def __init__(self, parts: "GoogleParts") -> None:
        self._parts = parts
        self._lock = threading.Lock()
        self._known: dict[str, Project] = {}

    def search(self, ctx: "Ctx", patterns: Sequence[str] = (), exclude: Sequence[str] = ()) -> Iterator[Project]:
        """The active projects whose id matches a pattern, as pages arrive.

        Ids without a wildcard need no listing, so they are given even when the caller may not see the project itself.

        Args:
            ctx: how to ask.
            patterns: ids or shell patterns such as `acme-*`; none means every project that the caller can see.
            exclude: ids or patterns to leave out.

        Raises:
            UsageError: a pattern holds what no project id can hold.
            SourceError: the projects could not be listed.
        """
        if odd := [pattern for pattern in patterns if not _PATTERN.fullmatch(pattern)]:
            # It becomes part of an address that is asked.
            raise UsageError(
                f"{clean(odd[0])!r} is no project id.", hint="For example: acme-prod, or acme-* for several."
            )
        plain = [pattern for pattern in patterns if not any(sign in pattern for sign in _WILD)]
        seen: set[str] = set()
        for project in (Project(name, "") for name in plain):
            if project.id not in seen and not _matches(project.id, exclude):
                seen.add(project.id)
                yield self._known.get(project.id, project)
        if patterns and len(plain) == len(patterns):
            return
        for project in self._listed(ctx):
            wanted = not patterns or _matches(project.id, patterns)
            if project.active and wanted and project.id not in seen and not _matches(project.id, exclude):
                seen.add(project.id)
                yield project

    def _listed(self, ctx: "Ctx") -> Iterator[Project]:
        services = self._parts.services
        token: str | None = None
        while True:
            request = services.api(API, "projects").search(query="state:ACTIVE", pageSize=_PAGE, pageToken=token)
            try:
                answer = services.execute(request, ctx, Call(API))
            except GoogleFailure as failure:
                raise reading(failure.error, self._asked("Listing projects", "")) from None
            for item in answer.get("projects", ()):
                yield self._remember(_project(item))
            token = answer.get("nextPageToken")
            if not token:
                return

    def get(self, id_or_number: str, ctx: "Ctx") -> Project:
        """The project of that id or number.

        Raises:
            Gone: there is none.
            SourceError: it could not be read.
        """
        with self._lock:
            known = self._known.get(id_or_number)
        if known is not None:
            return known
        services = self._parts.services
        request = services.api(API, "projects").get(name=f"projects/{id_or_number}")
        try:
            answer = services.execute(request, ctx, Call(API, id_or_number))
        except GoogleFailure as failure:
            raise reading(failure.error, self._asked(f"Reading project {clean(id_or_number)}", id_or_number)) from None
        return self._remember(_project(answer))

    def permitted(self, project: str, permissions: Sequence[str], ctx: "Ctx") -> frozenset[str]:
        """Those of the permissions that the caller holds on the project; asked once while a plan is made.

        One question asks for everything that a rotation may need there, whichever provider or store wants to know first.

        Raises:
            SourceError: it could not be found out.
            Gone: there is no such project.
        """
        wanted = frozenset(permissions)
        asked = wanted if wanted - TESTABLE else TESTABLE
        question = (API, project, asked, ctx.changes)
        return wanted & ctx.once(question, lambda: self._permitted(project, sorted(asked), ctx))

    def _permitted(self, project: str, permissions: Sequence[str], ctx: "Ctx") -> frozenset[str]:
        services = self._parts.services
        request = services.api(API, "projects").testIamPermissions(
            resource=f"projects/{project}", body={"permissions": list(permissions)}
        )
        try:
            answer = services.execute(request, ctx, Call(API, project))
        except GoogleFailure as failure:
            raise reading(failure.error, self._asked(f"Testing permissions on {clean(project)}", project)) from None
        return frozenset(str(name) for name in answer.get("permissions", ()))

    def _asked(self, what: str, project: str) -> Asked:
        parts = self._parts
        return Asked(
            what,
            f"{API}.googleapis.com",
            project or parts.home,
            parts.identity.description,
            "resourcemanager.projects.get",
        )

    def _remember(self, project: Project) -> Project:
        with self._lock:
            self._known[project.id] = self._known[project.number] = project
        return project


def _project(item: dict[str, Any]) -> Project:
    labels = item.get("labels") or {}
    return Project(
        id=clean(str(item.get("projectId", ""))),
        number=str(item.get("name", "")).rpartition("/")[2],
        name=label(str(item.get("displayName", ""))),
        parent=clean(str(item.get("parent", ""))),
        active=item.get("state") == "ACTIVE",
        created=moment(item.get("createTime")),
        labels=tuple(sorted((label(str(name)), label(str(value))) for name, value in labels.items())),
    )


def _matches(project: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(project, pattern) for pattern in patterns)
