"""Whether the services that a key is for are switched on in the project that it moves to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyward.google.advice import enable
from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.model.capability import Readiness, Ready

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.providers.interface import Want

_MAKING = "apikeys.googleapis.com"
_MOST = 30  # services:batchGet takes no more at once
_PERMISSION = "serviceusage.services.get"


def services_on(parts: "GoogleParts", want: "Want", ctx: "Ctx") -> Iterator[Readiness]:
    """The API that makes keys, and every service that the key is restricted to: calls to one that is off are refused."""
    apis = want.restrictions.apis if want.restrictions is not None else ()
    names = tuple(dict.fromkeys((_MAKING, *apis)))[:_MOST]
    parent = f"projects/{want.scope}"
    request = parts.services.api("serviceusage", "services").batchGet(
        parent=parent, names=[f"{parent}/services/{name}" for name in names]
    )
    try:
        answer = parts.services.execute(request, ctx, Call("serviceusage", want.scope))
    except GoogleFailure as failure:
        why = f"it could not be asked: {failure.error}"
        yield Readiness(f"services are on in {want.scope}", Ready.UNKNOWN, why, permission=_PERMISSION)
        return
    states = {str(one.get("name", "")).rpartition("/")[2]: one.get("state") for one in answer.get("services", ())}
    for name in names:
        what = f"{name} is on in {want.scope}"
        if states.get(name) == "ENABLED":
            yield Readiness(what, Ready.YES)
        elif states.get(name) == "DISABLED":
            yield Readiness(what, Ready.NO, "it is off", enable(name, want.scope))
        else:
            yield Readiness(what, Ready.UNKNOWN, "Google did not say", permission=_PERMISSION)
