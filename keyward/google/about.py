"""What is known around a project: billing, the APIs that are on, labels, and who may read all of its secrets. Four questions, on demand."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from keyward.google.bindings import readers
from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading
from keyward.model.about import About, Known, What
from keyward.model.errors import Interrupted, KeywardError, SourceError
from keyward.model.redact import label
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

_PAGE = 200
_ABOVE = "roles that are held on a folder or the organisation were not asked for"


def around(parts: "GoogleParts", project: str, ctx: "Ctx") -> tuple[About, ...]:
    """Everything known around the project; asked once for all calls that share this context. What is refused says so."""
    asks: dict[What, tuple[Callable[[], Iterable[str]], str]] = {
        What.BILLING: (lambda: _billing(parts, project, ctx), ""),
        What.SERVICES: (lambda: _services(parts, project, ctx), ""),
        What.LABELS: (lambda: _labels(parts, project, ctx), ""),
        What.READERS: (lambda: _readers(parts, project, ctx), _ABOVE),
    }
    subject = f"project:{project}"
    return ctx.once(
        ("around", project), lambda: tuple(told(subject, what, ask, ctx, note) for what, (ask, note) in asks.items())
    )


def told(subject: str, what: What, ask: Callable[[], Iterable[str]], ctx: "Ctx", note: str = "") -> About:
    """The fact that `ask` answers, or why it is not known; `note` is what the answer leaves out."""
    try:
        return About(subject, what, Known.KNOWN, tuple(ask()), ctx.now, note)
    except SourceError as error:
        status = Known(error.status) if error.status in set(Known) else Known.FAILED
        needs = f" It needs {error.permission}." if error.permission and error.permission not in error.message else ""
        return About(subject, what, status, (), ctx.now, f"{error.message}{needs}")
    except Interrupted:
        raise
    except KeywardError as error:
        return About(subject, what, Known.FAILED, (), ctx.now, error.message)


def _billing(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterable[str]:
    """On only where the account that is linked is open."""
    request = parts.services.api("cloudbilling", "projects").getBillingInfo(name=f"projects/{project}")
    answer = _ask(parts, request, "cloudbilling", (project, "Reading billing", "resourcemanager.projects.get"), ctx)
    account = clean(str(answer.get("billingAccountName") or ""))
    return ("on" if answer.get("billingEnabled") else "off", *filter(None, [account]))


def _services(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterable[str]:
    found: list[str] = []
    token: str | None = None
    while True:
        request = parts.services.api("serviceusage", "services").list(
            parent=f"projects/{project}", filter="state:ENABLED", pageSize=_PAGE, pageToken=token
        )
        about = (project, "Listing the APIs that are on", "serviceusage.services.list")
        answer = _ask(parts, request, "serviceusage", about, ctx)
        found += [clean(str(one.get("name", "")).rpartition("/")[2]) for one in answer.get("services", ())]
        token = answer.get("nextPageToken")
        if not token:
            return sorted(found)


def _labels(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterable[str]:
    request = parts.services.api("cloudresourcemanager", "projects").get(name=f"projects/{project}")
    about = (project, "Reading the labels", "resourcemanager.projects.get")
    answer = _ask(parts, request, "cloudresourcemanager", about, ctx)
    labels = answer.get("labels") or {}
    return sorted(f"{label(str(name))}={label(str(value))}" for name, value in labels.items())


def _readers(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterable[str]:
    request = parts.services.api("cloudresourcemanager", "projects").getIamPolicy(
        resource=f"projects/{project}", body={"options": {"requestedPolicyVersion": 3}}
    )
    about = (project, "Reading who may read secrets", "resourcemanager.projects.getIamPolicy")
    return readers(_ask(parts, request, "cloudresourcemanager", about, ctx).get("bindings") or ())


def _ask(parts: "GoogleParts", request: Any, api: str, about: tuple[str, str, str], ctx: "Ctx") -> dict[str, Any]:
    project, what, permission = about
    try:
        return parts.services.execute(request, ctx, Call(api, project))
    except GoogleFailure as failure:
        asked = Asked(what, f"{api}.googleapis.com", project, parts.identity.description, permission)
        raise reading(failure.error, asked) from None
