"""Whether a successor could be made, read and the old key retired: tested without doing anything."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.permissions import readiness
from keyward.model.capability import Readiness, Ready
from keyward.model.errors import SourceError
from keyward.providers.google_api_keys.services_on import services_on
from keyward.providers.google_api_keys.wire import GEMINI

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.providers.google_api_keys.keys import Keys
    from keyward.providers.interface import Want

LIMIT = 300
"""Keys a project can have (Google's security best practices)."""

CONSTRAINT = "iam.managed.disableServiceAccountApiKeyCreation"
"""The organisation policy against auth keys; enforced by default, but keys that only Gemini accepts stay allowed."""

_NEEDED = {
    "apikeys.keys.create": "create keys",
    "apikeys.keys.get": "read keys",
    "apikeys.keys.getKeyString": "read their values",
    "apikeys.keys.update": "change keys",
    "apikeys.keys.delete": "delete keys",
    "apikeys.keys.undelete": "restore keys",
    "serviceusage.operations.get": "see a change end",
}
_AT_HOME = ("apikeys.keys.get", "apikeys.keys.getKeyString", "apikeys.keys.delete", "apikeys.keys.undelete")
_BINDING = "iam.serviceAccountApiKeyBindings.create"


def preflight(parts: "GoogleParts", keys: "Keys", want: "Want", ctx: "Ctx") -> Iterator[Readiness]:
    """Everything that can be tested for this successor."""
    needed = {**_NEEDED, **({_BINDING: "bind a key to a service account"} if want.bound_identity else {})}
    yield from _permissions(parts, want.scope, needed, ctx)
    if want.origin:
        at_home = {name: f"{_NEEDED[name]} in {want.origin}" for name in _AT_HOME}
        yield from _permissions(parts, want.origin, at_home, ctx)
        yield from services_on(parts, want, ctx)
    yield _slots(keys, want.scope, ctx)
    if want.bound_identity:
        yield _account(parts, want.bound_identity, ctx)
        yield _policy(parts, want, ctx)


def _permissions(parts: "GoogleParts", scope: str, needed: dict[str, str], ctx: "Ctx") -> Iterator[Readiness]:
    caller = parts.caller(scope, ctx)
    return readiness(
        needed,
        lambda names: parts.projects.permitted(scope, names, ctx),
        project=scope,
        caller=caller,
        untested=parts.untested(scope, ctx),
    )


def _slots(keys: "Keys", scope: str, ctx: "Ctx") -> Readiness:
    what = "room for one more key"
    try:
        live, deleted = ctx.once(("google-api-keys", scope), lambda: _count(keys, scope, ctx))
    except SourceError as error:
        return Readiness(
            what, Ready.UNKNOWN, f"keys could not be counted: {error.message}", error.hint, "apikeys.keys.list"
        )
    if live >= LIMIT:
        return Readiness(what, Ready.NO, f"{scope} has {live} of {LIMIT} keys", "Revoke keys that nobody uses.")
    if live + deleted >= LIMIT:
        # Nobody has said whether deleted keys count.
        return Readiness(what, Ready.UNKNOWN, f"{scope} has {live} keys and {deleted} deleted ones, of {LIMIT}")
    return Readiness(what, Ready.YES, f"{live} of {LIMIT} keys")


def _count(keys: "Keys", scope: str, ctx: "Ctx") -> tuple[int, int]:
    found = [bool(item.get("deleteTime")) for item in keys.list(scope, ctx)]
    return found.count(False), found.count(True)


def _account(parts: "GoogleParts", email: str, ctx: "Ctx") -> Readiness:
    what = f"service account {email} can be bound"
    # With the project in the name a missing account is told from one that may not be seen.
    project = email.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
    project = project if project and "." not in project else "-"
    request = parts.services.api("iam", "projects", "serviceAccounts").get(
        name=f"projects/{project}/serviceAccounts/{email}"
    )
    try:
        account = parts.services.execute(request, ctx, Call("iam", project if project != "-" else ""))
    except GoogleFailure as failure:
        if failure.error.status == "NOT_FOUND":
            return Readiness(what, Ready.NO, "there is no such service account")
        return Readiness(
            what, Ready.UNKNOWN, f"it could not be read: {failure.error}", permission="iam.serviceAccounts.get"
        )
    if account.get("disabled"):
        return Readiness(what, Ready.NO, "it is disabled", f"gcloud iam service-accounts enable {email}")
    return Readiness(what, Ready.YES)


def _policy(parts: "GoogleParts", want: "Want", ctx: "Ctx") -> Readiness:
    what = "organisation policy allows keys bound to service accounts"
    name = f"projects/{want.scope}/policies/{CONSTRAINT}"
    request = parts.services.api("orgpolicy", "projects", "policies").getEffectivePolicy(name=name)
    try:
        answer = parts.services.execute(request, ctx, Call("orgpolicy", want.scope))
    except GoogleFailure as failure:
        return Readiness(
            what, Ready.UNKNOWN, f"it could not be read: {failure.error}", permission="orgpolicy.policy.get"
        )
    rules = answer.get("spec", {}).get("rules", ())
    enforced = [rule for rule in rules if rule.get("enforce")]
    if not enforced:
        return Readiness(what, Ready.YES)
    apis = set(want.restrictions.apis) if want.restrictions else set()
    if apis == {GEMINI}:
        return Readiness(what, Ready.YES, "keys that only Gemini accepts are exempt")
    if apis and all(apis <= _allowed(rule) for rule in enforced):
        return Readiness(what, Ready.YES, "the policy allows these APIs")
    if any(rule.get("condition") for rule in enforced):
        return Readiness(what, Ready.UNKNOWN, f"{CONSTRAINT} is enforced under a condition")
    return Readiness(what, Ready.NO, f"{CONSTRAINT} is enforced", f"--restrict-to {GEMINI}, or ask for an exception.")


def _allowed(rule: dict[str, Any]) -> set[str]:
    named = (rule.get("parameters") or {}).get("allowedServices", ())
    return {str(service) for service in named} if isinstance(named, list) else set()
