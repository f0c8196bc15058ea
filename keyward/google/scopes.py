"""Which projects a metrics scope monitors (Cloud Monitoring v1, `metricsScopes.get`): one question there answers for all of them."""

from typing import TYPE_CHECKING

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.model.errors import Gone, SourceError

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

_API = "monitoring"


def monitors(parts: "GoogleParts", home: str, project: str, ctx: "Ctx") -> bool:
    """Whether the metrics scope of `home` has that project, itself among them.

    A scope names its projects by number, so one whose number the caller may not see is not known to be among them; nor is any when the
    scope cannot be read.
    """
    numbers = ctx.once(("metricsScopes", home), lambda: _numbers(parts, home, ctx))
    try:
        return bool(numbers) and parts.projects.get(project, ctx).number in numbers
    except (Gone, SourceError):
        return False


def _numbers(parts: "GoogleParts", home: str, ctx: "Ctx") -> frozenset[str]:
    name = f"locations/global/metricsScopes/{home}"
    request = parts.services.api(f"{_API}:v1", "locations", "global_", "metricsScopes").get(name=name)
    try:
        answer = parts.services.execute(request, ctx, Call(_API, home))
    except GoogleFailure:
        return frozenset()
    listed = (one for one in answer.get("monitoredProjects", ()) if not one.get("isTombstoned"))
    return frozenset(str(one.get("name", "")).rpartition("/")[2] for one in listed)
