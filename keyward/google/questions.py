"""One request about a project, its refusal in keyward's words."""

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
