"""Organisations and folders: which of them the caller sees, and which projects are below them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.projects import API
from keyward.google.refusals import Asked, reading
from keyward.model.errors import SourceError, UsageError
from keyward.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.google.parts import GoogleParts
    from keyward.google.projects import Project
    from keyward.model.context import Ctx

_PAGE = 500
_NUMBER = re.compile(r"[0-9]{1,25}")


def root(kind: str, given: str) -> str:
    """The resource name of an organisation or a folder, by its number or its name.

    Args:
        kind: `organizations` or `folders`.
        given: `123` or `folders/123`.

    Raises:
        UsageError: it is neither; it becomes part of an address that is asked.
    """
    number = given.removeprefix(f"{kind}/")
    if not _NUMBER.fullmatch(number):
        raise UsageError(
            f"{clean(given)!r} is no id in {kind}.", hint=f"They are numbers, such as {kind}/123456789012."
        )
    return f"{kind}/{number}"


def tops(parts: "GoogleParts", ctx: "Ctx") -> tuple[str, ...]:
    """The organisations that the caller sees, and the folders that it sees without what is above them.

    Raises:
        SourceError: they could not be read.
    """
    organizations = [name for name, _ in _search(parts, "organizations", ctx)]
    folders = dict(_search(parts, "folders", ctx))
    seen = {*organizations, *folders}
    return (*organizations, *(name for name, above in folders.items() if above not in seen))


def below(parts: "GoogleParts", roots: Sequence[str], projects: "Iterable[Project]", ctx: "Ctx") -> "Iterator[Project]":
    """Those of the projects that are in one of the roots, at any depth.

    Raises:
        SourceError: the folders could not be read.
    """
    parents = dict(_search(parts, "folders", ctx))
    for project in projects:
        if any(one in roots for one in _above(project.parent, parents)):
            yield project


def _above(parent: str, parents: Mapping[str, str]) -> Iterator[str]:
    seen = set()
    while parent and parent not in seen:
        yield parent
        seen.add(parent)
        parent = parents.get(parent, "")


def _search(parts: "GoogleParts", kind: str, ctx: "Ctx") -> Iterator[tuple[str, str]]:
    """(name, parent) of everything of that kind that the caller sees."""
    token: str | None = None
    while True:
        request = parts.services.api(API, kind).search(pageSize=_PAGE, pageToken=token)
        try:
            answer: dict[str, Any] = parts.services.execute(request, ctx, Call(API))
        except GoogleFailure as failure:
            asked = Asked(
                f"Listing the {kind}",
                f"{API}.googleapis.com",
                parts.home,
                parts.identity.description,
                f"resourcemanager.{kind}.get",
            )
            found = reading(failure.error, asked)
            raise found if isinstance(found, SourceError) else SourceError(found.message, status="failed") from None
        for item in answer.get(kind, ()):
            yield clean(str(item.get("name", ""))), clean(str(item.get("parent", "")))
        token = answer.get("nextPageToken")
        if not token:
            return
