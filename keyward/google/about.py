"""What is known around a project, on demand: billing, budgets, the APIs that are on, labels, readers of all values, alerts, policies."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from keyward.google.alerts import ELSEWHERE, alerts
from keyward.google.bindings import key_readers, readers
from keyward.google.budgets import budgets
from keyward.google.custom_roles import permissions
from keyward.google.policies import policies
from keyward.google.policy_facts import administrators, audited
from keyward.google.questions import ask, pages
from keyward.model.about import About, Known, What
from keyward.model.errors import Interrupted, KeywardError, SourceError
from keyward.model.redact import label
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

T = TypeVar("T")

_PAGE = 200
_ABOVE = "roles that are held on a folder or the organisation were not asked for"


def around(parts: "GoogleParts", project: str, ctx: "Ctx") -> tuple[About, ...]:
    """Everything known around the project; asked once for all calls that share this context. What is refused says so."""
    subject = f"project:{project}"

    def custom(role: str) -> frozenset[str] | None:
        return permissions(parts, project, role, ctx)

    def questions() -> tuple[About, ...]:
        billing = told(subject, What.BILLING, lambda: _billing(parts, project, ctx), ctx)
        return (
            billing,
            _budgets(parts, project, billing, ctx),
            told(subject, What.SERVICES, lambda: _services(parts, project, ctx), ctx),
            told(subject, What.LABELS, lambda: _labels(parts, project, ctx), ctx),
            *several(
                subject,
                {
                    What.READERS: lambda found: readers(found.get("bindings") or (), custom),
                    What.KEY_READERS: lambda found: key_readers(found.get("bindings") or (), custom),
                    What.ADMINISTRATORS: administrators,
                    What.AUDITED: audited,
                },
                lambda: _policy(parts, project, ctx),
                ctx,
                _ABOVE,
            ),
            told(subject, What.ALERTS, lambda: alerts(parts, project, ctx), ctx, ELSEWHERE),
            told(subject, What.POLICIES, lambda: policies(parts, project, ctx), ctx),
        )

    return ctx.once(("around", project), questions)


def told(subject: str, what: What, ask: Callable[[], Iterable[str]], ctx: "Ctx", note: str = "") -> About:
    """The fact that `ask` answers, or why it is not known; `note` is what the answer leaves out."""
    return several(subject, {what: tuple}, ask, ctx, note)[0]


def several(
    subject: str, picks: Mapping[What, Callable[[T], Iterable[str]]], ask: Callable[[], T], ctx: "Ctx", note: str = ""
) -> tuple[About, ...]:
    """What one answer tells: each fact as its function reads it there, or why none is known; `note` as for `told`."""
    try:
        answer = ask()
        return tuple(
            About(subject, what, Known.KNOWN, tuple(pick(answer)), ctx.now, note) for what, pick in picks.items()
        )
    except SourceError as error:
        status = Known(error.status) if error.status in set(Known) else Known.FAILED
        needs = f" It needs {error.permission}." if error.permission and error.permission not in error.message else ""
        why = f"{error.message}{needs}"
    except Interrupted:
        raise
    except KeywardError as error:
        status, why = Known.FAILED, error.message
    return tuple(About(subject, what, status, (), ctx.now, why) for what in picks)


def _billing(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterable[str]:
    """On only where the account that is linked is open."""
    request = parts.services.api("cloudbilling", "projects").getBillingInfo(name=f"projects/{project}")
    answer = ask(parts, request, "cloudbilling", (project, "Reading billing", "resourcemanager.projects.get"), ctx)
    account = clean(str(answer.get("billingAccountName") or ""))
    return ("on" if answer.get("billingEnabled") else "off", *filter(None, [account]))


def _services(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterable[str]:
    api = parts.services.api("serviceusage", "services")

    def page(token: str | None) -> Any:
        return api.list(parent=f"projects/{project}", filter="state:ENABLED", pageSize=_PAGE, pageToken=token)

    about = (project, "Listing the APIs that are on", "serviceusage.services.list")
    found = pages(parts, page, about, ctx, api="serviceusage", items="services")
    return sorted(clean(str(one.get("name", "")).rpartition("/")[2]) for one in found)


def _labels(parts: "GoogleParts", project: str, ctx: "Ctx") -> Iterable[str]:
    labels = _resource(parts, project, ctx).get("labels") or {}
    return sorted(f"{label(str(name))}={label(str(value))}" for name, value in labels.items())


def _resource(parts: "GoogleParts", project: str, ctx: "Ctx") -> dict[str, Any]:
    request = parts.services.api("cloudresourcemanager", "projects").get(name=f"projects/{project}")
    about = (project, "Reading the project", "resourcemanager.projects.get")
    return ctx.once(("project", project), lambda: ask(parts, request, "cloudresourcemanager", about, ctx))


def _budgets(parts: "GoogleParts", project: str, billing: About, ctx: "Ctx") -> About:
    """None where nothing can be spent; not known where it is not known who pays."""
    if billing.status is not Known.KNOWN or billing.values[:1] != ("on",):
        return replace(billing, what=What.BUDGETS, values=())
    account = next(iter(billing.values[1:]), "")

    def found() -> Iterable[str]:
        if not account:
            raise SourceError("Google says that billing is on, and not on which account.")
        number = str(_resource(parts, project, ctx).get("name", "")).rpartition("/")[2]
        return budgets(parts, project, account, number, ctx)

    return told(billing.subject, What.BUDGETS, found, ctx)


def _policy(parts: "GoogleParts", project: str, ctx: "Ctx") -> dict[str, Any]:
    request = parts.services.api("cloudresourcemanager", "projects").getIamPolicy(
        resource=f"projects/{project}", body={"options": {"requestedPolicyVersion": 3}}
    )
    about = (project, "Reading who may read secrets and keys", "resourcemanager.projects.getIamPolicy")
    return ask(parts, request, "cloudresourcemanager", about, ctx)
