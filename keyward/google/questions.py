"""Requests about a project, their refusal in keyward's words."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx


def ask(parts: "GoogleParts", request: Any, api: str, about: tuple[str, str, str], ctx: "Ctx") -> dict[str, Any]:
    """The answer.

    Args:
        parts: through whom.
        request: of a client.
        api: which, such as `monitoring`.
        about: the project, what is done in words, and the permission that it needs.
        ctx: how to ask.

    Raises:
        SourceError: it was refused or did not arrive.
    """
    project, what, permission = about
    try:
        return parts.services.execute(request, ctx, Call(api, project))
    except GoogleFailure as failure:
        asked = Asked(what, f"{api}.googleapis.com", project, parts.identity.description, permission)
        raise reading(failure.error, asked) from None


def pages(
    parts: "GoogleParts",
    request: Callable[[str | None], Any],
    about: tuple[str, str, str],
    ctx: "Ctx",
    *,
    api: str,
    items: str,
) -> Iterator[dict[str, Any]]:
    """Every item of a list, page by page.

    Args:
        parts: through whom.
        request: gives the one for the page of a token.
        about: as for `ask`.
        ctx: how to ask.
        api: which.
        items: the field of the answers that holds them.

    Raises:
        SourceError: as `ask`.
    """
    token: str | None = None
    while True:
        answer = ask(parts, request(token), api, about, ctx)
        yield from answer.get(items) or ()
        token = answer.get("nextPageToken")
        if not token:
            return
