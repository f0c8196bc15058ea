"""Whether a successor could be made and the old key retired: tested without doing anything."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyward.google import audit
from keyward.google.permissions import readiness
from keyward.model.capability import CrashClass, Readiness, Ready
from keyward.model.errors import Gone, SourceError
from keyward.providers.google_sa_keys.iam import ACCOUNTS, KEYS
from keyward.providers.google_sa_keys.making import LIMIT, ROOM
from keyward.providers.google_sa_keys.policies import CREATION, UPLOAD, allowed, lifetime

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.providers.google_sa_keys.iam import Iam
    from keyward.providers.interface import Want

_NEEDED = {
    f"{KEYS}.create": "make keys",
    f"{KEYS}.get": "read keys",
    f"{KEYS}.list": "list keys",
    f"{KEYS}.disable": "disable keys",
    f"{KEYS}.enable": "enable keys",
    f"{KEYS}.delete": "delete keys",
    f"{ACCOUNTS}.get": "read the account",
}
_EXCEPTION = "Ask for an exception from the policy, or let the workload use an identity without keys."


def crash_for(parts: "GoogleParts", want: "Want", ctx: "Ctx") -> CrashClass:
    """By upload, unless only a create is allowed."""
    forbidden = allowed(parts, want.scope, UPLOAD, ctx)[0] is Ready.NO
    other = forbidden and allowed(parts, want.scope, CREATION, ctx)[0] is not Ready.NO
    return CrashClass.UNMARKABLE if other else CrashClass.OWN_MATERIAL


def preflight(iam: "Iam", want: "Want", ctx: "Ctx") -> Iterator[Readiness]:
    """Everything that can be tested for this successor."""
    parts = iam.parts
    caller = parts.caller(want.scope, ctx)
    created = crash_for(parts, want, ctx) is CrashClass.UNMARKABLE
    yield from readiness(
        _NEEDED,
        lambda names: parts.projects.permitted(want.scope, names, ctx),
        project=want.scope,
        caller=caller,
        untested=parts.untested(want.scope, ctx),
    )
    yield from _account(iam, want, ctx)
    yield _policy(parts, want, ctx, created=created)
    yield from _expiry(parts, want, ctx)
    if created:
        yield from _log(parts, want, ctx, caller)
    yield Readiness(
        "tokens run out", Ready.YES, "tokens that were issued with the old key work up to an hour after it is off"
    )


def _account(iam: "Iam", want: "Want", ctx: "Ctx") -> Iterator[Readiness]:
    email = want.bound_identity
    if not email:
        yield Readiness("a service account is named", Ready.NO, "a key needs an account", "--service-account EMAIL")
        return
    what = f"room for one more key of {email}"
    try:
        account = iam.get_account(want.scope, email, ctx)
        if account.get("disabled"):
            fix = f"gcloud iam service-accounts enable {email}"
            yield Readiness(f"service account {email} is on", Ready.NO, "it is disabled", fix)
        count = len(iam.list_keys(want.scope, email, ctx))
    except Gone:
        yield Readiness(f"service account {email} is there", Ready.NO, "there is no such service account")
    except SourceError as error:
        yield Readiness(what, Ready.UNKNOWN, f"keys could not be counted: {error.message}", error.hint, f"{KEYS}.list")
    else:
        full = count >= LIMIT
        yield Readiness(what, Ready.NO if full else Ready.YES, f"{count} of {LIMIT} keys", ROOM if full else "")


def _policy(parts: "GoogleParts", want: "Want", ctx: "Ctx", *, created: bool) -> Readiness:
    what = "organisation policy allows a new key"
    upload, why = allowed(parts, want.scope, UPLOAD, ctx)
    if created:
        create, why_not = allowed(parts, want.scope, CREATION, ctx)
        ways = f"{why}, so Google makes the key and shows it once"
        return Readiness(what, create, f"{ways}{f'; {why_not}' if why_not else ''}")
    if upload is Ready.NO:
        _, also = allowed(parts, want.scope, CREATION, ctx)
        return Readiness(what, Ready.NO, f"{why}, and {also}", _EXCEPTION)
    return Readiness(what, upload, why or "its public half is uploaded; the private half stays here")


def _expiry(parts: "GoogleParts", want: "Want", ctx: "Ctx") -> Iterator[Readiness]:
    most, policy = lifetime(parts, want.scope, ctx)
    if most is not None:
        hours = round(most.total_seconds() / 3600)
        yield Readiness("the new key lives long enough", Ready.YES, f"{policy.constraint}: it expires after {hours} h")
    elif policy.unread:
        yield Readiness(
            "the new key lives long enough", Ready.UNKNOWN, policy.unread, permission="orgpolicy.policy.get"
        )


def _log(parts: "GoogleParts", want: "Want", ctx: "Ctx", caller: str) -> Iterator[Readiness]:
    """Without the log nobody can tell, after a crash, whose a created key is; then a person is asked."""
    needed = {audit.PERMISSION: "prove after a crash whose a new key is"}
    for one in readiness(
        needed, lambda names: parts.projects.permitted(want.scope, names, ctx), project=want.scope, caller=caller
    ):
        if one.ready is Ready.NO:
            yield Readiness(one.what, Ready.UNKNOWN, f"{one.why}; a person would be asked", one.fix, one.permission)
        else:
            yield one
